package erase

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/profiles/privacy"
)

// Certificate says of one erasure what was removed of every store, when, how that is known, and what must wait.
// It names nobody. Times are UTC.
type Certificate struct {
	Erasure     uuid.UUID `json:"erasure" policy:"meta"`
	Workspace   string    `json:"workspace" policy:"meta"`
	RequestedAt time.Time `json:"requested_at" policy:"meta"`
	ErasedAt    time.Time `json:"erased_at" policy:"meta"`    // what was received until then is erased
	CertifiedAt time.Time `json:"certified_at" policy:"meta"` // when all of it was
	// Observations and Identifiers are how many made the subject, Events how many of its events were stored.
	Observations int    `json:"observations" policy:"meta"`
	Identifiers  int    `json:"identifiers" policy:"meta"`
	Events       uint64 `json:"events" policy:"meta"`
	// Suppressed: events with one of the identifiers are refused since.
	Suppressed bool      `json:"suppressed" policy:"meta"`
	Stores     []Line    `json:"stores" policy:"-"`
	Waiting    []Waiting `json:"waiting" policy:"-"`
	Kept       []string  `json:"kept" policy:"meta"`    // what is left as it is, and why
	Backups    []string  `json:"backups" policy:"meta"` // what the operator has to do
	// Sum is an HMAC of all of the above by the key of the installation: see Sign of Config.
	Sum string `json:"sum" policy:"meta"`
}

// Line is one store: how many rows, records or files were removed and changed, and how it is known that none is
// left.
type Line struct {
	Store   string    `json:"store" policy:"meta"`
	Removed uint64    `json:"removed" policy:"meta"`
	Changed uint64    `json:"changed,omitempty" policy:"meta"` // others' in which the person was named
	At      time.Time `json:"at" policy:"meta"`
	Proof   string    `json:"proof" policy:"meta"`
	Result  string    `json:"result" policy:"meta"`
}

// Waiting is a store that cannot be told to forget: what it holds is gone once Until has come.
type Waiting struct {
	Store string       `json:"store" policy:"meta"`
	Why   string       `json:"why" policy:"meta"`
	Until time.Time    `json:"until,omitzero" policy:"meta"` // zero: no date can be given
	Below privacy.UpTo `json:"below,omitempty" policy:"meta"`
	Gone  bool         `json:"gone,omitempty" policy:"meta"` // it was asked again, and holds it no more
}

func (r *Runner) certify(e *privacy.Record) (json.RawMessage, error) {
	c := Certificate{
		Erasure: e.ID, Workspace: e.Workspace, RequestedAt: e.RequestedAt, ErasedAt: e.At,
		CertifiedAt: r.Now().UTC().Truncate(time.Millisecond), Observations: len(e.Observations), Identifiers: len(e.Identifiers),
		Suppressed: e.Suppress, Kept: r.Kept, Backups: r.Backups, Waiting: []Waiting{},
	}
	for _, n := range privacy.AddCounts(e.Step(stepCounted).Counts, e.Direct) {
		c.Events += n.Events
	}
	for _, s := range r.steps() {
		var n noted
		if detail := e.Step(s.name).Detail; len(detail) > 0 {
			if err := json.Unmarshal(detail, &n); err != nil {
				return nil, fmt.Errorf("read what was noted of %s: %w", s.name, err)
			}
		}
		c.Stores, c.Waiting = append(c.Stores, n.Lines...), append(c.Waiting, n.Waiting...)
	}
	text, err := c.text()
	if err != nil {
		return nil, err
	}
	c.Sum = r.Sign(text)
	return json.Marshal(c)
}

// text is what is signed: the certificate without its sum, and without what was found out since.
func (c Certificate) text() ([]byte, error) {
	c.Sum = ""
	c.Waiting = slices.Clone(c.Waiting)
	for i := range c.Waiting {
		c.Waiting[i].Gone = false
	}
	return json.Marshal(c)
}

// Verify says whether a certificate is as it was signed.
func Verify(c Certificate, sign func([]byte) string) bool {
	text, err := c.text()
	return err == nil && c.Sum != "" && c.Sum == sign(text)
}

// Markdown is the certificate to be read.
func (c *Certificate) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Certificate of erasure %s\n", c.Erasure)
	line("Requested %s, carried out %s, certified %s.", stamp(c.RequestedAt), stamp(c.ErasedAt), stamp(c.CertifiedAt))
	line("Workspace %s; %d observations and %d identifiers; %d stored events.", c.Workspace, c.Observations, c.Identifiers, c.Events)
	if c.Suppressed {
		line("Events with one of the identifiers are refused since.")
	}
	line("\n| store | removed | changed | when | how it is known | result |\n|---|---|---|---|---|---|")
	for _, l := range c.Stores {
		line("| %s | %d | %d | %s | %s | %s |", l.Store, l.Removed, l.Changed, stamp(l.At), l.Proof, l.Result)
	}
	for _, w := range c.Waiting {
		switch {
		case w.Gone:
			line("| %s | | | | %s | nothing left |", w.Store, w.Why)
		case w.Until.IsZero():
			line("\n**Waiting**: %s. %s.", w.Store, w.Why)
		default:
			line("\n**Waiting until %s**: %s. %s.", stamp(w.Until), w.Store, w.Why)
		}
	}
	line("\n## Left as it is\n")
	for _, text := range c.Kept {
		line("- %s", text)
	}
	line("\n## Backups\n")
	for _, text := range c.Backups {
		line("- %s", text)
	}
	line("\nSum: %s", c.Sum)
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
