// Package evaluate measures identity resolution on a file of records whose truth is known, with the
// engine that production uses.
package evaluate

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/identity/match"
)

// Config says what to evaluate.
type Config struct {
	Records string // path of a CSV file with a header
	Spec    string // path of a YAML file, see Spec
	Truth   string // path of a CSV file record_id,entity_id; optional
	// Predicted is where to write record_id,profile_id; optional.
	Predicted string
	// Order is "" or "file" for the order of the file, or "shuffled:SEED".
	Order string
	// Stream adds records one by one, and settles at the end; else they are loaded at once.
	Stream bool
	// Batch is how many records are added in one step when streaming. Default: 1.
	Batch int
	// Shuffles checks besides that the order does not matter: so many times all records are added
	// in another order, one by one, in batches of a hundredth, and at once, and the last time they
	// are all removed and added again.
	Shuffles int
	Options  match.Options
}

// Validate reports every fault.
func (c Config) Validate() error {
	var faults []error
	if c.Records == "" {
		faults = append(faults, errors.New("records: is missing"))
	}
	if c.Spec == "" {
		faults = append(faults, errors.New("spec: is missing"))
	}
	if _, _, err := c.seed(); err != nil {
		faults = append(faults, err)
	}
	if c.Batch < 0 {
		faults = append(faults, errors.New("batch: is negative"))
	}
	if c.Shuffles < 0 {
		faults = append(faults, errors.New("shuffles: is negative"))
	}
	return errors.Join(append(faults, c.Options.Validate())...)
}

// seed returns the seed of a shuffled order.
func (c Config) seed() (seed uint64, shuffled bool, err error) {
	if c.Order == "" || c.Order == "file" {
		return 0, false, nil
	}
	text, ok := strings.CutPrefix(c.Order, "shuffled:")
	seed, err = strconv.ParseUint(text, 10, 64)
	if !ok || err != nil {
		return 0, false, fmt.Errorf("order: %q is neither file nor shuffled:SEED", c.Order)
	}
	return seed, true, nil
}

// Report is the outcome.
type Report struct {
	Records, Profiles int
	Largest           int // profile, in records
	Resolving         time.Duration
	Model             *match.Model
	Groups            [][]string
	Figures           *Figures // nil without truth
	Shuffles          int      // how many orders gave the same profiles
	// Revisited is, per step of a stream, how many records it had looked at again, ascending;
	// without those that brought a new model. Nil when all were loaded at once.
	Revisited []int
}

// Run evaluates.
func Run(c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	spec, err := ReadSpec(c.Spec)
	if err != nil {
		return nil, err
	}
	records, err := ReadRecords(c.Records, spec)
	if err != nil {
		return nil, err
	}
	if seed, shuffled, _ := c.seed(); shuffled {
		shuffle(records, seed)
	}
	report, err := c.resolve(spec, records)
	if err != nil {
		return nil, err
	}
	if err := c.checkOrder(spec, records, report); err != nil {
		return nil, err
	}
	if c.Truth != "" {
		truth, err := ReadTruth(c.Truth)
		if err != nil {
			return nil, err
		}
		figures := Score(truth, report.Groups)
		report.Figures = &figures
	}
	if c.Predicted != "" {
		if err := writePredicted(c.Predicted, report.Groups); err != nil {
			return nil, err
		}
	}
	return report, nil
}

func shuffle(records []*match.Record, seed uint64) {
	r := rand.New(rand.NewPCG(seed, seed))
	r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
}

func (c Config) resolve(spec *Spec, records []*match.Record) (*Report, error) {
	w, err := newWorkspace(spec, c.Options)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	report := &Report{Records: len(records)}
	if c.Stream {
		report.Revisited, err = w.stream(records, max(c.Batch, 1))
	} else {
		err = w.load(records)
	}
	if err != nil {
		return nil, err
	}
	report.Resolving = time.Since(start)
	report.Model, report.Groups = w.linker.Model(), w.groups()
	report.Profiles = len(report.Groups)
	for _, g := range report.Groups {
		report.Largest = max(report.Largest, len(g))
	}
	return report, nil
}

