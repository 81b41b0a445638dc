package api

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/handoff"
	"tributary/profiles/state"
)

// What is done with a hand-off. Who holds it follows from the events in the order of their received times. Of one
// server each step is looked at, stamped later than all before it, written and applied under a lock, so that what was
// answered stays true; of several servers the state decides, and who lost hears so with the next request.

// handoffLocks are locks by hand-off.
type handoffLocks [64]sync.Mutex

func (l *handoffLocks) of(id uuid.UUID) *sync.Mutex { return &l[int(id[15])%len(l)] }

type (
	leaseBody struct {
		Actor  *actorBody `json:"actor,omitempty"`
		LeaseS *int       `json:"lease_s,omitempty"` // seconds
	}
	releaseBody struct {
		Actor *actorBody `json:"actor,omitempty"`
	}
	returnBody struct {
		Actor    *actorBody `json:"actor,omitempty"`
		Summary  string     `json:"summary"`
		Resolved bool       `json:"resolved"`
		Next     string     `json:"next,omitempty"`
	}
	readBody struct {
		Actor *actorBody `json:"actor,omitempty"`
		Parts []string   `json:"parts"`
	}
)

// stepping is one step that a request asks for.
type stepping struct {
	body any
	on   *actorBody
	step handoff.Step
	text string
	// holder: only who holds it may. after says whether the step came to what was asked for.
	holder bool
	after  func(r *handoff.Record, by handoff.Party) bool
}

func isHolder(r *handoff.Record, by handoff.Party) bool {
	return r.Lease != nil && r.Lease.Holder.Same(by)
}

func (a *API) leased(name string, holder bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body leaseBody
		err := decode(c, &body)
		seconds := int(handoff.DefaultLease.Seconds())
		if body.LeaseS != nil {
			seconds = *body.LeaseS
		}
		if most := int(handoff.MaxLease.Seconds()); err == nil && (seconds < 1 || seconds > most) {
			err = problem.Field("lease_s", fmt.Sprintf("must be a number of seconds from 1 to %d", most))
		}
		a.take(c, err, &stepping{
			body: &body, on: body.Actor, step: handoff.Step{Name: name, LeaseS: seconds}, holder: holder, after: isHolder,
		})
	}
}

func (a *API) releaseHandoff(c *gin.Context) {
	var body releaseBody
	err := decode(c, &body)
	a.take(c, err, &stepping{
		body: &body, on: body.Actor, step: handoff.Step{Name: event.NameHandoffReleased}, holder: true,
		after: func(r *handoff.Record, _ handoff.Party) bool { return r.Status == handoff.StatusReleased },
	})
}

func (a *API) returnHandoff(c *gin.Context) {
	var body returnBody
	err := decode(c, &body)
	if err == nil {
		err = body.validate()
	}
	text := body.Summary
	if body.Next != "" {
		text += "\n" + body.Next
	}
	a.take(c, err, &stepping{
		body: &body, on: body.Actor, text: text,
		step: handoff.Step{Name: event.NameHandoffReturned, Summary: body.Summary, Resolved: body.Resolved, Next: body.Next},
		after: func(r *handoff.Record, by handoff.Party) bool {
			n := len(r.Returns)
			return n > 0 && r.Returns[n-1].By.Same(by)
		},
	})
}

func (b *returnBody) validate() error {
	d := problem.New(problem.Invalid, "")
	if b.Summary == "" {
		d.Errors = append(d.Errors, problem.FieldError{Field: "summary", Reason: "is required: what was done, for who is next"})
	}
	for _, f := range []struct{ name, text string }{{"summary", b.Summary}, {"next", b.Next}} {
		if utf8.RuneCountInString(f.text) > handoff.MaxText {
			d.Errors = append(d.Errors, problem.FieldError{Field: f.name, Reason: fmt.Sprintf("must have at most %d characters", handoff.MaxText)})
		}
	}
	if len(d.Errors) > 0 {
		return d
	}
	return nil
}

func (a *API) readHandoff(c *gin.Context) {
	var body readBody
	err := decode(c, &body)
	parts := slices.Compact(slices.Sorted(slices.Values(body.Parts)))
	if err == nil && (len(parts) == 0 || slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(handoff.Parts(), p) })) {
		err = problem.Field("parts", "must name some of "+strings.Join(handoff.Parts(), ", "))
	}
	a.take(c, err, &stepping{body: &body, on: body.Actor, step: handoff.Step{Name: event.NameHandoffRead, Parts: parts}})
}

