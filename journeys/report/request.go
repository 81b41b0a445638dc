package report

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones mean the same on a machine that has none

	"tributary/ingest/event"
	"tributary/sql/store"
)

// Request asks for a Scope: the part of a report's request that all of them share, and, with every default filled
// in, the part of its answer that says what it is about.
type Request struct {
	// From and Until are RFC 3339 times, or days of the zone, such as 2026-03-01, which mean their beginning.
	// Until is exclusive; empty: now.
	From  string `json:"from" policy:"meta"`
	Until string `json:"until,omitempty" policy:"meta"`
	// Zone is a name of the IANA database, such as Europe/Berlin; empty: UTC.
	Zone   string `json:"zone,omitempty" policy:"meta"`
	Filter Filter `json:"filter,omitzero" policy:"-"`
	// IdentityAsOf and KnownAt have a number told as it was: see Scope.
	IdentityAsOf uint64 `json:"identity_as_of,omitempty" policy:"meta"`
	KnownAt      string `json:"known_at,omitempty" policy:"meta"`
}

// Filter leaves out events; what is empty leaves out none.
type Filter struct {
	Channels   []string    `json:"channels,omitempty" policy:"meta"`
	Sources    []string    `json:"sources,omitempty" policy:"meta"`
	Segment    string      `json:"segment,omitempty" policy:"meta"`
	AgentKinds []AgentKind `json:"agent_kinds,omitempty" policy:"meta"`
}

// maxListed bounds each list of a filter, and maxSegmentName the name of a segment, in bytes.
const (
	maxListed      = 100
	maxSegmentName = 64
)

const dayLayout = "2006-01-02"

var channels = []string{
	string(event.ChannelWeb), string(event.ChannelApp), string(event.ChannelEmail), string(event.ChannelChat),
	string(event.ChannelVoice), string(event.ChannelSMS), string(event.ChannelRCS), string(event.ChannelWhatsApp),
	string(event.ChannelSocial), string(event.ChannelStore), string(event.ChannelMail),
}

// parameters are the query parameters that FromQuery takes.
var parameters = []string{"from", "until", "zone", "channel", "source", "segment", "agent_kind", "identity_as_of", "known_at"}

// Parameters lists the query parameters of a scope, for whoever refuses unknown ones.
func Parameters() []string { return slices.Clone(parameters) }

// FromQuery reads a request from query parameters: from, until, zone, segment, identity_as_of, known_at, and
// channel, source and agent_kind, which may be repeated. Others are not looked at. What is wrong with the values
// themselves Scope says.
func FromQuery(values url.Values, faults *event.Errors) Request {
	one := func(name string) string {
		if len(values[name]) > 1 {
			faults.Add(name, "is given more than once")
		}
		return values.Get(name)
	}
	r := Request{From: one("from"), Until: one("until"), Zone: one("zone"), KnownAt: one("known_at")}
	r.Filter = Filter{Channels: values["channel"], Sources: values["source"], Segment: one("segment")}
	for _, kind := range values["agent_kind"] {
		r.Filter.AgentKinds = append(r.Filter.AgentKinds, AgentKind(kind))
	}
	if text := one("identity_as_of"); text != "" {
		version, err := strconv.ParseUint(text, 10, 64)
		if err != nil || version == 0 {
			faults.Add("identity_as_of", "must be an identity_version: a whole number from 1 on")
		}
		r.IdentityAsOf = version
	}
	return r
}

// Scope checks the request and makes the scope of a workspace of it. It adds every fault, each with its path;
// with one, the scope is not to be used.
func (r Request) Scope(workspace string, now time.Time, faults *event.Errors) Scope {
	s := Scope{Workspace: workspace, Zone: zone(r.Zone, faults), IdentityAsOf: r.IdentityAsOf, Segment: r.Filter.Segment}
	if r.From == "" {
		faults.Add("from", "is required: a day such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z")
	} else {
		s.From = instant(r.From, "from", s.Zone, faults)
	}
	if s.Until = now.Truncate(time.Millisecond).In(s.Zone); r.Until != "" {
		s.Until = instant(r.Until, "until", s.Zone, faults)
	}
	if !s.From.IsZero() && !s.Until.IsZero() && !s.From.Before(s.Until) {
		faults.Add("until", "must be after from; it is exclusive, so that one day is from=2026-03-01, until=2026-03-02")
	}
	if r.KnownAt != "" {
		s.KnownAt = instant(r.KnownAt, "known_at", s.Zone, faults)
		if s.KnownAt.After(now) {
			faults.Add("known_at", "is in the future")
		}
	}
	r.Filter.check(&s, faults)
	if r.Filter.Segment != "" && (r.IdentityAsOf != 0 || r.KnownAt != "") {
		faults.Add("filter.segment", "cannot go with identity_as_of or known_at: who was in a segment then is not kept")
	}
	return s
}

func (f *Filter) check(s *Scope, faults *event.Errors) {
	s.Channels = list(f.Channels, "filter.channels", faults, func(c string) string {
		if slices.Contains(channels, c) {
			return ""
		}
		return "must be one of " + strings.Join(channels, ", ")
	})
	s.Sources = list(f.Sources, "filter.sources", faults, func(source string) string {
		if event.ValidSource(source) {
			return ""
		}
		return "must be the name of a source: lower-case letters, digits, _ and -, at most 64"
	})
	s.AgentKinds = list(f.AgentKinds, "filter.agent_kinds", faults, func(k AgentKind) string {
		if k == AgentAI || k == AgentHuman {
			return ""
		}
		return "must be ai or human"
	})
	if len(f.Segment) > maxSegmentName {
		faults.Add("filter.segment", "must be the name of a segment, at most 64 bytes")
	}
}

// list checks each entry and returns them in order, each once.
func list[T ~string](entries []T, path string, faults *event.Errors, fault func(T) string) []T {
	if len(entries) > maxListed {
		faults.Add(path, "lists more than 100")
		return nil
	}
	for i, e := range entries {
		if reason := fault(e); reason != "" {
			faults.Add(path+"["+strconv.Itoa(i)+"]", reason)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(entries)))
}

// zone returns the place of a name, and UTC of none or a wrong one.
func zone(name string, faults *event.Errors) *time.Location {
	if name == "" {
		return time.UTC
	}
	found, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		faults.Add("zone", "must be a name of the IANA time zone database, such as Europe/Berlin or UTC")
		return time.UTC
	}
	return found
}

// instant reads a time, or the beginning of a day in a zone; zero if it is neither.
func instant(text, path string, in *time.Location, faults *event.Errors) time.Time {
	at, err := time.ParseInLocation(dayLayout, text, in)
	if err != nil {
		at, err = time.Parse(time.RFC3339Nano, text)
	}
	if err != nil {
		faults.Add(path, "must be a day such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z")
		return time.Time{}
	}
	if at.Before(store.MinTime) || at.After(store.MaxTime) {
		faults.Add(path, "must lie between 1900 and 2261")
		return time.Time{}
	}
	return at.Truncate(time.Millisecond).In(in)
}
