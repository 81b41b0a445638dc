package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/cmd/internal/config"
)

func newAudit(g *globals) *cobra.Command {
	var (
		r     audit.Request
		since time.Duration
	)
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who did what, or tried: keys, workspaces, rules, definitions, decisions, refused attempts",
		Long: `Every command that somebody gave, every reading at an administrator's route (the trail itself is one), and every
refused attempt of a known key at one, is a line: who (key:<id>, jwt:<issuer>:<subject> as hashes, socket:<user id>), what, about what, with which outcome, and in
which request. No line holds a value of a customer. Lines show once they are in the analytics store.`,
		Example: `  tributary audit --since 24h --outcome refused
  tributary audit --actor key:0123456789abcdef --action key.create`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
				if r.Workspace == "" {
					r.Workspace = c.Workspace
				}
				if since > 0 {
					r.Since = time.Now().Add(-since)
				}
				page, err := client.Audit(ctx, r)
				if err != nil {
					return err
				}
				return printAudit(cmd, page)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Workspace, "workspace", "", "workspace (default: that of the configuration)")
	flags.DurationVar(&since, "since", 0, "how far back, such as 24h (default: all)")
	flags.StringVar(&r.Actor, "actor", "", "of one actor alone")
	flags.StringVar(&r.Action, "action", "", "one action alone, such as key.create")
	flags.StringVar(&r.Outcome, "outcome", "", "done, refused or failed alone")
	flags.IntVar(&r.Limit, "limit", audit.DefaultLimit, fmt.Sprintf("how many lines, at most %d", audit.MaxLimit))
	flags.StringVar(&r.Cursor, "cursor", "", "what the page before said at its end")
	return cmd
}

func printAudit(cmd *cobra.Command, page *audit.Page) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "AT\tACTOR\tACTION\tSUBJECT\tOUTCOME\tON BEHALF OF\tREQUEST")
	for _, l := range page.Lines {
		outcome, subject := l.Outcome, l.SubjectKind
		if l.Reason != "" {
			outcome += " (" + l.Reason + ")"
		}
		if l.Subject != "" {
			subject += " " + l.Subject
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.At.Format("2006-01-02 15:04:05.000"), l.Actor, l.Action, subject, outcome, l.OnBehalf, l.RequestID)
	}
	if err := w.Flush(); err != nil || page.Next == "" {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\nolder lines: --cursor %s\n", page.Next)
	return err
}
