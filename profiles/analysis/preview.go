package analysis

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/computed"
	"tributary/profiles/consent"
	"tributary/profiles/define"
	"tributary/profiles/segment"
	"tributary/profiles/state"
)

// Preview says who would be in the segments of a document that is not in force. It is worked out of the hot state,
// in the way in which unify judges; nothing is kept.
type Preview struct {
	// AsOf is the workspace's clock, as of which everybody was judged. Absent: there is none yet.
	AsOf time.Time `json:"as_of,omitzero" policy:"meta"`
	// Judged is how many profiles were looked at, and Share which part of all they are, 0 to 1. Profiles are gone through in
	// the order of their ids, which are hashes: those that there was time for are a sample by chance.
	Judged uint64  `json:"judged" policy:"meta"`
	Share  float64 `json:"share" policy:"meta"`
	// Segments are those of the document, in its order.
	Segments []Foreseen `json:"segments" policy:"-"`
}

// Foreseen is what would become of one segment.
type Foreseen struct {
	Segment string `json:"segment" policy:"segment"`
	// Waits are computed traits that it goes by and that are new, or being counted: nobody has their values yet.
	Waits []string `json:"waits" policy:"segment"`
	// Figures are of those who were judged. Absent: it waits.
	Figures *Figures `json:"figures,omitempty" policy:"-"`
}

// Figures count the profiles of a segment, and those of them that are in it now or are not.
type Figures struct {
	Members  uint64 `json:"members" policy:"segment"`
	Entering uint64 `json:"entering" policy:"segment"`
	Leaving  uint64 `json:"leaving" policy:"segment"`
}

// MaxExamples is how many profiles of a segment a preview names.
const MaxExamples = 5

const (
	previewTime  = 5 * time.Second
	previewChunk = 256 // observations between two looks at the time
)

// Preview works out who would be in the segments of a document, for five seconds at most, and up to MaxExamples
// profiles of the named segment. It fails with event.Errors, each fault with its path, with ErrNoSegment, or with ctx's error: one is
// worked out at a time.
func (s *Service) Preview(ctx context.Context, workspace string, document []byte, name string) (p *Preview, examples []identity.ProfileID, err error) {
	program, err := s.book.Draft(document)
	if err != nil {
		return nil, nil, err
	}
	named := slices.Index(program.Segments.Names(), name)
	if named < 0 {
		return nil, nil, ErrNoSegment
	}
	select {
	case s.previews <- struct{}{}:
		defer func() { <-s.previews }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	j, err := newJudge(view, program)
	if err != nil {
		return nil, nil, err
	}
	j.named = named
	if err := j.everybody(ctx, s.now, s.now().Add(previewTime)); err != nil {
		return nil, nil, err
	}
	return &j.preview, j.examples, nil
}

// judge judges profiles by a document that is not in force.
type judge struct {
	view     *state.Snapshot
	program  *define.Program
	asked    *Progress // of the computed traits that segments go by
	now      time.Time // the workspace's clock
	named    int       // whose examples are wanted
	preview  Preview
	examples []identity.ProfileID
	values   computed.Values
	in       []bool
}

func newJudge(view *state.Snapshot, program *define.Program) (*judge, error) {
	progress, err := progressOf(view)
	if err != nil {
		return nil, err
	}
	// What the document has and nobody has declared before would have all history before it.
	if _, err := progress.Adopt(&program.Definitions, map[stream.Partition]uint64{0: 1}); err != nil {
		return nil, err
	}
	j := &judge{view: view, program: program, preview: Preview{Segments: []Foreseen{}}}
	if j.now, err = view.Clock(); err != nil {
		return nil, err
	}
	j.preview.AsOf = j.now
	var goesBy []string
	for i, name := range program.Segments.Names() {
		foreseen := Foreseen{Segment: name, Waits: []string{}}
		for _, trait := range program.Segments.Computed(i) {
			if !progress.Ready(trait) {
				foreseen.Waits = append(foreseen.Waits, trait)
			}
		}
		if len(foreseen.Waits) == 0 {
			foreseen.Figures = &Figures{}
			goesBy = append(goesBy, program.Segments.Computed(i)...)
		}
		j.preview.Segments = append(j.preview.Segments, foreseen)
	}
	j.asked = progress.Only(goesBy)
	return j, nil
}

// everybody judges all profiles, or those that there is time for.
func (j *judge) everybody(ctx context.Context, clock func() time.Time, until time.Time) error {
	var last identity.ObservationID
	for {
		ids, err := j.view.ObservationsFrom(last, previewChunk)
		if err != nil {
			return err
		}
		for _, id := range ids {
			last = id
			if err := j.one(id); err != nil {
				return err
			}
		}
		switch {
		case len(ids) < previewChunk:
			j.preview.Share = 1
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !clock().Before(until):
			j.preview.Share = float64(binary.BigEndian.Uint64(last[:8])) / math.MaxUint64
			return nil
		}
	}
}

// one judges the profile that an observation founded, if it founded one.
func (j *judge) one(id identity.ObservationID) error {
	founder, known, err := j.view.Assignment(id)
	if err != nil || !known || founder.Profile != id {
		return err
	}
	was, err := j.view.Standing(id)
	if err != nil {
		return err
	}
	if err := j.evaluate(id, founder); err != nil {
		return err
	}
	j.preview.Judged++
	for i := range j.preview.Segments {
		f := &j.preview.Segments[i]
		if f.Figures == nil {
			continue
		}
		had := slices.ContainsFunc(was.Memberships, func(m state.Membership) bool { return m.Segment == f.Segment })
		f.Figures.count(had, j.in[i])
		if i == j.named && j.in[i] && len(j.examples) < MaxExamples {
			j.examples = append(j.examples, id)
		}
	}
	return nil
}

func (f *Figures) count(had, has bool) {
	if has {
		f.Members++
	}
	if has && !had {
		f.Entering++
	}
	if had && !has {
		f.Leaving++
	}
}

// evaluate says in j.in which segments a profile is in.
func (j *judge) evaluate(id identity.ProfileID, founder identity.Assignment) error {
	ids, err := j.view.Members(id)
	if err != nil {
		return err
	}
	facts := segment.Facts{Outside: len(ids) == 0 || founder.Standing == identity.StandingUnassigned || j.view.Restricted(ids...)}
	if !facts.Outside {
		if err := j.read(&facts, id, ids); err != nil {
			return err
		}
	}
	j.in = j.program.Segments.Evaluate(&facts, j.in)
	return nil
}

// read reads what segments ask of a profile that consists of some observations.
func (j *judge) read(facts *segment.Facts, id identity.ProfileID, ids []identity.ObservationID) error {
	members := make([]profiles.Member, len(ids))
	for i, id := range ids {
		var errs [3]error
		members[i].Assignment, _, errs[0] = j.view.Assignment(id)
		members[i].Observation, errs[1] = j.view.Observation(id)
		members[i].State, errs[2] = j.view.State(id)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
	}
	p := profiles.Fold(id, members, j.program.Survivorship)
	person, err := j.asked.EvaluateWith(&j.values, j.view, ids, j.now)
	if err != nil {
		return err
	}
	facts.Profile = &p
	facts.Computed = func(name string) json.RawMessage { return person.Value(name) }
	if !j.program.Segments.Consents() || !j.view.HasConsent() {
		return nil
	}
	registers, err := profiles.ConsentOf(j.view, ids)
	if err != nil {
		return err
	}
	projection := consent.Project(registers, j.now)
	facts.Allowed = func(channel, purpose string) bool { return projection.Allows(event.Channel(channel), purpose) }
	return nil
}
