package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/analyst"
)

func newQuerySave(g *globals) *cobra.Command {
	var (
		file     string
		defaults []string
		s        admin.SavedRequest
		reader   readerFlags
	)
	cmd := &cobra.Command{
		Use: "save NAME [STATEMENT]", Short: "Keep a statement under a name, in place of the one that has it", Args: cobra.RangeArgs(1, 2),
		Long: `Checks a statement as what --purpose and --reader could run, and keeps it. It is checked again whenever it is run, by the
policy of who runs it. What may be somebody's address or number is refused: make it a parameter.`,
		Example: `  tributary query save busy "SELECT channel, count() AS n FROM conversations WHERE started_at >= {since:DateTime} GROUP BY channel" --default since='2026-01-01 00:00:00'
  tributary query run busy --param since='2026-03-01 00:00:00'`,
	}
	in := workspaceFlag(cmd)
	reader.add(cmd)
	cmd.Flags().StringVar(&file, "file", "", "read the statement from this `file` (-: standard input)")
	cmd.Flags().StringVar(&s.Description, "description", "", "what it tells")
	cmd.Flags().StringArrayVar(&defaults, "default", nil, "`name=value` of a parameter that a run need not give; several times")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		s.StatementReader = reader.StatementReader
		if s.SQL, err = readStatement(cmd.InOrStdin(), args[1:], file); err != nil {
			return err
		}
		if s.Params, err = savedParams(defaults); err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			saved, err := client.SaveQuery(ctx, in(c), args[0], s)
			if err == nil {
				err = printSaved(cmd.OutOrStdout(), []analyst.Saved{*saved})
			}
			return err
		})
	}
	return cmd
}

// savedParams are parameters with defaults, given as name=value.
func savedParams(defaults []string) ([]analyst.SavedParam, error) {
	values, err := params("default", defaults)
	if err != nil {
		return nil, err
	}
	var list []analyst.SavedParam
	for _, one := range defaults { // in their order
		name, _, _ := strings.Cut(one, "=")
		value, err := json.Marshal(values[name])
		if err != nil {
			return nil, fmt.Errorf("--default %s: %w", name, err)
		}
		list = append(list, analyst.SavedParam{Name: name, Default: value})
	}
	return list, nil
}

func newQueryRun(g *globals) *cobra.Command {
	var (
		out    rowsFlags
		reader readerFlags
	)
	cmd := &cobra.Command{Use: "run NAME", Short: "Run a saved statement", Args: cobra.ExactArgs(1)}
	in := workspaceFlag(cmd)
	out.add(cmd)
	reader.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		run := admin.SavedRun{StatementReader: reader.StatementReader}
		if run.Params, run.Format, run.MaxRows, err = out.request(cmd); err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			return out.write(cmd, func(w io.Writer) error { return client.RunQuery(ctx, in(c), args[0], run, w) })
		})
	}
	return cmd
}

func newQueryList(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the saved statements", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			list, err := client.SavedQueries(ctx, in(c))
			if err == nil {
				err = printSaved(cmd.OutOrStdout(), list)
			}
			return err
		})
	}
	return cmd
}

func newQueryShow(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "show NAME", Short: "Print a saved statement as JSON", Args: cobra.ExactArgs(1)}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			saved, err := client.SavedQuery(ctx, in(c), args[0])
			if err == nil {
				err = printJSON(cmd, saved)
			}
			return err
		})
	}
	return cmd
}

func newQueryRemove(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "remove NAME", Short: "Remove a saved statement", Args: cobra.ExactArgs(1)}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			err := client.DeleteQuery(ctx, in(c), args[0])
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is removed\n", args[0])
			}
			return err
		})
	}
	return cmd
}

// printSaved writes saved statements for a person. Descriptions are somebody's words, in quotation marks.
func printSaved(out io.Writer, list []analyst.Saved) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tPARAMETERS\tOWNER\tSAVED AT\tDESCRIPTION")
	for i := range list {
		s := &list[i]
		names := make([]string, len(s.Params))
		for k, p := range s.Params {
			if names[k] = p.Name + ":" + p.Type; len(p.Default) > 0 {
				names[k] += "=" + cell(p.Default)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%q\n", s.Name, strings.Join(names, " "), s.Owner, s.SavedAt.Format("2006-01-02 15:04"), s.Description)
	}
	return w.Flush()
}
