package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/event"
	"tributary/ingest/importer"
)

func newImport(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Bring in files, and what Singer taps yield",
		Long: `Rows become events through a mapping, a YAML file that says which column is what; commented examples
are in ingest/importer/examples. A row that cannot be mapped goes to the quarantine with its reason.

An import that was interrupted goes on where it stopped when it is started again in the same way, and
one that came to its end is not done twice. --dry-run shows what a file would become.`,
	}
	for _, f := range []struct {
		format      importer.Format
		use         string
		short, more string
		example     string
	}{
		{importer.FormatCSV, "csv FILE...", "Bring in CSV files (gzip and zstd are read directly)",
			"The first row names the columns. - is standard input; its mapping needs row_id.",
			"  tributary import csv --source helpdesk --mapping helpdesk-tickets.yaml tickets.csv.gz"},
		{importer.FormatJSONL, "jsonl FILE...", "Bring in JSON Lines (gzip and zstd are read directly): events, or objects with a mapping",
			`Without --mapping each line is a call of Segment's HTTP API with its type, as Segment's archives have
them, or an event in Tributary's own form. With one, columns are members of the objects, and paths
such as customer.email. - is standard input; a mapping then needs row_id.`,
			"  tributary import jsonl --source web calls.jsonl.gz\n  tributary import jsonl --source shop --mapping shop-orders.yaml orders.jsonl"},
		{importer.FormatParquet, "parquet FILE...", "Bring in Parquet files",
			"Only the columns that the mapping names are read; customer.email is a field of a struct.",
			"  tributary import parquet --source shop --mapping shop-orders.yaml orders-*.parquet"},
		{importer.FormatArrow, "arrow FILE...", "Bring in Arrow IPC, files and streams",
			"- is standard input, in the stream format; its mapping needs row_id.",
			"  tributary import arrow --source shop --mapping shop-orders.yaml orders.arrow"},
		{importer.FormatSinger, "singer [FILE]", "Bring in what a Singer tap yields, from standard input",
			`The mapping has one part for each stream. A state of the tap is written to standard output when all
rows before it are durable, so the last line is where the tap may begin the next time.`,
			"  tap-shop --config shop.json | tributary import singer --source shop --mapping shop-streams.yaml >> state.jsonl\n  tail -1 state.jsonl > state.json"},
	} {
		cmd.AddCommand(newImportOf(g, f.format, f.use, f.short, f.more, f.example))
	}
	cmd.AddCommand(newImportConsent(g), newImportSuppression(g))
	return cmd
}

func newImportOf(g *globals, format importer.Format, use, short, more, example string) *cobra.Command {
	run := &importRun{globals: g, common: importer.Import{Format: format}}
	cmd := &cobra.Command{
		Use: use, Short: short, Long: short + ".\n\n" + more, Example: example, Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run.cmd = cmd
			if len(args) == 0 {
				args = []string{"-"}
			}
			return run.all(args)
		},
	}
	if format == importer.FormatSinger {
		cmd.Args = cobra.MaximumNArgs(1)
	}
	flags := cmd.Flags()
	flags.StringVar(&run.common.Source, "source", "", "what the events come from (required)")
	flags.StringVar(&run.mapping, "mapping", "", "`file` that maps columns (required, except for jsonl)")
	flags.StringVar(&run.common.Workspace, "workspace", "", "workspace (default: that of the configuration)")
	flags.BoolVar(&run.common.DryRun, "dry-run", false, "map and count, show the first errors, and send nothing")
	flags.BoolVar(&run.common.Restart, "restart", false, "begin with the first row, even if all or some were imported before")
	flags.StringVar(&run.report, "report", "", "write a report as JSON to this `file`")
	_ = cmd.MarkFlagRequired("source")
	if format != importer.FormatJSONL {
		_ = cmd.MarkFlagRequired("mapping")
	}
	return cmd
}

// importRun is one command line.
type importRun struct {
	*globals
	cmd             *cobra.Command
	common          importer.Import
	mapping, report string
}

