package unify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// plans is a contract of events "Plan Compared".
const plans = `{"type":"object","properties":{"plan":{"type":"string"},"seats":{"type":"integer"}},"required":["plan"],"additionalProperties":false}`

func compared(id string, second int, properties string) *event.Event {
	e := ev("shop", id, second, user("u"))
	e.Name, e.Properties = "Plan Compared", json.RawMessage(properties)
	return e
}

func contract(name string, policy schema.Policy, doc string) unify.SchemaSet {
	return unify.SchemaSet{Source: "shop", Event: name, Contract: schema.Contract{Policy: policy, Schema: json.RawMessage(doc)}}
}

func (r *rig) schemas() *state.Schemas {
	r.Helper()
	all, err := r.state.Schemas("w", "shop")
	must(r, err)
	return all
}

// properties returns those of the events that the sink is to store, by message id, as it reads
// them again from the log.
func (r *rig) properties() map[string]string {
	r.Helper()
	found := map[string]string{}
	for _, entry := range r.entries() {
		if entry.Table != outbox.TableEvents {
			continue
		}
		reader, err := r.log.Reader(entry.Partition, entry.Offset)
		must(r, err)
		records, err := reader.Next(context.Background(), 1)
		must(r, err)
		must(r, reader.Close())
		value, _ := outbox.EventIn(&records[0].Record)
		e, err := event.Decode(value)
		must(r, err)
		again := schema.Without(e, entry.Event.Dropped)
		if kept, ok := entry.Value.(*event.Event); ok && string(kept.Properties) != string(again.Properties) {
			r.Errorf("%s: %s in memory, %s from the log", e.MessageID, kept.Properties, again.Properties)
		}
		found[e.MessageID] = string(again.Properties)
	}
	return found
}

func TestPoliciesOfContracts(t *testing.T) {
	for _, c := range []struct {
		policy            schema.Policy
		stored            map[string]string
		quarantined       uint64
		countQ, countDrop uint64
	}{
		{schema.Accept, map[string]string{"fine": `{"plan":"a"}`, "new": `{"plan":"a","colour":"crimson"}`, "type": `{"plan":"a","seats":"9"}`, "none": `{}`}, 0, 0, 0},
		{schema.Quarantine, map[string]string{"fine": `{"plan":"a"}`}, 3, 3, 0},
		{schema.Drop, map[string]string{"fine": `{"plan":"a"}`, "new": `{"plan":"a"}`, "type": `{"plan":"a"}`, "none": `{}`}, 0, 0, 3},
	} {
		t.Run(string(c.policy), func(t *testing.T) {
			r := open(t, vfs.NewMem(), unify.Config{}).start()
			defer r.stop()
			r.put(command(t, 1, contract("Plan Compared", c.policy, plans)))
			r.settle()
			for i, properties := range []string{`{"plan":"a"}`, `{"plan":"a","colour":"crimson"}`, `{"plan":"a","seats":"9"}`, `{}`} {
				r.put(record(t, compared([]string{"fine", "new", "type", "none"}[i], 2+i, properties)))
			}
			r.put(record(t, ev("shop", "another", 9, user("u"))))
			r.settle()
			stored := r.properties()
			delete(stored, "another")
			if !reflect.DeepEqual(stored, c.stored) {
				t.Errorf("stored %v, want %v", stored, c.stored)
			}
			counts := r.counts("shop")
			if counts.Of(state.Quarantined, "schema") != c.quarantined || counts.Received != 5 || counts.Stored != 5-c.quarantined {
				t.Errorf("counts %+v", counts)
			}
			x := r.schemas().Events["Plan Compared"]
			if x.Events.Count != 4 || x.Quarantined != c.countQ || x.Dropped != c.countDrop {
				t.Errorf("%d events, %d put aside, of %d something dropped", x.Events.Count, x.Quarantined, x.Dropped)
			}
			var told []string
			for _, d := range x.Broken() {
				told = append(told, fmt.Sprint(d.Kind, " ", d.Path, " ", d.Events, " ", d.Example))
			}
			if got := strings.Join(told, ", "); got != "missing_field plan 1 none, type_change seats 1 type, new_field colour 1 new" {
				t.Errorf("told %s", got)
			}
			items, err := r.state.Items(state.ItemQuery{Workspace: "w"})
			must(t, err)
			for _, item := range items {
				want := map[string]string{"new": "properties.colour", "type": "properties.seats", "none": "properties.plan"}[item.MessageID]
				if item.Reason != "schema" || item.Field != want || strings.Contains(item.Detail, "crimson") {
					t.Errorf("%s: %s at %s: %s", item.MessageID, item.Reason, item.Field, item.Detail)
				}
			}
		})
	}
}

