package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/identity/evaluate"
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
		decide(newIdentityLink("merge", unify.LinkMustMerge, "Say that two are one person")),
		decide(newIdentityLink("split", unify.LinkNeverMerge, "Say that two are never one person")),
		decide(newIdentityLink("undo", unify.LinkRemove, "Take back what was said of two by merge or split")),
		decide(newIdentityBlock()), decide(newIdentityUnblock()),
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
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s; identity_version %d\n", text, d.IdentityVersion)
	return err
}

// decision gives one in a workspace.
type decision = func(context.Context, *admin.Client, string) (admin.Decided, error)

// newIdentityLink is a command about two observations.
func newIdentityLink(use string, verdict unify.LinkVerdict, short string) (*cobra.Command, decision) {
	link := unify.IdentityLink{Verdict: verdict}
	cmd := &cobra.Command{
		Use: use + " ID OTHER", Short: short,
		Long: short + `. An ID is that of an observation, as a profile's answer lists them; that of a
profile stands for its oldest observation.`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			if len(args) != 2 {
				return fmt.Errorf("give two ids, not %d", len(args))
			}
			for i, to := range []*uuid.UUID{&link.A, &link.B} {
				if *to, err = uuid.Parse(args[i]); err != nil {
					return fmt.Errorf("%q is no id of a profile or observation", args[i])
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&link.Note, "note", "", "why, for who reads the decision later")
	cmd.Flags().StringVar(&link.Actor, "actor", "", "who decides")
	return cmd, func(ctx context.Context, client *admin.Client, workspace string) (admin.Decided, error) {
		return client.LinkIdentity(ctx, workspace, link)
	}
}

func newIdentityBlock() (*cobra.Command, decision) {
	var block unify.IdentityBlock
	cmd := identifierCommand("block", "Say that an identifier joins nobody, such as a shop's own telephone", &block.Type, &block.Value, &block.Actor)
	return cmd, func(ctx context.Context, client *admin.Client, workspace string) (admin.Decided, error) {
		return client.BlockIdentity(ctx, workspace, block)
	}
}

func newIdentityUnblock() (*cobra.Command, decision) {
	var unblock unify.IdentityUnblock
	cmd := identifierCommand("unblock", "Take back a block", &unblock.Type, &unblock.Value, &unblock.Actor)
	return cmd, func(ctx context.Context, client *admin.Client, workspace string) (admin.Decided, error) {
		return client.UnblockIdentity(ctx, workspace, unblock)
	}
}

func identifierCommand(use, short string, typ, value, actor *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " TYPE VALUE", Short: short, Example: "  tributary identity " + use + " phone +12125550100",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("give a type and a value, not %d arguments", len(args))
			}
			*typ, *value = args[0], args[1]
			return nil
		},
	}
	cmd.Flags().StringVar(actor, "actor", "", "who decides")
	return cmd
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
