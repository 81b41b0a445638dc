package main

import "github.com/spf13/cobra"

func newJourney(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journey",
		Short: "Report what happens across channels, and what will",
		Long: `A report that takes a FILE asks for what stands in it, YAML or JSON, or on standard input (-), in the form of the body of
POST /v1/journeys/…. Its answer says which events it is about, as of when, and by which identity_version, with which it can be
told again.`,
	}
	needSubcommand(cmd)
	cmd.AddCommand(newForecast(g), newJourneyFunnel(g), newJourneyRetention(g), newJourneyPaths(g), newJourneyBetween(g))
	cmd.AddCommand(newJourneyEffect(g), newJourneyUseCases(g))
	addContactReports(cmd, g)
	addDrivers(cmd, g)
	return cmd
}
