package steward

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Decision is what people said, as far as it is their last word: of a pair of which something else was said since, the
// later decision tells. It is written as JSON as it stands.
type Decision struct {
	ID   uuid.UUID          `json:"id" policy:"meta"`
	Kind unify.DecisionKind `json:"kind" policy:"meta"`
	// Undoes is the decision that it takes back.
	Undoes *uuid.UUID `json:"undoes,omitempty" policy:"meta"`
	By     string     `json:"by,omitempty" policy:"provenance"`
	Note   string     `json:"note,omitempty" policy:"provenance"`
	At     time.Time  `json:"at" policy:"meta"`
	// Bits is the score that the pair had when it was decided, by Model; absent: it had none.
	Bits     *float64  `json:"bits,omitempty" policy:"provenance"`
	Model    uint32    `json:"model,omitempty" policy:"meta"`
	Verdicts []Verdict `json:"verdicts" policy:"-"`
	// Blocked is the identifier that a block is of.
	Blocked *explain.Identifier `json:"blocked,omitempty" policy:"-"`
	// Profiles are those that the observations of the verdicts are of now, each once; at most twenty.
	Profiles []identity.ProfileID `json:"profiles" policy:"meta"`
}

// Decisions is a page of decisions, the newest first.
type Decisions struct {
	IdentityVersion uint64     `json:"identity_version" policy:"meta"`
	Decisions       []Decision `json:"decisions" policy:"-"`
	// Next asks for the next older page; absent: there is none.
	Next      string   `json:"next_cursor,omitempty" policy:"meta"`
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// The bounds of a page of decisions.
const (
	DefaultDecisions = 50
	MaxDecisions     = 500
)

// List asks for decisions.
type List struct {
	// Of is a profile whose observations and identifiers the decisions are about; nil: all of the workspace.
	Of     identity.ProfileID
	Cursor string
	Limit  int // default DefaultDecisions
}

// Decisions lists what people decided. What concerns somebody whose use is restricted is left out.
func (d *Desk) Decisions(ctx context.Context, workspace string, l List) (*Decisions, error) {
	after, err := parseAt(l.Cursor)
	if err != nil {
		return nil, err
	}
	if l.Limit == 0 {
		l.Limit = DefaultDecisions
	}
	page := &Decisions{Decisions: []Decision{}, Untrusted: []string{"decisions[].by", "decisions[].note", "decisions[].blocked"}}
	err = d.look(workspace, func(view *state.Snapshot) error {
		if page.IdentityVersion, err = view.IdentityVersion(); err != nil {
			return err
		}
		all, err := allDecisions(view)
		if err != nil {
			return err
		}
		concerns, err := concerning(view, l.Of)
		if err != nil {
			return err
		}
		for i := range all {
			one := &all[i]
			if !after.before(one) || !concerns(one) {
				continue
			}
			shown, err := one.place(ctx, view)
			if err != nil {
				return err
			}
			if !shown {
				continue
			}
			if len(page.Decisions) == l.Limit {
				page.Next = atOf(&page.Decisions[l.Limit-1]).String()
				return nil
			}
			page.Decisions = append(page.Decisions, *one)
		}
		return nil
	})
	return page, err
}

// Decision returns one by its id. It fails with ErrNoDecision where that is nobody's last word on anything.
func (d *Desk) Decision(ctx context.Context, workspace string, id uuid.UUID) (found *Decision, err error) {
	err = d.look(workspace, func(view *state.Snapshot) error {
		all, err := allDecisions(view)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(one Decision) bool { return one.ID == id })
		if at < 0 {
			return ErrNoDecision
		}
		found = &all[at]
		shown, err := found.place(ctx, view)
		if err == nil && !shown {
			err = privacy.ErrRestricted
		}
		return err
	})
	return found, err
}

