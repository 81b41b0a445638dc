package analysis

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/identity"
	"tributary/profiles/define"
	"tributary/profiles/segment"
	"tributary/profiles/state"
)

var (
	// ErrNoSegment is returned for a segment that is not declared.
	ErrNoSegment = errors.New("analysis: no such segment")
	// ErrCursor is returned for a cursor of changes that is no more: the feed was made again, or what
	// followed it is not kept. Read the members, and go on from the end.
	ErrCursor = errors.New("analysis: no such place in the feed of changes")
)

// Service answers questions about definitions and what they come to. It is safe for concurrent use.
type Service struct {
	store *state.Store
	book  *define.Book
	rows  Rows
	now   func() time.Time
	// previews has room for the one that is being worked out.
	previews chan struct{}
}

// Rows knows which memberships of the state are not in the analytics store yet; outbox.Queue does.
type Rows interface {
	// SegmentsUnsent says whether any is not, and since when; the zero time: longer than is known.
	SegmentsUnsent() (since time.Time, waits bool)
}

// NewService returns a service over a state. rows may be nil: all are there.
func NewService(store *state.Store, book *define.Book, rows Rows, now func() time.Time) *Service {
	return &Service{store: store, book: book, rows: rows, now: now, previews: make(chan struct{}, 1)}
}

// Value is a computed trait of a person, as of the time of reading.
type Value struct {
	Name     string
	Value    json.RawMessage
	Exact    bool
	LeftOut  uint64
	Currency string
	Window   string
	Ready    bool      // false: its history is still being taken in
	Source   string    // "events", or of what was set by SQL "sql:NAME"
	SetAt    time.Time // when that was set
}

// Sheet is what definitions make of one person.
type Sheet struct {
	Computed []Value            // ascending by name
	Segments []state.Membership // as judged last, ascending
}

// Sheet computes that of a profile that consists of some observations.
func (s *Service) Sheet(workspace string, profile identity.ProfileID, members []identity.ObservationID) (sheet *Sheet, err error) {
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	progress, err := progressOf(view)
	if err != nil {
		return nil, err
	}
	person, err := progress.Evaluate(view, members, s.now())
	if err != nil {
		return nil, err
	}
	sheet = &Sheet{}
	for i, g := range progress.Generations {
		for _, r := range person.Results[i] {
			sheet.Computed = append(sheet.Computed, Value{
				Name: r.Name, Value: r.Value, Exact: r.Exact, LeftOut: r.LeftOut, Currency: r.Currency, Window: string(r.Window),
				Ready: g.History == nil, Source: "events",
			})
		}
	}
	for name, t := range person.Set {
		if len(t.Value) > 0 {
			sheet.Computed = append(sheet.Computed, Value{Name: name, Value: t.Value, Exact: true, Ready: true, Source: name, SetAt: t.At})
		}
	}
	slices.SortFunc(sheet.Computed, func(a, b Value) int { return strings.Compare(a.Name, b.Name) })
	standing, err := view.Standing(profile)
	sheet.Segments = standing.Memberships
	return sheet, err
}

func progressOf(view *state.Snapshot) (*Progress, error) {
	encoded, err := view.Analysis()
	if err != nil {
		return nil, err
	}
	return ReadProgress(encoded)
}

// Segment is a declared segment.
type Segment struct {
	Name        string `json:"name" policy:"meta"`
	Description string `json:"description,omitempty" policy:"meta"`
	Members     uint64 `json:"members" policy:"meta"`
	// Ready: everybody was judged by it, and all that it goes by has taken in its history.
	Ready bool `json:"ready" policy:"meta"`
}

