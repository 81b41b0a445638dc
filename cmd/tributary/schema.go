package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/schema"
	"tributary/profiles/unify"
)

func newSchema(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "See which fields sources send, say which they should, and be told of the difference",
		Long: `Of every event of every source it is known which fields it has, of which types, how often and since when
(list, show). A contract is a JSON Schema of an event's properties, or of the traits of $identify and $group,
with what becomes of events that break it (set, remove):

  accept      they are stored as they are, and told of
  quarantine  they are put aside with the reason "schema", and can be replayed
  drop        what is not allowed is left out of what is stored; the log has it

It holds for what is received from then on. drift tells what differs from the contract, or, where there is
none, from what came on the first day.`,
	}
	needSubcommand(cmd)
	cmd.AddCommand(newSchemaList(g), newSchemaShow(g), newSchemaSet(g), newSchemaRemove(g), newSchemaDrift(g))
	return cmd
}

func newSchemaList(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "list", Short: "List the events of all sources", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			all, err := client.ListSchemas(ctx, in(c))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, all)
			}
			return printSchemas(cmd.OutOrStdout(), all)
		})
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printSchemas(w io.Writer, all []*schema.Report) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tEVENT\tEVENTS\tFIELDS\tLAST SEEN\tCONTRACT\tQUARANTINED\tDROPPED")
	for _, r := range all {
		for i := range r.Events {
			e := &r.Events[i]
			fields := fmt.Sprint(len(e.Fields))
			if e.FieldsBeyond > 0 {
				fields += "+"
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%d\t%d\n", r.Source, e.Event, e.Events, fields, moment(e.Last), policyOf(r, e), e.Quarantined, e.Dropped)
		}
		if r.NamesBeyond > 0 {
			fmt.Fprintf(t, "%s\t(other names)\t%d\t\t\t\t\t\n", r.Source, r.NamesBeyond)
		}
	}
	return t.Flush()
}

func policyOf(r *schema.Report, e *schema.EventReport) string {
	switch {
	case e.Contract == nil:
		return "-"
	case e.Contract.Policy == "":
		return string(r.Policy)
	}
	return string(e.Contract.Policy)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateTime)
}

func newSchemaShow(g *globals) *cobra.Command {
	var asJSON, document, agreed bool
	cmd := &cobra.Command{
		Use:   "show SOURCE [EVENT]",
		Short: "Show the fields of a source's events, or of one",
		Example: `  tributary schema show shop
  tributary schema show shop "Plan Compared" --json-schema > plan.json   # freeze it: schema set takes it back`,
		Args: cobra.RangeArgs(1, 2),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		q := admin.SchemaQuery{Source: args[0], Event: eventIn(args)}
		if (document || agreed) && q.Event == "" {
			return errors.New("--json-schema and --contract need the name of an EVENT")
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			report, err := client.ShowSchema(ctx, in(c), q)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			switch {
			case document:
				return printDocument(w, report.Events[0].Inferred, "nothing was received yet to infer a schema from")
			case agreed && report.Events[0].Contract != nil:
				return printDocument(w, report.Events[0].Contract.Schema, "the contract has no schema, only a policy")
			case agreed:
				return errors.New("there is no contract")
			case asJSON:
				return printJSON(cmd, report)
			}
			return printFields(w, report)
		})
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&document, "json-schema", false, "print a JSON Schema that all of its events keep")
	cmd.Flags().BoolVar(&agreed, "contract", false, "print the schema of its contract")
	return cmd
}

