package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles/unify"
)

// give gives a command and waits until it is applied.
func (w *world) give(c unify.Command) {
	w.Helper()
	_, err := (&admin.Commands{Log: w.log, Worker: w.worker, Now: func() time.Time { return w.now }}).Do(context.Background(), "acme", c)
	w.must(err)
}

// list is a member of an answer that is a list of objects.
func list(v map[string]any, name string) []map[string]any {
	var all []map[string]any
	for _, x := range v[name].([]any) {
		all = append(all, x.(map[string]any))
	}
	return all
}

// said lists the sentences of links, or of those who are apart.
func sentencesOf(v []map[string]any) string {
	var all []string
	for _, x := range v {
		all = append(all, x["said"].(map[string]any)["text"].(string))
	}
	return strings.Join(all, " | ")
}

// TestIdentityIsExplained: why two are two, why they are one once a person said so and who that was,
// and why they are two again.
func TestIdentityIsExplained(t *testing.T) {
	w := newWorld(t)
	mail := id(event.IDEmail, "family@example.com")
	w.put(w.event(1, "crm", "Viewed", nil, id(event.IDUser, "u1"), mail), w.event(2, "shop", "Viewed", nil, id(event.IDUser, "u2"), mail))
	key := w.key(auth.KindRead, "acme")
	explain := func() map[string]any {
		return w.get("/v1/profiles/user_id:u1/identity?with=user_id:u2", key, http.StatusOK)
	}
	x := explain()
	if got, want := sentencesOf(list(x, "apart")), "Same e-mail, but each has a user id of its own"; got != want {
		t.Errorf("they are apart: %s, want %s", got, want)
	}
	if with := x["with"].(map[string]any); with["same"] != false || with["apart"].(map[string]any)["refused"] != "exclusive_user_id" {
		t.Errorf("with: %v", with)
	}
	if values := list(x, "values"); len(values) != 1 || values[0]["state"] != "shared" || values[0]["profiles_total"] != 2.0 {
		t.Errorf("values: %v", values)
	}
	d := w.get("/v1/profiles/user_id:u1/identity?with=email:family@example.com", key, http.StatusConflict)
	if faults := list(d, "errors"); d["candidates_total"] != 2.0 || faults[0]["field"] != "with" || len(d["decided_by"].([]any)) != 1 {
		t.Errorf("with one of two: %v", d)
	}
	one, two := uuid.MustParse(x["profile"].(string)), uuid.MustParse(x["with"].(map[string]any)["profile"].(string))

	w.give(unify.IdentityLink{A: one, B: two, Verdict: unify.LinkMustMerge, Actor: "grace", Note: "spoke to her"})
	x = explain()
	links := list(x, "links")
	if got := sentencesOf(links); got != "A person decided that they are one" {
		t.Errorf("they are one: %s", got)
	}
	if d, _ := links[0]["decision"].(map[string]any); d["by"] != "grace" || d["note"] != "spoke to her" || d["verdict"] != "must_merge" || d["at"] == nil {
		t.Errorf("decided: %v", d)
	}
	if with := x["with"].(map[string]any); with["same"] != true || len(with["path"].([]any)) != 1 {
		t.Errorf("with: %v", with)
	}
	if at := links[0]["at"]; at != "2026-03-01T12:00:02Z" {
		t.Errorf("the link is of %v", at)
	}
	for _, o := range list(x, "observations") {
		if first, _ := o["first_event"].(map[string]any); first["message_id"] == nil || o["source"] == "" {
			t.Errorf("an observation without its event: %v", o)
		}
	}

	w.give(unify.IdentityLink{A: one, B: two, Verdict: unify.LinkNeverMerge, Actor: "alan"})
	apart := list(explain(), "apart")
	if got := sentencesOf(apart); got != "Same e-mail, but a person decided that they are two" {
		t.Errorf("they are two: %s", got)
	}
	if d, _ := apart[0]["decision"].(map[string]any); d["by"] != "alan" || d["verdict"] != "never_merge" {
		t.Errorf("decided: %v", d)
	}
}

