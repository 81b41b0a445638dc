package consent

import (
	"cmp"
	"slices"
	"time"

	"tributary/ingest/event"
)

// Register is a subject of a profile with what was said of it; a nil ledger means nothing.
type Register struct {
	Subject
	Ledger *Ledger
}

// Reason says why something is allowed or not.
type Reason string

// The reasons.
const (
	ReasonGranted Reason = "granted"
	// ReasonMissing: nothing was said.
	ReasonMissing Reason = "missing"
	ReasonRefused Reason = "refused"
	ReasonPending Reason = "pending" // a yes that was not confirmed
	ReasonExpired Reason = "expired"
	// ReasonElsewhere: it was refused for another contact point of the profile, or by the person without
	// naming one, and not granted for this one since.
	ReasonElsewhere Reason = "refused_elsewhere"
	// ReasonCarried: likewise, while that other was of this profile.
	ReasonCarried Reason = "refused_carried"
)

// Decision is an answer about one subject and scope, and why.
type Decision struct {
	Subject
	Scope
	Allowed bool
	Reason  Reason
	// By is the statement that decided; nil when there is none (ReasonMissing). Of is for whom it was said.
	By *Statement
	Of Subject
}

// Projection is what was said of the subjects of one profile, at a time.
type Projection struct {
	at        time.Time
	registers []Register // ascending by subject
	refusals  []refusals
}

// Project makes the projection. The order of registers does not matter.
func Project(registers []Register, at time.Time) *Projection {
	registers = slices.Clone(registers)
	slices.SortFunc(registers, func(a, b Register) int { return a.Compare(b.Subject) })
	return &Projection{at: at, registers: registers, refusals: refusalsOf(registers)}
}

// Allows says whether the person may be reached on a channel for a purpose: at one contact point at
// least, if the channel has any (e-mail, voice, SMS, RCS, WhatsApp), else as the person said. An empty
// channel or purpose means all of them.
func (p *Projection) Allows(channel event.Channel, purpose string) bool {
	if p == nil {
		return false
	}
	return slices.ContainsFunc(p.Check(channel, purpose), func(d Decision) bool { return d.Allowed })
}

// Check decides for every subject that a channel reaches: contact points, or else the observations.
// Nobody is reached when it returns none.
func (p *Projection) Check(channel event.Channel, purpose string) []Decision {
	scope := NewScope(channel, purpose)
	var all []Decision
	for i := range p.registers {
		r := &p.registers[i]
		if reaches(r.Subject, scope.Channel) {
			all = append(all, p.decide(r, scope))
		}
	}
	return all
}

func reaches(s Subject, channel event.Channel) bool {
	addressed := channel != AnyChannel && (suits(event.IDEmail, channel) || suits(event.IDPhone, channel))
	if addressed {
		return s.IsContact() && suits(s.Contact.Type, channel)
	}
	return !s.IsContact()
}

// Decide decides for one subject of the profile.
func (p *Projection) Decide(s Subject, channel event.Channel, purpose string) Decision {
	for i := range p.registers {
		if p.registers[i].Subject == s {
			return p.decide(&p.registers[i], NewScope(channel, purpose))
		}
	}
	return Decision{Subject: s, Scope: NewScope(channel, purpose), Reason: ReasonMissing}
}

// All decides about every scope that anything was said of anywhere in the profile, for each subject that
// it can be about, ascending.
func (p *Projection) All() []Decision {
	var scopes []Scope
	for _, r := range p.registers {
		if r.Ledger.Empty() {
			continue
		}
		for i := range r.Ledger.entries {
			scopes = append(scopes, r.Ledger.entries[i].scope)
		}
	}
	slices.SortFunc(scopes, Scope.Compare)
	scopes = slices.Compact(scopes)
	var all []Decision
	for i := range p.registers {
		r := &p.registers[i]
		for _, scope := range scopes {
			about := r.Ledger.at(scope) != nil || r.IsContact() && suits(r.Contact.Type, scope.Channel)
			if about {
				all = append(all, p.decide(r, scope))
			}
		}
	}
	return all
}

// decide: the closest scope in which anything was said of the subject itself decides. A grant there holds
// if it is in validity and newer than every no that touches the question: the subject's own, wider ones
// included, those carried to it, and those of the profile's other subjects.
func (p *Projection) decide(r *Register, scope Scope) Decision {
	d := Decision{Subject: r.Subject, Scope: scope, Reason: ReasonMissing, Of: r.Subject}
	var own *entry
	for _, level := range scope.levels() {
		if e := r.Ledger.at(level); e != nil && e.own() != nil {
			own = e
			break
		}
	}
	no := p.strongest(r, scope)
	if own == nil || own.granted == nil {
		if own != nil {
			no = noBy{later(own.refused, own.pending), r.Subject, false}
		}
		d.deny(no)
		return d
	}
	d.By = own.granted
	switch {
	case no.Statement != nil && no.against(own.granted):
		d.deny(no)
	case !own.granted.ValidUntil.IsZero() && !p.at.Before(own.granted.ValidUntil):
		d.Reason = ReasonExpired
	default:
		d.Allowed, d.Reason = true, ReasonGranted
	}
	return d
}

