package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
)

func newCommitments(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "commitments",
		Short: "Show what was promised to customers, what is due and what was not kept",
	}
	cmd.AddCommand(newCommitmentsList(g))
	return cmd
}

func newCommitmentsList(g *globals) *cobra.Command {
	var (
		q      admin.CommitmentQuery
		before string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List promises, by when they are due",
		Long: `Promises of a source, a person or an AI, with what became of them. What an AI promised is proposed until a person or a
system confirms it. People whose data may not be used are left out, and whoever is shown is on record as read.`,
		Example: `  tributary commitments list --status broken
  tributary commitments list --status made --due-before 2026-03-01T12:00:00Z`,
		Args: cobra.NoArgs,
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if before != "" {
			if q.DueBefore, err = time.Parse(time.RFC3339, before); err != nil {
				return fmt.Errorf("--due-before: must be a time, such as 2026-03-01T12:00:00Z")
			}
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			page, err := client.Commitments(ctx, in(c), q)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, page)
			}
			return printCommitments(cmd, page)
		})
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Status, "status", "", "proposed, made, kept, broken or withdrawn alone")
	flags.StringVar(&before, "due-before", "", "due before this `time` alone")
	flags.IntVar(&q.Limit, "limit", 50, fmt.Sprintf("how many, at most %d", admin.MaxCommitments))
	flags.StringVar(&q.Cursor, "cursor", "", "what the page before said at its end")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// printCommitments writes a page for a person. What others wrote stands in quotation marks.
func printCommitments(cmd *cobra.Command, page admin.Commitments) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DUE\tSTATUS\tKIND\tBY\tAMOUNT\tPROFILE\tID\tTEXT")
	for i := range page.Commitments {
		c := &page.Commitments[i]
		due, status, amount, text := "", c.Status, "", fmt.Sprintf("%q", c.Text)
		if !c.DueAt.IsZero() {
			due = c.DueAt.Format(time.RFC3339)
		}
		switch {
		case c.Overdue && c.Status == "made":
			status = "overdue"
		case c.Late:
			status += " late"
		}
		if c.Amount != "" {
			amount = c.Amount + " " + c.Currency
		}
		if c.TextCut {
			text += "…"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%q\t%s\n", due, status, c.Kind, c.Role, amount, c.Profile, c.ID, text)
	}
	if err := w.Flush(); err != nil || page.Next == "" {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), "more: --cursor", page.Next)
	return err
}
