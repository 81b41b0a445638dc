package live_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/profiles/live"
)

func id(t *rapid.T, name string) (id uuid.UUID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, name))
	return id
}

func TestAnEntryIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := live.Entry{
			Number: rapid.Uint64().Draw(t, "number"), Kind: rapid.SampledFrom(live.Kinds()).Draw(t, "kind"),
			At:          time.UnixMilli(rapid.Int64Range(-1<<40, 1<<42).Draw(t, "at")).UTC(),
			Observation: id(t, "observation"), Peer: id(t, "peer"),
			From: rapid.Uint64().Draw(t, "from"), To: rapid.Uint64().Draw(t, "to"), Ref: rapid.String().Draw(t, "ref"),
		}
		again, err := live.Decode(e.Number, e.Append(nil))
		if err != nil || !reflect.DeepEqual(e, again) {
			t.Fatalf("%+v is read back as %+v, %v", e, again, err)
		}
		p := live.Place{Feed: e.From, Number: e.To}
		if q, err := live.ParsePlace(p.String()); err != nil || p != q {
			t.Fatalf("%v is read back as %v, %v", p, q, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	e := live.Entry{Kind: live.IdentityMerged, At: time.UnixMilli(1).UTC(), Observation: uuid.UUID{1}, Peer: uuid.UUID{2}, To: 3, Ref: "x"}
	f.Add(e.Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := live.Decode(7, data)
		if err != nil {
			return
		}
		if again, err := live.Decode(7, e.Append(nil)); err != nil || !reflect.DeepEqual(e, again) {
			t.Errorf("%+v is read back as %+v, %v", e, again, err)
		}
	})
}

func FuzzParsePlace(f *testing.F) {
	f.Add("00000000000000ff-12")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := live.ParsePlace(text); err == nil && p.String() != text {
			t.Errorf("%q is read as %v", text, p)
		}
	})
}

// TestEverythingAgentsWriteIsAKind: an event of a new name would be told to nobody.
func TestEverythingAgentsWriteIsAKind(t *testing.T) {
	for _, name := range event.Names() {
		e := event.Event{Source: event.SourceAgent, Type: event.TypeTrack, Name: name}
		var faults event.Errors
		refused := errors.As(e.Validate(), &faults) && slices.ContainsFunc(faults, func(f event.FieldError) bool { return f.Field == "name" })
		if kind, known := live.KindOf(name); known == refused || known && string(kind) != name {
			t.Errorf("%s is a kind: %t; agents may not write it: %t", name, known, refused)
		}
	}
	if _, known := live.KindOf(string(live.ProfileChanged)); known {
		t.Error("what the program tells of itself is no event's name")
	}
}
