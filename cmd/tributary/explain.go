package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/profiles/explain"
)

func newIdentityExplain(g *globals) *cobra.Command {
	var (
		q      admin.ExplainQuery
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "explain TYPE:VALUE",
		Short: "Say why a profile is what it is, and why others are not of it",
		Long: `Prints the observations of a profile as a tree: each hangs on the one that it was joined to, with the
reason. Then whom something connects with the profile, and why they are two; and its identifiers that several
use. Nothing changes, whatever is asked.`,
		Example: `  tributary identity explain email:ada@example.com
  tributary identity explain user_id:42 --with phone:+12125550100
  tributary identity explain profile:0b8c… --add crm.contact_id:003X`,
		Args: cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		q.Address = args[0]
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			answer, err := client.ExplainIdentity(ctx, in(c), q)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, answer)
			}
			var b strings.Builder
			printExplanation(&b, answer)
			_, err = io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		})
	}
	flags := cmd.Flags()
	flags.StringVar(&q.With, "with", "", "`type:value` of another: why it is the same, or is not")
	flags.StringArrayVar(&q.Add, "add", nil, "`type:value`: what would be if this were said of the profile as well; give several times")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newIdentityIdentifier(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "identifier TYPE:VALUE",
		Short:   "Say how an identifier stands: unknown, personal, shared, generic or blocked",
		Example: "  tributary identity identifier phone:+12125550100",
		Args:    cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			standing, err := client.IdentifierStanding(ctx, in(c), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, standing)
			}
			var b strings.Builder
			printValue(&b, &standing.Value)
			for _, id := range standing.Profiles {
				fmt.Fprintf(&b, "  profile:%s\n", id)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		})
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// printExplanation writes an answer for a person. What others wrote stands in quotation marks.
func printExplanation(b *strings.Builder, a *explain.Answer) {
	fmt.Fprintf(b, "profile %s, of %s", a.Profile, many(a.ObservationsTotal, "observation"))
	if a.Requested != nil {
		fmt.Fprintf(b, " (%s is merged into it)", *a.Requested)
	}
	b.WriteByte('\n')
	if a.Alone != nil {
		fmt.Fprintf(b, "in no profile: %s\n", a.Alone.Read)
		for _, id := range a.Candidates {
			fmt.Fprintf(b, "  it may be of profile:%s\n", id)
		}
	}
	t := newTree(a)
	t.print(b, 0, "", "")
	if left := a.ObservationsTotal - len(a.Observations); left > 0 {
		fmt.Fprintf(b, "… and %d more\n", left)
	}
	if len(a.Apart) > 0 {
		fmt.Fprintf(b, "\nnot the same (from %+.1f bits on two merge, from %+.1f on a person is asked):\n", a.Thresholds.Merge, a.Thresholds.Review)
		for i := range a.Apart {
			printApart(b, &a.Apart[i])
		}
		if left := a.ApartTotal - len(a.Apart); left > 0 {
			fmt.Fprintf(b, "… and %d more\n", left)
		}
	}
	if len(a.Values) > 0 {
		b.WriteString("\nidentifiers of several:\n")
		for i := range a.Values {
			b.WriteString("  ")
			printValue(b, &a.Values[i])
		}
	}
	printWith(b, a.With)
	printAdded(b, a.Added)
	fmt.Fprintf(b, "\nidentity_version %d, model %d, %s\n", a.IdentityVersion, a.Model, settled(a.Pending))
}

// settled says whether who is who may still change although nothing else comes.
func settled(p explain.Pending) string {
	switch {
	case p.Settled:
		return "settled"
	case len(p.Pending) > 0:
		return "not settled, under way: " + strings.Join(p.Pending, ", ")
	default:
		return "not settled: other records have come since the model was made"
	}
}

// tree is a profile's observations, each below the one that it was joined to.
type tree struct {
	*explain.Answer
	place map[identity.ObservationID]int
	below map[identity.ObservationID][]int // places, in order
}

func newTree(a *explain.Answer) tree {
	t := tree{a, map[identity.ObservationID]int{}, map[identity.ObservationID][]int{}}
	for i := range a.Observations {
		t.place[a.Observations[i].ID] = i
	}
	for _, l := range a.Links {
		t.below[l.A] = append(t.below[l.A], t.place[l.B])
	}
	return t
}

// print writes one observation and what hangs below it; first leads its own line, and rest all others.
func (t tree) print(b *strings.Builder, i int, first, rest string) {
	o := &t.Observations[i]
	fmt.Fprintf(b, "%s%s\n", first, headline(o))
	below := t.below[o.ID]
	bar := rest + "    "
	if len(below) > 0 {
		bar = rest + "│   "
	}
	if i > 0 { // links are in the order of the observations that they lead to
		l := &t.Links[i-1]
		fmt.Fprintf(b, "%sbecause: %s%s\n", bar, l.Said.Read, byWhom(l.Decision))
		printWeighing(b, bar, l.Weighing)
	}
	if facts := factsOf(o); facts != "" {
		fmt.Fprintf(b, "%ssays: %s\n", bar, facts)
	}
	for n, at := range below {
		if n == len(below)-1 {
			t.print(b, at, rest+"└── ", rest+"    ")
		} else {
			t.print(b, at, rest+"├── ", rest+"│   ")
		}
	}
}

