package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
)

func newConsent(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "consent",
		Short: "Show, check and record what people agreed to",
		Long: `Consent belongs to a contact point, an e-mail address or number, for a channel and a purpose; missing means
no. A refusal holds for all contact points of a profile that did not agree since, and stays when the
profile is split.`,
	}
	cmd.AddCommand(newConsentShow(g), newConsentCheck(g), newConsentSet(g))
	return cmd
}

func newConsentShow(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ADDRESS", Short: "Show what stands for a person, and why", Args: cobra.ExactArgs(1),
		Example: "  tributary consent show email:ada@example.com",
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
			all, err := client.Consent(ctx, in(conf), args[0], "", "")
			if err != nil {
				return err
			}
			return printConsent(cmd, all)
		})
	}
	return cmd
}

// errNotAllowed ends a check that says no.
var errNotAllowed = errors.New("it is not allowed")

func newConsentCheck(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check ADDRESS --purpose PURPOSE", Short: "Say whether a person may be reached; fails if not", Args: cobra.ExactArgs(1),
		Example: "  tributary consent check user_id:42 --channel email --purpose marketing",
	}
	in := workspaceFlag(cmd)
	channel := cmd.Flags().String("channel", "", "channel, such as email (default: all)")
	purpose := cmd.Flags().String("purpose", "", "marketing, service, profiling or another")
	_ = cmd.MarkFlagRequired("purpose")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
			all, err := client.Consent(ctx, in(conf), args[0], event.Channel(*channel), *purpose)
			if err != nil {
				return err
			}
			if err := printConsent(cmd, all); err != nil {
				return err
			}
			for _, line := range all.Lines {
				if line.Allowed {
					return nil
				}
			}
			return errNotAllowed
		})
	}
	return cmd
}

func printConsent(cmd *cobra.Command, all admin.Consents) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ABOUT\tCHANNEL\tPURPOSE\tALLOWED\tREASON\tSAID OF\tSOURCE\tAT")
	for _, l := range all.Lines {
		allowed, at := "no", ""
		if l.Allowed {
			allowed = "yes"
		}
		if !l.At.IsZero() {
			at = l.At.Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.About, l.Channel, l.Purpose, allowed, l.Reason, l.By, l.Source, at)
	}
	return w.Flush()
}

func newConsentSet(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "set ADDRESS --purpose PURPOSE granted|refused|pending", Short: "Record what somebody said", Args: cobra.ExactArgs(2),
		Example: "  tributary consent set email:ada@example.com refused --channel email --purpose marketing --evidence 'call of 3 March'",
	}
	in := workspaceFlag(cmd)
	var cx event.CX
	flags := cmd.Flags()
	channel := flags.String("channel", "", "channel, such as email (default: any)")
	source := flags.String("source", "operator", "what the statement comes from")
	at := flags.String("at", "", "when it was said (default: now)")
	flags.StringVar(&cx.Purpose, "purpose", "", `marketing, service, profiling, another, or "*"`)
	flags.StringVar(&cx.Evidence, "evidence", "", "how it is known")
	flags.StringVar(&cx.LegalBasis, "legal-basis", "", "what processing rests upon")
	_ = cmd.MarkFlagRequired("purpose")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.ask(cmd, func(ctx context.Context, conf config.Config, client *admin.Client) error {
			cx.Consent = event.Consent(args[1])
			e, err := consentEvent(in(conf), *source, args[0], *channel, *at, &cx)
			if err != nil {
				return err
			}
			value, err := event.Encode(e)
			if err != nil {
				return err
			}
			_, err = client.Append(ctx, []stream.Record{{
				Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value,
			}})
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "recorded as %s\n", e.MessageID)
			}
			return err
		})
	}
	return cmd
}

func consentEvent(workspace, source, address, channel, at string, cx *event.CX) (*event.Event, error) {
	ids, err := profiles.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if ids[0].Type == profiles.TypeProfile {
		return nil, errors.New("a statement is about an identifier, such as email:…, and not about a profile")
	}
	if channel == "*" {
		channel = ""
	}
	var when time.Time
	if at != "" {
		if when, err = event.ParseTime(at); err != nil {
			return nil, fmt.Errorf("--at: %w", err)
		}
	}
	e := &event.Event{
		Workspace: workspace, Source: source, MessageID: uuid.NewString(), Type: event.TypeTrack, Name: event.NameConsentChanged,
		Channel: event.Channel(channel), Identifiers: []event.Identifier{event.Identifier(ids[0])}, CX: cx,
	}
	e.Stamp(when, time.Time{}, time.Now())
	return e, e.Validate()
}
