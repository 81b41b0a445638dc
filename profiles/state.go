package profiles

import (
	"cmp"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Bounds of a State. What goes beyond is left out by a fixed order and counted (LeftOut), so that
// a State stays small whatever comes in, and the same in whatever order it comes.
const (
	maxSources  = 16                  // names, the shortest first
	maxClocks   = 8                   // clients, the least hashes first
	maxCounters = 256                 // pairs of channel and name, the shortest first
	maxTraits   = 96                  // names per class, the shortest first
	maxName     = 128                 // bytes of a trait's name
	maxValue    = 1024                // bytes of a trait's value
	maxContacts = 32                  // newest interactions that are contacts: conversations, cases, surveys
	maxOthers   = 18                  // newest interactions that are not
	maxNotes    = 16                  // newest notes of agents, which count as neither
	maxAnswers  = 16                  // newest survey answers
	maxSurveys  = 16                  // kinds of survey that are summed up, the shortest names first
	maxItems    = 64                  // newest registers of open items
	maxField    = event.MaxFieldBytes // of any other text that is kept
	maxSnippet  = 280                 // runes of what was written or said
)

// State is what is kept of one observation, bounded in size whatever comes in. The zero State is
// ready to use and means that nothing was seen.
//
// Apply and Merge are commutative and associative: the same events give the same State in any
// order and any grouping. What they keep is a set, so that it is the same if it is said twice; what they count is not, and
// duplicates are removed before. A State is not safe for concurrent use.
type State struct {
	events      uint64
	first, last int64 // corrected times, Unix milliseconds; of no meaning while events is 0

	sources  []sourceSeen
	clocks   []clock // ascending by client
	counters []counter
	traits   [classes][]trait
	asserted [classes]uint64 // how many traits were asserted, kept or not; free classes only
	record   recordHead
	// firsts is what was said first under each name; deletedOnce: the record was, and has none.
	firsts      [classes][]trait
	deletedOnce bool
	recent      [recentClasses][]interaction // ascending
	items       []register
	answers     []interaction // ascending
	surveys     []surveySum
	pledges     []pledge // ascending by key
	deeds       []deed   // ascending
	pledged     uint64   // events about promises
}

// stamp orders what was said: by corrected time, then message id, then source.
type stamp struct {
	at          int64 // Unix milliseconds
	msg, source string
}

func (a stamp) compare(b stamp) int {
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	if c := strings.Compare(a.msg, b.msg); c != 0 {
		return c
	}
	return strings.Compare(a.source, b.source)
}

func (a stamp) time() time.Time { return time.UnixMilli(a.at).UTC() }

// Apply adds one event, whose log record is at pos. It leaves e as it is and shares no memory with
// it afterwards, for a State is kept longer than the buffer that e was decoded from.
func (s *State) Apply(e *event.Event, pos stream.Position) {
	x := newInteraction(e, pos)
	by := x.stamp
	s.see(1, by.at, by.at)
	if !e.ByAgent() { // who writes about somebody does not vouch for what they are known by
		s.addSource(sourceSeen{name: by.source, events: 1, first: by.at, last: by.at})
	}
	if x.client != 0 {
		s.addClock(clock{client: x.client, least: x.at - x.original})
	}
	s.addCounter(counterOf(e))
	s.applyTraits(e, by)
	s.applyInteraction(e, x, pos)
}

// Merge adds all that o has seen. It leaves o as it is; both may share strings afterwards.
func (s *State) Merge(o *State) {
	s.see(o.events, o.first, o.last)
	for _, x := range o.sources {
		s.addSource(x)
	}
	for _, x := range o.clocks {
		s.addClock(x)
	}
	for _, x := range o.counters {
		s.addCounter(x)
	}
	s.mergeTraits(o)
	s.mergeLists(o)
	s.mergePledges(o)
}

// mergeTold is Merge without what Fold takes of each observation by itself: traits, counters and clocks.
func (s *State) mergeTold(o *State) {
	s.see(o.events, o.first, o.last)
	for _, x := range o.sources {
		s.addSource(x)
	}
	s.mergeLists(o)
}

// mergeLists merges interactions, items and surveys.
func (s *State) mergeLists(o *State) {
	for class, more := range o.recent {
		s.recent[class] = mergeNewest(s.recent[class], more, interaction.compare, recentBounds[class])
	}
	s.answers = mergeNewest(s.answers, o.answers, interaction.compare, maxAnswers)
	if len(s.items) == 0 {
		s.items = append(s.items, o.items...)
	} else {
		for _, x := range o.items {
			s.addRegister(x)
		}
	}
	for _, x := range o.surveys {
		s.addSurvey(x)
	}
}

// mergePledges merges promises and what may keep them, which Fold takes of each observation by itself.
func (s *State) mergePledges(o *State) {
	for _, x := range o.pledges {
		s.addPledge(x)
	}
	s.deeds = mergeNewest(s.deeds, o.deeds, deed.compare, maxDeeds)
	s.pledged += o.pledged
}

// Reset makes it the zero State again, and keeps the memory of its lists.
func (s *State) Reset() {
	was := *s
	*s = State{
		sources: emptied(was.sources), clocks: emptied(was.clocks), counters: emptied(was.counters), items: emptied(was.items),
		answers: emptied(was.answers), surveys: emptied(was.surveys),
		pledges: emptied(was.pledges), deeds: emptied(was.deeds),
	}
	for c := range was.traits {
		s.traits[c], s.firsts[c] = emptied(was.traits[c]), emptied(was.firsts[c])
	}
	for c := range was.recent {
		s.recent[c] = emptied(was.recent[c])
	}
}

func (s *State) see(events uint64, first, last int64) {
	if events == 0 {
		return
	}
	if s.events == 0 {
		s.first, s.last = first, last
	}
	s.events += events
	s.first, s.last = min(s.first, first), max(s.last, last)
}

// Events is how many events were applied.
func (s *State) Events() uint64 { return s.events }

// FirstSeen and LastSeen are the earliest and latest corrected time; zero if nothing was seen.
func (s *State) FirstSeen() time.Time { return s.seen(s.first) }

// LastSeen is the latest corrected time; zero if nothing was seen.
func (s *State) LastSeen() time.Time { return s.seen(s.last) }

func (s *State) seen(at int64) time.Time {
	if s.events == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}

// sourceSeen is how often and when one source spoke of the observation.
type sourceSeen struct {
	name        string
	events      uint64
	first, last int64
}

func (s *State) addSource(x sourceSeen) {
	i, found := search(s.sources, func(y sourceSeen) int { return shorter(y.name, x.name) })
	if !found {
		s.sources = insert(s.sources, i, x, maxSources)
		return
	}
	y := &s.sources[i]
	y.events += x.events
	y.first, y.last = min(y.first, x.first), max(y.last, x.last)
}

// counter is how many events of one name came by one channel.
type counter struct {
	channel, name string
	n             uint64
}

// counterOf names what an event counts as: a track call by its name, any other by its type, for
// pages have too many names.
func counterOf(e *event.Event) counter {
	name := string(e.Type)
	if e.Type == event.TypeTrack {
		name = clip(e.Name)
	}
	return counter{channel: clip(string(e.Channel)), name: name, n: 1}
}

func (c counter) compare(d counter) int {
	if x := shorter(c.name, d.name); x != 0 {
		return x
	}
	return shorter(c.channel, d.channel)
}

func (s *State) addCounter(x counter) {
	i, found := search(s.counters, func(y counter) int { return y.compare(x) })
	if found {
		s.counters[i].n += x.n
		return
	}
	x.name, x.channel = strings.Clone(x.name), strings.Clone(x.channel)
	s.counters = insert(s.counters, i, x, maxCounters)
}
