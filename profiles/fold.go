package profiles

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"tributary/identity"
)

// DefaultInteractions is how many of the last interactions a profile has.
const DefaultInteractions = maxContacts + maxOthers

// Member is one observation of a profile with what is kept of it. Observation and State may be
// nil.
type Member struct {
	Observation *identity.Observation
	Assignment  identity.Assignment
	State       *State
}

func (m *Member) id() identity.ObservationID {
	if m.Observation != nil {
		return m.Observation.ID
	}
	return m.Assignment.Observation
}

// Fold makes the profile of the members. The order of members does not matter. It changes none of
// them.
func Fold(id identity.ProfileID, members []Member, rules Rules) Profile {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b Member) int {
		x, y := a.id(), b.id()
		switch { // the founder first
		case x == y:
			return 0
		case x == id:
			return -1
		case y == id:
			return 1
		}
		return bytes.Compare(x[:], y[:])
	})
	p := Profile{ID: id, Observations: make([]ObservationRef, 0, len(members))}
	var all State
	var claims [2][]claim
	for i := range members {
		m := &members[i]
		p.addObservation(m)
		if m.State != nil {
			all.Merge(m.State)
			claims[0] = appendClaims(claims[0], m, freeTrait, recordTrait)
			claims[1] = appendClaims(claims[1], m, freeAttribute, recordAttribute)
			p.LeftOut.Traits += m.State.leftOutTraits()
			p.LeftOut.Counted += m.State.uncounted()
		}
	}
	p.Identifiers = foldIdentifiers(members)
	p.Traits = survivors(claims[0], rules)
	p.Attributes = survivors(claims[1], rules)
	p.foldState(&all, members, rules)
	foldCounters(&p, members)
	return p
}

func (p *Profile) addObservation(m *Member) {
	ref := ObservationRef{ID: m.id(), Standing: m.Assignment.Standing, Reason: m.Assignment.Reason}
	if o := m.Observation; o != nil {
		ref.Source, ref.RecordID, ref.FirstReceived = o.Source, o.RecordID, o.FirstReceived
	}
	if m.State != nil {
		ref.Events = m.State.events
	}
	p.Observations = append(p.Observations, ref)
}

func foldIdentifiers(members []Member) []HeldIdentifier {
	held := map[identity.Identifier]*HeldIdentifier{}
	for i := range members {
		m := &members[i]
		if m.Observation == nil {
			continue
		}
		for _, id := range m.Observation.Identifiers {
			h := held[id]
			if h == nil {
				h = &HeldIdentifier{Identifier: id}
				held[id] = h
			}
			h.Observations++
			h.Sources = append(h.Sources, m.sources()...)
		}
	}
	list := make([]HeldIdentifier, 0, len(held))
	for _, h := range held {
		slices.Sort(h.Sources)
		h.Sources = slices.Compact(h.Sources)
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b HeldIdentifier) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Value, b.Value))
	})
	return list
}

// sources of a member: a record has one; equal stream observations of several sources are one.
func (m *Member) sources() []string {
	var names []string
	if m.State != nil {
		for i := range m.State.sources {
			names = append(names, m.State.sources[i].name)
		}
	}
	if len(names) == 0 && m.Observation.Source != "" {
		names = append(names, m.Observation.Source)
	}
	return names
}

// foldState takes over what merges as a whole.
func (p *Profile) foldState(all *State, members []Member, rules Rules) {
	p.Events, p.FirstSeen, p.LastSeen = all.events, all.FirstSeen(), all.LastSeen()
	for _, x := range all.sources {
		p.Sources = append(p.Sources, SourceSeen{
			Name: x.name, Events: x.events, FirstSeen: time.UnixMilli(x.first).UTC(), LastSeen: time.UnixMilli(x.last).UTC(),
		})
	}
	slices.SortFunc(p.Sources, func(a, b SourceSeen) int { return strings.Compare(a.Name, b.Name) })
	p.foldInteractions(all, members, cmp.Or(rules.Interactions, DefaultInteractions))
	p.Items = foldItems(all.items)
	p.Proofs = foldProofs(all.items)
	for i := range all.answers {
		p.Answers = append(p.Answers, all.answers[len(all.answers)-1-i].open())
	}
	for _, x := range all.surveys {
		p.Satisfaction = append(p.Satisfaction, Satisfaction{
			Survey: x.survey, Kind: x.kind, Scale: x.scale, Answers: x.n,
			Mean: float64(x.sum/int64(max(x.n, 1))) / 1000,
		})
	}
}

