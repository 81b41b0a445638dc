// Package consent says what may be done to whom: who agreed to what, on which channel, for which
// purpose, and who did not. It is pure: no storage, no clock.
//
// What is said belongs to a Subject: a contact point (an e-mail address, a number), or, where none is
// named, the observation that it was said of. A Ledger keeps what was said of one subject; a Projection
// is what that comes to for a profile. README.md has the rules and why they hold.
package consent

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
)

// AnyChannel is the channel of what is said for all channels.
const AnyChannel event.Channel = "*"

// Purposes that every workspace has; others are machine names (event.ValidPurpose).
const (
	PurposeMarketing = "marketing"
	PurposeService   = "service"
	PurposeProfiling = "profiling"
)

// Subject is whom a statement is about: a contact point in its normal form, or else an observation.
type Subject struct {
	Contact     identity.Identifier
	Observation identity.ObservationID
}

// Contact is the subject of a contact point, which must be normalised.
func Contact(id identity.Identifier) Subject { return Subject{Contact: id} }

// Person is the subject of what was said without a contact point.
func Person(o identity.ObservationID) Subject { return Subject{Observation: o} }

// IsContact says whether it is a contact point.
func (s Subject) IsContact() bool { return s.Contact.Type != "" }

// Compare orders contact points by type and value, and observations behind them by id.
func (s Subject) Compare(o Subject) int {
	if s.IsContact() != o.IsContact() {
		if s.IsContact() {
			return -1
		}
		return 1
	}
	return cmp.Or(strings.Compare(s.Contact.Type, o.Contact.Type), strings.Compare(s.Contact.Value, o.Contact.Value),
		bytes.Compare(s.Observation[:], o.Observation[:]))
}

// IsContactType says whether identifiers of a type are contact points.
func IsContactType(typ string) bool { return typ == event.IDEmail || typ == event.IDPhone }

// Reaches says whether a contact point of a type is one that a channel reaches; AnyChannel reaches all.
func Reaches(typ string, channel event.Channel) bool {
	return IsContactType(typ) && suits(typ, channel)
}

// suits says whether a contact point of a type can be reached on a channel.
func suits(typ string, channel event.Channel) bool {
	switch channel {
	case AnyChannel, "":
		return true
	case event.ChannelEmail:
		return typ == event.IDEmail
	case event.ChannelVoice, event.ChannelSMS, event.ChannelRCS, event.ChannelWhatsApp:
		return typ == event.IDPhone
	default:
	}
	return false
}

// Scope is what a statement is for.
type Scope struct {
	Channel event.Channel // or AnyChannel
	Purpose string        // or event.AnyPurpose
}

// NewScope puts AnyChannel and event.AnyPurpose for what is empty.
func NewScope(channel event.Channel, purpose string) Scope {
	return Scope{cmp.Or(channel, AnyChannel), cmp.Or(purpose, event.AnyPurpose)}
}

// Compare orders by channel, then purpose; that of everything is the least.
func (s Scope) Compare(o Scope) int {
	return cmp.Or(strings.Compare(string(s.Channel), string(o.Channel)), strings.Compare(s.Purpose, o.Purpose))
}

// touches says whether two scopes have something in common.
func (s Scope) touches(o Scope) bool {
	return (s.Channel == o.Channel || s.Channel == AnyChannel || o.Channel == AnyChannel) &&
		(s.Purpose == o.Purpose || s.Purpose == event.AnyPurpose || o.Purpose == event.AnyPurpose)
}

// levels are the scopes that cover s, the closest first.
func (s Scope) levels() []Scope {
	all := []Scope{s}
	for _, wider := range []Scope{{s.Channel, event.AnyPurpose}, {AnyChannel, s.Purpose}, {AnyChannel, event.AnyPurpose}} {
		if wider != all[len(all)-1] && wider != s {
			all = append(all, wider)
		}
	}
	return all
}

// Statement is one thing that was said. At is the corrected time, Received when it came in; both to the
// millisecond.
type Statement struct {
	Scope
	Status     event.Consent
	At         time.Time
	Received   time.Time
	Source     string
	MessageID  string
	LegalBasis string
	Evidence   string
	ValidUntil time.Time // of a grant; zero: it does not end by itself
	// Speaker is the observation that the event was of which said it; none of what was carried.
	Speaker identity.ObservationID
	// Origin is of a refusal that was carried: for whom it was said. Else the zero Subject.
	Origin Subject
}

// Compare orders what was said of one subject and scope; the greatest stands. Of equal time a refusal
// beats what is pending, and that a grant; among equals the greater message id, then source.
func (s *Statement) Compare(o *Statement) int {
	return cmp.Or(s.At.Compare(o.At), cmp.Compare(rank(s.Status), rank(o.Status)),
		strings.Compare(s.MessageID, o.MessageID), strings.Compare(s.Source, o.Source), s.Origin.Compare(o.Origin),
		bytes.Compare(s.Speaker[:], o.Speaker[:]), s.Received.Compare(o.Received), strings.Compare(s.Evidence, o.Evidence),
		strings.Compare(s.LegalBasis, o.LegalBasis), s.ValidUntil.Compare(o.ValidUntil))
}

func rank(status event.Consent) int {
	switch status {
	case event.ConsentRefused:
		return 2
	case event.ConsentPending:
		return 1
	default:
		return 0
	}
}

// against says whether a no stands against a grant: it is not older.
func (s *Statement) against(grant *Statement) bool { return !s.At.Before(grant.At) }

// later returns the greater of two statements, either of which may be nil.
func later(a, b *Statement) *Statement {
	if a == nil || b != nil && b.Compare(a) > 0 {
		return b
	}
	return a
}

// Said is a statement with whom it is about.
type Said struct {
	Subject
	Statement
}

// CarryID names the carrying of a refusal to a subject: a hash, the same whoever makes it.
func CarryID(workspace string, to Subject, refusal *Statement) string {
	var b bytes.Buffer
	for _, text := range []string{
		workspace, to.Contact.Type, to.Contact.Value, to.Observation.String(), string(refusal.Channel), refusal.Purpose,
		refusal.At.UTC().Format(time.RFC3339Nano), refusal.MessageID, refusal.Source,
	} {
		b.WriteString(text)
		b.WriteByte(0)
	}
	return "carry-" + uuid.NewSHA1(carryNamespace, b.Bytes()).String()
}

var carryNamespace = uuid.MustParse("6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e")
