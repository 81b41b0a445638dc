package steward_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded/embeddedtest"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
	"tributary/profiles/unify/unifytest"
	"tributary/sql/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a desk over a log, a worker and a state, in memory.
type rig struct {
	*unifytest.Rig
	*steward.Desk
	asked []store.ReviewRow
	n     int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{Rig: unifytest.Start(t, embeddedtest.Open(t, 1), "US")}
	finder, err := profiles.NewService(r.State, r.Engine, profiles.Rules{})
	r.Must(err)
	r.Desk = steward.New(steward.Config{
		State: r.State, Explain: explain.NewService(r.State, r.Engine, finder), Commands: r, Worker: r.Worker, Engine: r.Engine, Now: r.clock,
		Asked: func(_ context.Context, _ string, after steward.Place, limit int) ([]store.ReviewRow, error) {
			for i, row := range r.asked {
				if after == (steward.Place{}) || row.Bits < after.Bits {
					return r.asked[i:min(len(r.asked), i+limit)], nil
				}
			}
			return nil, nil
		},
	})
	return r
}

// clock is a second later each time.
func (r *rig) clock() time.Time {
	r.n++
	return epoch.Add(time.Duration(r.n) * time.Second)
}

// DoNamed implements steward.Commands.
func (r *rig) DoNamed(_ context.Context, workspace string, commands []unify.Named) error {
	now := r.clock()
	for _, c := range commands {
		record, err := unify.NewRecord(workspace, c.MessageID, now, c.Command)
		if err != nil {
			return err
		}
		r.Append(record)
	}
	return nil
}

// say sends one event a line, such as "user_id=u1 anonymous_id=a first_name=Ann".
func (r *rig) say(lines ...string) {
	r.Helper()
	for _, line := range lines {
		at := r.clock()
		e := &event.Event{
			Workspace: "w", Source: "web", MessageID: fmt.Sprintf("m-%06d", r.n), Type: event.TypeIdentify, Attributes: map[string]string{},
		}
		for field := range strings.FieldsSeq(line) {
			key, value, _ := strings.Cut(field, "=")
			if strings.HasSuffix(key, "_name") {
				e.Attributes[key] = value
			} else {
				e.Identifiers = append(e.Identifiers, event.Identifier{Type: key, Value: value})
			}
		}
		e.Stamp(at, time.Time{}, at)
		r.Must(e.Validate())
		value, err := event.Encode(e)
		r.Must(err)
		r.Append(stream.Record{Kind: stream.KindEvent, Workspace: "w", Source: "web", MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value})
	}
}

// homes is who is of which profile: the first observation of each, by observation.
func (r *rig) homes() map[identity.ObservationID]identity.ProfileID {
	r.Helper()
	r.Must(r.Worker.Decided(context.Background(), "w"))
	view, err := r.State.View("w")
	r.Must(err)
	defer func() { r.Must(view.Close()) }()
	all := map[identity.ObservationID]identity.ProfileID{}
	for after := uuid.Nil; ; {
		ids, err := view.ObservationsFrom(after, 1000)
		r.Must(err)
		for _, id := range ids {
			a, _, err := view.Assignment(id)
			r.Must(err)
			all[id], after = a.Profile, id
		}
		if len(ids) == 0 {
			return all
		}
	}
}

// holder is the first observation that holds an identifier.
func (r *rig) holder(typ, value string) identity.ObservationID {
	r.Helper()
	view, err := r.State.View("w")
	r.Must(err)
	defer func() { r.Must(view.Close()) }()
	ids, err := view.Facts().Holders(identity.Identifier{Type: typ, Value: value})
	r.Must(err)
	if len(ids) == 0 {
		r.Fatalf("nobody holds %s %s", typ, value)
	}
	return ids[0]
}

func (r *rig) decide(p steward.Proposal) *steward.Decision {
	r.Helper()
	d, err := r.Decide(context.Background(), "w", steward.Request{Proposal: p, ID: uuid.New(), Hash: 1, Actor: "ada"})
	r.Must(err)
	return d
}
