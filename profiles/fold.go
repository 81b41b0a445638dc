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
const DefaultInteractions = maxContacts + maxOthers + maxNotes

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
	return fold(id, slices.Clone(members), rules, new(State))
}

// fold is Fold of members that it may put into another order, with a zero State to work in.
func fold(id identity.ProfileID, members []Member, rules Rules, sum *State) Profile {
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
	var claims [2][]claim
	for i := range members {
		m := &members[i]
		p.addObservation(m)
		if m.State != nil {
			claims[0] = appendClaims(claims[0], m, freeTrait, recordTrait)
			claims[1] = appendClaims(claims[1], m, freeAttribute, recordAttribute)
			p.LeftOut.Traits += m.State.leftOutTraits()
			p.LeftOut.Counted += m.State.uncounted()
			p.LeftOut.Commitments += m.State.unpledged()
		}
	}
	p.Identifiers = foldIdentifiers(members)
	p.Traits = survivors(claims[0], rules)
	p.Attributes = survivors(claims[1], rules)
	p.foldState(together(members, sum), members, rules)
	p.Commitments = foldCommitments(members, nil)
	foldCounters(&p, members)
	return p
}

// together is what all members keep of what merges as a whole, for most have one State alone: that one, or sum.
func together(members []Member, sum *State) *State {
	var only *State
	for i := range members {
		switch s := members[i].State; {
		case s == nil:
		case only == nil:
			only = s
		default:
			if only != sum {
				sum.mergeTold(only)
				only = sum
			}
			sum.mergeTold(s)
		}
	}
	if only == nil {
		return sum
	}
	return only
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
	type holding struct {
		*identity.Identifier
		by *Member
	}
	n := 0
	for i := range members {
		if o := members[i].Observation; o != nil {
			n += len(o.Identifiers)
		}
	}
	all := make([]holding, 0, n)
	for i := range members {
		if o := members[i].Observation; o != nil {
			for j := range o.Identifiers {
				all = append(all, holding{&o.Identifiers[j], &members[i]})
			}
		}
	}
	slices.SortFunc(all, func(a, b holding) int { return compareIdentifiers(*a.Identifier, *b.Identifier) })
	list := make([]HeldIdentifier, 0, n)
	for i, h := range all {
		if i == 0 || *h.Identifier != *all[i-1].Identifier {
			list = append(list, HeldIdentifier{Identifier: *h.Identifier})
		}
		last := &list[len(list)-1]
		last.Observations++
		last.Sources = h.by.addSources(last.Sources)
	}
	return list
}

// addSources adds a member's sources to ascending names: a record has one; equal stream observations of
// several sources are one.
func (m *Member) addSources(names []string) []string {
	if m.State != nil && len(m.State.sources) > 0 {
		for i := range m.State.sources {
			names = addName(names, m.State.sources[i].name)
		}
		return names
	}
	if m.Observation.Source != "" {
		names = addName(names, m.Observation.Source)
	}
	return names
}

func addName(names []string, name string) []string {
	if i, found := slices.BinarySearch(names, name); !found {
		return slices.Insert(names, i, name)
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

// foldInteractions merges contacts, others and notes, newest first. Where a class is full, events of it that
// come before the oldest of it may be missing.
func (p *Profile) foldInteractions(all *State, members []Member, n int) {
	kept := 0
	for _, list := range all.recent {
		kept += len(list)
	}
	opened := make([]Interaction, 0, kept)
	var oldest *interaction // the newest of those before which something may be missing
	for class, list := range all.recent {
		for i := range list {
			opened = append(opened, list[i].open())
		}
		if len(list) == recentBounds[class] && all.events > uint64(kept) && (oldest == nil || list[0].compare(*oldest) > 0) {
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
	n := 0
	for i := range members {
		if s := members[i].State; s != nil {
			n += len(s.counters)
		}
	}
	if n == 0 {
		return
	}
	all := make([]Counter, 0, n)
	for i := range members {
		if s := members[i].State; s != nil {
			for _, c := range s.counters {
				all = append(all, Counter{Name: c.name, Channel: c.channel, Events: c.n})
			}
		}
	}
	slices.SortFunc(all, func(a, b Counter) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Channel, b.Channel)
	})
	p.Counters = all[:1]
	for _, c := range all[1:] {
		if last := &p.Counters[len(p.Counters)-1]; last.Name == c.Name && last.Channel == c.Channel {
			last.Events += c.Events
		} else {
			p.Counters = append(p.Counters, c)
		}
	}
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
	type changed struct { // items are large to move about
		registers []register
		at        int64
	}
	var room [maxItems]changed
	found := room[:0]
	for len(registers) > 0 {
		n := 1
		for n < len(registers) && registers[n].kind == registers[0].kind && registers[n].id == registers[0].id {
			n++
		}
		if last := partsOfItem(registers[:n]).last(registers[0].kind); last != nil {
			found = append(found, changed{registers[:n], last.at})
		}
		registers = registers[n:]
	}
	slices.SortStableFunc(found, func(a, b changed) int { return cmp.Compare(b.at, a.at) })
	list := make([]Item, len(found))
	for i, f := range found {
		partsOfItem(f.registers).fill(&list[i], f.registers[0].kind, f.registers[0].id)
	}
	return list
}

func partsOfItem(registers []register) *itemParts {
	var parts itemParts
	for i := range registers {
		if f := registers[i].field; f < fieldEnd {
			parts[f] = &registers[i]
		}
	}
	return &parts
}

// closing holds the statuses that end an item.
var closing = map[string]bool{
	"conversation.ended": true, "conversation.abandoned": true, "callback.completed": true, "callback.failed": true,
	"case.resolved": true, "complaint.closed": true, "subscription.cancelled": true,
	"order.delivered": true, "order.returned": true, "dispute.closed": true, "entitlement.expired": true,
	"invoice.paid": true, "payment.received": true,
}

// last is the event that made an item what it is; nil if that is not known, and then there is no item.
func (parts *itemParts) last(kind ItemKind) *register {
	if kind == ItemConversation {
		return latest(parts[fieldActive], parts[fieldClosed])
	}
	if kind == ItemBilling {
		return latest(parts[fieldOverdue], parts[fieldFailed], parts[fieldPaid], parts[fieldIssued])
	}
	return parts[fieldStatus]
}

func (parts *itemParts) fill(item *Item, kind ItemKind, id string) {
	last := parts.last(kind)
	*item = Item{Kind: kind, ID: id, ChangedAt: last.time(), Last: last.open()}
	item.Status = item.Last.Name
	item.Open = !closing[item.Status]
	if opened := parts[fieldOpened]; opened != nil {
		item.OpenedAt = opened.time()
	}
	if asked := parts[fieldAsked]; asked != nil && item.Open {
		item.HumanRequested = latest(asked, parts[fieldHuman]) == asked
	}
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
