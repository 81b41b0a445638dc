package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Unit is what a figure counts.
type Unit string

// The units.
const (
	UnitPerSecond  Unit = "events/s"
	UnitCalls      Unit = "calls/s"
	UnitCPU        Unit = "CPU-s/M" // CPU-seconds per million events
	UnitSeconds    Unit = "s"
	UnitBytes      Unit = "B"
	UnitPerEvent   Unit = "B/event"
	UnitCPUPerCall Unit = "µs CPU/call" // CPU-seconds per million calls
	UnitCores      Unit = "cores"       // CPU-seconds per second
	UnitRows       Unit = "rows/s"
	UnitCPURows    Unit = "CPU-s/M rows"
)

// Figure is one line of the table.
type Figure struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  Unit    `json:"unit"`
	// Against is what it is compared to: a figure of the same run and unit.
	Against      string  `json:"against,omitempty"`
	AgainstValue float64 `json:"against_value,omitempty"`
	Ratio        float64 `json:"ratio,omitempty"` // Value / AgainstValue
	Aims         []Aim   `json:"aims,omitempty"`
}

// Aim is a bound that a figure, or its ratio, was first meant to keep.
type Aim struct {
	Bound   float64 `json:"bound"`
	AtMost  bool    `json:"at_most"`
	OfRatio bool    `json:"of_ratio"`
	Met     bool    `json:"met"`
}

func atLeast(bound float64) Aim      { return Aim{Bound: bound} }
func atMost(bound float64) Aim       { return Aim{Bound: bound, AtMost: true} }
func ratioAtLeast(bound float64) Aim { return Aim{Bound: bound, OfRatio: true} }

// Report is what a run found.
type Report struct {
	Version    string    `json:"version"`
	At         time.Time `json:"at"`
	Platform   string    `json:"platform"`
	CPUs       int       `json:"cpus"`
	LoadBefore string    `json:"load_before,omitempty"` // the machine's load average when the run began
	Events     int       `json:"events"`
	Seconds    float64   `json:"seconds"`
	Figures    []Figure  `json:"figures"`
	Notes      []string  `json:"notes"`
}

// add adds a figure; against may be empty.
func (r *Report) add(what string, value float64, unit Unit, against string, other float64, aims ...Aim) {
	f := Figure{What: what, Value: value, Unit: unit, Against: against, Aims: aims}
	if against != "" {
		f.AgainstValue = other
		if other != 0 {
			f.Ratio = value / other
		}
	}
	for i := range f.Aims {
		a := &f.Aims[i]
		got := value
		if a.OfRatio {
			got = f.Ratio
		}
		a.Met = got >= a.Bound
		if a.AtMost {
			a.Met = got <= a.Bound
		}
	}
	r.Figures = append(r.Figures, f)
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// Table writes the report for people.
func (r *Report) Table(w io.Writer) error {
	fmt.Fprintf(w, "Tributary %s on %s, %d CPUs, load average %s before the run, %s\n\n",
		r.Version, r.Platform, r.CPUs, r.LoadBefore, r.At.Format(time.DateTime))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tFIGURE\tCOMPARED TO\t\tRATIO\tFIRST AIM")
	for _, f := range r.Figures {
		other, ratio := "", ""
		if f.Against != "" {
			other, ratio = f.Unit.format(f.AgainstValue), fmt.Sprintf("%.2f", f.Ratio)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", f.What, f.Unit.format(f.Value), f.Against, other, ratio, f.aims())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "- %s\n", note)
	}
	return nil
}

func (f *Figure) aims() string {
	var parts []string
	for _, a := range f.Aims {
		sign, value, result := "at least", f.Unit.format(a.Bound), "missed"
		if a.AtMost {
			sign = "at most"
		}
		if a.OfRatio {
			value = fmt.Sprintf("ratio %.2f", a.Bound)
		}
		if a.Met {
			result = "met"
		}
		parts = append(parts, fmt.Sprintf("%s %s: %s", sign, value, result))
	}
	return strings.Join(parts, "; ")
}

// format writes a value with its unit, to three digits or so.
func (u Unit) format(v float64) string {
	switch u {
	case UnitSeconds:
		if v < 1 {
			return digits(v*1000) + " ms"
		}
		return digits(v) + " s"
	case UnitBytes:
		return digits(v/(1<<20)) + " MiB"
	default:
		return digits(v) + " " + string(u)
	}
}

func digits(v float64) string {
	switch {
	case v >= 1000:
		return thousands(int64(v + 0.5))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
