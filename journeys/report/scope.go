// Package report holds what all reports share: which events a report is about, how that is asked for, how it is
// read, and what every answer says of itself.
//
//	request, err := report.FromQuery(values)   // or decoded from JSON
//	scope := request.Scope(workspace, now, &faults)
//	...
//	reader.Resolve(ctx, &scope)                 // who is restricted; what is known until when
//	... FROM + report.Events, with scope.Params()
package report

import (
	"time"

	"github.com/google/uuid"

	"tributary/sql/store"
)

// AgentKind is who served a customer.
type AgentKind string

// The kinds of agent; they are author roles of events.
const (
	AgentAI    AgentKind = "ai"
	AgentHuman AgentKind = "human"
)

// Scope says which events a report is about, and as of when. Request.Scope makes one that is checked.
type Scope struct {
	Workspace string
	From      time.Time // inclusive, by corrected time, in Zone
	Until     time.Time // exclusive, in Zone
	Zone      *time.Location

	// Channels, Sources and AgentKinds leave out the events of others; empty: none. Only what an agent does
	// is of a kind of agent (author_role), so a report about conversations that wants the rest of theirs as well
	// asks Params of WithoutAgentKinds, and applies AgentKinds itself.
	Channels   []string
	Sources    []string
	AgentKinds []AgentKind
	// Segment leaves out the events of people who are not in it now, as profile_segments has it; empty: none.
	Segment string
	// Restricted leaves out people whose use is restricted: their observations and profiles. Reader.Resolve finds them.
	Restricted []uuid.UUID

	// IdentityAsOf is the identity_version by which events belong to people; 0: the present one.
	IdentityAsOf uint64
	// KnownAt leaves out what was received later; zero: nothing, until Reader.Resolve makes it the present time.
	KnownAt time.Time
}

// Events is what a statement reads FROM: the events of the scope, all columns of the table events and profile, bound by
// Scope.Params. The engine reads the columns that the statement names. A statement in a file says the same.
const Events = `scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, channels = {channels:Array(String)}, sources = {sources:Array(String)}, agent_kinds = {agent_kinds:Array(String)}, segments = {segments:Array(String)}, restricted = {restricted:Array(UUID)})`

// OfSegment is the condition that a row's profile is in the scope's segment, for a report that confines people and not events.
const OfSegment = `(empty({segments:Array(String)}) OR profile IN (SELECT profile FROM profile_segments FINAL
		WHERE notEmpty({segments:Array(String)}) AND workspace = {workspace:String} AND hasAny(segments, {segments:Array(String)})))`

// Params are the arguments of Events; a report adds its own under other names. Times are Unix milliseconds.
func (s *Scope) Params() store.Params {
	known := s.KnownAt
	if known.IsZero() {
		known = store.MaxTime
	}
	return store.Params{
		"workspace": s.Workspace, "since": s.From.UnixMilli(), "until": s.Until.UnixMilli(),
		"known_at": known.UnixMilli(), "identity_as_of": s.IdentityAsOf,
		"channels": given(s.Channels), "sources": given(s.Sources), "agent_kinds": given(texts(s.AgentKinds)),
		"segments": s.segments(), "restricted": given(s.Restricted),
	}
}

func (s *Scope) segments() []string {
	if s.Segment == "" {
		return []string{}
	}
	return []string{s.Segment}
}

// WithoutAgentKinds is the scope with the events of all authors.
func (s Scope) WithoutAgentKinds() Scope {
	s.AgentKinds = nil
	return s
}

// Through is the scope with what happened up to a time as well, for what began within it and ends later.
func (s Scope) Through(until time.Time) Scope {
	if until.After(s.Until) {
		s.Until = until.In(s.Zone)
	}
	return s
}

// Request returns what asks for the scope, with every default filled in.
func (s *Scope) Request() Request {
	r := Request{
		From: s.From.Format(time.RFC3339Nano), Until: s.Until.Format(time.RFC3339Nano), Zone: s.Zone.String(),
		Filter:       Filter{Channels: s.Channels, Sources: s.Sources, Segment: s.Segment, AgentKinds: s.AgentKinds},
		IdentityAsOf: s.IdentityAsOf,
	}
	if !s.KnownAt.IsZero() {
		r.KnownAt = s.KnownAt.UTC().Format(time.RFC3339Nano)
	}
	return r
}

// given is the list, and never nil, which the driver could not bind.
func given[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func texts(kinds []AgentKind) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = string(k)
	}
	return all
}