func TestBitsInAnswersAddUp(t *testing.T) {
	w := newWorld(t)
	person := func(n int, name, birth string, ids ...event.Identifier) *event.Event {
		e := w.event(n, "crm", "", nil, ids...)
		e.Type = event.TypeIdentify
		e.Attributes = map[string]string{event.AttrName: name, event.AttrBirthDate: birth}
		return e
	}
	phone := id(event.IDPhone, "+49308934672")
	w.put(person(1, "Ann Leeson", "1980-02-01", id("crm.id", "1"), phone), person(2, "A Leeson", "1980-02-01", phone),
		person(3, "Bob Leeson", "1979-05-05", phone), person(4, "Ann Leeson", "1980-02-02", id(event.IDEmail, "ann@example.com")))
	x := w.get("/v1/profiles/crm.id:1/identity", w.key(auth.KindRead, "acme"), http.StatusOK)
	weighed := 0
	for _, part := range append(list(x, "links"), list(x, "apart")...) {
		weighing, ok := part["weighing"].(map[string]any)
		if !ok {
			continue
		}
		weighed++
		sum := weighing["prior"].(float64) + weighing["overlap"].(float64) + weighing["household"].(float64)
		for _, f := range list(weighing, "fields") {
			sum += f["bits"].(float64)
		}
		if sum != weighing["score"] {
			t.Errorf("the bits are %v, the score is %v: %v", sum, weighing["score"], weighing)
		}
		if text := part["said"].(map[string]any)["text"].(string); !strings.Contains(text, fmt.Sprintf("(%+.1f bits)", sum)) {
			t.Errorf("%q does not tell the score %v", text, sum)
		}
	}
	if weighed < 2 || x["thresholds"].(map[string]any)["merge"].(float64) < 3 {
		t.Errorf("%d were weighed: %v", weighed, x)
	}
}

// TestAskingWhatWouldBeChangesNothing: a new identifier that would merge two, one that would ask a
// person, one that would do nothing, and one that cannot be.
func TestAskingWhatWouldBeChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "crm", "Viewed", nil, id(event.IDUser, "u1")), w.event(2, "crm", "Viewed", nil, id("crm.id", "7")),
		w.event(3, "crm", "Viewed", nil, id(event.IDUser, "u2")))
	key := w.key(auth.KindRead, "acme")
	ask := func(query string) map[string]any {
		return w.get("/v1/profiles/user_id:u1/identity"+query, key, http.StatusOK)
	}
	before := ask("")
	merges := ask("?add=crm.id:7")["added"].(map[string]any)
	if changes := list(merges, "changes"); merges["joins"] != true || len(changes) != 1 || changes[0]["kind"] != "merge" || changes[0]["parts_total"] != 2.0 {
		t.Errorf("an id of another: %v", merges)
	}
	if again := ask("?add=crm.id:7")["added"]; !reflect.DeepEqual(again, any(merges)) {
		t.Errorf("asked again: %v, before %v", again, merges)
	}
	if a := ask("?add=crm.id:8&add=email:ada@example.com")["added"].(map[string]any); a["joins"] != true || len(list(a, "changes")) != 0 {
		t.Errorf("ids of nobody: %v", a)
	}
	if a := ask("?add=user_id:u2")["added"].(map[string]any); a["joins"] != false || a["refused"] != "exclusive_user_id" || len(list(a, "left")) != 1 {
		t.Errorf("another user id: %v", a)
	}
	if after := ask(""); !reflect.DeepEqual(after, before) {
		t.Errorf("asking changed something: %v, before %v", after, before)
	}
	d := w.get("/v1/profiles/user_id:u1/identity?add=crm.id:1&add=shoe_size:44", key, http.StatusBadRequest)
	if faults := list(d, "errors"); len(faults) != 1 || faults[0]["field"] != "add[1]" {
		t.Errorf("an unknown type: %v", d)
	}
	d = w.get("/v1/profiles/user_id:u1/identity?with=user_id:nobody", key, http.StatusBadRequest)
	if faults := list(d, "errors"); len(faults) != 1 || faults[0]["field"] != "with" {
		t.Errorf("with nobody: %v", d)
	}
}

// TestIdentifiersStand: unknown, personal, shared and blocked, and the same in another workspace is
// unknown.
func TestIdentifiersStand(t *testing.T) {
	w := newWorld(t)
	mail := id(event.IDEmail, "family@example.com")
	w.put(w.event(1, "crm", "Viewed", nil, id(event.IDUser, "u1"), mail), w.event(2, "shop", "Viewed", nil, id(event.IDUser, "u2"), mail))
	w.give(unify.IdentityBlock{Type: event.IDPhone, Value: "+49308934672", Actor: "grace"})
	key, other := w.key(auth.KindRead, "acme"), w.key(auth.KindRead, "other")
	for _, c := range []struct {
		key, address, state string
		profiles            float64
	}{
		{key, "user_id:nobody", "unknown", 0},
		{key, "user_id:u1", "personal", 1},
		{key, "email:Family@Example.com", "shared", 2},
		{key, "phone:%2B49308934672", "blocked", 0},
		{key, "email:test@test.com", "blocked", 0},
		{other, "user_id:u1", "unknown", 0},
	} {
		v := w.get("/v1/identifiers/"+c.address, c.key, http.StatusOK)
		if v["state"] != c.state || v["profiles_total"] != c.profiles || v["reason"] == "" {
			t.Errorf("%s is %v", c.address, v)
		}
		if by, _ := v["blocked"].(map[string]any); (by["by"] == "grace" && by["at"] != nil) != strings.HasPrefix(c.address, "phone") {
			t.Errorf("%s is blocked by %v", c.address, by)
		}
	}
}
