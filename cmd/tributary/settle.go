package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
)

func newIdentityStatus(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Args: cobra.NoArgs,
		Short: "Tell whether everything is decided about who is who",
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
			s, err := client.IdentityStatus(ctx, in(conf))
			if err != nil {
				return err
			}
			return printStatus(cmd, s)
		})
	}
	return cmd
}

func newIdentitySettle(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "settle", Args: cobra.NoArgs,
		Short: "Decide about everybody by a model of all that is there, and wait until that is done",
		Long: `A model that weighs what no rule decides is made anew as records come, when there are four times as many.
This makes one now, of just what there is, unless that is the one in force, compares and decides everything
by it, between the records that come meanwhile, and waits. Who is who is then a function of the set of
records, whatever the order in which they came.`,
	}
	in := workspaceFlag(cmd)
	timeout := cmd.Flags().Duration("timeout", time.Hour, "how long to wait; the work goes on")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
			ctx, cancel := context.WithTimeout(ctx, *timeout)
			defer cancel()
			s, err := client.SettleIdentity(ctx, in(conf))
			if err != nil {
				return err
			}
			return printStatus(cmd, s)
		})
	}
	return cmd
}

func printStatus(cmd *cobra.Command, s admin.IdentityStatus) error {
	text := "not settled: records, verdicts, blocks or rules have come since the model was made"
	switch {
	case s.Settled:
		text = "settled"
	case len(s.Pending) > 0:
		text = "not settled, under way: " + strings.Join(s.Pending, ", ")
	}
	model := fmt.Sprintf("model %d, made of %d observations", s.Model, s.Trained)
	if s.Model == 0 {
		model = "the model that ships with the program"
	}
	p := s.Precision
	precision := fmt.Sprintf("at least %.1f %% right, by the model's own estimate; nobody has decided about such pairs yet", 100*p.Estimated)
	if p.Labels > 0 {
		precision = fmt.Sprintf("%d of %d that people decided about were right (95 %% confidence: %.1f to %.1f %%); estimated at least %.1f %%",
			p.Right, p.Labels, 100*p.Low, 100*p.High, 100*p.Estimated)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s; %s; %d observations can be compared\nmerges by score: %s\n", text, model, s.Comparable, precision)
	return err
}

func newIdentityReviews(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "reviews", Args: cobra.NoArgs,
		Short: "List pairs of which a person should say whether they are one",
		Long: `What is known of them nearly suffices, or suffices and something keeps them apart. "identity explain
profile:ID --with profile:OTHER" tells what speaks for and against; "identity merge" or "split" decides, and
the next model learns from it.`,
	}
	in := workspaceFlag(cmd)
	limit := cmd.Flags().Int("limit", 20, "how many, the likeliest first")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
			rows, err := client.Reviews(ctx, in(conf), *limit)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "there is no open question")
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "PROFILE\tOTHER\tBITS\tREASON")
			for _, r := range rows {
				fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\n", r.Profile, r.Other, r.Bits, r.Reason)
			}
			return w.Flush()
		})
	}
	return cmd
}
