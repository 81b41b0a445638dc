package unify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// people are the records of n persons in three systems, each as somebody typed it.
func people(n int) []*event.Event {
	rng := rand.New(rand.NewPCG(7, 7))
	given := strings.Fields("Ann Bo Carla Deniz Emil Fatima Goran Hanna Igor Jana Karim Lena Milo Nadia Omar Petra Quirin Rosa Sven Tara")
	syllables := strings.Fields("ber mann dvo rak erik fon taine gra bow haug iva jan kow kaya lind qvist mor nak ura oka for pet rov quin tero ross schnei taka hashi wel zu")
	streets := strings.Fields("Lindenweg Hafenstrasse Marktplatz Gartenweg Bachgasse Schulstrasse Parkallee Ringstrasse")
	var all []*event.Event
	for i := range n {
		g, f := given[rng.IntN(len(given))], ""
		for range 3 {
			f += syllables[rng.IntN(len(syllables))]
		}
		born := time.Date(1940+rng.IntN(65), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		street, city := fmt.Sprintf("%s %d", streets[rng.IntN(len(streets))], 1+rng.IntN(90)), fmt.Sprintf("Stadt%d", rng.IntN(30))
		mail := fmt.Sprintf("%s.%s%d@example.com", strings.ToLower(g), strings.ToLower(f), i)
		for s, source := range []string{"crm", "billing", "support"} {
			e := ev(source, fmt.Sprintf("%s-%d", source, i), 3*i+s)
			e.Record = &event.Record{ID: fmt.Sprint(i), Version: "1"}
			e.Attributes = map[string]string{event.AttrFirstName: g, event.AttrLastName: f}
			if s != 2 || rng.IntN(2) == 0 {
				e.Attributes[event.AttrBirthDate] = born
			}
			if s != 1 {
				e.Attributes[event.AttrStreet], e.Attributes[event.AttrCity] = street, city
			}
			if s != 0 || rng.IntN(2) == 0 {
				e.Identifiers = append(e.Identifiers, email(mail))
			}
			if rng.IntN(4) == 0 {
				letters := []rune(f)
				k := 1 + rng.IntN(len(letters)-2)
				letters[k], letters[k+1] = letters[k+1], letters[k]
				e.Attributes[event.AttrLastName] = string(letters)
			}
			all = append(all, e)
		}
	}
	return all
}

// partition says which events are one person's, in words that can be compared.
func (r *rig) partition(events []*event.Event) string {
	r.Helper()
	groups := map[string][]string{}
	for _, e := range events {
		p := r.profile(e).String()
		groups[p] = append(groups[p], e.MessageID)
	}
	var lines []string
	for p, g := range groups {
		slices.Sort(g)
		lines = append(lines, p+": "+strings.Join(g, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (r *rig) settleModel() unify.Status {
	r.Helper()
	r.settle()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	must(r, r.worker.Settle(ctx, "w"))
	s, err := r.worker.Status("w")
	must(r, err)
	return s
}

// TestSettledIsAFunctionOfTheSet: however records are ordered and cut into steps, and whenever the
// power is cut while models take over, the settled partition is the same.
func TestSettledIsAFunctionOfTheSet(t *testing.T) {
	events := people(150)
	var want string
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		order := rng.Perm(len(events))
		fs := vfs.NewCrashableMem()
		r := open(t, fs, unify.Config{StepRecords: 8 << seed, BulkRecords: 4}).start()
		for i, k := range order {
			r.put(record(t, events[k]))
			if seed > 0 && i%150 == 149 {
				r.await(rng)
				after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
				r.stop()
				fs = after
				r = open(t, fs, r.config).start()
			}
		}
		status := r.settleModel()
		if status.Model == 0 || status.Trained != uint64(len(events)) || status.Comparable != status.Trained {
			t.Fatalf("settled as %+v", status)
		}
		got := r.partition(events)
		if n := strings.Count(got, "\n") + 1; n < 150 || n > 165 {
			t.Errorf("%d profiles of 150 persons", n)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("order %d came to another partition", seed)
		}
		r.stop()
	}
}

// TestScoresAreTold: a merge by score says so, with its score and model, in the log of decisions.
func TestScoresAreTold(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	events := people(100)
	for _, e := range events {
		r.put(record(t, e))
	}
	status := r.settleModel()
	scored := 0
	for _, d := range rowsOf[store.IdentityDecisionRow](t, r.entries(), outbox.TableIdentityDecisions) {
		if d.Rule != "scored" || d.Kind != store.DecisionAssigned {
			continue
		}
		scored++
		if d.Score <= 0 || d.Model > status.Model {
			t.Fatalf("scored decision %+v", d)
		}
	}
	if scored < 100 {
		t.Errorf("%d scored decisions", scored)
	}
}

// TestStrayPartsOfModelsAreHarmless: parts that do not belong together, or of a model that is no
// newer, change nothing; one that cannot be read goes to the quarantine.
func TestStrayPartsOfModelsAreHarmless(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	part := func(second int, number uint32, id string, part, parts int) stream.Record {
		return command(t, second, unify.IdentityModel{Number: number, ID: id, Part: part, Parts: parts, Data: []byte("x")})
	}
	r.put(part(1, 1, "a", 0, 3), part(2, 1, "a", 2, 3), part(3, 1, "b", 0, 2), part(4, 1, "a", 1, 3))
	r.settle()
	if s, err := r.worker.Status("w"); err != nil || s.Model != 0 || !slices.Equal(s.Pending, []string{"model"}) {
		t.Fatalf("status %+v, %v", s, err)
	}
	r.put(part(5, 1, "b", 1, 2))
	r.settle()
	if s, err := r.worker.Status("w"); err != nil || s.Model != 0 || len(s.Pending) > 0 {
		t.Fatalf("status %+v, %v", s, err)
	}
	items := rowsOf[store.QuarantineRow](t, r.entries(), outbox.TableQuarantine)
	if len(items) != 1 || !strings.Contains(items[0].Detail, "cannot be read") {
		t.Errorf("quarantined: %+v", items)
	}
}
