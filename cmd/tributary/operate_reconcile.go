package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/profiles/reconcile"
)

func newReconcile(g *globals) *cobra.Command {
	var (
		q        admin.AccountQuery
		expected []string
		note     string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Say for each source what was received and what became of it, to the last event",
		Long: `For each source: received = pending + stored + duplicate + quarantined + suppressed + erased.
Received is counted by the log itself, the rest by the worker that applies it, and what ClickHouse
holds by asking it; it converges to stored. With --source the account is shown for each UTC day of
receipt, with reasons.

What the source itself says it sent on a day is kept beside it with --expect, and the difference is
shown: what was received, each event once, less what the source says.`,
		Example: `  tributary reconcile
  tributary reconcile --source shop --since 2026-11-01 --until 2026-11-20
  tributary reconcile --source shop --expect 2026-11-20=12345 --note "orders in the shop's admin"
  tributary reconcile --source shop --expect 2026-11-20=none`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			figures, err := parseFigures(expected, note)
			if err == nil && len(figures) > 0 && q.Source == "" {
				err = errors.New("--expect needs --source: whose figure is it?")
			}
			if err == nil {
				_, err = q.Selection()
			}
			if err != nil {
				return err
			}
			return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
				if q.Source != "" && q.Workspace == "" {
					q.Workspace = c.Workspace
				}
				for _, f := range figures {
					f.Workspace, f.Source = q.Workspace, q.Source
					if err := client.Expect(ctx, f); err != nil {
						return err
					}
				}
				report, err := client.Reconcile(ctx, q)
				if err != nil {
					return err
				}
				if asJSON {
					err = printJSON(cmd, report)
				} else {
					err = printAccounts(cmd.OutOrStdout(), report, q.Source != "")
				}
				if source := report.Unbalanced(); source != "" && err == nil {
					err = fmt.Errorf("the account of %s does not add up", source) // so that a script notices
				}
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Workspace, "workspace", "", "of this workspace alone (default: all; with --source that of the configuration)")
	flags.StringVar(&q.Source, "source", "", "of this source alone, day by day")
	flags.StringVar(&q.Since, "since", "", "from this UTC `day` of receipt on, such as 2026-11-01")
	flags.StringVar(&q.Until, "until", "", "up to this UTC `day`, included")
	flags.StringArrayVar(&expected, "expect", nil, "`DAY=COUNT`: what the source says it sent on a day, or DAY=none to take it back; give several times")
	flags.StringVar(&note, "note", "", "what --expect counts, in the source's own words")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// parseFigures reads DAY=COUNT.
func parseFigures(texts []string, note string) (figures []admin.Figure, err error) {
	for _, text := range texts {
		day, count, ok := strings.Cut(text, "=")
		f := admin.Figure{Day: day, Note: note}
		if count != "none" {
			n, err := strconv.ParseUint(count, 10, 64)
			if !ok || err != nil {
				return nil, fmt.Errorf("--expect: %q is not DAY=COUNT, such as 2026-11-20=12345", text)
			}
			f.Count = &n
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return nil, fmt.Errorf("--expect: %q is not a day such as 2026-11-20", day)
		}
		figures = append(figures, f)
	}
	if note != "" && len(texts) == 0 {
		return nil, errors.New("--note: says what --expect counts; give both")
	}
	return figures, nil
}

const accountColumns = "RECEIVED\tPENDING\tSTORED\tDUPLICATE\tQUARANTINED\tSUPPRESSED\tERASED\tIN CLICKHOUSE\tBALANCED\tSOURCE SAYS\tDIFFERENCE\t"

// printAccounts prints a line for each source, or each day of it, and then the reasons.
func printAccounts(out io.Writer, report *reconcile.Report, byDay bool) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	if byDay {
		fmt.Fprintln(w, "DAY\t"+accountColumns)
	} else {
		fmt.Fprintln(w, "SOURCE\t"+accountColumns)
	}
	for i := range report.Sources {
		s := &report.Sources[i]
		if !byDay {
			printAccount(w, s.Workspace+"/"+s.Source, &s.Account)
			continue
		}
		for j := range s.Days {
			printAccount(w, s.Days[j].Day, &s.Days[j].Account)
		}
		printAccount(w, "total", &s.Account)
	}
	if err := w.Flush(); err != nil || !byDay {
		return err
	}
	for i := range report.Sources {
		if err := printReasons(out, report.Sources[i].Days); err != nil {
			return err
		}
	}
	return nil
}

func printAccount(w io.Writer, name string, a *reconcile.Account) {
	held, says, difference := "?", "", ""
	if a.StoredClickHouse != nil {
		held = strconv.FormatUint(*a.StoredClickHouse, 10)
	}
	if e := a.Expected; e != nil {
		says, difference = strconv.FormatUint(e.Count, 10), e.String()
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%v\t%s\t%s\t\n", name, a.Received, a.Pending, a.Stored,
		a.Duplicate, a.Quarantined, a.Suppressed, a.Erased, held, a.Balanced, says, difference)
}

// printReasons prints what has reasons, by day, and what the source says it counted.
func printReasons(out io.Writer, days []reconcile.Day) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nDAY\tOUTCOME\tREASON\tCOUNT")
	none := true
	for i := range days {
		d := &days[i]
		for _, outcome := range slices.Sorted(maps.Keys(d.Reasons)) {
			for _, reason := range slices.Sorted(maps.Keys(d.Reasons[outcome])) {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", d.Day, outcome, reason, d.Reasons[outcome][reason])
				none = false
			}
		}
		if d.Expected != nil && d.Expected.Note != "" {
			fmt.Fprintf(w, "%s\tthe source counts\t%s\t%d\n", d.Day, d.Expected.Note, d.Expected.Count)
			none = false
		}
	}
	if none {
		return nil
	}
	return w.Flush()
}
