package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/contact"
	"tributary/journeys/report"
)

// addContactReports puts the reports of contacts under "journey".
func addContactReports(journey *cobra.Command, g *globals) {
	journey.AddCommand(newContactJourneys(g), newRepeatContacts(g), newFriction(g))
}

// contactReport makes a command of a report of contacts: its request is filled by flags, and its answer is printed.
func contactReport[V any](
	g *globals, cmd *cobra.Command, scope *report.Request,
	ask func(ctx context.Context, client *admin.Client, workspace string) (V, error), print func(out io.Writer, v V) error,
) *cobra.Command {
	cmd.Args = cobra.NoArgs
	in := workspaceFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	scopeFlags(cmd, scope)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			v, err := ask(ctx, client, in(c))
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(cmd, v)
			}
			return print(cmd.OutOrStdout(), v)
		})
	}
	return cmd
}

// scopeFlags are those of which events a report is about.
func scopeFlags(cmd *cobra.Command, r *report.Request) {
	flags := cmd.Flags()
	flags.StringVar(&r.From, "from", "", "where the period begins: a day such as 2026-03-01, or a time")
	flags.StringVar(&r.Until, "until", "", "where it ends, exclusive (default: now)")
	flags.StringVar(&r.Zone, "zone", "", "IANA name of the time zone (default UTC)")
	flags.StringSliceVar(&r.Filter.Channels, "channel", nil, "with a contact of these channels")
	flags.StringSliceVar(&r.Filter.Sources, "source", nil, "with a contact of these sources")
	flags.StringVar(&r.Filter.Segment, "segment", "", "of people in this segment")
	flags.Uint64Var(&r.IdentityAsOf, "identity-as-of", 0, "who is who by this identity_version (default: now)")
	flags.StringVar(&r.KnownAt, "known-at", "", "without what was received later (default: now)")
	kinds := flags.StringSlice("agent-kind", nil, "ai, human: with a contact that one of them handled")
	cmd.PreRun = func(*cobra.Command, []string) {
		for _, kind := range *kinds {
			r.Filter.AgentKinds = append(r.Filter.AgentKinds, report.AgentKind(kind))
		}
	}
	_ = cmd.MarkFlagRequired("from")
}

func newRepeatContacts(g *globals) *cobra.Command {
	var r contact.RepeatRequest
	cmd := contactReport(g, &cobra.Command{
		Use:     "repeat --from DAY",
		Short:   "Report how often people had to contact us again",
		Example: "  tributary journey repeat --from 2026-03-01 --until 2026-04-01 --agent-kind ai --days 7",
	}, &r.Request, func(ctx context.Context, client *admin.Client, workspace string) (*contact.RepeatReport, error) {
		return client.RepeatContacts(ctx, workspace, r)
	}, printRepeats)
	cmd.Flags().IntVar(&r.Days, "days", contact.DefaultRepeatDays, "within how many days a contact is a repeat")
	return cmd
}

