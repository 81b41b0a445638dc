package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"tributary/api/disclosure"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// Policies knows the documents of reader policies; policy.Book does.
type Policies interface {
	Document(workspace string) (document []byte, own bool, err error)
}

// Profiles finds the profile that an address names; profiles.Service does.
type Profiles interface {
	Get(ctx context.Context, workspace string, address profiles.Address) (*profiles.Answer, error)
}

// Disclosed reports what was disclosed of a person; disclosure.Report does.
type Disclosed interface {
	Page(ctx context.Context, r disclosure.Request) (*disclosure.Page, error)
}

// PolicyDocument is a workspace's reader policy as it was written.
type PolicyDocument struct {
	Document string `json:"document"` // YAML; empty: the built-in one is to be in force
	Own      bool   `json:"own"`      // false: the built-in one
}

func (h *handlers) showPolicy(r *http.Request) (PolicyDocument, error) {
	document, own, err := h.Policies.Document(r.URL.Query().Get("workspace"))
	return PolicyDocument{string(document), own}, err
}

// setPolicy puts a document in force, once it is a policy; an empty one brings the built-in one back.
func (h *handlers) setPolicy(r *http.Request) (PolicyDocument, error) {
	var d PolicyDocument
	if err := decode(r, &d); err != nil {
		return d, err
	}
	workspace := r.URL.Query().Get("workspace")
	command, err := policy.Put(workspace, d.Document)
	if errors.Is(err, policy.ErrInvalid) {
		faults := strings.TrimPrefix(err.Error(), policy.ErrInvalid.Error()+": ")
		return d, problem.New(problem.Invalid, strings.ReplaceAll(faults, "\n", "; "))
	}
	if err == nil {
		_, err = h.Commands.Do(unify.WithAction(r.Context(), "policy.set"), workspace, command)
	}
	d.Own = d.Document != ""
	return d, err
}

// DisclosurePage is a page of a person's disclosure report.
type DisclosurePage struct {
	Profile identity.ProfileID `json:"profile"`
	Lines   []disclosure.Line  `json:"lines"`
	Next    string             `json:"next_cursor,omitempty"`
}

func (h *handlers) disclosures(r *http.Request) (DisclosurePage, error) {
	q := r.URL.Query()
	address, err := profiles.ParseAddress(q.Get("address"))
	if err != nil {
		return DisclosurePage{}, err
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 || limit > disclosure.MaxLimit {
		return DisclosurePage{}, problem.Field("limit", "must be a number from 1 to "+strconv.Itoa(disclosure.MaxLimit))
	}
	workspace := q.Get("workspace")
	found, err := h.Profiles.Get(profiles.ForPrivacy(r.Context()), workspace, address)
	if err != nil {
		return DisclosurePage{}, err
	}
	request := disclosure.Request{Workspace: workspace, Cursor: q.Get("cursor"), Limit: limit}
	for i := range found.Profile.Observations {
		request.Observations = append(request.Observations, found.Profile.Observations[i].ID)
	}
	page, err := h.Disclosed.Page(r.Context(), request)
	switch {
	case errors.Is(err, disclosure.ErrCursor):
		return DisclosurePage{}, problem.Field("cursor", "is not one of this report; start again without it")
	case errors.Is(err, disclosure.ErrBehind):
		return DisclosurePage{}, problem.New(problem.Unavailable, "the analytics store has not caught up, and the report would not be complete")
	case err != nil:
		return DisclosurePage{}, err
	}
	err = h.record(r, request.Observations, found.Profile.ID, found.IdentityVersion, policy.ClassMeta)
	return DisclosurePage{found.Profile.ID, page.Lines, page.Next}, err
}

// record puts on record that the operator read somebody's data by the socket, before it is told.
func (h *handlers) record(r *http.Request, observations []identity.ObservationID, profile identity.ProfileID, version uint64, classes ...string) error {
	by := unify.ByOf(r.Context())
	d := unify.Disclosure{
		Kind: store.DisclosureAnswer, Observations: observations[:min(len(observations), unify.MaxDisclosed)], Total: len(observations),
		Profile: profile, IdentityVersion: version, Actor: by.Actor, Purpose: "operations", Reader: "human", Route: r.Pattern,
		RequestID: by.RequestID, Classes: classes, Shown: []string{"*"},
	}
	if profile == uuid.Nil { // several, by the ids of their founding observations
		d.Kind = store.DisclosureListed
	}
	if d.Actor == "" {
		d.Actor = unknownPeer
	}
	record, err := unify.NewDisclosureRecord(r.URL.Query().Get("workspace"), h.Commands.Now(), d)
	if err == nil {
		_, err = h.Commands.Log.Append(r.Context(), []stream.Record{record})
	}
	return err
}

// recordListed is record of a list of people of any length, which is on record in parts.
func (h *handlers) recordListed(r *http.Request, profiles []identity.ProfileID, classes ...string) error {
	for part := range slices.Chunk(profiles, unify.MaxDisclosed) {
		if err := h.record(r, part, uuid.Nil, 0, classes...); err != nil {
			return err
		}
	}
	return nil
}
