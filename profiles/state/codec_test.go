package state

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
)

func drawTime(t *rapid.T) time.Time {
	return time.UnixMilli(rapid.Int64Range(-1<<40, 1<<43).Draw(t, "ms")).UTC()
}

func drawID(t *rapid.T) uuid.UUID {
	return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
}

func drawObserved(t *rapid.T) *Observed {
	o := &Observed{Collided: rapid.Bool().Draw(t, "collided")}
	o.ID, o.Workspace, o.FirstReceived, o.FirstSeen = drawID(t), "w", drawTime(t), drawTime(t)
	o.Source, o.RecordID, o.Session = rapid.String().Draw(t, "source"), rapid.String().Draw(t, "record"), rapid.String().Draw(t, "session")
	o.Stated = Version{rapid.String().Draw(t, "version"), rapid.Int64().Draw(t, "at"), rapid.String().Draw(t, "message")}
	for range rapid.IntRange(0, 3).Draw(t, "identifiers") {
		o.Identifiers = append(o.Identifiers, identity.Identifier{Type: rapid.String().Draw(t, "type"), Value: rapid.String().Draw(t, "value")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "attributes") {
		o.Attributes = append(o.Attributes, identity.Attribute{Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")})
	}
	return o
}

func TestObservedSurvivesItsCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObserved(t)
		back, err := decodeObserved("w", o.ID, o.append(nil))
		if err != nil || !reflect.DeepEqual(back, o) {
			t.Fatalf("%+v came back as %+v, %v", o, back, err)
		}
	})
}

func TestAssignmentSurvivesItsCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := identity.Assignment{Observation: drawID(t), Profile: drawID(t), Standing: rapid.SampledFrom(standings[:]).Draw(t, "standing")}
		for range rapid.IntRange(0, 3).Draw(t, "candidates") {
			a.Candidates = append(a.Candidates, drawID(t))
		}
		a.Reason = identity.Reason{Rule: rapid.String().Draw(t, "rule"), IdentifierType: rapid.String().Draw(t, "type"), Peer: drawID(t), Score: identity.Bits(rapid.Int32().Draw(t, "score"))}
		back, err := decodeAssignment(a.Observation, appendAssignment(nil, &a))
		if err != nil || !reflect.DeepEqual(back, a) {
			t.Fatalf("%+v came back as %+v, %v", a, back, err)
		}
	})
}

func TestCountsSurviveTheirCodec(t *testing.T) {
	c := &Counts{Received: 10, Stored: 3, Last: -5}
	c.Count(Duplicate, ReasonRepeat, 1)
	c.Count(Duplicate, ReasonConflict, 1)
	c.Quarantine("invalid", 4)
	c.Quarantine("not_json", 2)
	c.Quarantine("invalid", -1)
	c.Quarantine("not_json", -2)
	back, err := decodeCounts(c.append(nil))
	if err != nil || !reflect.DeepEqual(back, c) || back.Outcomes() != 8 {
		t.Fatalf("%+v came back as %+v, %v", c, back, err)
	}
}

func TestStampsOrderDecisions(t *testing.T) {
	s := stamped{Stamp{At: time.UnixMilli(5).UTC(), MessageID: "m"}, []byte("never_merge")}
	back, err := decodeStamped(s.encode())
	if err != nil || !reflect.DeepEqual(back, s) {
		t.Fatalf("%+v came back as %+v, %v", s, back, err)
	}
	if later := (Stamp{At: s.At, MessageID: "n"}); !s.Before(later) || later.Before(s.Stamp) || s.Before(s.Stamp) {
		t.Error("stamps of one moment are not ordered by message id")
	}
}

// FuzzDecoders feeds every decoder any bytes: it must fail with ErrCorrupt or give something that
// encodes to the same thing again.
func FuzzDecoders(f *testing.F) {
	rapidish := &Observed{Observation: identity.Observation{Source: "web", Identifiers: []identity.Identifier{{Type: "email", Value: "a@b.example"}}}}
	f.Add(rapidish.append(nil))
	f.Add(appendAssignment(nil, &identity.Assignment{Standing: identity.StandingUnassigned, Candidates: []uuid.UUID{{1}}}))
	f.Add((&Counts{Received: 1, Reasons: map[Reason]uint64{{Quarantined, "x"}: 1}}).append(nil))
	f.Add(stamped{value: []byte("v")}.encode())
	f.Add(Mark{Payload: 7}.append(nil))
	f.Add((&Item{Reason: "x", Status: StatusOpen, Version: 1}).append(nil))
	f.Add(appendRefs(nil, []refChange{{ref: 1}, {ref: 7, gone: true}, {ref: math.MaxUint32}}))
	f.Add([]byte{codecVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := bytes.Clone(data)
		check := func(err error, encode func() []byte, again func([]byte) error) {
			t.Helper()
			if err != nil {
				if !errors.Is(err, ErrCorrupt) {
					t.Fatalf("error %v", err)
				}
				return
			}
			if err := again(encode()); err != nil {
				t.Fatalf("what was decoded does not encode to something that decodes: %v", err)
			}
		}
		o, err := decodeObserved("w", uuid.UUID{}, data)
		check(err, func() []byte { return o.append(nil) }, func(b []byte) error { _, err := decodeObserved("w", uuid.UUID{}, b); return err })
		a, err := decodeAssignment(uuid.UUID{}, data)
		check(err, func() []byte { return appendAssignment(nil, &a) }, func(b []byte) error { _, err := decodeAssignment(uuid.UUID{}, b); return err })
		c, err := decodeCounts(data)
		check(err, func() []byte { return c.append(nil) }, func(b []byte) error { _, err := decodeCounts(b); return err })
		s, err := decodeStamped(data)
		check(err, s.encode, func(b []byte) error { _, err := decodeStamped(b); return err })
		m, err := decodeMark(data)
		check(err, func() []byte { return m.append(nil) }, func(b []byte) error { _, err := decodeMark(b); return err })
		i, err := decodeItem(data)
		check(err, func() []byte { return i.append(nil) }, func(b []byte) error { _, err := decodeItem(b); return err })
		refs, err := decodeRefs(nil, data)
		check(err, func() []byte { return appendRefs(nil, refs) }, func(b []byte) error {
			again, err := decodeRefs(nil, b)
			if !slices.Equal(again, refs) {
				t.Fatalf("%v came back as %v", refs, again)
			}
			return err
		})
		if !bytes.Equal(data, whole) {
			t.Fatal("a decoder changed its input")
		}
	})
}
