package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/policy"
	"tributary/cmd/internal/config"
)

func newPolicy(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Say which fields of a customer a reader may see, by purpose and kind of reader",
		Long: `A reader policy is one YAML document for each workspace: for every purpose (support, billing, sales,
marketing, analytics, operations), kind of reader (human, own_ai, third_party_ai, system) and class of data it says
show, mask or withhold, from which level of verification on, and up to which age. Purpose and kind of reader belong
to a key. A workspace without a document has the built-in one (api/policy/README.md).`,
	}
	needSubcommand(cmd)
	cmd.AddCommand(newPolicyGet(g), newPolicySet(g), newPolicyCheck(), newPolicyExplain(g))
	return cmd
}

func newPolicyGet(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "get", Short: "Print the policy in force, as a file to edit", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			d, err := client.Policy(ctx, in(c))
			if err != nil {
				return err
			}
			if !d.Own {
				fmt.Fprintln(cmd.OutOrStdout(), "# the built-in policy; the workspace has none of its own")
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), d.Document)
			return err
		})
	}
	return cmd
}

func newPolicySet(g *globals) *cobra.Command {
	var builtIn bool
	cmd := &cobra.Command{
		Use:   "set FILE",
		Short: "Put a policy in force, or with --built-in the one that comes with the program",
		Args:  cobra.MaximumNArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if builtIn == (len(args) == 1) {
			return errors.New("needs a file, or --built-in")
		}
		var document string
		if !builtIn {
			text, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			document = string(text)
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			return client.SetPolicy(ctx, in(c), document)
		})
	}
	cmd.Flags().BoolVar(&builtIn, "built-in", false, "bring the built-in policy back")
	return cmd
}

func readPolicy(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		_, err = policy.Parse(text)
	}
	return text, err
}

func newPolicyCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Say every fault of a policy, with its path", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := readPolicy(args[0]); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the policy is valid")
			return nil
		},
	}
}

func newPolicyExplain(g *globals) *cobra.Command {
	var purpose, reader string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "explain", Short: "Tell what a kind of reader sees for a purpose, and which words of the policy say so", Args: cobra.NoArgs,
		Example: "  tributary policy explain --purpose support --reader third_party_ai",
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			d, err := client.Policy(ctx, in(c))
			if err != nil {
				return err
			}
			p, err := policy.Parse([]byte(d.Document))
			if err != nil {
				return err
			}
			rules, err := p.Explain(purpose, reader)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, rules)
			}
			return printPolicy(cmd, rules)
		})
	}
	cmd.Flags().StringVar(&purpose, "purpose", "", "one of "+strings.Join(policy.Purposes(), ", "))
	cmd.Flags().StringVar(&reader, "reader", "", "one of "+strings.Join(policy.Readers(), ", "))
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printPolicy(cmd *cobra.Command, rules []policy.Explanation) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "CLASS\tDOES\tNEEDS\tELSE\tMAX AGE\tLIMIT\tSAID BY")
	for _, r := range rules {
		limit := ""
		if r.Limit > 0 {
			limit = fmt.Sprint(r.Limit)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Class, r.Do, r.Needs, r.Below, r.Age, limit, strings.Join(r.From, ", "))
	}
	return w.Flush()
}
