package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/cx"
	"tributary/journeys/report"
)

func newMetrics(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "metrics", Short: "Show the metrics of customer experience, and what they come to"}
	cmd.AddCommand(newMetricsList(), newMetricsShow(g), newMetricsCompare(g), newMetricsTarget(g))
	return cmd
}

func newMetricsList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the metrics and what each means", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(cmd, cx.Metrics())
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tUNIT\tBETTER\tFORMULA")
			for _, m := range cx.Metrics() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.ID, m.Unit, m.Better, m.Formula)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with notes and sources")
	return cmd
}

// metricScope registers those of a report's scope.
func metricScope(flags *pflag.FlagSet, r *report.Request) {
	flags.StringVar(&r.From, "from", time.Now().UTC().AddDate(0, 0, -28).Format(time.DateOnly), "a day or a time")
	flags.StringVar(&r.Until, "until", "", "a day or a time, exclusive (default now)")
	flags.StringVar(&r.Zone, "zone", "", "IANA name of the time zone (default UTC)")
	flags.StringSliceVar(&r.Filter.Channels, "channel", nil, "of these channels alone")
	flags.StringSliceVar(&r.Filter.Sources, "source", nil, "of these sources alone")
	flags.StringVar(&r.Filter.Segment, "segment", "", "of people in this segment alone")
	flags.Uint64Var(&r.IdentityAsOf, "identity-as-of", 0, "by who was who at this identity_version")
	flags.StringVar(&r.KnownAt, "known-at", "", "by what had been received at this time")
}

func newMetricsShow(g *globals) *cobra.Command {
	var (
		r         cx.Request
		grain, by string
		asJSON    bool
	)
	cmd := &cobra.Command{
		Use: "show ID...", Short: "Show metrics, with their samples and intervals", Args: cobra.MinimumNArgs(1),
		Example: `  tributary metrics show csat --by channel
  tributary metrics show fcr --grain week --zone Europe/Berlin --from 2026-01-01
  tributary metrics show csat fcr ai_containment --before`,
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r.Grain, r.By = cx.Grain(grain), cx.Dimension(by)
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			answers, err := client.MetricValues(ctx, in(c), args, r)
			switch {
			case err != nil:
				return err
			case asJSON:
				return printJSON(cmd, answers)
			}
			for i, answer := range answers {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := printMetric(cmd.OutOrStdout(), answer); err != nil {
					return err
				}
			}
			return nil
		})
	}
	metricScope(cmd.Flags(), &r.Request)
	cmd.Flags().StringVar(&grain, "grain", "", "hour, day, week or month (default: one value)")
	cmd.Flags().StringVar(&by, "by", "", "channel, source, topic, agent_kind, team, queue, language or product")
	cmd.Flags().BoolVar(&r.Before, "before", false, "as long a time before as well")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, a list")
	return cmd
}

// printMetric writes a metric for a person. What sources wrote stands in quotation marks.
func printMetric(out io.Writer, a *cx.Answer) error {
	fmt.Fprintf(out, "%s (%s, %s is better), %s to %s, %s, identity version %d\n%s\n\n",
		a.Metric.Name, a.Metric.Unit, a.Metric.Better, a.Scope.From, a.Scope.Until, a.Scope.Zone, a.IdentityVersion, a.Definition)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "FROM\t%s\tSERIES\tVALUE\t95 %%\tSAMPLE\tNOTE\n", cmp.Or(string(a.By), "-"))
	for _, p := range append(slices.Clone(a.Before), a.Points...) {
		value, interval := "-", ""
		if p.Value != nil {
			value = fmt.Sprintf("%.4g", *p.Value)
		}
		if p.Interval != nil {
			interval = fmt.Sprintf("%.4g to %.4g", p.Interval.Low, p.Interval.High)
		}
		fmt.Fprintf(w, "%s\t%q\t%s\t%s\t%s\t%d\t%s\n", p.From.Format("2006-01-02 15:04"), p.Group, p.Series, value, interval, p.Sample, noteOn(&p))
	}
	if err := w.Flush(); err != nil || a.RestatedEvents == 0 {
		return err
	}
	_, err := fmt.Fprintf(out, "\nof these days %d events were erased: a number published before may be another\n", a.RestatedEvents)
	return err
}

// noteOn is what is to be borne in mind of a point.
func noteOn(p *cx.Point) string {
	var notes []string
	if p.BelowMinimum {
		notes = append(notes, "small sample")
	}
	if p.Immature > 0 {
		notes = append(notes, fmt.Sprintf("%d immature", p.Immature))
	}
	if p.Target != nil {
		notes = append(notes, strings.TrimSpace(fmt.Sprintf("target %.4g %s", p.Target.Value, p.Target.Standing)))
	}
	return strings.Join(notes, ", ")
}

func newMetricsCompare(g *globals) *cobra.Command {
	var (
		r      report.Request
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "compare ID", Short: "Set AI beside people by a metric, like for like", Args: cobra.ExactArgs(1),
		Long: `Contacts that AI began beside those that a human began, whoever ended them, by topic and difficulty, and over the same mix of both.
Difficulty is what was known before anybody answered: what a source said of it, else how often the person came in the days before.
csat, fcr, fcr_any_topic and confirmed_resolution can be compared.`,
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			answer, err := client.CompareMetric(ctx, in(c), args[0], r)
			switch {
			case err != nil:
				return err
			case asJSON:
				return printJSON(cmd, answer)
			}
			return printComparison(cmd.OutOrStdout(), answer)
		})
	}
	metricScope(cmd.Flags(), &r)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printComparison(out io.Writer, a *cx.Comparison) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SERIES\tTOPIC\tDIFFICULTY\tWEIGHT\tAI\tHUMAN\tDIFFERENCE\t95 %\tSAMPLES")
	side := func(s *cx.Side) string {
		if s.Value == nil {
			return "-"
		}
		return fmt.Sprintf("%.3f", *s.Value)
	}
	for i := range a.Series {
		s := &a.Series[i]
		for j := range s.Strata {
			t := &s.Strata[j]
			fmt.Fprintf(w, "%s\t%q\t%s\t%.3f\t%s\t%s\t%+.3f\t%+.3f to %+.3f\t%d, %d\n", s.Series, t.Topic, t.Difficulty, t.Weight, side(&t.AI), side(&t.Human),
				t.Difference, t.Interval.Low, t.Interval.High, t.AI.Sample, t.Human.Sample)
		}
		fmt.Fprintf(w, "%s\tas they are\t\t\t%s\t%s\t\t\t%d, %d\n", s.Series, side(&s.AI), side(&s.Human), s.AI.Sample, s.Human.Sample)
		if d := s.Standardised; d != nil {
			fmt.Fprintf(w, "%s\tsame mix\t\t1\t%.3f\t%.3f\t%+.3f\t%+.3f to %+.3f\t\n", s.Series, d.AI, d.Human, d.Difference,
				d.DifferenceInterval.Low, d.DifferenceInterval.High)
		}
		fmt.Fprintf(w, "%s\tleft out\t\t\t\t\t\t%d without a topic, %d of one alone, %d of strata of fewer than %d\t\n", s.Series,
			s.LeftOut.NoTopic, s.LeftOut.OneSided, s.LeftOut.TooSmall, a.Stratification.Minimum)
	}
	return w.Flush()
}
