package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/profiles/quarantine"
)

func newQuarantine(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "Look at what could not be processed, and process it again",
		Long: `What a source sent and Tributary could not use is kept with its reason. Nothing vanishes: it is
open until it is replayed (after a fix, or with a correction) or discarded. Either way it stays counted
once: as what it has become.`,
		Example: `  tributary quarantine count
  tributary quarantine list --source shop --reason invalid --since 24h
  tributary quarantine show 3-1024-0 --payload > item.json    # put it right, then
  tributary quarantine replay 3-1024-0 --with item.json
  tributary quarantine replay --source shop --since 2026-11-20          # says what would happen
  tributary quarantine replay --source shop --since 2026-11-20 --yes    # does it`,
	}
	in := workspaceFlag(cmd)
	cmd.AddCommand(newQuarantineCount(g, in), newQuarantineList(g, in), newQuarantineShow(g, in), newQuarantineReplay(g, in), newQuarantineDiscard(g, in))
	return cmd
}

// workspaceFlag adds --workspace to a command and those below it, and returns what it says, or else the configuration.
func workspaceFlag(cmd *cobra.Command) func(config.Config) string {
	name := cmd.PersistentFlags().String("workspace", "", "workspace (default: that of the configuration)")
	return func(c config.Config) string { return cmp.Or(*name, c.Workspace) }
}

// itemFlags are those that select items.
type itemFlags struct {
	q            admin.ItemQuery
	since, until string
	asJSON       bool
}

func (f *itemFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.q.Source, "source", "", "of this source alone")
	flags.StringVar(&f.q.Reason, "reason", "", "with this reason alone")
	flags.StringVar(&f.since, "since", "", "received since then: a `time` (RFC 3339), a UTC day, or so long ago, such as 24h or 7d")
	flags.StringVar(&f.until, "until", "", "received before that `time`, up to that day included, or so long ago")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
}

// query completes the query; it fails with what is wrong with a flag.
func (f *itemFlags) query(now time.Time) (err error) {
	if f.q.Since, err = parseMoment(f.since, now, false); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if f.q.Until, err = parseMoment(f.until, now, true); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if !f.q.Until.IsZero() && !f.q.Since.Before(f.q.Until) {
		return errors.New("--until: is not after --since")
	}
	return nil
}

// parseMoment reads a time, a day, or how long ago. Of a day it is the beginning, or else the end.
func parseMoment(text string, now time.Time, end bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	ago, err := time.ParseDuration(text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays && err != nil {
		if ago, err = time.ParseDuration(days + "h"); err == nil {
			ago *= 24
		}
	}
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("%q is no time such as 2026-11-20T08:00:00Z, no day such as 2026-11-20, and not how long ago, such as 24h", text)
	}
	return now.Add(-ago).UTC(), nil
}

func newQuarantineCount(g *globals, in func(config.Config) string) *cobra.Command {
	var f itemFlags
	cmd := &cobra.Command{
		Use: "count", Short: "Count items by day, source and reason: where to look first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.query(time.Now()); err != nil {
				return err
			}
			return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
				f.q.Workspace = in(c)
				counts, err := client.CountItems(ctx, f.q)
				if err != nil {
					return err
				}
				if f.asJSON {
					return printJSON(cmd, counts)
				}
				if len(counts) == 0 {
					return nothingFits(cmd, f.q.Workspace)
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "DAY\tSOURCE\tSTAGE\tREASON\tSTATUS\tITEMS")
				for _, n := range counts {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", n.Day, n.Source, n.Stage, n.Reason, n.Status, n.Items)
				}
				return w.Flush()
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.q.Status, "status", "open", "open, replayed, discarded, or empty for all")
	return cmd
}

func nothingFits(cmd *cobra.Command, workspace string) error {
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "nothing in the quarantine of workspace %s that fits\n", workspace)
	return err
}

func newQuarantineList(g *globals, in func(config.Config) string) *cobra.Command {
	var f itemFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List items, without their payloads", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.query(time.Now()); err != nil {
				return err
			}
			return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
				f.q.Workspace = in(c)
				page, err := client.ListItems(ctx, f.q)
				if err != nil {
					return err
				}
				if f.asJSON {
					return printJSON(cmd, page)
				}
				if len(page.Items) == 0 {
					return nothingFits(cmd, f.q.Workspace)
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
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.q.Status, "status", "open", "open, replayed, discarded, or empty for all")
	flags.StringVar(&f.q.After, "after", "", "go on after this place")
	flags.IntVar(&f.q.Limit, "limit", 0, "how many (default 100)")
	return cmd
}

func newQuarantineShow(g *globals, in func(config.Config) string) *cobra.Command {
	var payload bool
	cmd := &cobra.Command{
		Use: "show PLACE", Short: "Show one item with its payload, by the place that quarantine list shows", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
				item, err := client.ShowItem(ctx, in(c), args[0])
				if err != nil {
					return err
				}
				if payload {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), item.Payload)
					return err
				}
				return printJSON(cmd, item)
			})
		},
	}
	cmd.Flags().BoolVar(&payload, "payload", false, "print the payload alone, to be put right and given to replay --with")
	return cmd
}

// oneItem runs f on the item that the argument names and prints it.
func oneItem(g *globals, cmd *cobra.Command, in func(config.Config) string, f func(context.Context, *admin.Client, string) (admin.Item, error)) error {
	return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
		item, err := f(ctx, client, in(c))
		if err != nil {
			return err
		}
		if err := printJSON(cmd, item); err != nil || item.Status != "open" {
			return err
		}
		return fmt.Errorf("%s stays in the quarantine: %s", item.Place, item.Reason) // so that a script notices
	})
}

