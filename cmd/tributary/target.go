package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/cx"
)

func newMetricsTarget(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "target", Short: "Say what metrics are to come to; metrics show holds them against it",
		Long: `A target is of a metric, or of one group of a breakdown of it, for some days or for good. Which way is better the registry of
metrics says. Of several that hold at a time the one set last counts, that of a series or a grain before one of any.`,
	}
	needSubcommand(cmd)
	cmd.AddCommand(newTargetSet(g), newTargetList(g), newTargetRemove(g))
	return cmd
}

func newTargetSet(g *globals) *cobra.Command {
	var (
		n         admin.NewTarget
		value     float64
		by, grain string
	)
	cmd := &cobra.Command{
		Use: "set METRIC", Short: "Set a target", Args: cobra.ExactArgs(1),
		Example: `  tributary metrics target set fcr --value 0.75 --from 2026-01-01 --until 2027-01-01
  tributary metrics target set csat --value 0.85 --by channel --group chat --grain month`,
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		n.Metric, n.By, n.Grain = args[0], cx.Dimension(by), cx.Grain(grain)
		if cmd.Flags().Changed("value") {
			n.Value = &value
		}
		n.IdempotencyKey = cmp.Or(n.IdempotencyKey, uuid.NewString())
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			t, err := client.SetTarget(ctx, in(c), n)
			if err != nil {
				return err
			}
			return printTargets(cmd.OutOrStdout(), []cx.Target{*t})
		})
	}
	flags := cmd.Flags()
	flags.Float64Var(&value, "value", 0, "in the unit of the metric; 80 % is 0.8 (required)")
	flags.StringVar(&by, "by", "", "of one group of this breakdown alone (default: of all together)")
	flags.StringVar(&n.Group, "group", "", "which group")
	flags.StringVar(&n.Series, "series", "", "of one series alone, such as a scale of csat (default: of each)")
	flags.StringVar(&grain, "grain", "", "of buckets of an hour, day, week or month alone (default: of any span)")
	flags.StringVar(&n.From, "from", "", "day from which it holds (default: ever)")
	flags.StringVar(&n.Until, "until", "", "day until which it holds, exclusive (default: for good)")
	flags.StringVar(&n.Actor, "actor", "", "who decides")
	flags.StringVar(&n.IdempotencyKey, "idempotency-key", "", "name of this write: given again, it is set once (default: a new one)")
	return cmd
}

func newTargetList(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the targets", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			list, err := client.Targets(ctx, in(c))
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(cmd, list)
			}
			return printTargets(cmd.OutOrStdout(), list)
		})
	}
	return cmd
}

func newTargetRemove(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "remove ID", Short: "Remove a target; reports of a known_at before still go by it", Args: cobra.ExactArgs(1)}
	in := workspaceFlag(cmd)
	actor := cmd.Flags().String("actor", "", "who decides")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			t, err := client.RemoveTarget(ctx, in(c), args[0], *actor)
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "the target of %s is removed\n", t.Metric)
			}
			return err
		})
	}
	return cmd
}

// printTargets writes targets for a person. Groups are what sources call them, in quotation marks.
func printTargets(out io.Writer, list []cx.Target) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tMETRIC\tVALUE\tBETTER\tBY\tGROUP\tSERIES\tGRAIN\tFROM\tUNTIL\tSET BY")
	for i := range list {
		t := &list[i]
		fmt.Fprintf(w, "%s\t%s\t%g\t%s\t%s\t%q\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Metric, *t.Value, t.Better, cmp.Or(string(t.By), "-"), t.Group, cmp.Or(t.Series, "-"),
			cmp.Or(string(t.Grain), "any"), cmp.Or(t.From, "-"), cmp.Or(t.Until, "-"), cmp.Or(t.SetBy.Name, t.SetBy.ID, t.SetBy.Actor))
	}
	return w.Flush()
}
