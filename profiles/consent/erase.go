package consent

import (
	"github.com/google/uuid"

	"tributary/ingest/event"
)

// messageErased is the message id of a refusal of which nothing else is left.
const messageErased = "erased"

// Bare is what stays of a refusal when the person is erased who said it, or of whom it was said, and it stands
// against somebody else: that there is one, since when, and for what.
func (s *Statement) Bare(to Subject) Statement {
	return Statement{
		Scope: s.Scope, Status: event.ConsentRefused, At: s.At, Received: s.At, MessageID: messageErased, Origin: to,
	}
}

// IsBare says whether nothing else is left of a refusal.
func (s *Statement) IsBare() bool { return s.MessageID == messageErased && s.Source == "" }

// Forget takes out what the erased said of a subject that is not theirs alone, and what was carried to it from
// theirs. Refusals stay: Forget returns what is to be held in their place (Bare).
func (l *Ledger) Forget(of Subject, erased func(Subject) bool) (bare []Statement, changed bool) {
	gone := func(s *Statement) bool {
		return s != nil && (s.Speaker != uuid.Nil && erased(Person(s.Speaker)) || s.Origin != Subject{} && erased(s.Origin))
	}
	kept := l.entries[:0]
	for _, e := range l.entries {
		for _, slot := range []**Statement{&e.granted, &e.refused, &e.pending, &e.held} {
			if !gone(*slot) {
				continue
			}
			if (*slot).Status == event.ConsentRefused {
				bare = append(bare, (*slot).Bare(of))
			}
			*slot, changed = nil, true
		}
		if e.all() != [4]*Statement{} {
			kept = append(kept, e)
		}
	}
	l.entries = kept
	return bare, changed
}
