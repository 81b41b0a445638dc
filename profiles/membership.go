package profiles

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"tributary/ingest/event"
)

// maxRoles bounds how many roles one person has in one account, the shortest names first.
const maxRoles = 8

// everyRole is the role of the register that ends all roles. No event can name it (event.CX.AccountRole), and no
// name of a role comes before it but the empty one, so that it is never beyond the bound.
const everyRole = "*"

// Membership is what is kept of one observation's part in an account. It is mergeable, as State is; the
// zero one says nothing.
type Membership struct {
	mentions    uint64     // events that name the account
	first, last int64      // of them: corrected times, Unix milliseconds
	record      recordHead // the newest version of the source's record that names the account
	roles       []roleRegister
}

// roleRegister is the last that was said of one role; "" is one without a name.
type roleRegister struct {
	role   string
	joined word  // that it is held
	left   word  // that it is held no more; of everyRole this alone
	first  int64 // the earliest that it was held by the event's own time, Unix milliseconds; with joined
}

// word is what an event said. The zero one: nothing was said.
type word struct {
	by          stamp
	from, until int64 // Unix milliseconds; 0: not said
}

func (a word) said() bool { return a.by != stamp{} }

func (a word) compare(b word) int {
	return cmp.Or(a.by.compare(b.by), cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until))
}

// take keeps the later of two words.
func (a *word) take(b word) {
	if b.said() && (!a.said() || b.compare(*a) > 0) {
		*a = b
	}
}

// stated returns what e says of its subject's part in its account, if anything: a group call and
// account.member_joined that it has one, account.member_left that it has not.
func stated(e *event.Event, by stamp) (roleRegister, bool) {
	joined := e.Type == event.TypeGroup || e.Name == event.NameAccountMemberJoined
	left := e.Name == event.NameAccountMemberLeft
	if !joined && !left || e.Record != nil && e.Record.Deleted {
		return roleRegister{}, false
	}
	r := roleRegister{role: strings.Clone(clip(e.CX.AccountRole))}
	said := word{by: by}
	if !e.CX.ValidUntil.IsZero() {
		said.until = e.CX.ValidUntil.UnixMilli()
	}
	if left {
		said.until = cmp.Or(said.until, by.at)
		r.role, r.left = cmp.Or(r.role, everyRole), said
		return r, true
	}
	if !e.CX.ValidFrom.IsZero() {
		said.from = e.CX.ValidFrom.UnixMilli()
	}
	r.joined, r.first = said, by.at
	return r, true
}

// Apply adds an event of the observation that names the account. It shares no memory with it.
func (m *Membership) Apply(e *event.Event) {
	by := stamp{at: e.At.UnixMilli(), msg: strings.Clone(clip(e.MessageID)), source: strings.Clone(e.Source)}
	m.mention(1, by.at, by.at)
	if e.Record != nil {
		m.takeRecord(newHead(e, by))
	}
	if r, ok := stated(e, by); ok {
		m.addRole(r)
	}
}

// Mentions is how many events of the observation name the account.
func (m *Membership) Mentions() uint64 { return m.mentions }

func (m *Membership) mention(n uint64, first, last int64) {
	if n == 0 {
		return
	}
	if m.mentions == 0 {
		m.first, m.last = first, last
	}
	m.mentions += n
	m.first, m.last = min(m.first, first), max(m.last, last)
}

func (m *Membership) takeRecord(h recordHead) {
	if h.set && (!m.record.set || h.compare(m.record) > 0) {
		m.record = h
	}
}

func (m *Membership) addRole(r roleRegister) {
	i, found := search(m.roles, func(x roleRegister) int { return shorter(x.role, r.role) })
	if !found {
		m.roles = insert(m.roles, i, r, maxRoles)
		return
	}
	was := &m.roles[i]
	switch {
	case !was.joined.said():
		was.first = r.first
	case r.joined.said():
		was.first = min(was.first, r.first)
	}
	was.joined.take(r.joined)
	was.left.take(r.left)
}

// Merge adds what another one says. It leaves o as it is.
func (m *Membership) Merge(o *Membership) {
	m.mention(o.mentions, o.first, o.last)
	m.takeRecord(o.record)
	for _, r := range o.roles {
		m.addRole(r)
	}
}

// Role is what somebody is to an account, and while.
type Role struct {
	Role   string    `json:"role,omitempty" policy:"account"`      // a machine name; empty: a member, no more is said
	From   time.Time `json:"from,omitzero" policy:"account"`       // zero: not said
	Until  time.Time `json:"until,omitzero" policy:"account"`      // zero: without end
	Source string    `json:"source,omitempty" policy:"provenance"` // who said so; empty: it follows from events
}

// At says whether the role is held at a time.
func (r Role) At(t time.Time) bool {
	return !r.From.After(t) && (r.Until.IsZero() || t.Before(r.Until))
}

// part is the part of one of a person's observations in an account.
type part struct {
	*Membership
	record recordHead // the newest version of the record that the observation is of, if it is of one
}

