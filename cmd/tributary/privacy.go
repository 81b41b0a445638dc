package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/profiles/privacy/desk"
)

func newPrivacy(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "privacy",
		Short: "Erase, suppress and restrict people",
		Long: `Somebody is named by identifiers, type:value, that must fit one person, or by profile:<uuid>.

  tributary privacy erase email:anna@example.com --preview   whom it would take, and what stays
  tributary privacy erase email:anna@example.com             held for privacy.hold, then carried out
  tributary privacy cancel <id>                              while it is held
  tributary privacy status [<id> | type:value]               erasures, or how an identifier stands
  tributary privacy certificate <id>                         what was removed, where and when

Those who are erased are suppressed as well, unless --keep says otherwise: what comes of them later is refused and
counted. Nothing of the person belongs into --reason, which is kept for ever.`,
	}
	needSubcommand(cmd)
	cmd.AddCommand(newPrivacyErase(g), newPrivacyExport(g))
	for _, one := range []struct {
		use, short string
		action     admin.PrivacyAction
		args       cobra.PositionalArgs
	}{
		{"cancel ID", "Take a held erasure back", admin.PrivacyCancel, cobra.ExactArgs(1)},
		{"status [ID | TYPE:VALUE]", "Show erasures, or how an identifier stands", admin.PrivacyStatus, cobra.MaximumNArgs(1)},
		{"certificate ID", "Show the certificate of an erasure", privacyCertificate, cobra.ExactArgs(1)},
		{"suppress TYPE:VALUE...", "Refuse what comes with one of some identifiers from now on", admin.PrivacySuppress, cobra.MinimumNArgs(1)},
		{"unsuppress TYPE:VALUE...", "Let it in again", admin.PrivacyUnsuppress, cobra.MinimumNArgs(1)},
		{"restrict TYPE:VALUE...", "Have somebody kept and not used", admin.PrivacyRestrict, cobra.MinimumNArgs(1)},
		{"unrestrict TYPE:VALUE...", "Take that back", admin.PrivacyUnrestrict, cobra.MinimumNArgs(1)},
	} {
		c := &cobra.Command{Use: one.use, Short: one.short, Args: one.args}
		in := workspaceFlag(c)
		reason := new(string)
		if one.action == admin.PrivacySuppress || one.action == admin.PrivacyRestrict {
			c.Flags().StringVar(reason, "reason", "", "why, in your words")
		}
		c.RunE = func(cmd *cobra.Command, args []string) error {
			return g.askPrivacy(cmd, in, one.action, args, desk.Body{Reason: *reason})
		}
		cmd.AddCommand(c)
	}
	return cmd
}

// privacyCertificate is no action of the server: it is a part of the status.
const privacyCertificate admin.PrivacyAction = "certificate"

func newPrivacyErase(g *globals) *cobra.Command {
	var body desk.Body
	var keep, preview bool
	cmd := &cobra.Command{Use: "erase TYPE:VALUE...", Short: "Have somebody erased", Args: cobra.MinimumNArgs(1)}
	in := workspaceFlag(cmd)
	cmd.Flags().StringVar(&body.Hold, "hold", "", "how long it can be cancelled, such as 0s (default: privacy.hold)")
	cmd.Flags().StringVar(&body.Reason, "reason", "", "why, in your words")
	cmd.Flags().BoolVar(&keep, "keep", false, "do not suppress the identifiers: the person may come back")
	cmd.Flags().BoolVar(&preview, "preview", false, "only say whom it would take")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		suppress := !keep
		body.Suppress = &suppress
		action := admin.PrivacyErase
		if preview {
			action = admin.PrivacyPreview
		}
		return g.askPrivacy(cmd, in, action, args, body)
	}
	return cmd
}

// askPrivacy asks the server and prints its answer, JSON.
func (g *globals) askPrivacy(cmd *cobra.Command, in func(config.Config) string, action admin.PrivacyAction, args []string, body desk.Body) error {
	q := admin.PrivacyRequest{Action: action, Body: body}
	if action == privacyCertificate {
		q.Action = admin.PrivacyStatus
	}
	if err := addressPrivacy(&q, args); err != nil {
		return err
	}
	return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
		q.Workspace = in(c)
		answer, err := client.Privacy(ctx, q)
		if err != nil || action != privacyCertificate {
			if err != nil {
				return err
			}
			return printJSON(cmd, answer)
		}
		var erasure desk.Erasure
		if err := json.Unmarshal(answer, &erasure); err != nil {
			return err
		}
		if len(erasure.Certificate) == 0 {
			return fmt.Errorf("erasure %s has no certificate yet: it is %s", erasure.ID, erasure.Status)
		}
		return printJSON(cmd, erasure.Certificate)
	})
}

// addressPrivacy fills in whom, or which erasure, the arguments name.
func addressPrivacy(q *admin.PrivacyRequest, args []string) error {
	if q.Action == admin.PrivacyCancel || q.Action == admin.PrivacyStatus {
		if len(args) == 0 {
			return nil
		}
		id, err := uuid.Parse(args[0])
		if err == nil {
			q.ID = id
			return nil
		}
		if q.Action == admin.PrivacyCancel || !strings.Contains(args[0], ":") {
			return errors.New("an erasure is named by its id, which tributary privacy status lists")
		}
		q.Action = admin.PrivacyStanding
	}
	for _, arg := range args {
		typ, value, ok := strings.Cut(arg, ":")
		switch {
		case !ok || typ == "" || value == "":
			return errors.New("name people by type:value, such as email:anna@example.com, or profile:<uuid>")
		case typ == "profile":
			q.Profile = value
		default:
			q.Identifiers = append(q.Identifiers, desk.Identifier{Type: typ, Value: value})
		}
	}
	return nil
}