// Segments lists the segments of a workspace in the order of its document.
func (s *Service) Segments(workspace string) (list []Segment, err error) {
	program, err := s.book.Program(workspace)
	if err != nil {
		return nil, err
	}
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	progress, err := progressOf(view)
	if err != nil {
		return nil, err
	}
	for i := range program.Definitions.Segments {
		d := &program.Definitions.Segments[i]
		one := Segment{Name: d.Name, Description: d.Description, Ready: progress.judged(program, i)}
		if one.Members, err = view.CountMembers(d.Name); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// Members lists up to limit profiles of a segment, ascending, those after the given one. Cursor is the place
// in the feed of changes that these members are of: what changes after it is told there.
func (s *Service) Members(workspace, name string, after identity.ProfileID, limit int) (members []state.SegmentMember, cursor string, err error) {
	if err := s.declared(workspace, name); err != nil {
		return nil, "", err
	}
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	end, err := view.FeedEnd()
	if err != nil {
		return nil, "", err
	}
	members, err = view.SegmentMembers(name, after, limit)
	if err == nil {
		err = s.store.Sync()
	}
	return members, cursorOf(end), err
}

// Changes lists up to limit changes of a segment behind a cursor, and the cursor behind them. The empty
// cursor is the beginning of what is kept. Each change is told once: what was told is durable before.
func (s *Service) Changes(workspace, name, cursor string, limit int) (changes []state.Change, next string, err error) {
	place, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	changes, end, err := view.SegmentChanges(name, place, limit)
	if errors.Is(err, state.ErrFeed) {
		return nil, "", ErrCursor
	}
	if err != nil {
		return nil, "", err
	}
	if len(changes) == 0 { // those of a segment that was removed are still told
		if err := s.declared(workspace, name); err != nil {
			return nil, "", err
		}
	}
	return changes, cursorOf(end), s.store.Sync()
}

func (s *Service) declared(workspace, name string) error {
	program, err := s.book.Program(workspace)
	if err != nil {
		return err
	}
	if !slices.Contains(program.Segments.Names(), name) {
		return fmt.Errorf("%w: %q", ErrNoSegment, name)
	}
	return nil
}

func cursorOf(p state.FeedPlace) string {
	if p == (state.FeedPlace{}) {
		return "0"
	}
	return strconv.FormatUint(p.Feed, 16) + "-" + strconv.FormatUint(p.Number, 10)
}

func parseCursor(cursor string) (p state.FeedPlace, err error) {
	if cursor == "" || cursor == "0" {
		return p, nil
	}
	feed, number, ok := strings.Cut(cursor, "-")
	p.Feed, err = strconv.ParseUint(feed, 16, 64)
	if err == nil {
		p.Number, err = strconv.ParseUint(number, 10, 64)
	}
	if !ok || err != nil || p.Feed == 0 {
		return state.FeedPlace{}, ErrCursor
	}
	return p, nil
}

// Document is a workspace's document of definitions, and how far the work is that it leads to.
type Document struct {
	Document string    `json:"document" policy:"meta"` // YAML or JSON, as it was written
	Since    time.Time `json:"since,omitzero" policy:"meta"`
	// AsOf is the workspace's clock, as of which segments are judged. Absent: nothing came in yet.
	AsOf time.Time `json:"as_of,omitzero" policy:"meta"`
	// Judging: everybody is being judged by it.
	Judging bool      `json:"judging" policy:"meta"`
	Pending []Pending `json:"pending" policy:"-"`
	// Segments are those that it declares, with how many are in each; none where the document was not put in force.
	Segments []Segment `json:"segments" policy:"-"`
}

// Pending is a computed trait whose history is still being taken in.
type Pending struct {
	Computed string  `json:"computed" policy:"meta"`
	Done     float64 `json:"done" policy:"meta"` // share, 0 to 1
}

// Definitions returns the document of a workspace.
func (s *Service) Definitions(workspace string) (d *Document, err error) {
	text, err := s.store.Definitions(workspace)
	if err != nil {
		return nil, err
	}
	d = &Document{Document: string(text), Pending: []Pending{}, Segments: []Segment{}}
	if d.Since, err = s.store.DefinitionsSince(workspace); err != nil {
		return nil, err
	}
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	progress, err := progressOf(view)
	if err != nil {
		return nil, err
	}
	if d.AsOf, err = view.Clock(); err != nil {
		return nil, err
	}
	d.Judging = progress.Everybody != nil
	for _, g := range progress.Generations {
		for i := range g.Definitions {
			if h := g.History; h != nil {
				d.Pending = append(d.Pending, Pending{g.Definitions[i].Name, float64(h.Done) / float64(max(h.Total, 1))})
			}
		}
	}
	list, err := s.Segments(workspace)
	d.Segments = append(d.Segments, list...)
	return d, err
}

// SetName says which trait a configured SQL trait is.
func SetName(name string) string { return segment.SQLPrefix + name }
