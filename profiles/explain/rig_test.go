package explain_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded/embeddedtest"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/profiles/unify/unifytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a log, a worker and a state, in memory, and what explains them.
type rig struct {
	*unifytest.Rig
	*explain.Service
	n int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{Rig: unifytest.Start(t, embeddedtest.Open(t, 1), "US")}
	finder, err := profiles.NewService(r.State, r.Engine, profiles.Rules{})
	r.Must(err)
	r.Service = explain.NewService(r.State, r.Engine, finder)
	return r
}

// said is one event: identifiers as type and value in turn, and attributes.
type said struct {
	source     string // web, if empty
	attributes map[string]string
	ids        []string
	cx         *event.CX
	at         time.Duration // after epoch
}

// say sends events through the log and waits until they are applied.
func (r *rig) say(all ...said) {
	r.Helper()
	var records []stream.Record
	for _, s := range all {
		r.n++
		e := &event.Event{
			Workspace: "w", Source: s.source, MessageID: fmt.Sprintf("m-%06d", r.n), Type: event.TypeIdentify,
			Attributes: s.attributes, CX: s.cx,
		}
		if e.Source == "" {
			e.Source = "web"
		}
		for i := 0; i < len(s.ids); i += 2 {
			e.Identifiers = append(e.Identifiers, event.Identifier{Type: s.ids[i], Value: s.ids[i+1]})
		}
		if s.cx != nil {
			e.Type, e.Name = event.TypeTrack, event.NameConversationStarted
		}
		e.Stamp(epoch.Add(s.at), time.Time{}, epoch.Add(time.Duration(r.n)*time.Second))
		r.Must(e.Validate())
		value, err := event.Encode(e)
		r.Must(err)
		records = append(records, stream.Record{
			Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
			ReceivedAt: e.ReceivedAt, Value: value,
		})
	}
	r.Append(records...)
}

// give gives a command and waits until it is applied.
func (r *rig) give(c unify.Command) {
	r.Helper()
	r.n++
	record, err := unify.NewRecord("w", fmt.Sprintf("c-%06d", r.n), epoch.Add(time.Duration(r.n)*time.Second), c)
	r.Must(err)
	r.Append(record)
}

func (r *rig) settle() {
	r.Helper()
	r.Must(r.Worker.Settle(context.Background(), "w"))
}

func (r *rig) rules(document string) identity.Rules {
	r.Helper()
	rules, err := identity.ParseRules([]byte(document))
	r.Must(err)
	return rules
}

func (r *rig) preview(t explain.Trial) *explain.Forecast {
	r.Helper()
	f, err := r.Preview(context.Background(), "w", t)
	r.Must(err)
	return f
}

func address(typ, value string) profiles.Address {
	return profiles.Address{{Type: typ, Value: value}}
}

// refused is a store that cannot be read.
type refused struct{}

func (refused) View(string) (*state.Snapshot, error) { return nil, errors.New("disk is gone") }