func (r *importRun) all(paths []string) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := r.readMapping(); err != nil {
		return err
	}
	imports, err := r.imports(paths)
	if err != nil {
		return err
	}
	if r.common.DryRun {
		c, err := r.load()
		if err != nil {
			return err
		}
		return r.run(r.cmd.Context(), c, nil, imports)
	}
	return r.askOrMake(r.cmd, true, func(ctx context.Context, c config.Config, client *admin.Client) error {
		// Nothing of a pipe may be read before it is known who takes it.
		if err := openWorkspace(ctx, client, cmp.Or(r.common.Workspace, c.Workspace)); err != nil {
			return err
		}
		return r.run(ctx, c, client, imports)
	})
}

func (r *importRun) check() error {
	const form = "must be 1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit"
	var faults []error
	if !event.ValidSource(r.common.Source) {
		faults = append(faults, errors.New("--source: "+form))
	}
	if r.common.Workspace != "" && !event.ValidSource(r.common.Workspace) {
		faults = append(faults, errors.New("--workspace: "+form))
	}
	return errors.Join(faults...)
}

func (r *importRun) readMapping() error {
	if r.mapping == "" {
		return nil
	}
	file, err := os.Open(r.mapping)
	if err != nil {
		return fmt.Errorf("--mapping: %w", err)
	}
	defer file.Close()
	if r.common.Format == importer.FormatSinger {
		r.common.Streams, err = importer.ReadStreams(file)
	} else {
		r.common.Mapping, err = importer.ReadMapping(file)
	}
	if err != nil {
		return fmt.Errorf("--mapping %s: %w", r.mapping, err)
	}
	return nil
}

// imports opens every file once, so that nothing is sent when one of them cannot be.
func (r *importRun) imports(paths []string) ([]importer.Import, error) {
	var (
		imports []importer.Import
		faults  []error
	)
	for _, path := range paths {
		im := r.common
		im.Path = path
		if path == "-" {
			im.Path, im.Stdin = "", r.cmd.InOrStdin()
		}
		faults = append(faults, im.Check())
		imports = append(imports, im)
	}
	return imports, errors.Join(faults...)
}

// run brings the files in, one after the other; client is nil for a dry run.
func (r *importRun) run(ctx context.Context, c config.Config, client *admin.Client, imports []importer.Import) error {
	var (
		reports importReports
		fault   error
	)
	for _, im := range imports {
		if im.Workspace == "" {
			im.Workspace = c.Workspace
		}
		im.Resume = importer.NewProgressStore(filepath.Join(c.DataDir, "imports"))
		if im.Format == importer.FormatSinger {
			im.State = r.cmd.OutOrStdout()
		}
		bar := newImportBar(r.cmd.ErrOrStderr(), im.Path)
		im.Progress, im.Waits = bar.update, bar.waits
		report, err := im.Run(ctx, appender(client))
		bar.end()
		reports.Files = append(reports.Files, fileReport{File: im.Path, Report: report})
		if err != nil {
			fault = err
			break
		}
	}
	if errors.Is(fault, admin.ErrNoServer) {
		if imports[len(reports.Files)-1].Stdin == nil {
			return fault // begins again without one, and goes on where it stopped
		}
		fault = fmt.Errorf("the server stopped: %w", errReadOnce) // what was read is not there a second time
	}
	reports.print(r.humans(), r.common.DryRun)
	if r.report != "" {
		fault = errors.Join(fault, reports.write(r.report))
	}
	return fault
}

var errReadOnce = errors.New("standard input cannot be read again; begin again from what was reported last")

// humans is where the report goes: not where the states of a tap go.
func (r *importRun) humans() io.Writer {
	if r.common.Format == importer.FormatSinger {
		return r.cmd.ErrOrStderr()
	}
	return r.cmd.OutOrStdout()
}

// appender is client, and no interface that holds a nil one.
func appender(client *admin.Client) importer.Appender {
	if client == nil {
		return nil
	}
	return client
}
