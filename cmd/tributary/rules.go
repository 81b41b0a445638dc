package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

func newIdentityRules(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Show or set the rules by which records are taken for one person's",
		Long: `Rules are one document for each workspace: a strategy that states an intent, and what overrides it
(identity/README.md). To change them decides about everything again, in the background; to change them back
brings everything back.`,
	}
	needSubcommand(cmd)
	cmd.AddCommand(newRulesGet(g), newRulesSet(g))
	return cmd
}

func newRulesGet(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "get", Short: "Print the rules in force, as a file to edit", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			ruled, err := client.IdentityRules(ctx, in(c))
			if err != nil {
				return err
			}
			text, err := yaml.JSONToYAML(ruled.Rules)
			if err != nil {
				return fmt.Errorf("write rules: %w", err)
			}
			if !ruled.Own {
				fmt.Fprintln(cmd.OutOrStdout(), "# the default rules; the workspace has none of its own")
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		})
	}
	return cmd
}

func newRulesSet(g *globals) *cobra.Command {
	var (
		actor   string
		preview bool
		metric  string
	)
	cmd := &cobra.Command{
		Use:   "set FILE",
		Short: "Put rules in force, and decide about everything again by them",
		Long: `Checks a file of rules (YAML or JSON), and says every fault with its path. With --preview it says first what
they do to the whole history; "tributary identity preview" says it and sets nothing.`,
		Args: cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		rules, err := readRules(args[0])
		if err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			if preview {
				if err := printPreview(ctx, cmd, client, in(c), explain.Trial{Rules: rules, Metric: explain.Metric(metric)}, false); err != nil {
					return err
				}
			}
			if _, err := client.SetIdentityRules(ctx, in(c), unify.IdentityRules{Actor: actor, Rules: rules.Encode()}); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "the rules are in force; everything is decided again by them in the background")
			return err
		})
	}
	cmd.Flags().StringVar(&actor, "actor", "", "who decides")
	cmd.Flags().BoolVar(&preview, "preview", false, "say first what the rules do")
	cmd.Flags().StringVar(&metric, "metric", "", "with --preview: the metric to compare too")
	return cmd
}

func readRules(path string) (identity.Rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return identity.Rules{}, fmt.Errorf("read rules: %w", err)
	}
	rules, err := identity.ParseRules(text)
	if err != nil {
		return rules, fmt.Errorf("%s: %w", path, err)
	}
	return rules, nil
}

func newIdentityPreview(g *globals) *cobra.Command {
	var (
		file, metric string
		trial        explain.Trial
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "preview --rules FILE",
		Short: "Say what other rules would make of the whole history, and change nothing",
		Long: `Decides about everything as of one moment by the rules of a file, and compares: profiles, merges, splits,
the largest profile, the twenty changes that move most with the rule that causes each, and a metric: ` + metricNames() + `.
Interrupting it ends it.`,
		Example: "  tributary identity preview --rules rules.yaml --metric repeat_contact_share",
		Args:    cobra.NoArgs,
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var err error
		if trial.Rules, err = readRules(file); err != nil {
			return err
		}
		trial.Metric = explain.Metric(metric)
		if err := trial.Metric.Validate(); err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			return printPreview(ctx, cmd, client, in(c), trial, asJSON)
		})
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "rules", "", "`file` of rules")
	flags.StringVar(&metric, "metric", "", "the metric to compare too")
	flags.IntVar(&trial.Bound, "bound", 0, fmt.Sprintf("how many observations may hang together (default %d)", identity.DefaultPreviewBound))
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("rules") // the flag is there
	return cmd
}

func metricNames() string {
	var names []string
	for _, m := range explain.Metrics() {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}

// printPreview asks for a forecast and prints it; how far it is goes where errors go.
func printPreview(ctx context.Context, cmd *cobra.Command, client *admin.Client, workspace string, t explain.Trial, asJSON bool) error {
	forecast, err := client.PreviewIdentity(ctx, workspace, t, func(p explain.Progress) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%3.0f %%: %d observations, %d merges, %d splits\n", 100*p.Share, p.Observations, p.Merges, p.Splits)
	})
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd, forecast)
	}
	var b strings.Builder
	printForecast(&b, forecast)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

func printForecast(b *strings.Builder, f *explain.Forecast) {
	fmt.Fprintf(b, "%-28s %12s %12s\n", many(f.Observations, "observation"), "before", "after")
	for _, row := range []struct {
		name          string
		before, after int
	}{
		{"profiles", f.Before.Profiles, f.After.Profiles}, {"in no profile", f.Before.Unassigned, f.After.Unassigned},
		{"largest profile", f.Before.Largest, f.After.Largest},
	} {
		fmt.Fprintf(b, "%-28s %12d %12d\n", row.name, row.before, row.after)
	}
	if m := f.Metric; m != nil && m.Name != explain.MetricProfiles {
		fmt.Fprintf(b, "%-28s %12.4f %12.4f\n", m.Name, m.Before, m.After)
	}
	fmt.Fprintf(b, "%s and %s move %s\n", many(f.Merges, "merge"), many(f.Splits, "split"), many(f.Moved, "observation"))
	if f.Retrained {
		b.WriteString("other fields are weighed: the weights are of a model that was made for this forecast alone\n")
	}
	if len(f.Worst) > 0 {
		b.WriteString("\nthose that move most:\n")
		for i := range f.Worst {
			printChange(b, &f.Worst[i])
		}
	}
	fmt.Fprintf(b, "\nidentity_version %d, model %d, %s\n", f.IdentityVersion, f.Model, settled(f.Pending))
}
