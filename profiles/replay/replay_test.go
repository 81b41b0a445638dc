package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles/outbox"
	"tributary/profiles/replay"
	"tributary/profiles/unify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openLog(t tb, fs vfs.FS, dir string, shards int) *embedded.Log {
	t.Helper()
	log, err := embedded.Open(embedded.Config{
		Dir: dir, FS: fs, Shards: shards, MemTableBytes: 1 << 20, BallastBytes: -1,
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 50, Total: 1 << 50}, nil },
		Fatal:     func(err error) { panic(err) },
	})
	must(t, err)
	return log
}

func put(t tb, log stream.Log, records ...stream.Record) []stream.Position {
	t.Helper()
	at, err := log.Append(context.Background(), records)
	must(t, err)
	return at
}

// sent is the n-th record of a source, received n hours after the epoch.
func sent(lane stream.Lane, kind stream.Kind, source string, n int) stream.Record {
	return stream.Record{
		Lane: lane, Kind: kind, Workspace: "w", Source: source, MessageID: fmt.Sprint(source, "-", n),
		ReceivedAt: epoch.Add(time.Duration(n) * time.Hour), Value: fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

func command(t tb, n int, c unify.Command) stream.Record {
	t.Helper()
	r, err := unify.NewRecord("w", fmt.Sprint("command-", n), epoch.Add(time.Duration(n)*time.Hour), c)
	must(t, err)
	return r
}

// contents is what a log holds, by partition.
func contents(t tb, log stream.Log) map[stream.Partition][]stream.Record {
	t.Helper()
	infos, err := log.Partitions(context.Background())
	must(t, err)
	all := map[stream.Partition][]stream.Record{}
	for _, info := range infos {
		reader, err := log.Reader(info.ID, info.First)
		must(t, err)
		for n := info.First; n < info.Next; {
			entries, err := reader.Next(context.Background(), 100)
			must(t, err)
			for _, e := range entries {
				all[info.ID] = append(all[info.ID], e.Record)
				n = e.Offset + 1
			}
		}
		must(t, reader.Close())
	}
	return all
}

func forget(*replay.Progress) error { return nil }

// TestCopyIsWholeWhateverInterruptsIt: the new log is the same whether or not the copy was cut off, by
// errors or by a loss of power, and taken up again from what was saved.
func TestCopyIsWholeWhateverInterruptsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		old := openLog(t, vfs.NewMem(), "old", 2)
		fill(t, old, rng, rapid.IntRange(0, 60).Draw(t, "records"))
		choice := replay.Choice{}
		if rapid.Bool().Draw(t, "one source") {
			choice.Sources = []string{"a"}
		}
		if rapid.Bool().Draw(t, "a while") {
			choice.Since, choice.Until = epoch.Add(5*time.Hour), epoch.Add(40*time.Hour)
		}

		whole := openLog(t, vfs.NewMem(), "new", 2)
		wanted := replay.New("old", choice)
		must(t, replay.Run(context.Background(), old, whole, wanted, forget))
		want := contents(t, whole)
		checkChosen(t, want, contents(t, old), &choice)

		saved, err := json.Marshal(replay.New("old", choice))
		must(t, err)
		fs := vfs.NewCrashableMem()
		for tries := 0; ; tries++ {
			p := new(replay.Progress)
			must(t, json.Unmarshal(saved, p))
			into := openLog(t, fs, "new", 2)
			limit := rng.IntN(6)
			if tries > 40 {
				limit = 1 << 30
			}
			err := replay.Run(context.Background(), old, &failing{into, &limit, rng}, p, func(p *replay.Progress) (err error) {
				if limit--; limit < 0 {
					return errCut
				}
				saved, err = json.Marshal(p)
				return err
			})
			if err == nil {
				if got := contents(t, into); !equal(got, want) {
					t.Fatalf("interrupted: %v\nin one go: %v", got, want)
				}
				if fmt.Sprint(p.Records, p.Commands, p.LeftOut, p.Oldest) != fmt.Sprint(wanted.Records, wanted.Commands, wanted.LeftOut, wanted.Oldest) {
					t.Fatalf("interrupted it counts %+v, in one go %+v", p, wanted)
				}
				must(t, into.Close())
				break
			}
			if !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
			must(t, into.Close())
			fs = after
		}
		must(t, whole.Close())
		must(t, old.Close())
	})
}

var errCut = errors.New("cut off")

// failing is a log that fails now and then, before or after the records are there.
type failing struct {
	stream.Log
	limit *int
	rng   *rand.Rand
}

func (f *failing) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if *f.limit--; *f.limit >= 0 {
		return f.Log.Append(ctx, records)
	}
	if f.rng.IntN(2) == 0 {
		if _, err := f.Log.Append(ctx, records); err != nil {
			return nil, err
		}
	}
	return nil, errCut
}

