package profiles

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// BenchmarkStateSize tells how many bytes are kept of an observation, by how much was heard of it, and of
// a profile of a customer record, a helpdesk user and ten visits.
func BenchmarkStateSize(b *testing.B) {
	heard := func(contacts, identifies int) *State {
		s := &State{}
		for i := range contacts {
			s.Apply(sampleEvent(i), stream.Position{Offset: uint64(i)})
		}
		for i := range identifies {
			s.Apply(&event.Event{
				Source: "crm", MessageID: fmt.Sprintf("identify-%08d", i), Type: event.TypeIdentify,
				At: epoch.Add(time.Duration(i) * time.Hour), ReceivedAt: epoch,
				Attributes: map[string]string{event.AttrFirstName: "Ada", event.AttrLastName: "Lovelace", event.AttrCity: "London"},
				Traits:     json.RawMessage(fmt.Sprintf(`{"plan":"pro","seats":%d,"language":"de","newsletter":true,"origin":"fair"}`, i)),
			}, stream.Position{Offset: uint64(i)})
		}
		return s
	}
	for _, tt := range []struct {
		name   string
		states []*State
	}{
		{"observation/visit", []*State{heard(3, 0)}},
		{"observation/record of one version", []*State{heard(0, 1)}},
		{"observation/record of many versions", []*State{heard(0, 20)}},
		{"observation/busy", []*State{heard(400, 5)}},
		{"profile", []*State{
			heard(0, 5), heard(40, 1), heard(3, 0), heard(3, 0), heard(3, 0), heard(3, 0), heard(3, 0), heard(3, 0), heard(3, 0),
			heard(3, 0), heard(3, 0), heard(3, 0),
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var size int
			for b.Loop() {
				size = 0
				for _, s := range tt.states {
					size += len(encode(s))
				}
			}
			b.ReportMetric(float64(size), "bytes")
			b.ReportMetric(float64(size)/float64(len(tt.states)), "bytes/observation")
		})
	}
}