// stream adds records so many at a time, and settles at the end. It returns how many observations
// each step looked at again, ascending, without those that brought a new model.
func (w *workspace) stream(records []*match.Record, batch int) ([]int, error) {
	var revisited []int
	for step := range slices.Chunk(records, batch) {
		if err := w.put(step...); err != nil {
			return nil, err
		}
		if !w.changed {
			continue
		}
		revisited = append(revisited, w.revisited)
	}
	slices.Sort(revisited)
	return revisited, w.settle()
}

// checkOrder fails when another order of the same records gives other profiles.
func (c Config) checkOrder(spec *Spec, records []*match.Record, report *Report) error {
	records = slices.Clone(records)
	same := func(w *workspace, seed int, how string) error {
		if got := w.groups(); !slices.EqualFunc(got, report.Groups, slices.Equal[[]string]) {
			return fmt.Errorf("evaluate: shuffled:%d, %s, gives other profiles", seed, how)
		}
		return nil
	}
	for seed := 1; seed <= c.Shuffles; seed++ {
		shuffle(records, uint64(seed))
		for _, way := range []struct {
			name string
			add  func(*workspace) error
		}{
			{"all at once", func(w *workspace) error { return w.load(records) }},
			{"in batches", func(w *workspace) error { _, err := w.stream(records, max(1, len(records)/100)); return err }},
			{"one by one", func(w *workspace) error { _, err := w.stream(records, 1); return err }},
		} {
			w, err := newWorkspace(spec, c.Options)
			if err != nil {
				return err
			}
			if err := way.add(w); err != nil {
				return err
			}
			if err := same(w, seed, way.name); err != nil {
				return err
			}
			if seed < c.Shuffles || way.name != "one by one" {
				continue
			}
			if err := w.removeAll(records); err != nil {
				return err
			}
			if _, err := w.stream(records, 1); err != nil {
				return err
			}
			if err := same(w, seed, "removed and added again"); err != nil {
				return err
			}
		}
		report.Shuffles++
	}
	return nil
}

func (w *workspace) removeAll(records []*match.Record) error {
	for _, r := range records {
		if err := w.remove(r); err != nil {
			return err
		}
	}
	if left := len(w.groups()); left > 0 {
		return fmt.Errorf("evaluate: %d profiles are left when all records are gone", left)
	}
	return nil
}

// Write prints the report for people.
func (r *Report) Write(w io.Writer) error {
	seconds := r.Resolving.Seconds()
	_, err := fmt.Fprintf(w, "records             %d\nprofiles            %d\nlargest profile     %d\ntime                %.2f s (%.0f records/s)\nmodel               %d (%.1f other records a person, estimated)\n",
		r.Records, r.Profiles, r.Largest, seconds, float64(r.Records)/max(seconds, 1e-9), r.Model.Number, r.Model.Partners)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if n := len(r.Model.Dropped); n > 0 {
		fmt.Fprintf(w, "blocking overflow   %d keys, %d records\n", n, r.Model.Overflow)
	}
	if n := len(r.Revisited); n > 0 {
		fmt.Fprintf(w, "looked at again     p50 %d, p99 %d, largest %d records\n", r.Revisited[n/2], r.Revisited[n*99/100], r.Revisited[n-1])
	}
	if r.Shuffles > 0 {
		fmt.Fprintf(w, "orders              %d, with the same profiles\n", r.Shuffles)
	}
	if f := r.Figures; f != nil {
		_, err = fmt.Fprintf(w, "pairs               %d true, %d found, %d right\npairwise            precision %.4f  recall %.4f  F1 %.4f\nB-cubed             precision %.4f  recall %.4f  F1 %.4f\n",
			f.TruePairs, f.FoundPairs, f.RightPairs, f.Precision, f.Recall, f.F1, f.B3Precision, f.B3Recall, f.B3F1)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// writePredicted writes record_id,profile_id; a profile is named by its first record.
func writePredicted(path string, groups [][]string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write predicted: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("write predicted: %w", e)
		}
	}()
	buffered := bufio.NewWriter(f)
	w := csv.NewWriter(buffered)
	_ = w.Write([]string{"record_id", "profile_id"})
	for _, g := range groups {
		for _, id := range g {
			_ = w.Write([]string{id, g[0]})
		}
	}
	w.Flush() // its error is kept, as are those before it
	if err := errors.Join(w.Error(), buffered.Flush()); err != nil {
		return fmt.Errorf("write predicted: %w", err)
	}
	return nil
}
