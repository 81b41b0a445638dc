package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/event"
	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/unify"
)

func newProfiles(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "profiles", Short: "Declare what is made of customers: survivorship, computed traits, segments"}
	needSubcommand(cmd)
	definitions := &cobra.Command{
		Use:   "definitions",
		Short: "Show, check or set the document of definitions",
		Long: `A workspace has one document: which of several values of a trait survives, traits that are computed from
events, and segments. "definitions example" prints one with every part. A new computed trait takes in all history
in the background; a new segment has everybody judged.`,
	}
	needSubcommand(definitions)
	definitions.AddCommand(newDefinitionsGet(g), newDefinitionsSet(g), newDefinitionsCheck(), newDefinitionsExample())
	cmd.AddCommand(definitions, newSegments(g))
	return cmd
}

func newDefinitionsGet(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "get", Short: "Print the document in force, as it was written", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			d, err := client.Definitions(ctx, in(c))
			if err != nil {
				return err
			}
			printPending(cmd, d)
			_, err = fmt.Fprint(cmd.OutOrStdout(), d.Document)
			return err
		})
	}
	return cmd
}

// printPending says what is under way, where errors go: what is printed stays a document.
func printPending(cmd *cobra.Command, d *analysis.Document) {
	for _, p := range d.Pending {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s takes in its history: %.0f %%\n", p.Computed, 100*p.Done)
	}
	if d.Judging {
		fmt.Fprintln(cmd.ErrOrStderr(), "everybody is being judged")
	}
}

func newDefinitionsSet(g *globals) *cobra.Command {
	var actor string
	cmd := &cobra.Command{
		Use:     "set FILE",
		Short:   "Put a document in force, once all of it is right",
		Example: "  tributary profiles definitions set definitions.yaml",
		Args:    cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, _, err := readDefinitions(args[0])
		if err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			d, err := client.SetDefinitions(ctx, in(c), unify.ProfilesDefinitions{Actor: actor, Document: string(text)})
			if err != nil {
				return err
			}
			printPending(cmd, d)
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "the definitions are in force; what is new is made up for in the background")
			return err
		})
	}
	cmd.Flags().StringVar(&actor, "actor", "", "who decides")
	return cmd
}

func newDefinitionsCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Say every fault of a document, and change nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, program, err := readDefinitions(args[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "the document is right: %s, %s\n", many(program.Computed.Len(), "computed trait"), many(len(program.Segments.Names()), "segment"))
			w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
			for _, cost := range program.Computed.Costs() {
				fmt.Fprintf(w, "%s\tat most %d bytes for each observation\n", cost.Name, cost.Bytes)
			}
			return w.Flush()
		},
	}
}

func newDefinitionsExample() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print a document with every part, commented",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), define.Example)
			return err
		},
	}
}

func readDefinitions(path string) ([]byte, *define.Program, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read definitions: %w", err)
	}
	program, err := define.Compile(text)
	var faults event.Errors
	if errors.As(err, &faults) {
		all := []error{fmt.Errorf("definitions in %s are at fault", path)}
		for _, f := range faults {
			all = append(all, f)
		}
		err = errors.Join(all...)
	}
	return text, program, err
}

func newSegments(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "segments", Short: "List the segments, and how many are in each", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			list, err := client.Segments(ctx, in(c))
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, s := range list {
				state := "ready"
				if !s.Ready {
					state = "not judged by all there is yet"
				}
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", s.Name, s.Members, state, s.Description)
			}
			return w.Flush()
		})
	}
	return cmd
}
