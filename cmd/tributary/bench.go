package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tributary/cmd/internal/bench"
)

func newBench(_ *globals) *cobra.Command {
	var (
		c              = bench.Default()
		events, people int
		duration, rest time.Duration
		quick, asJSON  bool
		feed           bool
		profiles, bare string
		parts          []string
		kafka, dir     string
		ingest         float64
	)
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: intake, whole path, context, freshness, memory, disk",
		Long: `Starts servers with the default configuration on loopback and in a temporary folder, sends them
made-up events, and prints each figure beside what it is compared to in the same run. It takes a few
minutes and a few GB of disk, and leaves nothing behind. Stop other work first: it shares the machine.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if bare != "" {
				return bench.Bare(cmd.Context(), bare)
			}
			if feed {
				return bench.Feed(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
			}
			if quick {
				c = bench.Quick()
			}
			if events > 0 {
				c.Events = events
			}
			c.People = people
			if duration > 0 {
				c.Duration = duration
			}
			if ingest > 0 {
				c.Ingest = ingest
			}
			c.Parts, c.Kafka, c.Dir = parts, kafka, dir
			if rest > 0 {
				c.Rest = rest
			}
			binary, err := os.Executable()
			if err != nil {
				return err
			}
			c.Binary, c.Version, c.ProfileDir, c.Progress = binary, version, profiles, cmd.ErrOrStderr()
			report, err := bench.Run(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return report.JSON(cmd.OutOrStdout())
			}
			return report.Table(cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&events, "events", 0, fmt.Sprintf("how many events go the whole path (default %d)", c.Events))
	flags.IntVar(&people, "people", 0, "how many customers the events are about, at most as many as events (default: one for each 20 events)")
	flags.DurationVar(&duration, "duration", 0, fmt.Sprintf("how long each other measurement lasts (default %s)", c.Duration))
	flags.DurationVar(&rest, "rest", 0, fmt.Sprintf("how long a server is left alone before its memory is read (default %s)", c.Rest))
	flags.StringSliceVar(&parts, "only", nil, fmt.Sprintf("what to measure, of %v (default: all)", bench.Parts()))
	flags.StringVar(&dir, "dir", "", fmt.Sprintf("folder that keeps the data for the next run, made and filled if it is not there; only with parts of %v", bench.KeptParts()))
	flags.Float64Var(&ingest, "ingest", 0, fmt.Sprintf("events per second beside which readers are measured (default %g)", c.Ingest))
	flags.BoolVar(&quick, "quick", false, "only show that everything runs, in less than a minute")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.StringVar(&kafka, "kafka", "", "host:port of an Apache Kafka to measure a log on, too")
	flags.StringVar(&profiles, "profiles", "", "folder for CPU profiles of the server, one for each measurement")

	// The process that the server is compared to.
	flags.StringVar(&bare, "bare-listen", "", "serve bare handlers on this address, and measure nothing")
	_ = flags.MarkHidden("bare-listen")
	// The process that sends events beside a measurement.
	flags.BoolVar(&feed, "feed", false, "send events as standard input says, and measure nothing")
	_ = flags.MarkHidden("feed")
	return cmd
}
