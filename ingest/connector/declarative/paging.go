package declarative

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tributary/ingest/connector/mapping"
)

// pager finds a stream's pages.
type pager struct {
	stream  *Stream
	from    *mapping.Expr // the next page's token or address
	more    *mapping.Expr
	changed *mapping.Expr // when a record changed
}

func (p *pager) needsBody() bool { return p.from != nil || p.more != nil }

// move goes on to the page after one of so many records, and says whether there is one.
func (p *pager) move(ctx context.Context, at *place, records int, vars *mapping.Vars, link []string) (more bool, err error) {
	first := at.Count == 0
	if more, err = p.next(ctx, at, records, vars, link); err != nil {
		return false, err
	}
	if more && p.more != nil {
		said, err := p.more.First(mapping.Bounded(ctx, 1), vars.Body, vars.List())
		if err != nil {
			return false, fmt.Errorf("paging.more: %w", err)
		}
		more = said != nil && said != false
	}
	switch s := p.stream.Since; {
	case !more:
		at.Token, at.Count, at.Restarted = "", 0, false
		at.reach()
	case first && at.Count > 0 && s != nil && s.Ordered && s.Param != "" && at.High.After(at.Since):
		// Pages that are counted from here on do not move when the list loses what lay before.
		at.Count = 0
		at.reach()
	}
	at.trim(p.stream.Since)
	return more, nil
}

func (p *pager) next(ctx context.Context, at *place, records int, vars *mapping.Vars, link []string) (bool, error) {
	switch y := &p.stream.Paging; {
	case y.Link:
		at.Token = nextLink(link)
		return at.Token != "", nil
	case p.from != nil:
		v, err := p.from.First(mapping.Bounded(ctx, 1), vars.Body, vars.List())
		if err != nil {
			return false, fmt.Errorf("paging: %w", err)
		}
		token, err := mapping.Text(v)
		if err != nil {
			return false, fmt.Errorf("paging: the next page's place %w", err)
		}
		if token != "" && token == at.Token {
			return false, fmt.Errorf("paging: the answer leads to itself")
		}
		at.Token = token
		return token != "", nil
	case y.Page != nil:
		at.Count++
		return records > 0, nil
	case y.Offset != nil:
		at.Count += records
		return records > 0, nil
	}
	return false, nil
}

// reach moves Since to the latest change that was met.
func (at *place) reach() {
	if at.High.After(at.Since) {
		at.Since = at.High
	}
}

// trim forgets what the overlap does not bring again, and of much the oldest.
func (at *place) trim(s *Since) {
	if s == nil {
		return
	}
	from := at.Since.Add(-s.Overlap).UnixMilli()
	at.Seen = slices.DeleteFunc(at.Seen, func(one seen) bool { return one.At < from })
	slices.SortStableFunc(at.Seen, func(a, b seen) int { return cmp.Compare(a.At, b.At) })
	at.Seen = at.Seen[max(0, len(at.Seen)-maxSeen):]
}