// noBy is a no, for whom it was said, and whether it was carried.
type noBy struct {
	*Statement
	of      Subject
	carried bool
}

func (d *Decision) deny(no noBy) {
	if no.Statement == nil {
		return
	}
	d.By, d.Of = no.Statement, no.of
	switch {
	case no.carried:
		d.Reason = ReasonCarried
	case no.of != d.Subject:
		d.Reason = ReasonElsewhere
	case no.Status == event.ConsentPending:
		d.Reason = ReasonPending
	default:
		d.Reason = ReasonRefused
	}
}

// strongest is the newest no that touches a question about r; of equal ones the subject's own.
func (p *Projection) strongest(r *Register, scope Scope) noBy {
	var no noBy
	stronger := func(s *Statement, of Subject, carried bool) {
		if s != nil && (no.Statement == nil || s.At.After(no.At)) {
			no = noBy{s, of, carried}
		}
	}
	r.Ledger.touching(scope, func(e *entry) {
		stronger(e.refused, r.Subject, false)
		stronger(e.pending, r.Subject, false)
	})
	for i := range p.refusals {
		if x := &p.refusals[i]; x.scope.touches(scope) {
			said := x.notOf(r.Subject)
			stronger(said.Statement, said.of, false)
		}
	}
	r.Ledger.touching(scope, func(e *entry) {
		if e.held != nil {
			stronger(e.held, e.held.Origin, true)
		}
	})
	return no
}

// touching calls f for the entries whose scope has something in common with another.
func (l *Ledger) touching(scope Scope, f func(*entry)) {
	if l == nil {
		return
	}
	for i := range l.entries {
		if e := &l.entries[i]; e.scope.touches(scope) {
			f(e)
		}
	}
}

// refusals are the two newest of one scope in a profile, which are of different subjects: whoever asks
// what others refused needs no more.
type refusals struct {
	scope  Scope
	newest [2]noBy
}

// notOf returns the newest refusal of another subject than s; its Statement is nil when there is none.
func (x *refusals) notOf(s Subject) noBy {
	if x.newest[0].of != s {
		return x.newest[0]
	}
	return x.newest[1]
}

// refusalsOf lists what was refused of the subjects themselves, ascending by scope.
func refusalsOf(registers []Register) []refusals {
	var all []refusals
	for i := range registers {
		r := &registers[i]
		if r.Ledger.Empty() {
			continue
		}
		for j := range r.Ledger.entries {
			e := &r.Ledger.entries[j]
			if e.refused == nil {
				continue
			}
			at, found := slices.BinarySearchFunc(all, e.scope, func(x refusals, s Scope) int { return x.scope.Compare(s) })
			if !found {
				all = slices.Insert(all, at, refusals{scope: e.scope})
			}
			all[at].add(noBy{e.refused, r.Subject, false})
		}
	}
	return all
}

func (x *refusals) add(no noBy) {
	for i := range x.newest {
		if have := x.newest[i]; have.Statement == nil || no.compare(have) > 0 {
			x.newest[i], no = no, have
		}
		if no.Statement == nil {
			return
		}
	}
}

// compare orders by time, then subject, so that it does not hang on the order of registers.
func (no noBy) compare(o noBy) int {
	return cmp.Or(no.Compare(o.Statement), no.of.Compare(o.of))
}

// Carry lists the refusals of some subjects of a profile that hold back a grant of another one and were
// not carried to it yet: Said.Subject is to whom, Statement.Origin from whom. To hold them there
// (Ledger.Hold) makes them survive a split. It depends neither on validity nor on what was carried to others.
func Carry(registers []Register) []Said {
	var all []Said
	refused := refusalsOf(registers)
	for i := range registers {
		to := &registers[i]
		if to.Ledger.Empty() {
			continue
		}
		for j := range refused {
			no := refused[j].notOf(to.Subject)
			if no.Statement == nil || !to.Ledger.heldBackBy(no.Statement) {
				continue
			}
			s := *no.Statement
			s.Origin = no.of
			if e := to.Ledger.at(s.Scope); e == nil || e.held == nil || s.Compare(e.held) > 0 {
				all = append(all, Said{to.Subject, s})
			}
		}
	}
	return all
}

// heldBackBy says whether a refusal stands against any grant in the ledger.
func (l *Ledger) heldBackBy(refused *Statement) bool {
	held := false
	l.touching(refused.Scope, func(e *entry) { held = held || e.granted != nil && refused.against(e.granted) })
	return held
}
