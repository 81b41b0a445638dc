package admin_test

import (
	"slices"
	"strings"
	"testing"

	"tributary/api/admin"
	"tributary/ingest/event"
	"tributary/profiles/unify"
)

// TestWhatTheSocketTellsOfPeopleIsOnRecord: who is explained, found by an identifier, or asked about.
func TestWhatTheSocketTellsOfPeopleIsOnRecord(t *testing.T) {
	s := newServer(t)
	_, err := s.Import(t.Context(), "acme", "crm", strings.NewReader(`{"message_id":"1","type":"track","name":"Viewed","identifiers":[{"type":"user_id","value":"u1"}]}
`))
	s.must(err)
	s.settle()
	x, err := s.ExplainIdentity(t.Context(), "acme", admin.ExplainQuery{Address: "user_id:u1"})
	s.must(err)
	_, err = s.IdentifierStanding(t.Context(), "acme", event.IDUser+":u1")
	s.must(err)
	_, err = s.Consent(t.Context(), "acme", "user_id:u1", "", "")
	s.must(err)
	var routes []string
	for _, d := range s.disclosed() {
		if slices.Contains(d.Observations, x.Profile) {
			routes = append(routes, d.Kind+" "+d.Route)
		}
	}
	slices.Sort(routes)
	if want := []string{"answer GET /admin/v1/consent", "answer GET /admin/v1/identity/explain", "listed GET /admin/v1/identity/identifier"}; !slices.Equal(routes, want) {
		t.Errorf("on record are %v, want %v", routes, want)
	}
}

// disclosed reads what the log says was read of people.
func (s *server) disclosed() (all []unify.Disclosure) {
	s.Helper()
	partitions, err := s.log.Partitions(s.Context())
	s.must(err)
	for _, p := range partitions {
		if p.Next == p.First {
			continue
		}
		r, err := s.log.Reader(p.ID, p.First)
		s.must(err)
		for at := p.First; at < p.Next; {
			entries, err := r.Next(s.Context(), 100)
			s.must(err)
			for _, e := range entries {
				if at = e.Offset + 1; e.Source != unify.DisclosureSource {
					continue
				}
				c, err := unify.ParseCommand(e.Value)
				s.must(err)
				all = append(all, c.(unify.Disclosure))
			}
		}
		s.must(r.Close())
	}
	return all
}