func printRepeats(out io.Writer, r *contact.RepeatReport) error {
	printPeriod(out, &r.About)
	fmt.Fprintf(out, "%d of %d people came again within %d days; %d contacts are too recent to tell\n\n", r.Returned, r.People, r.Days, r.TooRecent)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FIRST CONTACT\tHANDLED BY\tTOPIC\tAGAIN ON\tCONTACTS\tREPEATED\tRATE\tSAME TOPIC")
	line := func(name string, x *contact.Repeat) {
		topic, rate := "", ""
		if x.Topic != nil {
			topic = orDash(*x.Topic)
		}
		if x.Rate != nil {
			rate = fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*x.Rate.Share, 100*x.Rate.Low, 100*x.Rate.High)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\n", name, x.HandledBy, topic, x.Next, x.Contacts, x.Repeated, rate, x.RepeatedSameTopic)
	}
	line("all", &r.Total)
	for _, list := range []struct {
		repeats []contact.Repeat
		leftOut int
	}{{r.ByFirst, r.LeftOut.ByFirst}, {r.ByTopic, r.LeftOut.ByTopic}, {r.ByPair, r.LeftOut.ByPair}} {
		fmt.Fprintln(w, "\t\t\t\t\t\t\t")
		for i := range list.repeats {
			line(orDash(list.repeats[i].Channel), &list.repeats[i])
		}
		if list.leftOut > 0 {
			fmt.Fprintf(w, "… and %d more\t\t\t\t\t\t\t\n", list.leftOut)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nrepeats by days between:", strings.Trim(fmt.Sprint(r.DaysToRepeat), "[]"))
	return err
}

func newContactJourneys(g *globals) *cobra.Command {
	var r contact.JourneysRequest
	cmd := contactReport(g, &cobra.Command{
		Use:     "contacts --from DAY",
		Short:   "Report the most frequent journeys of contacts across channels",
		Example: "  tributary journey contacts --from 2026-03-01 --until 2026-04-01 --limit 10",
	}, &r.Request, func(ctx context.Context, client *admin.Client, workspace string) (*contact.JourneysReport, error) {
		return client.ContactJourneys(ctx, workspace, r)
	}, printJourneys)
	gapFlag(cmd, &r.ChainRequest)
	cmd.Flags().IntVar(&r.Limit, "limit", contact.DefaultJourneys, "how many")
	return cmd
}

func gapFlag(cmd *cobra.Command, r *contact.ChainRequest) {
	cmd.Flags().IntVar(&r.GapHours, "gap-hours", contact.DefaultGapHours, "within how long a contact or cause goes on with a journey")
}

func printJourneys(out io.Writer, r *contact.JourneysReport) error {
	printPeriod(out, &r.About)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "JOURNEYS\tSHARE\tPEOPLE\tRESOLVED\tOPEN\tCHURNED\tABANDONED\tMEDIAN\tP90\tSTEPS")
	line := func(j *contact.Journeys, share float64, steps string) {
		fmt.Fprintf(w, "%d\t%.1f %%\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", j.Journeys, 100*share, j.People,
			j.Outcomes[contact.OutcomeResolved], j.Outcomes[contact.OutcomeOpen], j.Outcomes[contact.OutcomeChurned], j.Outcomes[contact.OutcomeAbandoned],
			hours(j.MedianHours), hours(j.P90Hours), steps)
	}
	line(&r.Total, 1, fmt.Sprintf("all, by %d paths; %d may go on", r.Paths, r.Total.Unfinished))
	for i := range r.Journeys {
		row := &r.Journeys[i]
		var steps []string
		for _, s := range row.Steps {
			steps = append(steps, strings.TrimSpace(s.Channel+" "+s.Kind))
		}
		if row.Cut {
			steps = append(steps, "…")
		}
		line(&row.Journeys, row.Share, strings.Join(steps, " > "))
	}
	return w.Flush()
}

func newFriction(g *globals) *cobra.Command {
	var (
		r       contact.FrictionRequest
		weights map[string]string
		wait    int
	)
	cmd := contactReport(g, &cobra.Command{
		Use:   "friction --from DAY",
		Short: "Report what makes journeys an effort to customers",
		Example: `  tributary journey friction --from 2026-03-01 --until 2026-04-01
  tributary journey friction --from 2026-03-01 --weight transfer=2 --weight wait=0.1 --wait-over 120`,
	}, &r.Request, func(ctx context.Context, client *admin.Client, workspace string) (*contact.FrictionReport, error) {
		r.WaitOverS, r.Weights = &wait, map[contact.Friction]float64{}
		for kind, text := range weights {
			var w float64
			if _, err := fmt.Sscan(text, &w); err != nil {
				return nil, fmt.Errorf("--weight %s: must be a number", kind)
			}
			r.Weights[contact.Friction(kind)] = w
		}
		return client.Friction(ctx, workspace, r)
	}, printFriction)
	gapFlag(cmd, &r.ChainRequest)
	flags := cmd.Flags()
	flags.StringToStringVar(&weights, "weight", nil, "effort points of a kind, such as transfer=2, in place of the default")
	flags.IntVar(&wait, "wait-over", contact.DefaultWaitOver, "from how many seconds on a wait is an effort")
	flags.IntVar(&r.Limit, "limit", contact.DefaultFrictionPoints, "how many points")
	return cmd
}

func printFriction(out io.Writer, r *contact.FrictionReport) error {
	printPeriod(out, &r.About)
	fmt.Fprintf(out, "%d journeys of %d people: %.1f effort points on average, %.1f in the median, %.1f at p90\n\n", r.Journeys, r.People, r.Mean, r.Median, r.P90)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FRICTION\tSTEP\tCHANNEL\tTEAM\tTOPIC\tCOUNT\tEFFORT\tSHARE\tJOURNEYS\tPEOPLE")
	for _, list := range [][]contact.FrictionPoint{r.Kinds, r.Points} {
		for _, p := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%.1f\t%.1f %%\t%d\t%d\n", p.Kind, p.StepKind, p.Channel, p.Team, p.Topic, p.Count, p.Effort, 100*p.Share, p.Journeys, p.People)
		}
		fmt.Fprintln(w, "\t\t\t\t\t\t\t\t\t")
	}
	fmt.Fprintln(w, "EFFORT OF\tGOES WITH\tBY\tJOURNEYS\tVALUE\tFROM\tTO\t\t\t")
	for _, c := range r.Correlations {
		of := string(c.Kind)
		if of == "" {
			of = "all"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%.2f\t%.2f\t%.2f\t\t\t\n", of, c.With, c.Method, c.N, c.Value, c.Low, c.High)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nA correlation is no cause. Weights and what is counted: --json")
	return err
}

// printPeriod says what a report of contacts is about.
func printPeriod(out io.Writer, a *report.About) {
	fmt.Fprintf(out, "%s to %s (%s), as of %s, identity_version %d\n", a.Scope.From, a.Scope.Until, a.Scope.Zone, a.AsOf.Format(time.RFC3339), a.IdentityVersion)
}

func hours(h float64) string {
	return time.Duration(h * float64(time.Hour)).Round(time.Minute).String()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
