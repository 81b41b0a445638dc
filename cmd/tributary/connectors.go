package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/cmd/internal/connectors"
	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/scaffold"
	"tributary/ingest/connector/trial"
)

func newConnectors(*globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connectors",
		Short: "Sources that Tributary knows: which there are, how to set them up, whether one is right",
	}
	cmd.AddCommand(newConnectorsList(), newConnectorsDescribe(), newConnectorsNew(), newConnectorsCheck(), newConnectorsTry())
	return cmd
}

func newConnectorsList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the connectors",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := connectors.Registry()
			if asJSON {
				descriptions := make([]connector.Description, len(all))
				for i := range all {
					descriptions[i] = describe(&all[i])
				}
				return printJSON(cmd, descriptions)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tWAYS\tWHAT COMES IN")
			for i := range all {
				fmt.Fprintf(table, "%s\t%s\t%s\n", all[i].Name, strings.Join(describe(&all[i]).Ways, ", "), all[i].Summary)
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON, with all that describe tells")
	return cmd
}

// describe describes a connector as a source of its own name.
func describe(c *connector.Connector) connector.Description {
	return connector.Describe(c, c.Name, "")
}

func newConnectorsDescribe() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "describe NAME|FILE",
		Short:   "Tell a connector's settings, what it makes, and what to put into the configuration",
		Example: "  tributary connectors describe stripe",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := find(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, connector.Describe(c, c.Name, fileOf(args[0])))
			}
			printDescription(cmd, connector.Describe(c, c.Name, fileOf(args[0])))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// find returns a connector by its name or by the file that declares it.
func find(name string) (*connector.Connector, error) {
	if connectors.Declared(name) {
		return connectors.Find("", name)
	}
	return connectors.Find(name, "")
}

// fileOf is the name if it is that of a file.
func fileOf(name string) string {
	if connectors.Declared(name) {
		return name
	}
	return ""
}

func printDescription(cmd *cobra.Command, d connector.Description) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: %s\n\nSettings:\n", d.Title, d.Summary)
	table := tabwriter.NewWriter(out, 2, 4, 2, ' ', 0)
	for _, s := range d.Settings {
		need := "optional"
		switch {
		case s.Required:
			need = "required"
		case s.Default != "":
			need = "default " + s.Default
		}
		kind := string(s.Kind)
		if len(s.Choices) > 0 {
			kind = strings.Join(s.Choices, "|")
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", s.Name, kind, need, s.Summary)
	}
	_ = table.Flush() // to a command's output, like every print here
	fmt.Fprintf(out, "\nMakes: %s\nand free events %s.* of everything else.\n", strings.Join(d.Makes, ", "), d.Name)
	fmt.Fprintf(out, "\nIn the configuration:\n\n  %s", strings.ReplaceAll(strings.TrimSuffix(d.Config, "\n"), "\n", "\n  "))
	fmt.Fprintln(out)
	if d.Webhook != "" {
		fmt.Fprintf(out, "\nThe vendor sends to https://YOUR-HOST%s\n", d.Webhook)
	}
	fmt.Fprintf(out, "\nVendor's pages:\n  %s\n", strings.Join(d.Docs, "\n  "))
}

func newConnectorsCheck() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check NAME|FILE...",
		Short: "Put connectors to the conformance kit, offline: is each of them right?",
		Long: `A FILE is a declarative connector, with its samples in the folder "samples" beside it. The kit acts out what a vendor may do: wrong, missing and repeated signatures, fields that are new or
gone, deliveries in any order, an API that is slow, limited, down or cut off in the middle of a page. Exit
status 1 says that something was found.`,
		Example: "  tributary connectors check stripe\n  tributary connectors check --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			all, _ := cmd.Flags().GetBool("all")
			if all == (len(args) > 0) {
				return errors.New("name connectors, or give --all")
			}
			if all {
				for _, c := range connectors.Registry() {
					args = append(args, c.Name)
				}
			}
			return checkConnectors(cmd, args, asJSON)
		},
	}
	cmd.Flags().Bool("all", false, "all connectors")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func checkConnectors(cmd *cobra.Command, names []string, asJSON bool) error {
	var failed []string
	results := map[string][]kit.Result{}
	for _, name := range names {
		subject, err := connectors.Subject(name)
		if err != nil {
			return err
		}
		found := kit.Check(cmd.Context(), subject)
		results[name] = found
		if asJSON {
			if !slices.ContainsFunc(found, func(r kit.Result) bool { return !r.Passed() && r.NotApplicable == "" }) {
				continue
			}
		} else {
			if len(names) > 1 {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n", name)
			}
			if kit.Print(cmd.OutOrStdout(), found) {
				continue
			}
		}
		failed = append(failed, name)
	}
	if asJSON {
		if err := printJSON(cmd, results); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("the kit found faults in %s", strings.Join(failed, ", "))
	}
	return nil
}