// fill makes a history of two sources and of what people said.
func fill(t tb, log stream.Log, rng *rand.Rand, records int) {
	var places []stream.Position
	for n := range records {
		source := []string{"a", "b"}[rng.IntN(2)]
		switch rng.IntN(6) {
		case 0:
			put(t, log, command(t, n, unify.IdentityLink{A: uuid.UUID{1}, B: uuid.UUID{byte(2 + n)}, Verdict: unify.LinkMustMerge}))
		case 1:
			if len(places) > 0 {
				at := places[rng.IntN(len(places))]
				put(t, log, command(t, n, unify.QuarantineDiscard{Partition: at.Partition, Offset: at.Offset}))
			}
		case 2:
			places = append(places, put(t, log, sent(stream.LaneLive, stream.KindRejected, source, n))...)
		default:
			put(t, log, sent(stream.Lane(rng.IntN(2)), stream.KindEvent, source, n))
		}
	}
}

// checkChosen compares what sources sent in both logs.
func checkChosen(t tb, got, old map[stream.Partition][]stream.Record, choice *replay.Choice) {
	t.Helper()
	for p, records := range old {
		var want []stream.Record
		for _, r := range records {
			if r.Kind.Counted() && (len(choice.Sources) == 0 || slices.Contains(choice.Sources, r.Source)) &&
				!r.ReceivedAt.Before(choice.Since) && (choice.Until.IsZero() || r.ReceivedAt.Before(choice.Until)) {
				want = append(want, r)
			}
		}
		have := slices.DeleteFunc(slices.Clone(got[p]), func(r stream.Record) bool { return !r.Kind.Counted() })
		if !slices.EqualFunc(have, want, same) {
			t.Fatalf("partition %d has %v, want %v", p, have, want)
		}
	}
}

func same(a, b stream.Record) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func equal(a, b map[stream.Partition][]stream.Record) bool {
	for _, m := range []map[stream.Partition][]stream.Record{a, b} {
		for p := range m {
			if !slices.EqualFunc(a[p], b[p], same) {
				return false
			}
		}
	}
	return true
}

func labels(bucket string, keys ...string) unify.Command {
	c := unify.ConfigPutAll{Actor: "kim", Bucket: bucket}
	for _, key := range keys {
		c.Documents = append(c.Documents, unify.ConfigDocument{Key: key, Value: json.RawMessage(`{"topic":"billing/refund"}`)})
	}
	return c
}

