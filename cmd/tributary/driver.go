package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/driver"
)

// addDrivers puts why customers make contact under "journey".
func addDrivers(journey *cobra.Command, g *globals) {
	labels := &cobra.Command{
		Use:   "labels",
		Short: "Say what conversations are about, and see what was said",
		Long: `A label is a person's word on what a conversation is about, a topic of "journey topics" or unknown. Reports go by it, and the
classifier learns from it.`,
	}
	needSubcommand(labels)
	labels.AddCommand(newLabelsPut(g), newLabelsList(g))
	drivers := newDrivers(g)
	drivers.AddCommand(newDriverPeople(g), newDriverExamples(g))
	journey.AddCommand(drivers, newTopics(g), labels)
}

func newDrivers(g *globals) *cobra.Command {
	var r driver.Request
	return contactReport(g, &cobra.Command{
		Use:   "drivers --from DAY",
		Short: "Report why customers make contact, what of it rises, and what long conversations share",
		Long: `A rise is told against eight spans of the same length before. "people" lists who is behind a number, "examples" what they said;
whoever is shown is on record as read.`,
		Example: "  tributary journey drivers --from 2026-03-02 --until 2026-03-09",
	}, &r.Request, func(ctx context.Context, client *admin.Client, workspace string) (*driver.Answer, error) {
		return client.ContactDrivers(ctx, workspace, r)
	}, printDrivers)
}

func printDrivers(out io.Writer, a *driver.Answer) error {
	printPeriod(out, &a.About)
	fmt.Fprintf(out, "%d conversations, of %d nothing says what they are about; %d spans before to compare with\n\n", a.Conversations, a.Unknown, a.SpansBefore)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tCONVERSATIONS\tSHARE\tPEOPLE\tEXPECTED\tRISES\tBY LABEL\tSOURCE\tTEXT\tWORDS")
	for i := range a.Topics {
		t := &a.Topics[i]
		fmt.Fprintf(w, "%s\t%d\t%.1f %%\t%d\t%.1f\t%s\t%d\t%d\t%d\t%s\n", t.Topic, t.Conversations, 100*t.Share, t.People, t.Expected, rises(t.Emerging),
			t.By.Label, t.By.Source, t.By.Text, printable(t.Words...))
	}
	fmt.Fprintln(w, "\t\t\t\t\t\t\t\t\t\nAS SOURCES NAME IT\tCONVERSATIONS\t\tPEOPLE\tEXPECTED\tRISES\t\t\t\t")
	for i := range a.Told {
		t := &a.Told[i]
		fmt.Fprintf(w, "%s\t%d\t\t%d\t%.1f\t%s\t\t\t\t\n", printable(t.Name), t.Conversations, t.People, t.Expected, rises(t.Emerging))
	}
	if err := w.Flush(); err != nil || a.Long == nil {
		return err
	}
	fmt.Fprintf(out, "\n%d of %d conversations took more than %.0f s of agents' time\n\n", a.Long.Conversations, a.Long.Conversations+a.Long.Others, a.Long.AboveS)
	fmt.Fprintln(w, "LONG ONES HAVE\tKIND\tCONVERSATIONS\tSHARE\tOF OTHERS")
	for _, s := range a.Long.Shared {
		fmt.Fprintf(w, "%s\t%s\t%d\t%.1f %%\t%.1f %%\n", printable(s.Name), s.Kind, s.Long, 100*s.LongShare, 100*s.OtherShare)
	}
	return w.Flush()
}

func rises(emerging bool) string {
	if emerging {
		return "yes"
	}
	return ""
}

// printable shows what others wrote on one line of a terminal.
func printable(texts ...string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(quoted, " ")
}

func newTopics(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Print the topics that conversations are told to be about, and how many labels each has", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			a, err := client.Topics(ctx, in(c))
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(cmd, a)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "TOPIC\tLABELS\tWORDS")
			for _, t := range a.Topics {
				few := slices.Concat(t.Words.English[:min(3, len(t.Words.English))], t.Words.Chinese[:min(3, len(t.Words.Chinese))])
				fmt.Fprintf(w, "%s\t%d\t%s\n", t.ID, t.Labels, strings.Join(few, ", "))
			}
			fmt.Fprintf(w, "unknown\t%d\t\n", a.Unknown)
			return w.Flush()
		})
	}
	return cmd
}

func newLabelsPut(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "put FILE",
		Short: "Keep labels of a CSV file (source,conversation_id,topic; no header), or of standard input (-)",
		Long: `A later label of a conversation takes the place of an earlier one; an empty topic takes it back. The whole file is looked at first. Labels
are kept a hundred at a time, and each hundred together or not at all; put again, a file changes nothing.`,
		Example: "  echo helpdesk,c-1,billing/refund | tributary journey labels put -",
		Args:    cobra.ExactArgs(1),
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := readSample(cmd.InOrStdin(), args[0])
		if err != nil {
			return fmt.Errorf("read labels: %w", err)
		}
		labels, err := readLabels(string(text))
		if err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			kept := 0
			for some := range slices.Chunk(labels, driver.MaxLabels) {
				if err := client.Label(ctx, in(c), some); err != nil {
					return fmt.Errorf("keep labels from line %d on (those before are kept): %w", kept+1, err)
				}
				kept += len(some)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d labels are kept\n", kept)
			return err
		})
	}
	return cmd
}

// readLabels reads CSV and reports every faulty line.
func readLabels(text string) (labels []driver.Label, err error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 3, true
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	for _, row := range rows {
		labels = append(labels, driver.Label{Source: row[0], ConversationID: row[1], Topic: row[2]})
	}
	if len(labels) == 0 {
		return nil, errors.New("read labels: there are none")
	}
	var faults []error
	for i := range labels {
		if err := driver.Check(labels[i : i+1]); err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", i+1, err))
		}
	}
	return labels, errors.Join(faults...)
}

func newLabelsList(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "Print labels in force, in the form that put takes", Args: cobra.NoArgs}
	in := workspaceFlag(cmd)
	topic := cmd.Flags().String("topic", "", "of this topic alone")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			w := csv.NewWriter(cmd.OutOrStdout())
			r := driver.LabelsRequest{Topic: *topic, Limit: driver.MaxLabelsListed}
			for {
				page, err := client.Labels(ctx, in(c), r)
				if err != nil {
					return err
				}
				for _, l := range page.Labels {
					if err := w.Write([]string{l.Source, l.ConversationID, l.Topic}); err != nil {
						return err
					}
				}
				if r.Cursor = page.NextCursor; r.Cursor == "" {
					break
				}
			}
			w.Flush()
			return w.Error()
		})
	}
	return cmd
}