func headline(o *explain.Observation) string {
	text := o.Source
	if o.RecordID != "" {
		text += fmt.Sprintf(" record %q", o.RecordID)
	}
	text += ", first received " + o.FirstReceived.Format(time.DateTime)
	if e := o.FirstEvent; e != nil {
		text += fmt.Sprintf(" by event %q", e.MessageID)
	}
	return text + "  " + o.ID.String()
}

func factsOf(o *explain.Observation) string {
	var facts []string
	for _, id := range o.Identifiers {
		facts = append(facts, fmt.Sprintf("%s %q", id.Type, id.Value))
	}
	for _, a := range o.Attributes {
		facts = append(facts, fmt.Sprintf("%q %q", a.Name, a.Value))
	}
	return strings.Join(facts, ", ")
}

func byWhom(d *explain.Decision) string {
	if d == nil {
		return ""
	}
	text := ", on " + d.At.Format(time.DateTime)
	if d.By != "" {
		text += fmt.Sprintf(" by %q", d.By)
	}
	if d.Note != "" {
		text += fmt.Sprintf(", noting %q", d.Note)
	}
	return text
}

// printWeighing writes a score as a sum.
func printWeighing(b *strings.Builder, indent string, w *explain.Weighing) {
	if w == nil {
		return
	}
	sum := []string{fmt.Sprintf("%+.1f before anything is compared", w.Prior)}
	for _, f := range w.Fields {
		sum = append(sum, fmt.Sprintf("%+.1f %s %s", f.Bits, f.Field, f.Level))
	}
	for _, rest := range []struct {
		bits float64
		what string
	}{{w.Overlap, "said twice"}, {w.Household, "as likely in one household"}} {
		if rest.bits != 0 {
			sum = append(sum, fmt.Sprintf("%+.1f %s", rest.bits, rest.what))
		}
	}
	fmt.Fprintf(b, "%s  %s = %+.1f bits\n", indent, strings.Join(sum, ", "), w.Score)
}

func printApart(b *strings.Builder, x *explain.Apart) {
	fmt.Fprintf(b, "  profile:%s\n    %s%s\n", x.Profile, x.Said.Read, byWhom(x.Decision))
	printWeighing(b, "    ", x.Weighing)
	if x.Asked {
		fmt.Fprintf(b, "    a person should decide: tributary identity merge %s %s, or split\n", x.A, x.B)
	}
}

func printValue(b *strings.Builder, v *explain.Value) {
	fmt.Fprintf(b, "%s %q is %s", v.Identifier.Type, v.Identifier.Value, v.State)
	if v.Kind != "" {
		fmt.Fprintf(b, " (%s)", v.Kind)
	}
	fmt.Fprintf(b, ": %s", v.Reason)
	if d := v.Blocked; d != nil {
		fmt.Fprintf(b, " On %s by %q.", d.At.Format(time.DateTime), d.By)
	}
	b.WriteByte('\n')
}

func printWith(b *strings.Builder, w *explain.With) {
	switch {
	case w == nil:
	case w.Same:
		b.WriteString("\nthey are one:\n")
		for i := range w.Path {
			l := &w.Path[i]
			fmt.Fprintf(b, "  %s%s\n", l.Said.Read, byWhom(l.Decision))
			printWeighing(b, "  ", l.Weighing)
		}
	default:
		b.WriteString("\nthey are two:\n")
		printApart(b, w.Apart)
	}
}

func printAdded(b *strings.Builder, a *explain.Added) {
	if a == nil {
		return
	}
	b.WriteString("\nif that were said as well:\n")
	if !a.Joins {
		fmt.Fprintf(b, "  what says so would not be of this profile: %s\n", a.Refused)
	}
	if len(a.Changes) == 0 {
		b.WriteString("  no profile would merge or split\n")
	}
	for i := range a.Changes {
		printChange(b, &a.Changes[i])
	}
	for _, ask := range a.Asks {
		fmt.Fprintf(b, "  a person would be asked about %s and %s: %s, %s\n", named(ask.A), named(ask.B), ask.Rule, ask.Reason)
	}
}

func printChange(b *strings.Builder, c *explain.Change) {
	var parts []string
	for _, p := range c.Parts {
		parts = append(parts, fmt.Sprintf("%s (%d)", p.Profile, p.Observations))
	}
	if left := c.Total - len(c.Parts); left > 0 {
		parts = append(parts, fmt.Sprintf("%d more", left))
	}
	what := "merge into"
	if c.Kind == identity.ChangeSplit {
		what = "come of"
	}
	fmt.Fprintf(b, "  %s %s %s (%d)\n", strings.Join(parts, ", "), what, c.One.Profile, c.One.Observations)
	for _, x := range c.Causes {
		why := x.Rule
		if c.Kind == identity.ChangeSplit {
			why = strings.TrimSuffix("no longer "+x.Rule+", "+x.Refused, ", ")
		}
		var examples []string
		for _, e := range x.Examples {
			examples = append(examples, named(e[0])+" and "+named(e[1]))
		}
		fmt.Fprintf(b, "    by %s (%s), such as %s\n", why, many(x.Links, "link"), strings.Join(examples, "; "))
	}
}

// named calls an observation by its id, and the one that is only supposed by that.
func named(id uuid.UUID) string {
	if id == identity.SupposedID {
		return "what says so"
	}
	return id.String()
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