// TestCommandsThatGoAlong: which are carried over, and that they name the new places.
func TestCommandsThatGoAlong(t *testing.T) {
	old, into := openLog(t, vfs.NewMem(), "old", 1), openLog(t, vfs.NewMem(), "new", 1)
	defer old.Close()
	defer into.Close()
	at := put(t, old,
		sent(stream.LaneLive, stream.KindEvent, "other", 1), // not chosen: all offsets become less
		sent(stream.LaneLive, stream.KindRejected, "crm", 2), sent(stream.LaneLive, stream.KindRejected, "crm", 3), sent(stream.LaneLive, stream.KindEvent, "crm", 4))
	right := &event.Event{Workspace: "w", Source: "crm", MessageID: "right", Type: event.TypeTrack, Name: "order.placed"}
	right.Stamp(time.Time{}, time.Time{}, epoch.Add(2*time.Hour))
	with, err := event.Encode(right)
	must(t, err)
	refusal, err := outbox.Refusal{Position: at[3], Table: outbox.TableEvents, Workspace: "w", Source: "crm", Reason: "engine_refused"}.Record(epoch)
	must(t, err)
	replayOf := func(p stream.Position, with json.RawMessage) unify.Command {
		return unify.QuarantineReplay{Actor: "kim", Partition: p.Partition, Offset: p.Offset, With: with}
	}
	discardOf := func(p stream.Position) unify.Command {
		return unify.QuarantineDiscard{Partition: p.Partition, Offset: p.Offset}
	}
	carried := []unify.Command{
		unify.IdentityLink{A: uuid.UUID{1}, B: uuid.UUID{2}, Verdict: unify.LinkNeverMerge, Note: "two people"},
		unify.IdentityBlock{Type: "email", Value: "info@example.com"}, unify.IdentityUnblock{Type: "email", Value: "info@example.com"},
		unify.IdentityRules{Rules: json.RawMessage(`{}`)},
		unify.SchemaRemove{Source: "crm", Event: "E"},
		unify.ConfigPut{Bucket: "expected/w/crm", Key: "2026-03-01", Value: json.RawMessage(`{"count":2}`)},
		unify.ConfigPutAll{Bucket: "journeys.queries/w", Documents: []unify.ConfigDocument{{Key: "q", Value: json.RawMessage(`{"sql":"SELECT 1"}`)}}},
		unify.ConfigDelete{Bucket: "journeys.queries/w", Key: "q"},
		unify.ConfigPut{Bucket: unify.TargetsBucket + "w", Key: "t", Value: json.RawMessage(`{"metric":"fcr"}`)},
		labels("journeys.labels/w", "crm/c-1", "crm/c/2"),
		labels("journeys.labels/w", "crm/c-1"), // of which those of another source are left behind
	}
	left := []unify.Command{
		unify.ConfigPutAll{Bucket: "keys", Documents: []unify.ConfigDocument{{Key: "k", Value: json.RawMessage(`{}`)}}},
		unify.ConfigPut{Bucket: "keys", Key: "secret", Value: json.RawMessage(`{}`)}, unify.ConfigDelete{Bucket: "checkpoint", Key: "k"},
		unify.ConfigPut{Bucket: "expected/w/other", Key: "2026-03-01", Value: json.RawMessage(`{"count":2}`)},
		unify.SchemaRemove{Source: "other", Event: "E"}, labels("journeys.labels/w", "other/crm/1"), labels("segments/w", "crm/c-1"),
		unify.IdentityModel{Number: 1, ID: "m", Parts: 1, Data: []byte{1}},
		replayOf(at[1], nil), replayOf(at[0], with), discardOf(at[0]), discardOf(at[3]),
	}
	mixed := slices.Clone(carried)
	mixed[len(mixed)-1] = labels("journeys.labels/w", "other/c-9", "crm/c-1", "crm-2/c-1")
	n := 10
	for _, c := range slices.Concat(mixed, left, []unify.Command{replayOf(at[1], with), discardOf(at[2])}) {
		n++
		put(t, old, command(t, n, c))
	}
	put(t, old, refusal)

	p := replay.New("old", replay.Choice{Sources: []string{"crm"}})
	must(t, replay.Run(t.Context(), old, into, p, forget))
	var got []unify.Command
	for _, r := range contents(t, into)[0] {
		if r.Kind == stream.KindCommand {
			c, err := unify.ParseCommand(r.Value)
			must(t, err)
			got = append(got, c)
		}
	}
	// What people decided stands before the records, and what they said of single ones behind.
	moved := func(offset int) stream.Position {
		return stream.Position{Partition: 0, Offset: uint64(len(carried) + offset)}
	}
	want := slices.Concat(carried, []unify.Command{replayOf(moved(0), with), discardOf(moved(1))})
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("carried over\n%v, want\n%v", got, want)
	}
	if n := p.LeftOut["config.put"] + p.LeftOut["config.put_all"] + p.LeftOut["schema.remove"] + p.LeftOut["config.delete"] + p.LeftOut["identity.model"] + p.LeftOut["quarantine.replay"] + p.LeftOut["quarantine.discard"]; n != uint64(len(left)) || p.LeftOut[outbox.CommandRefused] != 1 {
		t.Errorf("left behind %v", p.LeftOut)
	}
}

// TestLogForgetsMeanwhile: then the copy says so, and does not go on with a gap.
func TestLogForgetsMeanwhile(t *testing.T) {
	old, into := openLog(t, vfs.NewMem(), "old", 1), openLog(t, vfs.NewMem(), "new", 1)
	defer old.Close()
	defer into.Close()
	for n := range 10 {
		put(t, old, sent(stream.LaneLive, stream.KindEvent, "crm", n))
	}
	p := replay.New("old", replay.Choice{})
	err := replay.Run(t.Context(), old, into, p, func(p *replay.Progress) error {
		if p.Phase == "decisions" {
			must(t, old.Trim(t.Context(), 0, 5))
		}
		return nil
	})
	if !errors.Is(err, replay.ErrForgotten) {
		t.Errorf("gives %v", err)
	}
	p = replay.New("old", replay.Choice{})
	if err := replay.Run(t.Context(), old, into, p, forget); err != nil || !p.Trimmed || p.Records["w/crm"] != 5 {
		t.Errorf("of a trimmed log: %+v, %v", p, err)
	}
}

func TestShardsHaveToBeTheSame(t *testing.T) {
	old, into := openLog(t, vfs.NewMem(), "old", 2), openLog(t, vfs.NewMem(), "new", 3)
	defer old.Close()
	defer into.Close()
	if err := replay.Run(t.Context(), old, into, replay.New("old", replay.Choice{}), forget); !errors.Is(err, replay.ErrShards) {
		t.Errorf("gives %v", err)
	}
}
