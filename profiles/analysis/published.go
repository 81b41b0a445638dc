package analysis

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/profiles/define"
)

// Published says how new the members of a segment are that the analytics store has (profile_segments).
type Published struct {
	// AsOf is the time up to which all that was judged is there. Absent: the server was started with rows that were
	// not there yet, and they are not.
	AsOf time.Time `json:"as_of,omitzero" policy:"meta"`
	// Behind: the state has found out more than is there.
	Behind bool `json:"behind" policy:"meta"`
	// Ready: everybody was judged by the segment as it is declared now, and all that it goes by has taken in its history.
	Ready bool `json:"ready" policy:"meta"`
}

// Published says how new the members of a segment are that a query of the analytics store will find when it is begun
// afterwards. It fails with ErrNoSegment.
func (s *Service) Published(workspace, name string) (p Published, err error) {
	program, err := s.book.Program(workspace)
	if err != nil {
		return p, err
	}
	i := slices.Index(program.Segments.Names(), name)
	if i < 0 {
		return p, fmt.Errorf("%w: %q", ErrNoSegment, name)
	}
	p.AsOf = s.now().UTC().Truncate(time.Millisecond)
	view, err := s.store.View(workspace)
	if err != nil {
		return p, err
	}
	progress, err := progressOf(view)
	if err = errors.Join(err, view.Close()); err != nil {
		return p, err
	}
	p.Ready = progress.judged(program, i)
	if s.rows != nil {
		if since, waits := s.rows.SegmentsUnsent(); waits {
			p.AsOf, p.Behind = since.UTC().Truncate(time.Millisecond), true
		}
	}
	if !progress.published() {
		p.AsOf, p.Behind = time.Time{}, true
	}
	return p, nil
}

// judged says whether everybody was judged by the program's i-th segment, and all that it goes by has taken in its history.
func (p *Progress) judged(program *define.Program, i int) bool {
	return p.Everybody == nil && !slices.ContainsFunc(program.Segments.Computed(i), func(name string) bool { return !p.Ready(name) })
}

// published says whether all memberships that there are were given to the outbox.
func (p *Progress) published() bool {
	return p.Listed && (p.Everybody == nil || !p.Everybody.List)
}
