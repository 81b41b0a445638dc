package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/cmd/internal/config"
	"tributary/cmd/internal/node"
	"tributary/profiles/replay"
)

func newReplay(g *globals) *cobra.Command {
	var (
		choice           replay.Choice
		from, into       string
		since, until     string
		asJSON           bool
		maxListedSources = 50
	)
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Copy the history of chosen sources into a fresh data folder, to see what they alone would give",
		Long: `Reads the log of a data folder, through its server if one runs, and copies what the chosen sources sent
into a new folder, under the same ids and received times; "tributary serve" then shows profiles as they
would be had nothing else ever come in. The old folder is only read. It may be interrupted, and started
again with the same flags.

With it go the decisions of people about who is who (identity.link, block, unblock, rules), corrections
and discards of quarantined items, and what sources say they sent. Everything is checked and decided
again by this program; left behind are therefore models, plain replays and refusals of ClickHouse.
API keys and checkpoints of connectors stay behind, too.

The log holds what its retention (log.retention) leaves. Serve the new folder under the same log.shards, and, with a ClickHouse
server, under another clickhouse.database.`,
		Example: `  tributary replay --from data --into data-crm --source crm --source billing
  tributary replay --from data --into data-week --since 7d
  tributary serve --data-dir data-crm --listen 127.0.0.1:8081`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			var err error
			if choice.Since, err = parseMoment(since, now, false); err != nil {
				return fmt.Errorf("--since: %w", err)
			}
			if choice.Until, err = parseMoment(until, now, true); err != nil {
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
			return printReplay(cmd.OutOrStdout(), p, into, maxListedSources)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "data `folder` whose history is copied (required)")
	flags.StringVar(&into, "into", "", "new data `folder` (required)")
	flags.StringVar(&choice.Workspace, "workspace", "", "of this workspace alone")
	flags.StringArrayVar(&choice.Sources, "source", nil, "of this source alone; give several times")
	flags.StringVar(&since, "since", "", "received since then: a `time` (RFC 3339), a UTC day, or so long ago, such as 24h or 7d")
	flags.StringVar(&until, "until", "", "received before that `time`, up to that day included, or so long ago")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("from")
	_ = cmd.MarkFlagRequired("into")
	return cmd
}

func printReplay(out io.Writer, p *replay.Progress, into string, most int) error {
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
		if i == most {
			fmt.Fprintf(w, "  and %d more sources\t\n", len(p.Records)-most)
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
