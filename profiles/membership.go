package profiles

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
)

// maxRoles bounds how many roles one observation has in one account, the shortest names first.
const maxRoles = 8

// everyRole is the role of a register that ends all roles.
const everyRole = "*"

// Membership is what is kept of one observation's part in an account. It is mergeable, as State is; the
// zero one says nothing.
type Membership struct {
	mentions    uint64 // events that name the account
	first, last int64  // of them: corrected times, Unix milliseconds
	roles       []roleRegister
}

// roleRegister is the last that was said of one role; "" is one without a name.
type roleRegister struct {
	role        string
	by          stamp
	from, until int64 // Unix milliseconds; 0: since ever, without end
	left        bool
}

func (a roleRegister) compare(b roleRegister) int {
	return cmp.Or(a.by.compare(b.by), cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until))
}

// stated returns what e says of its subject's part in its account, if anything: a group call and
// account.member_joined that it has one, account.member_left that it has not.
func stated(e *event.Event, by stamp) (roleRegister, bool) {
	joined := e.Type == event.TypeGroup || e.Name == event.NameAccountMemberJoined
	left := e.Name == event.NameAccountMemberLeft
	if !joined && !left || e.Record != nil && e.Record.Deleted {
		return roleRegister{}, false
	}
	r := roleRegister{role: strings.Clone(clip(e.CX.AccountRole)), by: by, left: left, from: by.at}
	if !e.CX.ValidFrom.IsZero() {
		r.from = e.CX.ValidFrom.UnixMilli()
	}
	if !e.CX.ValidUntil.IsZero() {
		r.until = e.CX.ValidUntil.UnixMilli()
	}
	if left {
		r.from = 0
		r.until = cmp.Or(r.until, by.at)
		r.role = cmp.Or(r.role, everyRole)
	}
	return r, true
}

// Apply adds an event of the observation that names the account. It shares no memory with it.
func (m *Membership) Apply(e *event.Event) {
	by := stamp{at: e.At.UnixMilli(), msg: strings.Clone(clip(e.MessageID)), source: strings.Clone(e.Source)}
	m.mention(1, by.at, by.at)
	if r, ok := stated(e, by); ok {
		m.addRole(r)
	}
}

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

func (m *Membership) addRole(r roleRegister) {
	i, found := search(m.roles, func(x roleRegister) int { return shorter(x.role, r.role) })
	if !found {
		m.roles = insert(m.roles, i, r, maxRoles)
		return
	}
	if r.compare(m.roles[i]) > 0 {
		m.roles[i] = r
	}
}

// Merge adds what another one says. It leaves o as it is.
func (m *Membership) Merge(o *Membership) {
	m.mention(o.mentions, o.first, o.last)
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

// rolesOf folds what several observations of one person said of one account: of each role the last word
// counts, and a leaving without a role ends all that was said before it. Where nobody said anything, the
// person is a member because its events name the account.
func rolesOf(all []*Membership) []Role {
	var m Membership
	for _, o := range all {
		m.mention(o.mentions, o.first, o.last)
		for _, r := range o.roles { // without the bound: every observation has its own
			if i, found := search(m.roles, func(x roleRegister) int { return shorter(x.role, r.role) }); !found {
				m.roles = slices.Insert(m.roles, i, r)
			} else if r.compare(m.roles[i]) > 0 {
				m.roles[i] = r
			}
		}
	}
	if len(m.roles) == 0 {
		return []Role{{From: time.UnixMilli(m.first).UTC()}}
	}
	var end *roleRegister
	if i := slices.IndexFunc(m.roles, func(r roleRegister) bool { return r.role == everyRole }); i >= 0 {
		end = &m.roles[i]
	}
	var roles []Role
	for i := range m.roles {
		if r := &m.roles[i]; r != end {
			roles = append(roles, r.open(end))
		}
	}
	if len(roles) == 0 { // who is only said to have left was a member
		left := end.open(nil)
		left.Role, left.From = "", time.UnixMilli(m.first).UTC()
		roles = append(roles, left)
	}
	return roles
}

// open is the role as it stands beside a leaving of all roles, which may be nil.
func (r *roleRegister) open(end *roleRegister) Role {
	until, source := r.until, r.by.source
	if end != nil && end.by.compare(r.by) > 0 && (until == 0 || end.until < until) {
		until, source = end.until, end.by.source
	}
	role := Role{Role: r.role, Source: source}
	if r.from != 0 {
		role.From = time.UnixMilli(r.from).UTC()
	}
	if until != 0 {
		role.Until = time.UnixMilli(until).UTC()
	}
	return role
}

// membershipCodec is the first byte of an encoded Membership.
const membershipCodec = 1

// AppendBinary appends the encoded Membership. Equal ones have equal encodings. It never fails.
func (m *Membership) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, membershipCodec)
	b = binary.AppendUvarint(b, m.mentions)
	b = binary.AppendVarint(b, m.first)
	b = binary.AppendVarint(b, m.last)
	b = binary.AppendUvarint(b, uint64(len(m.roles)))
	for i := range m.roles {
		r := &m.roles[i]
		b = appendString(b, r.role)
		b = appendStamp(b, &r.by)
		b = binary.AppendVarint(b, r.from)
		b = binary.AppendVarint(b, r.until)
		b = appendFlag(b, r.left)
	}
	return b, nil
}

// UnmarshalBinary replaces the Membership by the one encoded in data, of which it keeps a copy. It fails
// with ErrCorrupt and then leaves it empty.
func (m *Membership) UnmarshalBinary(data []byte) error {
	r := reader{s: string(data)}
	version := r.byte()
	m.mentions, m.first, m.last, m.roles = r.uvarint(), r.varint(), r.varint(), m.roles[:0]
	for range r.count(maxRoles) {
		m.roles = append(m.roles, roleRegister{role: r.text(), by: r.stamp(), from: r.varint(), until: r.varint(), left: r.flag()})
	}
	if version != membershipCodec || r.bad || !r.done() ||
		!ascending(m.roles, func(a, b roleRegister) int { return shorter(a.role, b.role) }, true) {
		*m = Membership{}
		return fmt.Errorf("%w: membership", ErrCorrupt)
	}
	return nil
}
