package computed

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/sql/store"
	"tributary/sql/storetest"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// trial is one draw of the property test: who said what, and to whom it belongs.
type trial struct {
	*rapid.T
	b         *storetest.Bench
	workspace string
	now       time.Time
	program   *Program
	said      map[uuid.UUID][]*event.Event
	kept      map[uuid.UUID][]byte
	people    map[uuid.UUID]uuid.UUID // profile by observation
}

// TestStreamEqualsSQL: whatever is declared, and whatever comes in, late, twice, in any order, and however
// people are merged and split, folding the values of observations gives the same as the SQL over all events
// on the real engine, and the same as a plain recomputation.
func TestStreamEqualsSQL(t *testing.T) {
	b := database(t)
	trials := 0
	rapid.Check(t, func(rt *rapid.T) {
		trials++
		now := start.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(rt, "now"))).Truncate(time.Millisecond)
		r := &trial{T: rt, b: b, workspace: fmt.Sprintf("w%d", trials), now: now, said: map[uuid.UUID][]*event.Event{}, kept: map[uuid.UUID][]byte{}}
		var definitions []Definition
		for i := range rapid.IntRange(1, 5).Draw(rt, "definitions") {
			definitions = append(definitions, genDefinition(rt, i))
		}
		var err error
		if r.program, err = Compile(definitions); err != nil {
			rt.Fatal(err)
		}
		r.say(trials)
		for version := range uint64(3) { // as it came in, then merged and split
			r.assign(version)
			r.compare(int(version))
		}
	})
}

// say draws events, some twice, writes each once, and keeps the values of the observations.
func (r *trial) say(number int) {
	var rows []seen
	for i := range rapid.IntRange(1, 40).Draw(r.T, "events") {
		e := genEvent(r.T, r.workspace, fmt.Sprintf("m%d", i), r.now)
		if e.Validate() != nil {
			e.Properties, e.Traits, e.Context = nil, nil, nil
		}
		who := storetest.Observation(uint64(number)<<8 | uint64(rapid.IntRange(0, 4).Draw(r.T, "who")))
		r.said[who] = append(r.said[who], e)
		rows = append(rows, seen{e, who})
	}
	insert(r.T, r.b, rows)
	for who, events := range r.said {
		r.kept[who] = observe(r.T, r.program, events)
		if again := observe(r.T, r.program, events); !bytes.Equal(again, r.kept[who]) {
			r.Fatalf("in another order:\n%x\n%x", r.kept[who], again)
		}
	}
}

// assign gives the observations to people: at first to one each.
func (r *trial) assign(version uint64) {
	r.people = map[uuid.UUID]uuid.UUID{}
	var all []uuid.UUID
	for who := range r.said {
		all = append(all, who)
	}
	sortIDs(all)
	var rows []*store.IdentityMapRow
	for i, who := range all {
		r.people[who] = who
		if version > 0 {
			r.people[who] = all[rapid.IntRange(0, i).Draw(r.T, "person")]
			rows = append(rows, &store.IdentityMapRow{Workspace: r.workspace, Observation: who, Profile: r.people[who], Version: version, ChangedAt: r.now})
		}
	}
	if err := store.Insert(r.Context(), r.b.Store, store.IdentityMap, rows, ""); err != nil {
		r.Fatal(err)
	}
	if err := r.b.ReloadIdentity(r.Context()); err != nil {
		r.Fatal(err)
	}
}

// compare holds the fold of each person against the plain recomputation, and one definition's against SQL: a
// statement costs more to plan than all the rest.
func (r *trial) compare(turn int) {
	folds, events := map[uuid.UUID]*Values{}, map[uuid.UUID][]*event.Event{}
	for who, person := range r.people {
		var v Values
		if err := v.Decode(r.kept[who]); err != nil {
			r.Fatal(err)
		}
		if folds[person] == nil {
			folds[person] = &Values{}
		}
		folds[person].Merge(&v)
		events[person] = append(events[person], r.said[who]...)
	}
	for i, d := range r.program.Definitions() {
		inSQL := i == turn%r.program.Len()
		var rows map[uuid.UUID]Row
		if inSQL {
			rows = compute(r.T, r.b, r.program, d.Name, r.workspace, r.now)
		}
		for person, v := range folds {
			results, _ := r.program.Evaluate(v, r.now)
			got, found := results.Lookup(d.Name)
			value, exact, left := naive(d, events[person], r.now)
			if found != (value != "") || found && (string(got.Value) != string(Literal(value)) || got.Exact != exact || got.LeftOut != uint64(left)) {
				r.Fatalf("%+v\nstream %s %v %d\nplain  %s %v %d", d, got.Value, got.Exact, got.LeftOut, value, exact, left)
			}
			if inSQL {
				r.compareRow(d, got, rows[person])
			}
		}
	}
}

// compareRow holds a result against its row, which is not there for what there is nothing of.
func (r *trial) compareRow(d Definition, got Result, row Row) {
	if row.Value == "" {
		if v := string(got.Value); v != "" && v != "0" && v != "false" || d.Of.numeric() && v != "" {
			r.Fatalf("%+v\nstream %s, SQL nothing", d, v)
		}
		return
	}
	if string(got.Value) != string(Literal(row.Value)) || got.Exact != row.Exact || got.LeftOut != row.LeftOut {
		r.Fatalf("%+v\nstream %s %v %d\nSQL    %s %v %d", d, got.Value, got.Exact, got.LeftOut, row.Value, row.Exact, row.LeftOut)
	}
}
