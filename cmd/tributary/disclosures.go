package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/disclosure"
	"tributary/cmd/internal/config"
)

// addDisclosures puts the disclosure report under "privacy".
func addDisclosures(root *cobra.Command, g *globals) {
	for _, cmd := range root.Commands() {
		if cmd.Name() == "privacy" {
			cmd.AddCommand(newDisclosures(g))
			return
		}
	}
	privacy := &cobra.Command{Use: "privacy", Short: "Tell people what was done with their data"}
	privacy.AddCommand(newDisclosures(g))
	root.AddCommand(privacy)
}

func newDisclosures(g *globals) *cobra.Command {
	var (
		whom, cursor string
		limit        int
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "disclosures ADDRESS",
		Short: "Report who or what read which fields of a person, what for and when",
		Long: `Every answer that told of the person is a line, the newest first: over all of its observations, whatever profiles
they were of then. It waits until the analytics store has all that was disclosed before. With --for subject it can be shown to
the person: kinds of readers, purposes and fields, and no ids of keys, requests and profiles.`,
		Example: `  tributary privacy disclosures user_id:u-1
  tributary privacy disclosures email:ada@example.com --for subject`,
		Args: cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if whom != "operator" && whom != "subject" {
			return fmt.Errorf("--for: must be operator or subject")
		}
		if asJSON && whom == "subject" {
			return fmt.Errorf("--json: is for the operator; GET /v1/profiles/ADDRESS/disclosures?for=subject answers JSON for the person")
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			page, err := client.Disclosures(ctx, in(c), args[0], cursor, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, page)
			}
			return printDisclosures(cmd, page, whom == "subject")
		})
	}
	flags := cmd.Flags()
	flags.StringVar(&whom, "for", "operator", "operator, or subject: as the person may be shown it")
	flags.StringVar(&cursor, "cursor", "", "what the page before said at its end")
	flags.IntVar(&limit, "limit", disclosure.DefaultLimit, fmt.Sprintf("how many lines, at most %d", disclosure.MaxLimit))
	flags.BoolVar(&asJSON, "json", false, "print JSON (for the operator)")
	return cmd
}

func printDisclosures(cmd *cobra.Command, page admin.DisclosurePage, subject bool) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	head := "AT\tWHAT\tPURPOSE\tREADER\tLEVEL\tFIELDS\tMASKED"
	if !subject {
		head += "\tACTOR\tROUTE\tREQUEST"
	}
	fmt.Fprintln(w, head)
	for _, l := range page.Lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s", l.At.Format("2006-01-02 15:04:05.000"), l.Kind, l.Purpose, l.Reader, l.Level,
			strings.Join(l.Shown, " "), strings.Join(l.Masked, " "))
		if !subject {
			fmt.Fprintf(w, "\t%s\t%s\t%s", l.Actor, l.Route, l.Request)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil || page.Next == "" {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), "older: --cursor", page.Next)
	return err
}
