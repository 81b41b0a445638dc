package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// The one way out. What an answer tells of people goes through the policy, and is written only when the record
// of it is durable.

// readingView is what every answer about people says of itself, beside its own members.
type readingView struct {
	Purpose      string            `json:"purpose" policy:"meta"`
	Reader       string            `json:"reader" policy:"meta"`
	Verification verificationView  `json:"verification" policy:"-"`
	Withheld     []policy.Withheld `json:"withheld" policy:"meta"`
	Masked       []string          `json:"masked" policy:"meta"`
}

// answer writes an answer as JSON. It is written whole or not at all.
func (a *API) answer(c *gin.Context, v any) { a.answerAs(c, http.StatusOK, v) }

// answerAs is answer with another status.
func (a *API) answerAs(c *gin.Context, status int, v any) {
	body, err := a.body(c, v)
	if err == nil {
		err = a.noteReading(c)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Data(status, "application/json", body)
}

func (a *API) body(c *gin.Context, v any) ([]byte, error) {
	x := readingOf(c)
	if x == nil || !x.rule.ofPeople() {
		return json.Marshal(v)
	}
	if x.policy == nil {
		return nil, fmt.Errorf("a personal route without a key")
	}
	verification := x.verification(a)
	result, err := x.reader(a, verification.level).Apply(v)
	if err != nil {
		return nil, err
	}
	if err := a.ownOnly(c, x, result); err != nil {
		return nil, err
	}
	if x.before != nil {
		result.Join(x.before)
	}
	about, err := json.Marshal(readingView{
		Purpose: x.purpose, Reader: string(x.key.Reader), Verification: verification,
		Withheld: append([]policy.Withheld{}, result.Withheld...), Masked: append([]string{}, result.Masked...),
	})
	if err != nil {
		return nil, err
	}
	body, err := beside(result.JSON, about)
	if err != nil {
		return nil, err
	}
	return body, a.disclose(c, x, verification, result)
}

// beside adds the members of one JSON object to another.
func beside(object, members []byte) ([]byte, error) {
	n := len(object)
	switch {
	case n < 2 || object[0] != '{':
		return nil, fmt.Errorf("an answer about people is no JSON object")
	case n == 2:
		return members, nil
	}
	return append(append(object[:n-1:n-1], ','), members[1:]...), nil
}

// disclose makes the record of an answer durable.
func (a *API) disclose(c *gin.Context, x *reading, v verificationView, result *policy.Result) error {
	var records []stream.Record
	d := a.disclosure(c, x, v)
	d.Classes, d.Shown, d.Masked = bounded(result.Classes), bounded(result.Shown), bounded(result.ShownMasked)
	d.Withheld = bounded(withheldPaths(result.Withheld))
	for _, told := range x.told() {
		d.Kind = store.DisclosureAnswer
		subject(&d, told)
		r, err := unify.NewDisclosureRecord(x.key.Workspace, a.Now(), d)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	for ids := range slices.Chunk(x.listed(slices.Concat(x.others, result.Profiles)), unify.MaxDisclosed) {
		r, err := a.listedRecord(x, d, ids)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	steps, err := a.readSteps(c, x)
	if err != nil {
		return err
	}
	return a.record(c, append(records, steps...))
}

// listed are the profiles that an answer tells of beside those that were looked up.
func (x *reading) listed(ids []uuid.UUID) []uuid.UUID {
	var seen []uuid.UUID
	return slices.DeleteFunc(ids, func(id uuid.UUID) bool {
		known := slices.Contains(seen, id)
		seen = append(seen, id)
		return known || slices.ContainsFunc(x.asked, func(one asked) bool { return one.answer.Profile.ID == id })
	})
}

// listedRecord is the record of an answer for those that it lists. A profile's id is that of its founding
// observation.
func (a *API) listedRecord(x *reading, d unify.Disclosure, ids []uuid.UUID) (stream.Record, error) {
	d.Kind, d.Profile, d.Total, d.Observations = store.DisclosureListed, uuid.Nil, len(ids), ids
	return unify.NewDisclosureRecord(x.key.Workspace, a.Now(), d)
}

// record appends records of disclosures. What cannot be recorded is not disclosed.
func (a *API) record(c *gin.Context, records []stream.Record) error {
	return a.recordIn(c.Request.Context(), c, records)
}

func (a *API) recordIn(ctx context.Context, c *gin.Context, records []stream.Record) error {
	if len(records) == 0 {
		return nil
	}
	if _, err := a.Disclosures.Append(ctx, records); err != nil {
		a.Logger.ErrorContext(ctx, "a reading could not be recorded", "request_id", c.GetString(requestIDKey), "error", err)
		return problem.New(problem.Unavailable, "the reading cannot be recorded now, and nothing is disclosed without that")
	}
	return nil
}

func (a *API) disclosure(c *gin.Context, x *reading, v verificationView) unify.Disclosure {
	return unify.Disclosure{
		Actor: x.key.Actor(), Purpose: x.purpose, Reader: string(x.key.Reader), Level: v.Level,
		Route: c.Request.Method + " " + c.FullPath(), RequestID: c.GetString(requestIDKey),
	}
}

// subject names whom a disclosure is about: observations, the founding one first.
func subject(d *unify.Disclosure, answer *profiles.Answer) {
	p := &answer.Profile
	d.Profile, d.IdentityVersion, d.Total = p.ID, answer.IdentityVersion, len(p.Observations)
	d.Observations = nil
	for _, o := range p.Observations[:min(len(p.Observations), unify.MaxDisclosed)] {
		d.Observations = append(d.Observations, o.ID)
	}
}

func withheldPaths(list []policy.Withheld) []string {
	var paths []string
	for _, w := range list {
		paths = append(paths, w.Fields...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func bounded(paths []string) []string { return paths[:min(len(paths), unify.MaxDisclosed)] }

// disclosedProblem is a problem that lists whom an address may name, once that is on record; or the problem of
// what cannot be recorded.
func (a *API) disclosedProblem(c *gin.Context, d *problem.Document) *problem.Document {
	x := readingOf(c)
	if x == nil || x.policy == nil || !x.rule.ofPeople() {
		d.Candidates = nil
		return d
	}
	list, ok := d.Candidates.([]candidateView)
	if !ok || len(list) == 0 {
		return d
	}
	result, err := x.reader(a, policy.Claimed).Apply(list)
	if err == nil {
		err = a.disclose(c, x, verificationView{Level: policy.Claimed.String()}, result)
	}
	if err != nil {
		return toProblem(err)
	}
	d.Candidates = json.RawMessage(result.JSON)
	return d
}
