package outbox

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"tributary/ingest/stream"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func anyEntry(t *rapid.T) Entry {
	e := Entry{
		Position: stream.Position{
			Partition: stream.Partition(rapid.Uint32().Draw(t, "partition")),
			Offset:    rapid.Uint64().Draw(t, "offset"),
		},
		Ordinal: rapid.Uint32().Draw(t, "ordinal"),
		Table:   rapid.SampledFrom(Tables()).Draw(t, "table"),
	}
	if e.Table != TableEvents {
		e.Row = rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "row")
		return e
	}
	e.Event = &EventColumns{Observation: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "observation"))}
	if keys := rapid.SliceOfN(rapid.Uint64(), 0, 5).Draw(t, "identifiers"); len(keys) > 0 {
		e.Event.Identifiers = keys
	}
	return e
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyEntry(t)
		var got Entry
		if err := decodeEntry(&got, appendEntry(nil, &want)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestDecodeEntryRefuses(t *testing.T) {
	whole := appendEntry(nil, &Entry{Table: TableEvents, Event: &EventColumns{Identifiers: []uint64{1, 2}}})
	for name, data := range map[string][]byte{
		"empty":           {},
		"newer version":   {codecVersion + 1, byte(TableEvents)},
		"table zero":      {codecVersion, 0, 0, 0, 0},
		"unknown table":   {codecVersion, byte(len(tableNames)), 0, 0, 0},
		"no position":     {codecVersion, byte(TableFacts)},
		"wide partition":  {codecVersion, byte(TableFacts), 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0},
		"cut identifiers": whole[:len(whole)-1],
		"extra bytes":     append(append([]byte(nil), whole...), 0),
	} {
		t.Run(name, func(t *testing.T) {
			if err := decodeEntry(new(Entry), data); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("got %v, want ErrCorrupt", err)
			}
		})
	}
}

// FuzzDecodeEntry asserts that no bytes panic, and that what decodes keeps its meaning when it is
// encoded again.
func FuzzDecodeEntry(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendEntry(nil, &Entry{Table: TableFacts, Row: []byte(`{"a":1}`)}))
	f.Add(appendEntry(nil, &Entry{
		Position: stream.Position{Partition: math.MaxUint32, Offset: math.MaxUint64},
		Ordinal:  math.MaxUint32, Table: TableEvents,
		Event: &EventColumns{Observation: uuid.Max, Identifiers: []uint64{0, math.MaxUint64}},
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second Entry
		if err := decodeEntry(&first, data); err != nil {
			return
		}
		if err := decodeEntry(&second, appendEntry(nil, &first)); err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v (%v)", first, second, err)
		}
	})
}

func BenchmarkCodec(b *testing.B) {
	e := Entry{
		Position: stream.Position{Partition: 3, Offset: 123_456_789}, Table: TableEvents,
		Event: &EventColumns{Observation: uuid.New(), Identifiers: []uint64{1, 2, 3}},
	}
	data := appendEntry(nil, &e)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		data = appendEntry(data[:0], &e)
		var back Entry
		if err := decodeEntry(&back, data); err != nil {
			b.Fatal(err)
		}
	}
}
