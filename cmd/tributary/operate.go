package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
)

func newQuarantine(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "Look at what could not be processed, and process it again",
		Long: `What a source sent and Tributary could not use is kept with its reason. Nothing vanishes: it is
open until it is replayed (after a fix) or discarded.`,
	}
	in := workspaceFlag(cmd)
	cmd.AddCommand(newQuarantineList(g, in))
	act := func(use, short string, f func(*admin.Client, context.Context, string, string) (admin.Item, error)) {
		cmd.AddCommand(&cobra.Command{
			Use: use + " PLACE", Short: short, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
					item, err := f(client, ctx, in(c), args[0])
					if err != nil {
						return err
					}
					return printJSON(cmd, item)
				})
			},
		})
	}
	act("show", "Show one item with its payload, by the place that quarantine list shows", (*admin.Client).ShowItem)
	act("replay", "Process an item again, as it was received", (*admin.Client).ReplayItem)
	act("discard", "Close an item for good", (*admin.Client).DiscardItem)
	return cmd
}

// workspaceFlag adds --workspace to a command and those below it, and returns what it says, or else the configuration.
func workspaceFlag(cmd *cobra.Command) func(config.Config) string {
	name := cmd.PersistentFlags().String("workspace", "", "workspace (default: that of the configuration)")
	return func(c config.Config) string { return cmp.Or(*name, c.Workspace) }
}

func newQuarantineList(g *globals, in func(config.Config) string) *cobra.Command {
	var (
		q      admin.ItemQuery
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List items, without their payloads", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
				q.Workspace = in(c)
				page, err := client.ListItems(ctx, q)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd, page)
				}
				if len(page.Items) == 0 {
					_, err := fmt.Fprintf(cmd.OutOrStdout(), "nothing in the quarantine of workspace %s that fits\n", q.Workspace)
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "PLACE\tRECEIVED\tSOURCE\tSTAGE\tREASON\tFIELD\tSTATUS")
				for _, i := range page.Items {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.Place, i.ReceivedAt.Format(time.DateTime), i.Source, i.Stage, i.Reason, i.Field, i.Status)
				}
				if page.Next != "" {
					fmt.Fprintf(w, "more: --after %s\n", page.Next)
				}
				return w.Flush()
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Source, "source", "", "of this source alone")
	flags.StringVar(&q.Reason, "reason", "", "with this reason alone")
	flags.StringVar(&q.Status, "status", "open", "open, replayed, discarded, or empty for all")
	flags.StringVar(&q.After, "after", "", "go on after this place")
	flags.IntVar(&q.Limit, "limit", 0, "how many (default 100)")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newReconcile(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Say for each source what was received and what became of it, to the last event",
		Long: `For each source: received = pending + stored + duplicate + quarantined + suppressed + erased.
Received is counted by the log itself, the rest by the worker that applies it, and what ClickHouse
holds by asking it; it converges to stored.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				accounts, err := client.Reconcile(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd, accounts)
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', tabwriter.AlignRight)
				fmt.Fprintln(w, "SOURCE\tRECEIVED\tPENDING\tSTORED\tDUPLICATE\tQUARANTINED\tSUPPRESSED\tERASED\tIN CLICKHOUSE\tBALANCED\t")
				for _, s := range accounts.Sources {
					fmt.Fprintf(w, "%s/%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%v\t\n", s.Workspace, s.Source, s.Received, s.Pending, s.Stored,
						s.Duplicate, s.Quarantined, s.Suppressed, s.Erased, s.StoredClickHouse, s.Balanced)
				}
				if err := w.Flush(); err != nil {
					return err
				}
				return unbalanced(accounts)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// unbalanced is the error of accounts that do not add up, so that a script notices.
func unbalanced(accounts *admin.Accounts) error {
	for _, s := range accounts.Sources {
		if !s.Balanced && accounts.Exact {
			return fmt.Errorf("source %s/%s does not add up", s.Workspace, s.Source)
		}
	}
	return nil
}

func printJSON(cmd *cobra.Command, v any) error {
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