// What is dropped of traits is not in the profile either.
func TestDroppedTraitsAreNotInTheProfile(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	r.put(command(t, 1, contract("$identify", schema.Drop, `{"properties":{"plan":{"type":"string"}},"additionalProperties":false}`)))
	r.settle()
	e := ev("shop", "m", 2, user("u"))
	e.Type, e.Name, e.Traits = event.TypeIdentify, "", json.RawMessage(`{"plan":"a","tier":{"secret":1}}`)
	r.put(record(t, e))
	r.settle()
	hot, err := r.state.Snapshot("w")
	must(t, err)
	defer func() { _ = hot.Close() }()
	s, err := hot.State(r.observation(e))
	must(t, err)
	if text, _ := s.AppendBinary(nil); !strings.Contains(string(text), "plan") || strings.Contains(string(text), "tier") {
		t.Errorf("kept is %q", text)
	}
}

func TestReplayGoesByTheContractOfNow(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	r.put(command(t, 1, contract("Plan Compared", schema.Quarantine, plans)))
	r.settle()
	at := r.put(record(t, compared("m", 2, `{"plan":"a","colour":"crimson"}`)))[0]
	r.settle()
	replay := unify.QuarantineReplay{Partition: at.Partition, Offset: at.Offset}
	r.put(command(t, 3, replay))
	r.settle()
	if c := r.counts("shop"); c.Of(state.Quarantined, "schema") != 1 || c.Stored != 0 {
		t.Errorf("replayed under the same contract: %+v", c)
	}
	r.put(command(t, 4, unify.SchemaRemove{Source: "shop", Event: "Plan Compared"}))
	r.settle()
	r.put(command(t, 5, replay))
	r.settle()
	if c := r.counts("shop"); c.Quarantined != 0 || c.Stored != 1 || c.Received != 1 {
		t.Errorf("replayed without it: %+v", c)
	}
	if x := r.schemas().Events["Plan Compared"]; x.Events.Count != 1 || x.Quarantined != 1 {
		t.Errorf("it is counted %d times, %d of them put aside", x.Events.Count, x.Quarantined)
	}
	if stored := r.properties(); stored["m"] != `{"plan":"a","colour":"crimson"}` {
		t.Errorf("stored %v", stored)
	}
}

func TestContractsAreOfASourceAndFromThenOn(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	r.put(command(t, 10, contract("", schema.Quarantine, ""))) // the default of the source's contracts
	r.put(command(t, 11, contract("Plan Compared", "", plans)))
	r.settle()
	before, other := compared("before", 5, `{}`), compared("other", 20, `{}`)
	other.Source = "site"
	r.put(record(t, before), record(t, other), record(t, compared("after", 20, `{}`)))
	r.settle()
	stored := r.properties()
	if _, ok := stored["after"]; ok || len(stored) != 2 {
		t.Errorf("stored %v", stored)
	}
}

func TestBadContractsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		command unify.Command
		want    []string
	}{
		"remote":    {contract("a", schema.Drop, `{"$ref":"https://example.com/s"}`), []string{"another document"}},
		"two":       {unify.SchemaSet{Source: "no source", Event: "a", Contract: schema.Contract{Policy: "x", Schema: []byte(`{"properties":{"a":{"type":"int"}}}`)}}, []string{"source:", "policy", "schema.properties.a.type"}},
		"no schema": {contract("a", schema.Drop, ""), []string{"schema"}},
		"removing":  {unify.SchemaRemove{}, []string{"source:"}},
	} {
		_, err := unify.NewRecord("w", "m", epoch, c.command)
		if !errors.Is(err, unify.ErrCommand) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not name %s", name, err, want)
			}
		}
	}
}

