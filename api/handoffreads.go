package api

import (
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/handoff"
	"tributary/profiles/state"
)

// readUnder names what routes tell of a customer, beside the record, to who holds a hand-off of them.
var readUnder = map[string]string{
	"GET /v1/profiles/:address":             handoff.ReadProfile,
	"POST /v1/profiles/lookup":              handoff.ReadProfile,
	"GET /v1/profiles/:address/context":     handoff.ReadContext,
	"POST /v1/context":                      handoff.ReadContext,
	"GET /v1/profiles/:address/timeline":    handoff.ReadTimeline,
	"GET /v1/handoffs/:id/interactions":     handoff.ReadTimeline,
	"GET /v1/profiles/:address/search":      handoff.ReadSearch,
	"POST /v1/profiles/search":              handoff.ReadSearch,
	"GET /v1/profiles/:address/commitments": handoff.ReadCommitments,
}

// readSteps are the records of what a credential that holds hand-offs of those it reads about has read, the first time.
// They go into the log with the record of the disclosure, and so with the answer or not at all.
func (a *API) readSteps(c *gin.Context, x *reading) ([]stream.Record, error) {
	part := readUnder[c.Request.Method+" "+c.FullPath()]
	if part == "" || !x.key.May(auth.ScopeAgentWrite) {
		return nil, nil
	}
	var records []stream.Record
	for _, found := range x.told() {
		ids := each(found.Profile.Observations, func(o *profiles.ObservationRef) identity.ObservationID { return o.ID })
		held, err := a.Handoffs.HandoffsOf(x.key.Workspace, ids...)
		if err != nil {
			return nil, err
		}
		if len(held) > 0 && a.Refusals.Refuses(x.key.Workspace, identifiersOf(found)) {
			return nil, errRefused()
		}
		for _, h := range held {
			r, err := a.readStep(x.key, h, part)
			if err != nil {
				return nil, err
			}
			records = append(records, r...)
		}
	}
	return records, nil
}

// readStep is the record of a part that the holder of a hand-off read; none if it is somebody else, or was noted before.
func (a *API) readStep(key *auth.Key, h *state.Handoff, part string) ([]stream.Record, error) {
	r := a.standing(h)
	if r == nil || r.Lease == nil || r.Lease.Holder.Actor != key.Payer() || h.History.ReadsFull() || r.HasRead(r.Lease.Holder)[part] {
		return nil, nil
	}
	w, err := a.holderWrite(key, h, r.Lease.Holder, part)
	if err != nil || w.Done {
		return nil, err
	}
	step := &handoff.Step{Handoff: r.ID, OfferedAt: r.CreatedAt, Parts: []string{part}}
	properties, err := step.Properties()
	if err != nil {
		return nil, err
	}
	e := &event.Event{
		Workspace: key.Workspace, Source: event.SourceAgent, MessageID: w.ID.String(), Type: event.TypeTrack, Name: event.NameHandoffRead,
		Observation: h.Observation, CX: &event.CX{HandoffID: r.ID.String(), AuthorRole: w.written.Actor.Kind}, Properties: properties,
		Context: w.written.Context(),
	}
	now := a.Now()
	if least := h.History.Last().At.Add(time.Millisecond); now.Before(least) { // a read counts after what it is of
		now = least
	}
	e.Stamp(now, now, now)
	if err := e.Validate(); err != nil {
		return nil, err
	}
	value, err := event.Encode(e)
	if err != nil {
		return nil, err
	}
	return []stream.Record{{
		Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
		ReceivedAt: e.ReceivedAt, Value: value,
	}}, nil
}

// holderWrite is the write of what the holder of a hand-off read: there is one of the same parts.
func (a *API) holderWrite(key *auth.Key, h *state.Handoff, holder handoff.Party, parts ...string) (*writing, error) {
	by := event.Actor{By: holder.Actor, Kind: event.AuthorRole(holder.Kind), ID: holder.ID, Name: holder.Name}
	return a.ownWrite(key, by, slices.Concat([]string{"handoff-read", uuid.UUID(h.Key.ID).String(), holder.Actor, holder.ID}, parts)...)
}
