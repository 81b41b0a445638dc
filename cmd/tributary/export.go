package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/profiles/export"
)

func newPrivacyExport(g *globals) *cobra.Command {
	var out, reason string
	cmd := &cobra.Command{
		Use:   "export ADDRESS",
		Short: "Give somebody everything that is kept of them",
		Long: `Writes a ZIP of JSON Lines with an index.html that says what each file is: the profile and where it comes from, every
event as it was received, facts, decisions, consent, accounts, disclosures, what is in quarantine, requests. Nothing of
anybody else is in it. That it was made and read is in the audit trail and in the person's report of disclosures; the
server keeps its copy for privacy.export_keep.`,
		Example: `  tributary privacy export email:anna@example.com
  tributary privacy export profile:0198e1c2-6f5b-4c7e-9b8a-2f6d1c3e5a70 --out anna.zip --reason "request of 3 March"`,
		Args: cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.Flags().StringVar(&out, "out", "", "file to write, which must not be there yet (default: <id>.zip)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, in your words")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			workspace := in(c)
			v, err := client.RequestExport(ctx, workspace, admin.ExportRequest{Address: args[0], Reason: reason})
			if err != nil {
				return err
			}
			if v, err = awaitExport(ctx, client, workspace, v); err != nil {
				return err
			}
			if out == "" {
				out = v.ID.String() + ".zip"
			}
			if err := saveExport(ctx, client, workspace, v, out); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: export %s, %d bytes; the server's copy expires %s\n", out, v.ID, v.Bytes, v.ExpiresAt.Format(time.RFC3339))
			return err
		})
	}
	return cmd
}

// awaitExport waits until an export is no longer made.
func awaitExport(ctx context.Context, client *admin.Client, workspace string, v export.View) (export.View, error) {
	for wait := 50 * time.Millisecond; v.Status == export.StatusRunning; wait = min(2*wait, 2*time.Second) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return v, ctx.Err()
		}
		var err error
		if v, err = client.Export(ctx, workspace, v.ID); err != nil {
			return v, err
		}
	}
	if v.Status != export.StatusReady {
		return v, fmt.Errorf("export %s is %s: %s", v.ID, v.Status, v.Fault)
	}
	return v, nil
}

// saveExport writes an archive to a new file that only this user may read.
func saveExport(ctx context.Context, client *admin.Client, workspace string, v export.View, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	err = client.ExportContent(ctx, workspace, v.ID, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