// newPart is the part of an observation of which state is kept, or nil.
func newPart(m *Membership, state *State) part {
	p := part{Membership: m}
	if state != nil {
		p.record = state.record
	}
	return p
}

// departed returns the version of the record that no longer names the account, or deletes the record, if
// an earlier one did.
func (p part) departed() (recordHead, bool) {
	return p.record, p.Membership.record.set && (p.record.deleted || p.record.compare(p.Membership.record) > 0)
}

// rolesOf folds what several observations of one person said of one account: of each role the last word
// counts, and a leaving without a role ends all that was said before it. Where nobody said anything, the
// person is a member because its events name the account; until no record of it does any more, if one did.
func rolesOf(parts []part) []Role {
	var m Membership
	for _, p := range parts {
		m.Merge(p.Membership)
	}
	var end word
	var roles []Role
	for i := range m.roles {
		if m.roles[i].role == everyRole {
			end = m.roles[i].left
		}
	}
	for i := range m.roles {
		if r := &m.roles[i]; r.role != everyRole {
			roles = append(roles, r.open(end))
		}
	}
	if len(roles) > 0 {
		return roles
	}
	member := Role{From: time.UnixMilli(m.first).UTC()}
	if end.said() { // who is only said to have left was a member
		member.Until, member.Source = time.UnixMilli(end.until).UTC(), end.by.source
	} else if gone, ok := departure(parts); ok {
		member.Until, member.Source = gone.by.time(), gone.by.source
	}
	return []Role{member}
}

// departure is the last of the versions by which records ceased to name an account, if all did that ever
// had named it.
func departure(parts []part) (last recordHead, ok bool) {
	for _, p := range parts {
		gone, departed := p.departed()
		switch {
		case departed:
			if !ok || gone.by.compare(last.by) > 0 {
				last, ok = gone, true
			}
		case p.Membership.record.set:
			return recordHead{}, false
		}
	}
	return last, ok
}

// open is the role as it stands beside a leaving of all roles. It is held since the time that was said; else
// since the first that was said of it, or the last if it had been left before that.
func (r *roleRegister) open(end word) Role {
	role := Role{Role: r.role, Source: r.joined.by.source}
	from, until := r.joined.from, r.joined.until
	if r.joined.said() && from == 0 {
		from = r.first
	}
	for _, left := range [...]word{r.left, end} {
		switch {
		case !left.said():
		case left.by.compare(r.joined.by) > 0 || !r.joined.said():
			if until == 0 || left.until < until {
				until, role.Source = left.until, left.by.source
			}
		case r.joined.from == 0 && left.by.at >= r.first:
			from = r.joined.by.at
		}
	}
	if from != 0 {
		role.From = time.UnixMilli(from).UTC()
	}
	if until != 0 {
		role.Until = time.UnixMilli(until).UTC()
	}
	return role
}

// membershipCodec is the first byte of an encoded Membership.
const membershipCodec = 2

// AppendBinary appends the encoded Membership. Equal ones have equal encodings. It never fails.
func (m *Membership) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, membershipCodec)
	b = binary.AppendUvarint(b, m.mentions)
	b = binary.AppendVarint(b, m.first)
	b = binary.AppendVarint(b, m.last)
	b = appendFlag(b, m.record.set)
	if m.record.set {
		b = appendFlag(b, m.record.deleted)
		b = appendString(b, m.record.version)
		b = appendStamp(b, &m.record.by)
	}
	b = binary.AppendUvarint(b, uint64(len(m.roles)))
	for i := range m.roles {
		r := &m.roles[i]
		b = appendString(b, r.role)
		b = binary.AppendVarint(b, r.first)
		for _, w := range [...]*word{&r.joined, &r.left} {
			if b = appendFlag(b, w.said()); w.said() {
				b = appendStamp(b, &w.by)
				b = binary.AppendVarint(b, w.from)
				b = binary.AppendVarint(b, w.until)
			}
		}
	}
	return b, nil
}

// UnmarshalBinary replaces the Membership by the one encoded in data, of which it keeps a copy. It fails
// with ErrCorrupt and then leaves it empty.
func (m *Membership) UnmarshalBinary(data []byte) error {
	r := reader{s: string(data)}
	version := r.byte()
	m.mentions, m.first, m.last, m.roles = r.uvarint(), r.varint(), r.varint(), m.roles[:0]
	if m.record = (recordHead{set: r.flag()}); m.record.set {
		m.record.deleted, m.record.version, m.record.by = r.flag(), r.text(), r.stamp()
	}
	for range r.count(maxRoles) {
		m.roles = append(m.roles, roleRegister{role: r.text(), first: r.varint(), joined: r.word(), left: r.word()})
	}
	if version != membershipCodec || r.bad || !r.done() ||
		!ascending(m.roles, func(a, b roleRegister) int { return shorter(a.role, b.role) }) {
		*m = Membership{}
		return fmt.Errorf("%w: membership", ErrCorrupt)
	}
	return nil
}

func (r *reader) word() (w word) {
	if r.flag() {
		w.by, w.from, w.until = r.stamp(), r.varint(), r.varint()
		if !w.said() {
			r.fail()
		}
	}
	return w
}
