package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/identity/evaluate"
	"tributary/profiles/explain"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

func newIdentity(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "Decide who is who, take it back, explain it, and measure how well records of people are told apart",
		Long: `Profiles are made by rules from what sources say, and a person's word goes before the rules. Every
decision can be taken back: then all is as if it had never been given, but for the record that it was.`,
	}
	decide := func(c *cobra.Command, do decision) *cobra.Command {
		in := workspaceFlag(c)
		c.RunE = func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
				d, err := do(ctx, client, in(conf))
				if err != nil {
					return err
				}
				return printDecided(cmd, d)
			})
		}
		return c
	}
	cmd.AddCommand(
		decide(newIdentityPair("merge", unify.DecisionMerge, "Say that two are one person",
			"Both profiles are one then, whole, whatever the rules would make of them.")),
		decide(newIdentityPair("split", unify.DecisionNeverMerge, "Say that two are never one person",
			"A merge of the two is taken back.")),
		decide(newIdentityUndo()), decide(newIdentifierDecision("block", unify.DecisionBlock, "Say that an identifier joins nobody, such as a shop's own telephone")),
		decide(newIdentifierDecision("unblock", unify.DecisionUnblock, "Take back a block")),
		newIdentityExplain(g), newIdentityIdentifier(g), newIdentityRules(g), newIdentityPreview(g),
		newIdentityStatus(g), newIdentitySettle(g), newIdentityReviews(g),
		newIdentityEvaluate(),
	)
	return cmd
}

func printDecided(cmd *cobra.Command, d admin.Decided) error {
	text := "nobody's profile changed"
	if d.IdentityVersion != d.Before {
		text = fmt.Sprintf("%d observations moved to another profile, as identity_decisions and profile_changes tell from version %d on", d.Moved, d.Before+1)
	}
	text += fmt.Sprintf("; identity_version %d", d.IdentityVersion)
	if d.Decision != nil && (len(d.Decision.Verdicts) > 0 || d.Decision.Blocked != nil) { // the end of a block leaves nothing to take back
		text += "\nto take it back: tributary identity undo " + d.Decision.ID.String()
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
	return err
}

// decision gives one in a workspace.
type decision = func(context.Context, *admin.Client, string) (admin.Decided, error)

// newDecision is a command that gives one.
func newDecision(use, short, long string, body *admin.NewDecision) (*cobra.Command, decision) {
	cmd := &cobra.Command{Use: use, Short: short, Long: long}
	cmd.Flags().StringVar(&body.Note, "note", "", "why, for who reads the decision later")
	cmd.Flags().StringVar(&body.Actor, "actor", "", "who decides")
	return cmd, func(ctx context.Context, client *admin.Client, workspace string) (admin.Decided, error) {
		return client.Decide(ctx, workspace, *body)
	}
}

const aboutIDs = "An ID is that of an observation, as a profile's answer lists them; that of a\nprofile stands for its oldest observation."

// newIdentityPair is a command about two observations.
func newIdentityPair(use string, kind unify.DecisionKind, short, meaning string) (*cobra.Command, decision) {
	body := &admin.NewDecision{Proposal: steward.Proposal{Kind: kind}}
	cmd, do := newDecision(use+" ID OTHER", short, short+". "+meaning+"\n\n"+aboutIDs, body)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("give two ids, not %d", len(args))
		}
		return parseIDs(args, "a profile or observation", &body.A, &body.B)
	}
	return cmd, do
}

func newIdentityUndo() (*cobra.Command, decision) {
	const short = "Take a decision back"
	body := &admin.NewDecision{Proposal: steward.Proposal{Kind: unify.DecisionUndo}}
	cmd, do := newDecision("undo DECISION | ID OTHER", short, short+". Of a DECISION, what stood before it stands again; of two, nothing is said of them any more.\n\n"+aboutIDs, body)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 1:
			return parseIDs(args, "a decision", &body.Decision)
		case 2:
			return parseIDs(args, "a profile or observation", &body.A, &body.B)
		}
		return fmt.Errorf("give the id of a decision, or the two that it is about, not %d arguments", len(args))
	}
	return cmd, do
}

func parseIDs(args []string, of string, to ...*uuid.UUID) (err error) {
	for i := range to {
		if *to[i], err = uuid.Parse(args[i]); err != nil {
			return fmt.Errorf("%q is no id of %s", args[i], of)
		}
	}
	return nil
}

func newIdentifierDecision(use string, kind unify.DecisionKind, short string) (*cobra.Command, decision) {
	body := &admin.NewDecision{Proposal: steward.Proposal{Kind: kind, Identifier: &explain.Identifier{}}}
	cmd, do := newDecision(use+" TYPE VALUE", short, "", body)
	cmd.Example = "  tributary identity " + use + " phone +12125550100"
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("give a type and a value, not %d arguments", len(args))
		}
		body.Identifier.Type, body.Identifier.Value = args[0], args[1]
		return nil
	}
	return cmd, do
}

func newIdentityEvaluate() *cobra.Command {
	var c evaluate.Config
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Measure how well records of people are told apart, on a file whose truth is known",
		Long: `Groups the records of a CSV file with the engine of production and compares the outcome with the truth.
A spec says which columns hold what; identity/evaluate/README.md says how to write one. Without a truth it
only writes who is who.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := evaluate.Run(c)
			if err != nil {
				return err
			}
			return report.Write(cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.Records, "records", "", "CSV `file` of the records")
	flags.StringVar(&c.Spec, "spec", "", "YAML `file` that says what the columns hold")
	flags.StringVar(&c.Truth, "truth", "", "CSV `file` record_id,entity_id")
	flags.StringVar(&c.Predicted, "predicted", "predicted.csv", "`file` to write record_id,profile_id to")
	flags.StringVar(&c.Order, "order", "file", "file, or shuffled:SEED")
	flags.BoolVar(&c.Stream, "stream", false, "add the records one by one, as a running engine gets them")
	flags.IntVar(&c.Batch, "batch", 0, "when streaming, add so many records in one step (default 1)")
	flags.IntVar(&c.Shuffles, "shuffles", 0, "check that the profiles are the same in so many other orders")
	flags.Float64Var(&c.Options.MergePrecision, "merge-precision", 0, "estimated precision from which on records merge (default 0.9)")
	return cmd
}