// foldInteractions merges contacts and others, newest first. Where a class is full, events of it that
// come before the oldest of it may be missing.
func (p *Profile) foldInteractions(all *State, members []Member, n int) {
	opened := make([]Interaction, 0, len(all.recent[0])+len(all.recent[1]))
	var oldest *interaction // the newest of those before which something may be missing
	for class, list := range all.recent {
		for i := range list {
			opened = append(opened, list[i].open())
		}
		if len(list) == recentBounds[class] && all.events > uint64(cap(opened)) && (oldest == nil || list[0].compare(*oldest) > 0) {
			oldest = &list[0]
		}
	}
	newest := make([]*Interaction, len(opened))
	for i := range opened {
		newest[i] = &opened[i]
	}
	Arrange(newest)
	slices.Reverse(newest)
	p.Whole = len(newest)
	if oldest != nil {
		from := oldest.open()
		p.Whole, p.Complete = certain(newest, members, &from), from.At
	}
	if len(newest) > n {
		newest, p.Whole = newest[:n], min(p.Whole, n)
	}
	if p.Whole > 0 && (oldest != nil || len(newest) < len(opened)) {
		p.Complete = newest[p.Whole-1].OrderedAt
	}
	p.Interactions = make([]Interaction, len(newest))
	for i, x := range newest {
		p.Interactions[i] = *x
	}
	p.LeftOut.Interactions = all.events - min(all.events, uint64(len(newest)))
}

// foldCounters adds counters up without a bound of their own: a profile shows all that its
// observations kept.
func foldCounters(p *Profile, members []Member) {
	sums := map[counter]uint64{}
	for i := range members {
		if s := members[i].State; s != nil {
			for _, c := range s.counters {
				sums[counter{channel: c.channel, name: c.name}] += c.n
			}
		}
	}
	for c, n := range sums {
		p.Counters = append(p.Counters, Counter{Name: c.name, Channel: c.channel, Events: n})
	}
	slices.SortFunc(p.Counters, func(a, b Counter) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Channel, b.Channel))
	})
}

func (s *State) uncounted() uint64 {
	n := s.events
	for i := range s.counters {
		n -= s.counters[i].n
	}
	return n
}

// itemParts are the registers of one item.
type itemParts [fieldEnd]*register

func foldItems(registers []register) []Item {
	var found []*Item // items are large to move about
	for len(registers) > 0 {
		first := &registers[0]
		var parts itemParts
		i := 0
		for ; i < len(registers) && registers[i].kind == first.kind && registers[i].id == first.id; i++ {
			if f := registers[i].field; f < fieldEnd {
				parts[f] = &registers[i]
			}
		}
		if item, ok := parts.item(first.kind, first.id); ok {
			found = append(found, &item)
		}
		registers = registers[i:]
	}
	slices.SortStableFunc(found, func(a, b *Item) int { return b.ChangedAt.Compare(a.ChangedAt) })
	list := make([]Item, len(found))
	for i, item := range found {
		list[i] = *item
	}
	return list
}

// closing holds the statuses that end an item.
var closing = map[string]bool{
	"conversation.ended": true, "conversation.abandoned": true, "callback.completed": true, "callback.failed": true,
	"case.resolved": true, "complaint.closed": true, "subscription.cancelled": true,
	"order.delivered": true, "order.returned": true, "dispute.closed": true, "entitlement.expired": true,
	"invoice.paid": true, "payment.received": true,
}

func (parts *itemParts) item(kind ItemKind, id string) (Item, bool) {
	var last *register
	switch kind {
	case ItemConversation:
		last = latest(parts[fieldActive], parts[fieldClosed])
	case ItemBilling:
		last = latest(parts[fieldOverdue], parts[fieldFailed], parts[fieldPaid], parts[fieldIssued])
	default:
		last = parts[fieldStatus]
	}
	if last == nil {
		return Item{}, false
	}
	item := Item{Kind: kind, ID: id, ChangedAt: last.time(), Last: last.open()}
	item.Status = item.Last.Name
	item.Open = !closing[item.Status]
	if opened := parts[fieldOpened]; opened != nil {
		item.OpenedAt = opened.time()
	}
	if asked := parts[fieldAsked]; asked != nil && item.Open {
		item.HumanRequested = latest(asked, parts[fieldHuman]) == asked
	}
	return item, true
}

func latest(registers ...*register) *register {
	var last *register
	for _, r := range registers {
		if r != nil && (last == nil || r.compare(last.interaction) > 0) {
			last = r
		}
	}
	return last
}
