package event

import (
	"testing"
	"time"
)

func TestClient(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	of := func(source string, sent time.Time, ids ...Identifier) *Event {
		e := &Event{Source: source, Identifiers: ids}
		e.Stamp(at, sent, at)
		return e
	}
	anon, device, user := Identifier{IDAnonymous, "a"}, Identifier{IDDevice, "d"}, Identifier{IDUser, "u"}
	before := of("web", at, anon)
	for name, c := range map[string]struct {
		event *Event
		same  bool
	}{
		"the same":            {of("web", at, anon), true},
		"after a login":       {of("web", at, user, anon), true},
		"with its device":     {of("web", at, device, anon), true},
		"another":             {of("web", at, Identifier{IDAnonymous, "b"}), false},
		"of another source":   {of("app", at, anon), false},
		"another kind of id":  {of("web", at, Identifier{IDUser, "a"}), false},
		"says no time":        {of("web", time.Time{}, anon), false},
		"names a person only": {of("web", at, Identifier{IDEmail, "a"}), false},
		"names nobody":        {of("web", at), false},
	} {
		if got := c.event.Client() == before.Client(); got != c.same {
			t.Errorf("%s: %v", name, got)
		}
	}
	if of("web", at, Identifier{IDEmail, "a"}).Client() != 0 || of("web", at).ClientID() != 0 || of("web", time.Time{}, anon).ClientID() == 0 {
		t.Error("0 does not mean that no client is known")
	}
}
