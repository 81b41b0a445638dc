package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/journeys/cx"
	"tributary/journeys/effect"
)

func newJourneyEffect(g *globals) *cobra.Command {
	return reportCommand(g, &cobra.Command{
		Use:   "effect FILE",
		Short: "Tell what goes with the quality of service: who stays, and what they pay",
		Long: `Compares people who were served well with people like them who were not, by what was known before the contact. It tells an
adjusted association, and no cause. Strata, and what is not adjusted for: --json.`,
		Example: `  echo '{from: 2026-03-01, exposure: fcr_any_topic, days: 30, retention: not_cancelled}' | tributary journey effect -`,
	}, (*admin.Client).Effect, printEffect)
}

func printEffect(w *tabwriter.Writer, r *effect.Report) {
	printAbout(w, &r.About)
	fmt.Fprintf(w, "of: %s\nexposed: %s\nleft out: %d whose %d days are not over, %d who had cancelled before\n\n", r.Exposure.Of, r.Exposure.Exposed, r.Immature, r.Days, r.Gone)
	fmt.Fprintln(w, "OUTCOME\t\tEXPOSED\tNOT EXPOSED\tDIFFERENCE\tFROM\tTO\tPEOPLE\tLEFT OUT")
	printOutcome(w, "stayed ("+string(r.Retention)+")", &r.Stayed, 100, " %")
	for i := range r.Paid {
		printOutcome(w, "paid "+r.Paid[i].Currency, &r.Paid[i], 1, "")
	}
	fmt.Fprintln(w, "\nAn association, not a cause: people may differ in what is not known of them.")
}

func printOutcome(w *tabwriter.Writer, name string, o *effect.Outcome, scale float64, unit string) {
	line := func(name, how string, s *effect.Sides, leftOut int) {
		value := func(e *effect.Estimate) string {
			if e == nil {
				return "-"
			}
			return fmt.Sprintf("%.2f%s", scale*e.Value, unit)
		}
		low, high := "-", "-"
		if s.Difference != nil {
			low, high = bounds(s.Difference.Interval, scale, unit)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\n", name, how, value(s.Exposed.Estimate), value(s.Unexposed.Estimate), value(s.Difference), low, high,
			s.Exposed.People+s.Unexposed.People, leftOut)
	}
	line(name, "as it is", &o.Crude, 0)
	if o.Standardised == nil {
		fmt.Fprintln(w, "\tlike with like\t-\t-\t-\t-\t-\t0\t", o.LeftOut)
		return
	}
	how := "like with like"
	if o.BelowMinimum {
		how += " (few)"
	}
	line("", how, o.Standardised, o.LeftOut)
}

// bounds are those of an interval.
func bounds(i *cx.Interval, scale float64, unit string) (low, high string) {
	if i == nil {
		return "-", "-"
	}
	return fmt.Sprintf("%.2f%s", scale*i.Low, unit), fmt.Sprintf("%.2f%s", scale*i.High, unit)
}

func newJourneyUseCases(g *globals) *cobra.Command {
	return reportCommand(g, &cobra.Command{
		Use:   "use-cases FILE",
		Short: "Tell which uses of AI pay, and which do not",
		Long: `Sets what contacts cost that an AI began beside those about the same topic that a human began, each with the contacts that repeat
it. cost_per_minute is what a minute of people's time costs, in the unit of the costs that events name.`,
		Example: `  echo '{from: 2026-03-01, cost_per_minute: 0.9, by: [channel]}' | tributary journey use-cases -`,
	}, (*admin.Client).UseCases, printUseCases)
}

func printUseCases(w *tabwriter.Writer, r *effect.UseCases) {
	printAbout(w, &r.About)
	fmt.Fprintf(w, "cost of people's time by: %s; costs that were made up: %d\n\n", r.Costs.Human, r.Costs.Imputed)
	fmt.Fprintln(w, "USE\tCONTACTS\tCONTAINED\tCONFIRMED\tSILENT FAILURE\tAI\tHUMAN\tNET\tFROM\tTO\tIN ALL\tVERDICT")
	for i := range r.UseCases {
		u := &r.UseCases[i]
		name := orDash(u.Topic)
		for _, more := range []string{u.Channel, u.Agent} {
			if more != "" {
				name += " / " + more
			}
		}
		verdict := string(u.Verdict)
		if u.Reason != effect.ReasonInterval {
			verdict += " (" + u.Reason + ")"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", name, u.Contacts, shareOf(&u.Contained), shareOf(&u.Confirmed), shareOf(&u.SilentFailure), costsOf(u), verdict)
	}
	fmt.Fprintln(w, "\nAn AI may get the easier contacts of a topic: no verdict is a proof.")
}

func shareOf(s *effect.ShareOf) string {
	if s.Estimate == nil {
		return "-"
	}
	return percent(&s.Estimate.Value)
}

// costsOf are the columns from AI to IN ALL.
func costsOf(u *effect.UseCase) string {
	ai, human, net, low, high, all := "-", "-", "-", "-", "-", "-"
	if u.AI != nil {
		ai = fmt.Sprintf("%.2f", u.AI.Total.Value)
	}
	if u.Human != nil {
		human = fmt.Sprintf("%.2f", u.Human.Total.Value)
	}
	e := u.NetSaving
	if u.NetValue != nil {
		e = u.NetValue
	}
	if e != nil {
		net = fmt.Sprintf("%.2f", e.Value)
		low, high = bounds(e.Interval, 1, "")
	}
	if u.InAll != nil {
		all = fmt.Sprintf("%.2f", *u.InAll)
	}
	return ai + "\t" + human + "\t" + net + "\t" + low + "\t" + high + "\t" + all
}