func newConnectorsNew() *cobra.Command {
	var (
		dir           string
		webhook, pull bool
	)
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write the working skeleton of a connector, with its tests, into the source tree",
		Long: `The skeleton is a Go package that passes the conformance kit as it is, to be changed step by step into
the vendor's; ingest/connector/README.md walks through that. A connector that needs no code is a YAML
file: see ingest/connector/declarative.`,
		Example: "  tributary connectors new acmedesk --webhook --pull",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !webhook && !pull {
				webhook, pull = true, true
			}
			if dir == "" {
				dir = filepath.Join("ingest", "connector", scaffold.Package(args[0]))
			}
			if err := scaffold.New(dir, args[0], webhook, pull); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), `%[1]s is written. Now:
  go test ./%[1]s                 # the conformance kit: green as it is
  edit %[1]s, fixtures first, and keep it green
  add %[2]s.Subject to cmd/internal/connectors/connectors.go
`, filepath.ToSlash(dir), scaffold.Package(args[0]))
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder of the package (default: ingest/connector/NAME)")
	cmd.Flags().BoolVar(&webhook, "webhook", false, "the vendor calls (default: both)")
	cmd.Flags().BoolVar(&pull, "pull", false, "the vendor is asked")
	return cmd
}

func newConnectorsTry() *cobra.Command {
	var sample, of string
	cmd := &cobra.Command{
		Use:   "try FILE",
		Short: "Show the events that a declarative connector makes of a payload",
		Example: `  tributary connectors try acmedesk/connector.yaml --sample ticket.json
  curl -s https://api.example.com/tickets | tributary connectors try acmedesk/connector.yaml --stream tickets --sample -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			mapping, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			payload, err := readSample(cmd.InOrStdin(), sample)
			if err != nil {
				return fmt.Errorf("--sample: %w", err)
			}
			tried, err := trial.Run(nil, &trial.Request{Mapping: string(mapping), Stream: of, Payload: string(payload)}, "default", time.Now())
			if err != nil {
				return err
			}
			return printTried(cmd, args[0], tried)
		},
	}
	cmd.Flags().StringVar(&sample, "sample", "", "file of a payload, - for standard input (required)")
	cmd.Flags().StringVar(&of, "stream", "", "what the payload is a page or a record of (default: a delivery of the webhook)")
	_ = cmd.MarkFlagRequired("sample")
	return cmd
}

func readSample(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

// printTried prints what the log would get, and fails if any of it would go to the quarantine.
func printTried(cmd *cobra.Command, file string, tried *trial.Result) error {
	if len(tried.Faults) > 0 {
		var faults []error
		for _, f := range tried.Faults {
			where := f.In
			if f.In == "mapping" {
				where = file
			}
			if f.Line > 0 {
				where += fmt.Sprintf(":%d:%d", f.Line, f.Column)
			}
			if f.Path != "" {
				where += ": " + f.Path
			}
			faults = append(faults, fmt.Errorf("%s: %s", where, f.Reason))
		}
		return errors.Join(faults...)
	}
	all := append([]json.RawMessage{}, tried.Events...)
	for _, part := range tried.Rejected {
		all = append(all, connector.JSON(part))
	}
	if err := printJSON(cmd, all); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d events, %d parts for the quarantine\n", len(tried.Events), len(tried.Rejected))
	if len(tried.Rejected) > 0 {
		return errors.New("parts of the payload make no event")
	}
	return nil
}
