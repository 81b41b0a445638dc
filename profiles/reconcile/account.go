package reconcile

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tributary/profiles/unify"
)

// Account says what was received and what became of it:
//
//	received = pending + stored + duplicate + quarantined + suppressed + erased
type Account struct {
	Received    uint64 `json:"received"`
	Pending     uint64 `json:"pending"` // in the log, not applied yet
	Stored      uint64 `json:"stored"`
	Duplicate   uint64 `json:"duplicate"`
	Quarantined uint64 `json:"quarantined"`
	Suppressed  uint64 `json:"suppressed"`
	Erased      uint64 `json:"erased"`
	// Reasons splits the outcomes that have reasons, by outcome and reason.
	Reasons map[string]map[string]uint64 `json:"reasons"`
	// StoredClickHouse is how many of the stored ones the analytics store holds; it converges to Stored.
	// Absent: it could not be asked.
	StoredClickHouse *uint64 `json:"stored_clickhouse,omitempty"`
	Balanced         bool    `json:"balanced"` // the sum above holds
	// Expected is what the source says it sent, where it did.
	Expected *Expected `json:"expected,omitempty"`
}

func newAccount(b *unify.Balance, held uint64, known bool) Account {
	a := Account{
		Received: b.Received, Pending: b.Pending, Stored: b.Counts.Stored, Duplicate: b.Counts.Duplicate,
		Quarantined: b.Counts.Quarantined, Suppressed: b.Counts.Suppressed, Erased: b.Counts.Erased,
		Reasons: map[string]map[string]uint64{}, Balanced: b.Balanced(),
	}
	for r, n := range b.Counts.Reasons {
		if a.Reasons[r.Outcome.String()] == nil {
			a.Reasons[r.Outcome.String()] = map[string]uint64{}
		}
		a.Reasons[r.Outcome.String()][r.Name] = n
	}
	if known {
		a.StoredClickHouse = &held
	}
	return a
}

// distinct is how many different things were received: what came once more is not among them, unless
// it is pending.
func (a *Account) distinct() uint64 { return a.Received - a.Duplicate }

// Day is the account of one UTC day of receipt.
type Day struct {
	Day string `json:"day"` // 2006-01-02
	Account
}

// Source is the account of one source: of all days that were asked for, and of each.
type Source struct {
	Workspace string `json:"workspace"`
	Source    string `json:"source"`
	// LastReceived is when the newest record of these days was received.
	LastReceived time.Time `json:"last_received,omitzero"`
	Account
	Days []Day `json:"days"` // those on which there was something, the oldest first
}

// Report is the accounts of sources at one moment.
type Report struct {
	Sources []Source `json:"sources"` // by workspace and source
	// Counted: the log has a figure of received records of its own, independent of the rest.
	Counted bool `json:"counted"`
}

// Unbalanced names a source whose account does not add up; empty: all do.
func (r *Report) Unbalanced() string {
	for i := range r.Sources {
		s := &r.Sources[i]
		for j := range s.Days {
			if !s.Days[j].Balanced {
				return fmt.Sprintf("%s/%s on %s", s.Workspace, s.Source, s.Days[j].Day)
			}
		}
	}
	return ""
}

// Figure is what a source says it sent on a day.
type Figure struct {
	Count uint64    `json:"count"`
	Note  string    `json:"note,omitempty"` // what was counted, in the source's own words
	At    time.Time `json:"at,omitzero"`    // when it was said
}

// MaxNote is the longest note, in bytes.
const MaxNote = 256

// maxCount is the largest figure: what every reader of JSON holds exactly.
const maxCount = 1 << 53

// Validate reports every fault, each with its field.
func (f *Figure) Validate() error {
	var faults []error
	if f.Count > maxCount {
		faults = append(faults, fmt.Errorf("count: must be at most %d", uint64(maxCount)))
	}
	switch {
	case len(f.Note) > MaxNote:
		faults = append(faults, fmt.Errorf("note: is longer than %d bytes", MaxNote))
	case !utf8.ValidString(f.Note) || strings.ContainsFunc(f.Note, func(r rune) bool { return r < ' ' || r == 0x7f }):
		faults = append(faults, errors.New("note: must be one line of text"))
	}
	return errors.Join(faults...)
}

// Expected is what a source says it sent, beside what was received.
type Expected struct {
	Figure
	// Days is how many days the source spoke of.
	Days int `json:"days"`
	// Difference is how many more were received on these days than the source says, what came once more
	// left out: below 0 some are missing here, above 0 there are too many.
	Difference int64 `json:"difference"`
}

// against compares the figure with an account.
func (f Figure) against(a *Account) *Expected {
	return &Expected{Figure: f, Days: 1, Difference: int64(a.distinct()) - int64(f.Count)}
}

// sumExpected adds up what was said of days; nil: nothing was.
func sumExpected(days []Day) *Expected {
	var sum *Expected
	for i := range days {
		e := days[i].Expected
		if e == nil {
			continue
		}
		if sum == nil {
			sum = &Expected{Figure: Figure{Note: e.Note}}
		}
		if sum.Note != e.Note {
			sum.Note = ""
		}
		sum.Count += e.Count
		sum.Days++
		sum.Difference += e.Difference
		if e.At.After(sum.At) {
			sum.At = e.At
		}
	}
	return sum
}

// String says the difference in words.
func (e *Expected) String() string {
	switch d := e.Difference; {
	case d < 0:
		return fmt.Sprintf("%d missing here", -d)
	case d > 0:
		return fmt.Sprintf("%d too many here", d)
	default:
		return "the same"
	}
}