// eventIn returns the event that an argument after the source names; empty: none.
func eventIn(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

func printDocument(w io.Writer, document []byte, none string) error {
	if len(document) == 0 {
		return errors.New(none)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, document, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err := indented.WriteTo(w)
	return err
}

func printFields(w io.Writer, r *schema.Report) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for i := range r.Events {
		e := &r.Events[i]
		fmt.Fprintf(t, "%s: %d events, contract %s\n", e.Event, e.Events, policyOf(r, e))
		fmt.Fprintln(t, "  FIELD\tTYPES\tEVENTS\tFIRST SEEN\tLAST SEEN")
		for _, f := range e.Fields {
			var types []string
			for _, x := range f.Types {
				types = append(types, x.Type)
			}
			fmt.Fprintf(t, "  %s\t%s\t%d\t%s\t%s\n", f.Path, strings.Join(types, ", "), f.Events, moment(f.First), moment(f.Last))
		}
		if e.FieldsBeyond > 0 {
			fmt.Fprintf(t, "  and %d more occurrences of other fields, which are stored as well\n", e.FieldsBeyond)
		}
	}
	return t.Flush()
}

func newSchemaSet(g *globals) *cobra.Command {
	var s unify.SchemaSet
	var policy string
	cmd := &cobra.Command{
		Use:   "set SOURCE [EVENT] [FILE]",
		Short: "Say what an event should be, from now on",
		Long: `FILE is a JSON Schema of the event's properties, "-" for standard input. It may refer to nothing outside of itself.
Without EVENT and FILE, --policy is what becomes of all events of the source whose contracts do not say it. EVENT "*"
with a FILE is the contract of all events that have none of their own.`,
		Example: `  tributary schema set shop "Plan Compared" plan.json --policy quarantine
  tributary schema set shop --policy drop`,
		Args: cobra.RangeArgs(1, 3),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s.Source, s.Event, s.Policy = args[0], eventIn(args), schema.Policy(policy)
		if len(args) == 2 {
			return errors.New("FILE is missing: the event's JSON Schema")
		}
		if len(args) == 3 {
			var err error
			if s.Schema, err = readSchema(cmd.InOrStdin(), args[2]); err != nil {
				return err
			}
		}
		if err := s.Validate(); err != nil {
			return errors.New(strings.TrimPrefix(err.Error(), unify.ErrCommand.Error()+": "))
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			if err := client.SetSchema(ctx, in(c), s); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "the contract holds for what is received from now on")
			return err
		})
	}
	cmd.Flags().StringVar(&policy, "policy", "", "what becomes of events that break it: accept, quarantine or drop")
	cmd.Flags().StringVar(&s.Actor, "actor", "", "who decides")
	return cmd
}

func readSchema(in io.Reader, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(in, schema.MaxDocument+1))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return text, nil
}

func newSchemaRemove(g *globals) *cobra.Command {
	var s unify.SchemaRemove
	cmd := &cobra.Command{Use: "remove SOURCE [EVENT]", Short: "Take a contract back, or a source's policy", Args: cobra.RangeArgs(1, 2)}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s.Source, s.Event = args[0], eventIn(args)
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			if err := client.RemoveSchema(ctx, in(c), s); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "there is no such contract from now on; what was put aside can be replayed")
			return err
		})
	}
	cmd.Flags().StringVar(&s.Actor, "actor", "", "who decides")
	return cmd
}

func newSchemaDrift(g *globals) *cobra.Command {
	var asJSON bool
	var since string
	cmd := &cobra.Command{
		Use:   "drift SOURCE [EVENT]",
		Short: "Tell what differs from the contracts, or from what came at first",
		Args:  cobra.RangeArgs(1, 2),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		q := admin.SchemaQuery{Source: args[0], Event: eventIn(args)}
		if since != "" {
			var err error
			if q.Since, err = time.Parse(time.DateOnly, since); err != nil {
				if q.Since, err = time.Parse(time.RFC3339, since); err != nil {
					return errors.New("--since: must be a day or a time, such as 2026-03-01 or 2026-03-01T12:00:00Z")
				}
			}
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			report, err := client.SchemaDrift(ctx, in(c), q)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, report)
			}
			return printDrift(cmd.OutOrStdout(), report)
		})
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&since, "since", "", "differences seen from this day or time on")
	return cmd
}

func printDrift(w io.Writer, r *schema.DriftReport) error {
	if len(r.Events) == 0 {
		_, err := fmt.Fprintln(w, "nothing differs")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for i := range r.Events {
		e := &r.Events[i]
		by := "what came at first"
		if e.Contract {
			by = "its contract, policy " + string(e.Policy)
		}
		fmt.Fprintf(t, "%s: %d events against %s; %d quarantined, %d with something dropped\n", e.Event, e.Events, by, e.Quarantined, e.Dropped)
		fmt.Fprintln(t, "  DIFFERENCE\tFIELD\tEVENTS\tFIRST SEEN\tLAST SEEN\tFIRST EXAMPLE\t")
		for _, d := range e.Differences {
			fmt.Fprintf(t, "  %s\t%s\t%d\t%s\t%s\t%s\t%s\n", d.Kind, d.Path, d.Events, moment(d.FirstSeen), moment(d.LastSeen), d.Example, details(&d))
		}
		if e.Beyond > 0 {
			fmt.Fprintf(t, "  and %d more in other ways\n", e.Beyond)
		}
	}
	return t.Flush()
}

func details(d *schema.Difference) string {
	switch {
	case len(d.Before) > 0:
		return strings.Join(d.Before, ", ") + " before, now " + strings.Join(d.Types, ", ") + " too"
	case len(d.Types) > 0:
		return strings.Join(d.Types, ", ")
	}
	return d.Keyword
}