func newQuarantineReplay(g *globals, in func(config.Config) string) *cobra.Command {
	var (
		f    itemFlags
		with string
		yes  bool
	)
	cmd := &cobra.Command{
		Use:   "replay [PLACE]",
		Short: "Process an item, or all that are selected, again",
		Long: `An item is processed as if it came in now, under its own id and received time: what intake checks is
checked. Replaying twice has no second effect, and a copy that came in meanwhile makes it a duplicate.

Without PLACE all open items that are selected are replayed: first it is said what would happen, --yes
does it. It may be interrupted and started again.

What was rejected before it was an event has to be put right: --with names a file with an event in
Tributary's form, or a call of Segment's API; "-" is standard input.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if with != "" {
					return errors.New("--with: corrects one item; name its place")
				}
				return changeSelection(g, cmd, in, &f, yes, "replayed", (*admin.Client).RehearseItems, (*admin.Client).ReplayItems)
			}
			correction, err := readCorrection(cmd, with)
			if err != nil {
				return fmt.Errorf("--with: %w", err)
			}
			return oneItem(g, cmd, in, func(ctx context.Context, client *admin.Client, workspace string) (admin.Item, error) {
				return client.ReplayItem(ctx, workspace, args[0], correction)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&with, "with", "", "`file` with what takes the place of the item, put right")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it, to all that are selected")
	return cmd
}

func readCorrection(cmd *cobra.Command, name string) (text []byte, err error) {
	switch name {
	case "":
		return nil, nil
	case "-":
		text, err = io.ReadAll(cmd.InOrStdin())
	default:
		text, err = os.ReadFile(name)
	}
	if err == nil && len(text) == 0 {
		err = errors.New("is empty")
	}
	return text, err
}

func newQuarantineDiscard(g *globals, in func(config.Config) string) *cobra.Command {
	var (
		f   itemFlags
		yes bool
	)
	cmd := &cobra.Command{
		Use:   "discard [PLACE]",
		Short: "Close an item, or all that are selected, for good",
		Long: `A discarded item keeps its place, reason and count, and loses its payload. Without PLACE all open items
that are selected are discarded: first it is said which, --yes does it.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return changeSelection(g, cmd, in, &f, yes, "discarded", nil, (*admin.Client).DiscardItems)
			}
			return oneItem(g, cmd, in, func(ctx context.Context, client *admin.Client, workspace string) (admin.Item, error) {
				return client.DiscardItem(ctx, workspace, args[0])
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do it, to all that are selected")
	return cmd
}

// selectionReport is what a command on a selection prints.
type selectionReport struct {
	Done    bool             `json:"done"` // false: it says what would happen
	Items   int              `json:"items"`
	Changes []quarantine.Sum `json:"changes"`
}

type changeFunc func(*admin.Client, context.Context, admin.Places) ([]admin.Change, error)

// changeSelection goes through the open items that are selected, page by page, with do, or else with
// rehearse; without a rehearsal all would become so.
func changeSelection(g *globals, cmd *cobra.Command, in func(config.Config) string, f *itemFlags, yes bool, so string, rehearse, do changeFunc) error {
	if err := f.query(time.Now()); err != nil {
		return err
	}
	step := rehearse
	if yes {
		step = do
	}
	return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
		f.q.Workspace, f.q.Status, f.q.Limit = in(c), "open", admin.MaxPlaces
		report, err := eachPage(ctx, client, f.q, func(items []admin.Item) ([]admin.Change, error) {
			places := admin.Places{Workspace: f.q.Workspace}
			var all []admin.Change
			for _, i := range items {
				places.Places = append(places.Places, i.Place)
				all = append(all, admin.Change{Place: i.Place, Source: i.Source, Reason: i.Reason, Now: so})
			}
			if step == nil {
				return all, nil
			}
			return step(client, ctx, places)
		})
		report.Done = yes
		if err != nil {
			return fmt.Errorf("after %d items, which are done with: %w", report.Items, err)
		}
		if f.asJSON {
			return printJSON(cmd, report)
		}
		return printSelection(cmd.OutOrStdout(), f.q.Workspace, report)
	})
}

// eachPage calls f with every page of items and sums up what it returns.
func eachPage(ctx context.Context, client *admin.Client, q admin.ItemQuery, f func([]admin.Item) ([]admin.Change, error)) (*selectionReport, error) {
	var sums quarantine.Summary
	for {
		page, err := client.ListItems(ctx, q)
		var changes []admin.Change
		if err == nil && len(page.Items) > 0 {
			changes, err = f(page.Items)
		}
		sums.Add(changes)
		if err != nil || page.Next == "" {
			return &selectionReport{Items: sums.Items, Changes: sums.Sums()}, err
		}
		q.After = page.Next
	}
}

func printSelection(out io.Writer, workspace string, report *selectionReport) error {
	if report.Items == 0 {
		_, err := fmt.Fprintf(out, "nothing open in the quarantine of workspace %s that fits\n", workspace)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	now := "WOULD BE"
	if report.Done {
		now = "NOW"
	}
	fmt.Fprintf(w, "SOURCE\tREASON\t%s\tITEMS\n", now)
	for _, c := range report.Changes {
		if c.NowReason != "" {
			c.Now += ": " + c.NowReason
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", c.Source, c.Reason, c.Now, c.Items)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if report.Done {
		return nil
	}
	_, err := fmt.Fprintf(out, "\n%d items are selected. Nothing was changed; --yes does it.\n", report.Items)
	return err
}