// said is everything that is told of schemas and of what became of events.
func (r *rig) said() string {
	all := r.schemas()
	text := fmt.Sprintf("%+v, %d beyond\n", r.counts("shop"), all.Beyond)
	for _, name := range sortedKeys(all.Events) {
		b, _ := all.Events[name].AppendBinary(nil)
		text += fmt.Sprintf("%s %x\n", name, b)
	}
	stored := r.properties()
	for _, id := range sortedKeys(stored) {
		text += id + " " + stored[id] + "\n"
	}
	return text
}

// The same events and contracts, in any order and lanes, any cut into steps, and restarts: the same is
// told, and the same becomes of every event. Contracts come before what is received after them.
func TestSchemasAreAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var contracts, events []stream.Record
		for i := range rapid.IntRange(0, 4).Draw(t, "contracts") {
			second := 10 * (i + 1)
			var c unify.Command = contract(rapid.SampledFrom([]string{"", "Plan Compared"}).Draw(t, "event"),
				rapid.SampledFrom([]schema.Policy{schema.Accept, schema.Quarantine, schema.Drop}).Draw(t, "policy"), plans)
			if rapid.IntRange(0, 4).Draw(t, "remove") == 0 {
				c = unify.SchemaRemove{Source: "shop", Event: "Plan Compared"}
			}
			contracts = append(contracts, command(t, second, c))
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "events") {
			e := compared(fmt.Sprint("m", i), rapid.IntRange(0, 60).Draw(t, "second"), rapid.SampledFrom([]string{
				``, `{}`, `{"plan":"a"}`, `{"plan":1}`, `{"plan":"a","seats":2}`, `{"plan":"a","x":{"y":[1,{"z":null}]}}`, `{"colour":"crimson"}`,
			}).Draw(t, "properties"))
			e.Name = rapid.SampledFrom([]string{"Plan Compared", "Viewed", "order.placed"}).Draw(t, "name")
			if len(e.Properties) == 0 {
				e.Properties = nil
			}
			events = append(events, record(t, e))
		}
		run := func(seed uint64) string {
			rng := rand.New(rand.NewPCG(seed, 1))
			fs := vfs.NewMem()
			config := unify.Config{StepRecords: 2 + rng.IntN(20), BulkRecords: 1, ReadAhead: 1 + rng.IntN(9)}
			r := open(t, fs, config).start()
			for _, c := range contracts {
				r.put(c)
			}
			r.settle()
			for _, i := range rng.Perm(len(events)) {
				e := events[i]
				e.Lane = stream.Lane(rng.IntN(stream.Lanes))
				r.put(e)
				if rng.IntN(20) == 0 {
					r.stop()
					r = open(t, fs, config).start()
				}
			}
			r.settle()
			said := r.said()
			r.stop()
			return said
		}
		want := run(1)
		if got := run(rapid.Uint64().Draw(t, "seed")); got != want {
			t.Fatalf("told\n%s\nwant\n%s", got, want)
		}
	})
}

func TestNamesBeyondTheBoundAreCounted(t *testing.T) {
	const extra = 30
	said := func(order []int) string {
		r := open(t, vfs.NewMem(), unify.Config{}).start()
		defer r.stop()
		var records []stream.Record
		for _, i := range order {
			e := compared(fmt.Sprint("m", i), i, `{"a":1}`)
			e.Name = fmt.Sprintf("%0*d", 4+i%3, i)
			records = append(records, record(t, e))
		}
		r.put(records...)
		r.settle()
		all := r.schemas()
		if len(all.Events) != schema.MaxNames || all.Beyond != extra {
			t.Errorf("%d names are kept, %d events beyond", len(all.Events), all.Beyond)
		}
		if c := r.counts("shop"); c.Stored != schema.MaxNames+extra {
			t.Errorf("stored are %d", c.Stored)
		}
		return fmt.Sprint(sortedKeys(all.Events))
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(schema.MaxNames + extra)
	straight := said(order)
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	if said(order) != straight {
		t.Error("another order keeps other names")
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
