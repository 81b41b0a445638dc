package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/event"
	"tributary/ingest/importer"
)

func newImport(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring in files"}
	cmd.AddCommand(newImportCSV(g))
	return cmd
}

func newImportCSV(g *globals) *cobra.Command {
	var (
		im      importer.Import
		mapping string
	)
	cmd := &cobra.Command{
		Use:   "csv FILE",
		Short: "Bring in a CSV file (gzip is read directly) through a mapping of its columns",
		Long: `Rows become events through a mapping, a YAML file that says which column is what; commented examples
are in ingest/importer/examples. An import can be repeated: it stores nothing twice. A row that
cannot be mapped goes to the quarantine with its reason.`,
		Example: "  tributary import csv --source helpdesk --mapping helpdesk-tickets.yaml tickets.csv.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			im.Path = args[0]
			file, err := os.Open(mapping)
			if err != nil {
				return fmt.Errorf("--mapping: %w", err)
			}
			im.Mapping, err = importer.ReadMapping(file)
			file.Close()
			if err != nil {
				return fmt.Errorf("--mapping %s: %w", mapping, err)
			}
			if !event.ValidSource(im.Source) {
				return errors.New("--source: must be 1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit")
			}
			if im.Workspace != "" && !event.ValidSource(im.Workspace) {
				return errors.New("--workspace: must be 1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit")
			}
			return g.askOrMake(cmd, true, func(ctx context.Context, c config.Config, client *admin.Client) error {
				if im.Workspace == "" {
					im.Workspace = c.Workspace
				}
				bar := newProgress(cmd.ErrOrStderr(), 100, "reading", "%")
				im.Progress = func(read, total int64) { _ = bar.Set(int(100 * read / max(1, total))) }
				report, err := im.Run(ctx, client)
				if report.Rows > 0 {
					fmt.Fprintln(cmd.ErrOrStderr())
				}
				if err == nil || report.Rows > 0 {
					printReport(cmd, report, im.DryRun)
				}
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&im.Source, "source", "", "what the file's events come from (required)")
	flags.StringVar(&mapping, "mapping", "", "file that maps columns (required)")
	flags.StringVar(&im.Workspace, "workspace", "", "workspace (default: that of the configuration)")
	flags.BoolVar(&im.DryRun, "dry-run", false, "map and count, and send nothing")
	_ = cmd.MarkFlagRequired("source")
	_ = cmd.MarkFlagRequired("mapping")
	return cmd
}

func printReport(cmd *cobra.Command, r importer.Report, dryRun bool) {
	sent := "sent"
	if dryRun {
		sent = "would be sent"
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%d rows: %d events %s, %d rows rejected\n", r.Rows, r.Events, sent, r.Rejected)
	for i := range r.First {
		fmt.Fprintln(out, " ", r.First[i].Error())
	}
	if more := r.Rejected - len(r.First); more > 0 {
		fmt.Fprintf(out, "  and %d more: tributary quarantine list\n", more)
	}
}
