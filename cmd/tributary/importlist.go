package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/event"
	"tributary/ingest/importer"
)

// maxShownFaults is how many faults of a list are printed; all of them fail it.
const maxShownFaults = 50

// suppressBatch is how many identifiers one command suppresses.
const suppressBatch = 1000

// listRun is one command line that brings in a list.
type listRun struct {
	*globals
	columns         map[string]string
	dryRun, restart bool
	source, reason  string
	defaults        map[string]*string
}

func newImportConsent(g *globals) *cobra.Command {
	r := &listRun{globals: g, defaults: map[string]*string{}}
	cmd := &cobra.Command{
		Use: "consent FILE.csv", Short: "Bring in a list of consent: who agreed to what, and who did not", Args: cobra.ExactArgs(1),
		Long: `The first row names the columns: contact, type, channel, purpose, status, at, source, evidence, legal_basis,
valid_until, in any order; --column maps others, and unknown ones are passed over. Only contact is needed
where a flag says the rest for all. A file without a header is a plain list of addresses or numbers.

A grant needs its time (at): without one it would seem newer than refusals that came in before. A list
with a fault is not sent at all, and every fault is told with its line. A list that was brought in
before changes nothing.`,
		Example: "  tributary import consent --source newsletter consents.csv\n" +
			"  tributary import consent --source newsletter --column contact='Email Address' --status refused --channel email --purpose marketing unsubscribed.csv",
	}
	in := r.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&r.source, "source", "", "what the statements come from, where no column says it (required)")
	_ = cmd.MarkFlagRequired("source")
	for name, usage := range map[string]string{
		"status": "granted, refused or pending", "purpose": "purpose, such as marketing", "channel": "channel, such as email",
		"at": "when it was said", "evidence": "how it is known", "legal_basis": "what processing rests upon",
	} {
		r.defaults[name] = flags.String(strings.ReplaceAll(name, "_", "-"), "", usage+", of rows that do not say")
	}
	flags.BoolVar(&r.restart, "restart", false, "send all of it, even if it was brought in before")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return r.consent(cmd, args[0], in) }
	return cmd
}

func newImportSuppression(g *globals) *cobra.Command {
	r := &listRun{globals: g}
	cmd := &cobra.Command{
		Use: "suppression FILE.csv", Short: "Bring in a list of whom nothing is to be taken in anymore", Args: cobra.ExactArgs(1),
		Long: `Columns are contact and type (email or phone; else it follows from the contact's form); --column maps
others, and a plain list of addresses or numbers works too. Identifiers are kept as keyed hashes. A list
with a fault is not sent at all. Bringing in a list again changes nothing.`,
		Example: "  tributary import suppression do-not-contact.csv",
	}
	in := r.flags(cmd)
	cmd.Flags().StringVar(&r.reason, "reason", "", "why, for the record")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return r.suppression(cmd, args[0], in) }
	return cmd
}

func (r *listRun) flags(cmd *cobra.Command) func(config.Config) string {
	in := workspaceFlag(cmd)
	cmd.Flags().StringToStringVar(&r.columns, "column", nil, "ours=theirs: which column of the file is which of ours")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "read and check, and send nothing")
	return in
}

func (r *listRun) list() importer.List {
	l := importer.List{Columns: r.columns, Default: map[string]string{}}
	for name, value := range r.defaults {
		if *value != "" {
			l.Default[name] = *value
		}
	}
	return l
}

func (r *listRun) consent(cmd *cobra.Command, path string, in func(config.Config) string) error {
	if !event.ValidSource(r.source) {
		return errors.New("--source: must be 1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit")
	}
	do := func(ctx context.Context, c config.Config, client *admin.Client) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		list, err := r.list().ReadConsent(file, in(c), r.source, time.Now())
		if err != nil {
			return notSent(cmd.ErrOrStderr(), err)
		}
		what := fmt.Sprintf("%d statements: %d granted, %d refused, %d pending", len(list.Events), list.Granted, list.Refused, list.Pending)
		if client == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s; nothing was sent\n", what)
			return err
		}
		before, err := list.Send(ctx, client, importer.NewProgressStore(filepath.Join(c.DataDir, "imports")), r.restart, func(int) {})
		if err != nil {
			return err
		}
		if before != nil {
			what = fmt.Sprintf("the list was brought in on %s: nothing was sent", before.Format(time.RFC3339))
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), what)
		return err
	}
	return r.do(cmd, in, do)
}

func (r *listRun) suppression(cmd *cobra.Command, path string, in func(config.Config) string) error {
	do := func(ctx context.Context, c config.Config, client *admin.Client) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		ids, err := r.list().ReadSuppression(file)
		if err != nil {
			return notSent(cmd.ErrOrStderr(), err)
		}
		if client == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d identifiers; nothing was sent\n", len(ids))
			return err
		}
		for from := 0; from < len(ids); from += suppressBatch {
			part := ids[from:min(len(ids), from+suppressBatch)]
			if err := client.Suppress(ctx, in(c), part, "", r.reason); err != nil {
				return fmt.Errorf("after %d of %d identifiers: %w", from, len(ids), err)
			}
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d identifiers are suppressed\n", len(ids))
		return err
	}
	return r.do(cmd, in, do)
}

func (r *listRun) do(cmd *cobra.Command, in func(config.Config) string, do func(context.Context, config.Config, *admin.Client) error) error {
	if r.dryRun {
		c, err := r.load()
		if err != nil {
			return err
		}
		return do(cmd.Context(), c, nil)
	}
	return r.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
		if err := openWorkspace(ctx, client, in(c)); err != nil {
			return err
		}
		return do(ctx, c, client)
	})
}

// notSent prints the faults of a list.
func notSent(to io.Writer, err error) error {
	faults := []error{err}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		faults = all.Unwrap()
	}
	for _, f := range faults[:min(len(faults), maxShownFaults)] {
		_, _ = fmt.Fprintln(to, f)
	}
	return fmt.Errorf("%d faults: nothing of the list was sent", len(faults))
}
