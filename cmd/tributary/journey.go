package main

import "github.com/spf13/cobra"

func newJourney(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "journey", Short: "Report what happens across channels, and what will"}
	cmd.AddCommand(newForecast(g))
	addContactReports(cmd, g)
	return cmd
}
