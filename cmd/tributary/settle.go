package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/profiles/unify"
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

func printStatus(cmd *cobra.Command, s unify.Status) error {
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
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s; %s; %d observations can be compared\n", text, model, s.Comparable)
	return err
}
