package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"tributary/ingest/importer"
)

// importReports is what --report writes.
type importReports struct {
	Files []fileReport `json:"files"`
}

type fileReport struct {
	File string `json:"file"` // empty: standard input
	importer.Report
}

func (r *importReports) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return nil
}

func (r *importReports) print(to io.Writer, dryRun bool) {
	for i := range r.Files {
		f := &r.Files[i]
		if len(r.Files) > 1 {
			fmt.Fprintf(to, "%s\n", f.File)
		}
		f.print(to, dryRun)
	}
}

func (f *fileReport) print(to io.Writer, dryRun bool) {
	if f.Before != nil {
		fmt.Fprintf(to, "imported before, on %s, with this mapping: %d rows, %d events, %d rows rejected. Nothing was done; --restart imports it again\n",
			f.Before.Format(time.DateTime), f.Rows, f.Events, f.Rejected)
		return
	}
	sent := "sent"
	if dryRun {
		sent = "would be sent"
	}
	fmt.Fprintf(to, "%d rows: %d events %s, %d rows rejected", f.Rows, f.Events, sent, f.Rejected)
	if f.Skipped > 0 {
		fmt.Fprintf(to, ", %d messages of streams without a mapping left out", f.Skipped)
	}
	fmt.Fprintf(to, " (%.1f s, %.0f rows/s)\n", f.Seconds, f.RowsPerSecond)
	if f.ResumedFrom > 0 {
		fmt.Fprintf(to, "went on after row %d, where an earlier run had stopped; the figures are of both\n", f.ResumedFrom)
	}
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', tabwriter.AlignRight)
	for _, name := range slices.Sorted(maps.Keys(f.ByName)) {
		fmt.Fprintf(w, "  %d\t %s\n", f.ByName[name], name)
	}
	_ = w.Flush()
	for i := range f.First {
		fmt.Fprintln(to, " ", f.First[i].Error())
	}
	if more := f.Rejected - len(f.First); more > 0 {
		fmt.Fprintf(to, "  and %d more: tributary quarantine list\n", more)
	}
	for _, column := range f.NeverFilled {
		fmt.Fprintf(to, "  the mapping names %q, which no row had; is it spelt as in the file?\n", column)
	}
	for _, note := range f.Notes {
		fmt.Fprintln(to, " ", note)
	}
}

// importBar shows how far an import is: a share where the size is known, and the rate.
type importBar struct {
	to    io.Writer
	name  string
	began time.Time
	bar   *progressbar.ProgressBar
}

func newImportBar(to io.Writer, path string) *importBar {
	name := filepath.Base(path)
	if path == "" {
		name = "standard input"
	}
	return &importBar{to: to, name: name, began: time.Now()}
}

// update is called after each batch, by one goroutine. The bar counts bytes of the file, or parts of
// it; people are told rows.
func (b *importBar) update(report *importer.Report, read, total int64) {
	if b.bar == nil {
		if total == 0 {
			total = -1 // it shows that something happens
		}
		b.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(b.to), progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionSetPredictTime(true))
	}
	rate := float64(report.Rows-report.ResumedFrom) / max(time.Since(b.began).Seconds(), 0.001)
	b.bar.Describe(fmt.Sprintf("%s: %d rows, %.0f rows/s", b.name, report.Rows, rate))
	_ = b.bar.Set64(read)
}

// waits says why nothing happens.
func (b *importBar) waits() {
	fmt.Fprintln(b.to, "\nThe disk of the log has less free space than log.bulk_watermark leaves to other events: the import waits until there is more")
}

func (b *importBar) end() {
	if b.bar != nil {
		_ = b.bar.Exit()
		fmt.Fprintln(b.to)
	}
}
