package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/flow"
	"tributary/journeys/report"
)

// reportCommand is a command that asks for a report and prints what it answers.
func reportCommand[A any](g *globals, cmd *cobra.Command, ask func(*admin.Client, context.Context, string, []byte) (*A, error), show func(*tabwriter.Writer, *A)) *cobra.Command {
	var asJSON bool
	cmd.Args = cobra.ExactArgs(1)
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		request, err := readRequest(cmd, args[0])
		if err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			answer, err := ask(client, ctx, in(c), request)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, answer)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			show(w, answer)
			return w.Flush()
		})
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// readRequest reads a file as JSON, which may be written as YAML.
func readRequest(cmd *cobra.Command, name string) ([]byte, error) {
	text, err := readSample(cmd.InOrStdin(), name)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if json.Valid(text) {
		return text, nil
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		return nil, fmt.Errorf("read request: it is neither JSON nor YAML: %w", err)
	}
	return text, nil
}

func newJourneyFunnel(g *globals) *cobra.Command {
	return reportCommand(g, &cobra.Command{
		Use:     "funnel FILE",
		Short:   "Tell how many people go through steps, and how long it takes",
		Example: `  echo '{from: 2026-03-01, steps: [{events: [order.placed]}, {events: [order.delivered]}], window: 14d}' | tributary journey funnel -`,
	}, (*admin.Client).Funnel, printFunnel)
}

func printFunnel(w *tabwriter.Writer, f *flow.Funnel) {
	printAbout(w, &f.About)
	fmt.Fprintln(w, "STEP\tPEOPLE\tOF FIRST\tOF PREVIOUS\tMEDIAN\tP90")
	printSteps(w, f.Steps)
	for _, group := range f.Groups {
		name := string(group.Value)
		if group.Other {
			name = "other"
		}
		fmt.Fprintf(w, "\n%s = %s\t\t\t\t\t\n", f.Breakdown, name)
		printSteps(w, group.Steps)
	}
}

func printSteps(w *tabwriter.Writer, steps []flow.StepCount) {
	for i, s := range steps {
		median, p90 := "", ""
		if s.SinceFirst != nil {
			median, p90 = span(s.SinceFirst.MedianS), span(s.SinceFirst.P90S)
		}
		fmt.Fprintf(w, "%d %s\t%d\t%s\t%s\t%s\t%s\n", i+1, s.Name, s.People, percent(s.OfFirst), percent(s.OfPrevious), median, p90)
	}
}

func newJourneyRetention(g *globals) *cobra.Command {
	return reportCommand(g, &cobra.Command{
		Use:     "retention FILE",
		Short:   "Tell who of those who did one thing comes back to do another",
		Long:    "A cell that is marked with * is of a period that was not over.",
		Example: `  echo '{from: 2026-01-05, born: {events: [order.placed]}, returns: {events: [order.placed]}, by: week}' | tributary journey retention -`,
	}, (*admin.Client).Retention, printRetention)
}

func printRetention(w *tabwriter.Writer, r *flow.Retention) {
	printAbout(w, &r.About)
	fmt.Fprintf(w, "%s\tPEOPLE\tCAME BACK\n", strings.ToUpper(string(r.By)))
	for _, c := range r.Cohorts {
		fmt.Fprintf(w, "%s\t%d", c.Begins, c.People)
		for _, cell := range c.Cells {
			mark := ""
			if cell.Immature {
				mark = "*"
			}
			fmt.Fprintf(w, "\t%s%s", percent(&cell.Share), mark)
		}
		fmt.Fprintln(w)
	}
}

func newJourneyPaths(g *globals) *cobra.Command {
	return reportCommand(g, &cobra.Command{
		Use:     "paths FILE",
		Short:   "Tell along which paths people move: from an event on, to an event, or between two",
		Example: `  echo '{from: 2026-03-01, starts: {events: [order.delayed]}, depth: 4, window: 7d}' | tributary journey paths -`,
	}, (*admin.Client).Paths, printPaths)
}

func printPaths(w *tabwriter.Writer, p *flow.Paths) {
	printAbout(w, &p.About)
	fmt.Fprintln(w, "POSITION\tFROM\tTO\tPEOPLE")
	for _, l := range p.Links {
		from, to := p.Nodes[l.Source], p.Nodes[l.Target]
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\n", from.Position, from.Name, to.Name, l.People)
	}
}

func newJourneyBetween(g *globals) *cobra.Command {
	return reportCommand(g, &cobra.Command{
		Use:     "time-between FILE",
		Short:   "Tell how long one thing takes after another",
		Example: `  echo '{from: 2026-03-01, starts: {events: [order.placed]}, ends: {events: [order.delivered]}}' | tributary journey time-between -`,
	}, (*admin.Client).TimeBetween, printBetween)
}

func printBetween(w *tabwriter.Writer, b *flow.Between) {
	printAbout(w, &b.About)
	fmt.Fprintf(w, "%d of %d ended within %s, %d still may\n\nBELOW\tTIME\n", b.Ended, b.Starts, span(b.WindowS), b.Open)
	for _, q := range b.Quantiles {
		fmt.Fprintf(w, "%s\t%s\n", percent(&q.Level), span(q.Seconds))
	}
	fmt.Fprintln(w, "\nFROM\tTO\tCOUNT")
	for _, bin := range b.Histogram {
		to := ""
		if bin.BelowS != nil {
			to = span(*bin.BelowS)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\n", span(bin.FromS), to, bin.Count)
	}
}

// printAbout says what a report is about.
func printAbout(w *tabwriter.Writer, a *report.About) {
	fmt.Fprintf(w, "%s to %s (%s), as of %s, identity_version %d: %d people, %d events\n\n",
		a.Scope.From, a.Scope.Until, a.Scope.Zone, a.AsOf.Format(time.RFC3339), a.IdentityVersion, a.Sample.People, a.Sample.Events)
}

func percent(share *float64) string {
	if share == nil {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}
