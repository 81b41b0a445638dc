package steward

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/sql/store"
)

// Place is one in the order of questions: the likeliest first. The zero value is before all.
type Place struct {
	Bits              float32
	Observation, Peer uuid.UUID
}

// Params are those of identity/reviews.sql.
func (p Place) Params(workspace string, limit int) store.Params {
	bits := p.Bits
	if p == (Place{}) {
		bits = math.MaxFloat32
	}
	return store.Params{
		"workspace": workspace, "limit": limit,
		"after_bits": bits, "after_observation": p.Observation, "after_peer": p.Peer,
	}
}

// Question is a pair of which a person should say whether they are one, with what speaks for it and against. It is
// written as JSON as it stands.
type Question struct {
	explain.Pair
	// Reason is why the score alone does not merge them, Bits that at which it was asked, and AskedAt when.
	Reason  string    `json:"reason" policy:"provenance"`
	Bits    float32   `json:"bits" policy:"provenance"`
	AskedAt time.Time `json:"asked_at" policy:"meta"`
}

// Questions is a page of the queue.
type Questions struct {
	IdentityVersion uint64 `json:"identity_version" policy:"meta"`
	Model           uint32 `json:"model" policy:"meta"`
	explain.Pending
	Questions []Question `json:"questions" policy:"-"`
	// Open is about how many there are in all: as the analytics store had them, which may be seconds behind.
	Open uint64 `json:"open" policy:"meta"`
	// Next asks for the next page; absent: there is none.
	Next      string   `json:"next_cursor,omitempty" policy:"meta"`
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// The bounds of a page of the queue: each question is explained anew.
const (
	DefaultQuestions = 20
	MaxQuestions     = 100
)

// Questions lists pairs of which a person should decide, the likeliest first. What the analytics store has of them may be
// old: what was decided, or became one, or would not be asked any more, is left out by the hot state.
func (d *Desk) Questions(ctx context.Context, workspace, cursor string, limit int) (*Questions, error) {
	after, err := parsePlace(cursor)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = DefaultQuestions
	}
	page := &Questions{Questions: []Question{}, Untrusted: untrustedInQuestions}
	for first := true; ; first = false {
		rows, err := d.Asked(ctx, workspace, after, limit+1)
		if err != nil {
			return nil, fmt.Errorf("read the questions: %w", err)
		}
		if first && len(rows) > 0 {
			page.Open = rows[0].Open
		}
		more := len(rows) > limit
		rows = rows[:min(len(rows), limit)]
		if err := d.ask(ctx, workspace, rows, page); err != nil {
			return nil, err
		}
		for _, row := range rows {
			after = Place{row.Bits, row.Observation, row.Peer}
		}
		if !more {
			return page, nil
		}
		if len(page.Questions) > 0 { // else all of it was old: the next is looked at
			page.Next = after.String()
			return page, nil
		}
	}
}

var untrustedInQuestions = []string{
	"questions[].with.apart.shared", "questions[].with.apart.rule", "questions[].with.apart.refused", "questions[].with.apart.weighing.fields[].field",
}

// ask adds to a page the rows that are still questions.
func (d *Desk) ask(ctx context.Context, workspace string, rows []store.ReviewRow, page *Questions) error {
	ends := make([][2]identity.ObservationID, len(rows))
	for i, row := range rows {
		ends[i] = [2]identity.ObservationID{row.Observation, row.Peer}
	}
	now, err := d.Explain.Pairs(ctx, workspace, ends)
	if err != nil {
		return fmt.Errorf("explain the questions: %w", err)
	}
	page.IdentityVersion, page.Model, page.Pending = now.IdentityVersion, now.Model, now.Pending
	at := 0
	for _, pair := range now.Pairs { // in the order of the rows, some of which are left out
		for rows[at].Observation != pair.A || rows[at].Peer != pair.B {
			at++
		}
		if pair.Asked() {
			row := &rows[at]
			page.Questions = append(page.Questions, Question{Pair: pair, Reason: row.Reason, Bits: row.Bits, AskedAt: row.AskedAt.UTC()})
		}
	}
	return nil
}

func (p Place) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%08x.%s.%s", math.Float32bits(p.Bits), p.Observation, p.Peer))
}

func parsePlace(text string) (p Place, err error) {
	if text == "" {
		return p, nil
	}
	const form = len("00000000.") + 2*len("00000000-0000-0000-0000-000000000000") + 1
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(plain) != form {
		return p, ErrCursor
	}
	var bits uint32
	_, err = fmt.Sscanf(string(plain[:8]), "%x", &bits)
	if p.Bits = math.Float32frombits(bits); err == nil {
		p.Observation, err = uuid.ParseBytes(plain[9:45])
	}
	if err == nil {
		p.Peer, err = uuid.ParseBytes(plain[46:])
	}
	if err != nil || math.IsNaN(float64(p.Bits)) {
		return Place{}, ErrCursor
	}
	return p, nil
}

// Rows are the first questions without what speaks for and against them.
func (d *Desk) Rows(ctx context.Context, workspace string, limit int) ([]store.ReviewRow, error) {
	page, err := d.Questions(ctx, workspace, "", limit)
	if err != nil {
		return nil, err
	}
	rows := make([]store.ReviewRow, len(page.Questions))
	for i := range page.Questions {
		q := &page.Questions[i]
		rows[i] = store.ReviewRow{
			Observation: q.A, Peer: q.B, Profile: q.Profile, Other: q.With.Profile, Reason: q.Reason, Bits: q.Bits, AskedAt: q.AskedAt, Open: page.Open,
		}
	}
	return rows, nil
}

// Pair explains one pair. It fails with ErrNoPair.
func (d *Desk) Pair(ctx context.Context, workspace string, a, b identity.ObservationID) (*explain.Pairs, error) {
	pairs, err := d.Explain.Pairs(ctx, workspace, [][2]identity.ObservationID{{a, b}})
	if err != nil {
		return nil, fmt.Errorf("explain a pair: %w", err)
	}
	if len(pairs.Pairs) == 0 {
		return nil, ErrNoPair
	}
	return pairs, nil
}