// allDecisions are those of a workspace, the newest first.
func allDecisions(view *state.Snapshot) ([]Decision, error) {
	at := map[uuid.UUID]int{}
	var all []Decision
	of := func(messageID string, fresh Decision) *Decision {
		id := decisionOf(messageID)
		if n, seen := at[id]; seen {
			if all[n].Bits == nil { // one of its pairs alone has a score
				all[n].Bits, all[n].Model = fresh.Bits, fresh.Model
			}
			return &all[n]
		}
		fresh.ID, at[id] = id, len(all)
		all = append(all, fresh)
		return &all[len(all)-1]
	}
	err := view.EachDecision(func(d *state.Decision) error {
		part, err := unify.PartOf(d)
		if err != nil {
			return err
		}
		one := of(d.MessageID, newDecision(part, kindOf(d.Verdict), d.Actor, d.Note, d.At))
		was := part.Was
		if was == "" {
			was = unify.LinkRemove
		}
		one.Verdicts = append(one.Verdicts, Verdict{d.A, d.B, wordOf(d.Verdict), was})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = view.EachBlock(func(id identity.Identifier, b *state.Block) error {
		part, err := unify.PartOfBlock(b)
		if err == nil {
			blocked := explain.Identifier(id)
			of(b.MessageID, newDecision(part, unify.DecisionBlock, b.Actor, b.Note, b.At)).Blocked = &blocked
		}
		return err
	})
	slices.SortFunc(all, func(a, b Decision) int { return atOf(&b).compare(atOf(&a)) })
	return all, err
}

// decisionOf is the decision that a command is of. Programs of before named commands otherwise; each of these is one.
func decisionOf(messageID string) uuid.UUID {
	id, ok := unify.DecisionOf(messageID)
	if !ok {
		id = uuid.NewSHA1(uuid.Nil, []byte(messageID))
	}
	return id
}

func newDecision(part unify.Part, otherwise unify.DecisionKind, by, note string, at time.Time) Decision {
	d := Decision{Kind: part.Kind, By: by, Note: note, At: at, Verdicts: []Verdict{}, Profiles: []identity.ProfileID{}}
	if d.Kind == "" {
		d.Kind = otherwise
	}
	if part.Undoes != uuid.Nil {
		d.Undoes = &part.Undoes
	}
	if part.Scored {
		d.Bits, d.Model = &part.Bits, part.Model
	}
	return d
}

// kindOf is the kind of a verdict that says nothing of its decision: one of the command line's.
func kindOf(v identity.Verdict) unify.DecisionKind {
	switch v {
	case identity.MustMerge:
		return unify.DecisionMerge
	case identity.NeverMerge:
		return unify.DecisionNeverMerge
	}
	return unify.DecisionUndo
}

// maxProfiles bounds Decision.Profiles.
const maxProfiles = 20

// place fills in whose the observations are now; false: use of one of them is restricted.
func (one *Decision) place(ctx context.Context, view *state.Snapshot) (bool, error) {
	for _, v := range one.Verdicts {
		for _, id := range []identity.ObservationID{v.A, v.B} {
			a, known, err := view.Assignment(id)
			if err != nil {
				return false, err
			}
			if !known { // a person may speak of who is not there yet
				continue
			}
			restricted, err := explain.Restricted(ctx, view, a.Profile)
			if restricted || err != nil {
				return false, err
			}
			if len(one.Profiles) < maxProfiles && !slices.Contains(one.Profiles, a.Profile) {
				one.Profiles = append(one.Profiles, a.Profile)
			}
		}
	}
	return true, nil
}

// concerning says which decisions are about a profile; without one: all.
func concerning(view *state.Snapshot, of identity.ProfileID) (func(*Decision) bool, error) {
	if of == uuid.Nil {
		return func(*Decision) bool { return true }, nil
	}
	members, err := view.Members(of)
	if err != nil {
		return nil, err
	}
	members = append(slices.Clone(members), of)
	held := map[identity.Identifier]bool{}
	for _, id := range members {
		o, err := view.Observation(id)
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		for _, i := range o.Identifiers {
			held[i] = true
		}
	}
	return func(d *Decision) bool {
		return d.Blocked != nil && held[identity.Identifier(*d.Blocked)] || slices.ContainsFunc(d.Verdicts, func(v Verdict) bool {
			return slices.Contains(members, v.A) || slices.Contains(members, v.B)
		})
	}, nil
}

// at is a place in the list of decisions.
type at struct {
	ms int64
	id uuid.UUID
}

func atOf(d *Decision) at { return at{d.At.UnixMilli(), d.ID} }

func (a at) compare(b at) int {
	return cmp.Or(cmp.Compare(a.ms, b.ms), slices.Compare(a.id[:], b.id[:]))
}

// before says whether a decision comes after this place, in a list that has the newest first.
func (a at) before(d *Decision) bool { return a == (at{}) || atOf(d).compare(a) < 0 }

func (a at) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", a.ms, a.id))
}

func parseAt(text string) (a at, err error) {
	if text == "" {
		return a, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	var id string
	if err == nil {
		_, err = fmt.Sscanf(string(plain), "%d.%s", &a.ms, &id)
	}
	if err == nil {
		a.id, err = uuid.Parse(id)
	}
	if err != nil {
		return a, ErrCursor
	}
	return a, nil
}