// take has a step done, and answers with the hand-off as it stands then.
func (a *API) take(c *gin.Context, err error, s *stepping) {
	if err == nil {
		err = newQuery(c).err()
	}
	var w *writing
	if err == nil {
		w, err = a.beginWrite(c, s.body, s.on)
	}
	var h *state.Handoff
	var found *profiles.Answer
	if err == nil {
		h, found, err = a.findHandoff(c)
	}
	if err == nil {
		lock := a.handoffLocks.of(h.Key.ID)
		lock.Lock()
		h, err = a.stepLocked(c, w, h.Key.ID, s)
		lock.Unlock()
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerHandoff(c, http.StatusOK, h, found, nil)
}

// stepLocked does a step, unless it is done already, and says what it came to.
func (a *API) stepLocked(c *gin.Context, w *writing, id uuid.UUID, s *stepping) (*state.Handoff, error) {
	h, err := a.handoff(c, id)
	if err != nil {
		return nil, err
	}
	by := handoff.PartyOf(w.written.Actor)
	if !w.Done {
		r := a.standing(h)
		if err := s.allowed(h, r, by); err != nil {
			return nil, err
		}
		s.step.Handoff, s.step.OfferedAt, w.behind = h.Key.ID, r.CreatedAt, h.History.Last().At
		if err := a.writeStep(c, w, &s.step, r, s.text); err != nil {
			return nil, err
		}
		if h, err = a.handoff(c, id); err != nil {
			return nil, err
		}
	}
	if s.after == nil {
		return h, nil
	}
	if r := h.History.After(w.ID.String()); r == nil || !s.after(r, by) {
		return nil, taken(h, a.standing(h), by)
	}
	return h, nil
}

// allowed says why a step cannot be done as the hand-off stands; nil: it can.
func (s *stepping) allowed(h *state.Handoff, r *handoff.Record, by handoff.Party) error {
	if s.step.Name == event.NameHandoffRead {
		if h.History.ReadsFull() {
			return problem.New(problem.Conflict, "the hand-off keeps no more reads")
		}
		return nil
	}
	held := r.Lease != nil
	switch {
	case r.Status.Over():
		return problem.New(problem.HandoffOver, "")
	case s.step.Name == event.NameHandoffReturned && r.Status == handoff.StatusExpired:
		return nil // of who held it last, which the step itself decides
	case held && !isHolder(r, by), !held && (s.holder || s.step.Name == event.NameHandoffReturned):
		return taken(h, r, by)
	case !r.To.Admits(by):
		return problem.New(problem.Forbidden, "the hand-off is for another kind of agent, or for another one by name")
	case h.History.Full() && s.step.Name != event.NameHandoffReturned:
		return problem.New(problem.Conflict, "the hand-off keeps no more steps: return it, and offer another")
	}
	return nil
}

// taken is the problem of a hand-off that somebody else holds, or that one does not hold oneself: it says why.
func taken(h *state.Handoff, r *handoff.Record, by handoff.Party) *problem.Document {
	why := "you have not accepted it"
	if until := h.History.HeldUntil(by); !until.IsZero() {
		why = "your lease ended at " + until.Format(time.RFC3339)
	}
	if r.Lease == nil {
		return problem.New(problem.HandoffTaken, why+": accept it first")
	}
	d := problem.New(problem.HandoffTaken, why+", and somebody else holds it: add a note for them, or try again after their lease")
	d.Holder, d.Until = r.Lease.Holder, &r.Lease.Until
	return d
}

// noteHolder puts on record what the holder of a hand-off sees of it, the first time. actor is on whose behalf the
// request says it reads.
func (a *API) noteHolder(c *gin.Context, h *state.Handoff, found *profiles.Answer, actor string) (*state.Handoff, error) {
	r, x := a.standing(h), readingOf(c)
	if r.Lease == nil || r.Lease.Holder.Actor != x.key.Payer() || actor != "" && actor != r.Lease.Holder.ID || h.History.ReadsFull() {
		return h, nil
	}
	holder := r.Lease.Holder
	parts, err := a.shownParts(c, h, found)
	if err != nil {
		return nil, err
	}
	read := r.HasRead(holder)
	parts = slices.DeleteFunc(parts, func(p string) bool { return read[p] })
	if len(parts) == 0 {
		return h, nil
	}
	w, err := a.holderWrite(x.key, h, holder, parts...)
	if err != nil {
		return nil, err
	}
	lock := a.handoffLocks.of(h.Key.ID)
	lock.Lock()
	defer lock.Unlock()
	return a.stepLocked(c, w, h.Key.ID, &stepping{step: handoff.Step{Name: event.NameHandoffRead, Parts: parts}})
}

// ownWrite is a write of the program's own, on behalf of somebody, named by what it is about.
func (a *API) ownWrite(key *auth.Key, by event.Actor, about ...string) (*writing, error) {
	name := append([]string{key.Workspace}, about...)
	w := &writing{
		source: event.SourceAgent,
		ID:     uuid.UUID(a.keyed("id", name...)[:16]), request: binary.BigEndian.Uint64(a.keyed("request", name...)),
	}
	w.written = event.Written{Actor: by, Request: fmt.Sprintf("%016x", w.request)}
	return w, a.find(w, key.Workspace, a.Now())
}

// shownParts are the parts of a hand-off that the reader of the request may see something of.
func (a *API) shownParts(c *gin.Context, h *state.Handoff, found *profiles.Answer) ([]string, error) {
	v, err := a.handoffView(c, h, found, nil)
	if err != nil {
		return nil, err
	}
	x := readingOf(c)
	result, err := x.reader(a, x.verification(a).level).Apply(v.Handoff)
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, path := range result.Shown {
		part := path
		if i := strings.IndexAny(path, ".["); i >= 0 {
			part = path[:i]
		}
		if slices.Contains(handoff.Parts(), part) && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts, nil
}
