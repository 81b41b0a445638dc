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
	if paths := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "dropped"); len(paths) > 0 {
		e.Event.Dropped = paths
	}
	return e
}

func encode(entries ...Entry) []byte {
	data := appendHead(nil, len(entries))
	for i := range entries {
		data = appendEntry(data, &entries[i])
	}
	return data
}

func decode(data []byte, last uint64) (entries []Entry, err error) {
	r, err := readEntries(data, last)
	for err == nil && r.left > 0 {
		entries = append(entries, Entry{})
		err = r.next(&entries[len(entries)-1])
	}
	return entries, err
}

func TestEntriesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(anyEntry), 1, 5).Draw(t, "entries")
		first := rapid.Uint64Range(1, 1<<63).Draw(t, "first")
		for i := range want {
			want[i].Seq = first + uint64(i)
		}
		got, err := decode(encode(want...), want[len(want)-1].Seq)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestDecodeEntriesRefuses(t *testing.T) {
	whole := encode(Entry{Table: TableEvents, Event: &EventColumns{Identifiers: []uint64{1, 2}}})
	for name, data := range map[string][]byte{
		"empty":            {},
		"other version":    {codecVersion + 1, 1, byte(TableEvents)},
		"no count":         {codecVersion},
		"too many":         {codecVersion, 9, 1, 1, 1},
		"one more counted": append([]byte{codecVersion, 2}, whole[2:]...),
		"table zero":       {codecVersion, 1, 0, 0, 0, 0, 0},
		"unknown table":    {codecVersion, 1, byte(len(tableNames)), 0, 0, 0, 0},
		"no position":      {codecVersion, 1, byte(TableFacts), 0x80, 0x80, 0x80, 0x80},
		"wide partition":   {codecVersion, 1, byte(TableFacts), 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0},
		"cut row":          {codecVersion, 1, byte(TableFacts), 0, 0, 0, 2, 1},
		"cut identifiers":  whole[:len(whole)-1],
		"extra bytes":      append(append([]byte(nil), whole...), 0),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decode(data, 100); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("got %v, want ErrCorrupt", err)
			}
		})
	}
	if _, err := decode(encode(make([]Entry, 2)...), 1); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("more entries than numbers: %v", err)
	}
}

// FuzzDecodeEntries asserts that no bytes panic, and that what decodes keeps its meaning when it is
// encoded again.
func FuzzDecodeEntries(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode(Entry{Table: TableFacts, Row: []byte(`{"a":1}`)}))
	f.Add(encode(Entry{
		Position: stream.Position{Partition: math.MaxUint32, Offset: math.MaxUint64},
		Ordinal:  math.MaxUint32, Table: TableEvents,
		Event: &EventColumns{Observation: uuid.Max, Identifiers: []uint64{0, math.MaxUint64}},
	}, Entry{Table: TableProfiles}))
	f.Fuzz(func(t *testing.T, data []byte) {
		const last = 1000
		first, err := decode(data, last)
		if err != nil {
			return
		}
		second, err := decode(encode(first...), last)
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v (%v)", first, second, err)
		}
	})
}

func BenchmarkCodec(b *testing.B) {
	e := Entry{
		Position: stream.Position{Partition: 3, Offset: 123_456_789}, Table: TableEvents,
		Event: &EventColumns{Observation: uuid.New(), Identifiers: []uint64{1, 2, 3}},
	}
	data := encode(e)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		data = appendEntry(appendHead(data[:0], 1), &e)
		if _, err := decode(data, 1); err != nil {
			b.Fatal(err)
		}
	}
}
