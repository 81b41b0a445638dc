package state

import (
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/consent"
)

// presences are the kinds of which it is known whether there are any: how one is put, and whether a reader finds it, and
// the writer where it asks too.
var presences = []struct {
	kind   byte
	put    func(t *testing.T, s *Space)
	reader func(h *Snapshot) (bool, error)
	writer func(s *Space) (bool, error)
}{
	{
		kindBlock,
		func(t *testing.T, s *Space) {
			_, err := s.SetBlocked(presentID, true, Stamp{At: noon, MessageID: "b"})
			must(t, err)
		},
		func(h *Snapshot) (bool, error) { return h.Blocked(presentID) },
		func(s *Space) (bool, error) { return s.Blocked(presentID) },
	},
	{
		kindShared,
		func(t *testing.T, s *Space) {
			_, err := s.SetShared(presentID, identity.SharedHousehold)
			must(t, err)
		},
		func(h *Snapshot) (bool, error) {
			kind, err := h.Shared(presentID)
			return kind == identity.SharedHousehold, err
		},
		func(s *Space) (bool, error) {
			kind, err := s.Shared(presentID)
			return kind == identity.SharedHousehold, err
		},
	},
	{
		kindConsent,
		func(t *testing.T, s *Space) {
			_, err := s.Say(&consent.Said{Subject: presentSubject, Statement: consent.Statement{Status: event.ConsentRefused, At: noon, Received: noon, Source: "crm", MessageID: "c"}})
			must(t, err)
		},
		func(h *Snapshot) (bool, error) {
			l, err := h.Consent(presentSubject)
			return h.HasConsent() && !l.Empty(), err
		},
		func(s *Space) (bool, error) {
			l, err := s.Consent(presentSubject)
			return s.HasConsent() && !l.Empty(), err
		},
	},
	{
		kindAccountsOf,
		func(_ *testing.T, s *Space) {
			e := added(1, 1)
			e.Name, e.CX = event.NameInvoiceIssued, &event.CX{AccountID: "account"}
			s.AddMembership("account", person(1)).Apply(e)
		},
		func(h *Snapshot) (bool, error) {
			all, err := h.AccountsOf(person(1), 10)
			return len(all) == 1, err
		},
		nil,
	},
	{
		kindPledged,
		func(t *testing.T, s *Space) {
			e := added(1, 1)
			e.Name, e.CX = event.NameCommitmentMade, &event.CX{CommitmentID: "p", AuthorRole: event.AuthorHuman}
			s.State(person(1)).Apply(e, stream.Position{Offset: 1})
			must(t, s.Pledge(&profiles.Pledged{Observation: person(1), ID: "p"}))
		},
		func(h *Snapshot) (bool, error) { return h.HasPledged(person(1)) },
		func(s *Space) (bool, error) { return s.HasPledged(), nil },
	},
	{
		kindHandoff,
		func(t *testing.T, s *Space) {
			x := offered(1)
			_, err := s.AddHandoff(x.person, &x.step)
			must(t, err)
		},
		func(h *Snapshot) (bool, error) {
			all, err := h.HandoffsOf(offered(1).person)
			return len(all) == 1, err
		},
		nil,
	},
}

var (
	presentID      = identity.Identifier{Type: "phone", Value: "+447700900123"}
	presentSubject = consent.Subject{Contact: presentID}
)

// TestWhatIsWrittenFirstIsFound: a reader who looked before there was anything of a kind hides it from no later one,
// however the two meet; nor does a step that was dropped.
func TestWhatIsWrittenFirstIsFound(t *testing.T) {
	for _, p := range presences {
		t.Run(fmt.Sprintf("%c", p.kind), func(t *testing.T) {
			s := openOn(t, vfs.NewMem())
			defer func() { must(t, s.Close()) }()
			for i := range 50 {
				name := fmt.Sprint("w", i)
				before, err := s.View(name)
				must(t, err)
				reads := func(view *Snapshot, want bool) {
					if found, err := p.reader(view); err != nil || found != want {
						t.Errorf("a reader finds it: %t, %v; want %t", found, err, want)
					}
					must(t, view.Close())
				}
				writes := func(want bool) {
					if p.writer == nil {
						return
					}
					if found, err := p.writer(workspace(t, s, name)); err != nil || found != want {
						t.Errorf("the writer finds it: %t, %v; want %t", found, err, want)
					}
				}
				writes(false)
				var meanwhile sync.WaitGroup
				meanwhile.Go(func() { reads(before, false) })
				p.put(t, workspace(t, s, name))
				writes(true)
				if i%2 == 0 {
					s.Tx().Abort()
					p.put(t, workspace(t, s, name))
				}
				must(t, s.Tx().Commit())
				after, err := s.View(name)
				must(t, err)
				reads(after, true)
				writes(true)
				meanwhile.Wait()
			}
		})
	}
}

// TestWhatWasThereIsFoundAgain: by who opens the state anew.
func TestWhatWasThereIsFoundAgain(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	for _, p := range presences {
		p.put(t, workspace(t, s, fmt.Sprintf("%c", p.kind)))
	}
	must(t, s.Tx().Commit())
	must(t, s.Close())
	s = openOn(t, fs)
	defer func() { must(t, s.Close()) }()
	for i, p := range presences {
		view, err := s.View(fmt.Sprintf("%c", p.kind))
		must(t, err)
		if found, err := p.reader(view); err != nil || !found {
			t.Errorf("%c: a reader finds it: %t, %v", p.kind, found, err)
		}
		must(t, view.Close())
		if p.writer == nil {
			continue
		}
		if found, err := p.writer(workspace(t, s, fmt.Sprintf("%c", p.kind))); err != nil || !found {
			t.Errorf("%c: the writer finds it: %t, %v", p.kind, found, err)
		}
		other := presences[(i+1)%len(presences)].kind // where there is nothing of this one
		if found, err := p.writer(workspace(t, s, fmt.Sprintf("%c", other))); err != nil || found {
			t.Errorf("%c: the writer finds it elsewhere: %t, %v", p.kind, found, err)
		}
	}
}
