package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/cmd/internal/config"
	"tributary/cmd/internal/node"
	"tributary/profiles/replay"
)

func newReplay(g *globals) *cobra.Command {
	var (
		choice       replay.Choice
		from, into   string
		since, until string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Copy the history of chosen sources into a fresh data folder, to see what they alone would give",
		Long: `Reads the log of a data folder, through its server if one runs, and copies what the chosen sources
sent into a new folder, under the same ids and received times; "tributary serve" then shows profiles
as they would be had nothing else ever come in. The old folder is only read. It may be interrupted,
and started again with the same flags.

With it go the decisions of people about who is who (identity.link, block, unblock, rules), contracts
of events (schema.set, remove), corrections and discards of quarantined items, and what sources say
they sent. Everything is checked and decided again by this program; left behind are therefore models,
plain replays and refusals of ClickHouse. API keys and checkpoints of connectors stay behind, too.

The log holds what its retention (log.retention) leaves. Serve the new folder under the same
log.shards, without sources that pull, and, with a ClickHouse server, under another
clickhouse.database.`,
		Example: `  tributary replay --from data --into data-crm --source crm --source billing
  tributary replay --from data --into data-autumn --since 2026-09-01 --until 2026-11-30
  tributary serve --data-dir data-crm --listen 127.0.0.1:8081`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if choice.Since, err = parseFixed(since, false); err != nil {
				return fmt.Errorf("--since: %w", err)
			}
			if choice.Until, err = parseFixed(until, true); err != nil {
				return fmt.Errorf("--until: %w", err)
			}
			if !choice.Until.IsZero() && !choice.Since.Before(choice.Until) {
				return errors.New("--until: is not after --since")
			}
			slices.Sort(choice.Sources)
			choice.Sources = slices.Compact(choice.Sources)
			c, err := g.load()
			if err != nil {
				return err
			}
			if c.Log.Driver != config.DriverEmbedded {
				return errors.New("log.driver: history is copied from one embedded log into another; of a log on Kafka, give the new installation another topic_prefix and mirror the topics")
			}
			if !cmd.Flags().Lookup("config").Changed {
				c.Logging.Level = "warn"
			}
			p, err := node.Replay(cmd.Context(), c, node.Options{Version: version, Logger: newLogger(c)}, from, into, choice)
			if err != nil {
				return advise(err)
			}
			if asJSON {
				p.At, p.Moved, p.Refused = nil, nil, nil // of use only while it is copied
				return printJSON(cmd, p)
			}
			return printReplay(cmd.OutOrStdout(), p, into)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "data `folder` whose history is copied (required)")
	flags.StringVar(&into, "into", "", "new data `folder` (required)")
	flags.StringVar(&choice.Workspace, "workspace", "", "of this workspace alone")
	flags.StringArrayVar(&choice.Sources, "source", nil, "of this source alone; give several times")
	flags.StringVar(&since, "since", "", "received since then: a `time` (RFC 3339) or a UTC day, such as 2026-11-20")
	flags.StringVar(&until, "until", "", "received before that `time`, or up to that day included")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("from")
	_ = cmd.MarkFlagRequired("into")
	return cmd
}

// parseFixed reads a time or a day, and not how long ago: who takes a copy up again must choose the same.
func parseFixed(text string, end bool) (time.Time, error) {
	if _, err := time.ParseDuration(text); err == nil || strings.HasSuffix(text, "d") {
		return time.Time{}, fmt.Errorf("%q is no time such as 2026-11-20T08:00:00Z and no day such as 2026-11-20", text)
	}
	return parseMoment(text, time.Time{}, end)
}

// maxListed is how many sources are listed.
const maxListed = 50

func printReplay(out io.Writer, p *replay.Progress, into string) error {
	var all uint64
	for _, n := range p.Records {
		all += n
	}
	fmt.Fprintf(out, "%d records are copied", all)
	if all > 0 {
		fmt.Fprintf(out, ", the oldest received at %s", p.Oldest.Format(time.RFC3339))
	}
	fmt.Fprintln(out)
	if p.Trimmed {
		fmt.Fprintln(out, "the log no longer holds its beginning: what was received before that is not copied")
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for i, name := range slices.Sorted(maps.Keys(p.Records)) {
		if i == maxListed {
			fmt.Fprintf(w, "  and %d more sources\t\n", len(p.Records)-maxListed)
			break
		}
		fmt.Fprintf(w, "  %s\t%d\n", name, p.Records[name])
	}
	for _, list := range []struct {
		title  string
		counts map[string]uint64
	}{{"commands carried over", p.Commands}, {"commands left behind", p.LeftOut}} {
		for i, name := range slices.Sorted(maps.Keys(list.counts)) {
			if i == 0 {
				fmt.Fprintln(w, list.title+":\t")
			}
			fmt.Fprintf(w, "  %s\t%d\n", name, list.counts[name])
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nServe it: tributary serve --data-dir %s\n", into)
	return err
}
