package identity_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/ingest/event"

	"pgregory.net/rapid"
)

// The worlds are small, so that values are shared, contradict each other and cross the limits of
// what is generic all the time.
var (
	someNames = []string{
		"John Smith", "J Smith", "Mary Smith", "Mary Jones", "John", "James Smith", "Smith, John",
		"John Smith Jr", "王小明",
	}
	someBirths = []string{"1980-02-03", "1980-03-02", "1955-07-09"}
)

func drawEvent(t *rapid.T, i int) *event.Event {
	e := &event.Event{
		Workspace: "w", Source: rapid.SampledFrom([]string{"web", "voice"}).Draw(t, "source"),
		MessageID:  fmt.Sprint("m", i),
		ReceivedAt: time.Unix(int64(rapid.IntRange(0, 9).Draw(t, "received")), 0).UTC(),
		At:         time.Unix(int64(rapid.IntRange(0, 9).Draw(t, "at"))*3600, 0).UTC(),
		Attributes: map[string]string{},
	}
	add := func(typ, format string, values, of int) {
		if rapid.IntRange(1, of).Draw(t, "has "+typ) == 1 {
			n := rapid.IntRange(1, values).Draw(t, typ)
			e.Identifiers = append(e.Identifiers, event.Identifier{Type: typ, Value: fmt.Sprintf(format, n)})
		}
	}
	add(event.IDUser, "user%d", 4, 4)
	add("crm.contact_id", "contact%d", 4, 5)
	add(event.IDAnonymous, "visitor%d", 4, 4)
	add(event.IDEmail, "mail%d@example.org", 4, 2)
	add(event.IDPhone, "+1415555010%d", 4, 2)
	if rapid.IntRange(1, 3).Draw(t, "has conversation") == 1 {
		e.CX = &event.CX{ConversationID: fmt.Sprint("c", rapid.IntRange(1, 5).Draw(t, "conversation"))}
	}
	if rapid.IntRange(1, 3).Draw(t, "has name") == 1 {
		e.Attributes[event.AttrName] = rapid.SampledFrom(someNames).Draw(t, "name")
	}
	if rapid.IntRange(1, 6).Draw(t, "has birth date") == 1 {
		e.Attributes[event.AttrBirthDate] = rapid.SampledFrom(someBirths).Draw(t, "birth date")
	}
	if rapid.IntRange(1, 5).Draw(t, "is record") == 1 {
		e.Record = &event.Record{ID: fmt.Sprint("r", rapid.IntRange(1, 4).Draw(t, "record"))}
	}
	return e
}

func drawObservations(t *rapid.T, e *identity.Engine, most int) []identity.Observation {
	n := rapid.IntRange(1, most).Draw(t, "observations")
	var list []identity.Observation
	for i := range n {
		o, _ := e.Observe(drawEvent(t, i))
		list = append(list, o)
	}
	return list
}

// drawEngine makes values generic early in some worlds, and has rules in half of them.
func drawEngine(t *rapid.T) *identity.Engine {
	c := identity.Config{Key: testKey()}
	c.GenericSpread = rapid.SampledFrom([]int{0, 2, 3, 4}).Draw(t, "spread")
	c.GenericHolders = rapid.SampledFrom([]int{0, 3, 5, 8}).Draw(t, "holders")
	if rapid.Bool().Draw(t, "devices are shared") {
		c.Shareable = []string{event.IDEmail, event.IDPhone, event.IDAnonymous}
	}
	e, err := identity.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "has rules") {
		if e, err = e.With(drawRules(t)); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func drawRules(t *rapid.T) identity.Rules {
	r := identity.Rules{Strategy: rapid.SampledFrom(identity.Strategies()).Draw(t, "strategy")}
	types := []string{event.IDUser, "crm.contact_id", event.IDAnonymous, event.IDEmail, event.IDPhone, "web.conversation_id"}
	for _, typ := range rapid.Permutation(types).Draw(t, "priority")[:rapid.IntRange(0, 4).Draw(t, "identifiers")] {
		rule := identity.IdentifierRule{Type: typ, Role: rapid.SampledFrom([]identity.Role{
			"", "", identity.RoleExclusive, identity.RoleCertain, identity.RoleDevice, identity.RoleShareable, identity.RoleEvidence, identity.RoleIgnored,
		}).Draw(t, "role of "+typ)}
		if rule.Role != identity.RoleIgnored && rule.Role != identity.RoleExclusive && rapid.Bool().Draw(t, "limits "+typ) {
			rule.Limit = rapid.IntRange(1, 3).Draw(t, "limit")
			rule.Window = identity.Window(time.Duration(rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "window")) * time.Hour)
		}
		r.Identifiers = append(r.Identifiers, rule)
	}
	for i, of := range [][]string{{event.IDEmail, event.IDPhone}, {event.IDAnonymous, event.AttrBirthDate}} {
		ignored := slices.ContainsFunc(r.Identifiers, func(x identity.IdentifierRule) bool {
			return x.Role == identity.RoleIgnored && slices.Contains(of, x.Type)
		})
		if !ignored && rapid.IntRange(1, 3).Draw(t, "compound") == 1 {
			r.Compound = append(r.Compound, identity.Compound{Name: fmt.Sprint("c", i), Of: of})
		}
	}
	blocks := []identity.Block{{Type: event.IDEmail, Value: "mail1@example.org"}, {Pattern: ".*2"}, {Type: event.AttrName, Pattern: "j.*"}}
	r.Blocked = blocks[:rapid.IntRange(0, len(blocks)).Draw(t, "blocks")]
	return r
}

func fromScratch(t interface{ Fatal(...any) }, e *identity.Engine, f *identitytest.Facts) identity.Resolution {
	r, err := e.Resolve(context.Background(), f, nil, f.IDs())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// requireSame fails unless the book says what a resolution of everything says.
func requireSame(t *rapid.T, b *identitytest.Book) {
	r := fromScratch(t, b.Engine, b.Facts)
	want := map[identity.ObservationID]identity.Assignment{}
	for _, a := range r.Assignments {
		want[a.Observation] = a
	}
	if diff := difference(want, b.Assignments); diff != "" {
		t.Fatalf("incremental (+) differs from scratch (-):\n%s", diff)
	}
}

// TestOrderDoesNotMatter resolves a set of observations one by one in two orders, in batches and
// all at once.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEngine(t)
		list := drawObservations(t, e, 24)
		// Versions of a record depend on which comes last: keep one.
		byID := map[identity.ObservationID]bool{}
		list = slices.DeleteFunc(list, func(o identity.Observation) bool {
			dup := byID[o.ID]
			byID[o.ID] = true
			return dup
		})
		for range 2 {
			order := rapid.Permutation(list).Draw(t, "order")
			b := identitytest.NewBook(e, identitytest.New())
			for _, o := range order {
				if err := b.Add(o); err != nil {
					t.Fatal(err)
				}
			}
			requireSame(t, b)
		}
		b := identitytest.NewBook(e, identitytest.New())
		var seeds []identity.ObservationID
		for i, o := range list {
			b.Facts.Add(o)
			seeds = append(seeds, o.ID)
			if i%5 == 4 || i == len(list)-1 {
				if _, err := b.Resolve(seeds...); err != nil {
					t.Fatal(err)
				}
				seeds = nil
			}
		}
		requireSame(t, b)
	})
}

// TestHistories applies random changes of every kind, each with the documented seeds, and compares
// with scratch after each.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEngine(t)
		b := identitytest.NewBook(e, identitytest.New())
		pick := func(t *rapid.T) identity.ObservationID {
			ids := b.Facts.IDs()
			if len(ids) == 0 {
				t.Skip("nothing there")
			}
			return rapid.SampledFrom(ids).Draw(t, "observation")
		}
		pickIdentifier := func(t *rapid.T) identity.Identifier {
			o, _ := b.Facts.Observation(pick(t))
			if len(o.Identifiers) == 0 {
				t.Skip("no identifier")
			}
			return rapid.SampledFrom(o.Identifiers).Draw(t, "identifier")
		}
		n := 0
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		add := func(t *rapid.T) {
			n++
			o, _ := e.Observe(drawEvent(t, n))
			must(b.Add(o))
		}
		link := func(v identity.Verdict) func(*rapid.T) {
			return func(t *rapid.T) {
				if x, y := pick(t), pick(t); x != y {
					must(b.Link(x, y, v))
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"":        func(t *rapid.T) { requireSame(t, b) },
			"add":     add,
			"add 2":   add,
			"add 3":   add,
			"add 4":   add,
			"remove":  func(t *rapid.T) { must(b.Remove(pick(t))) },
			"must":    link(identity.MustMerge),
			"never":   link(identity.NeverMerge),
			"unlink":  func(t *rapid.T) { must(b.Unlink(pick(t), pick(t))) },
			"block":   func(t *rapid.T) { must(b.Block(pickIdentifier(t))) },
			"unblock": func(t *rapid.T) { must(b.Unblock(pickIdentifier(t))) },
		})
	})
}

// TestUndoRestores links and blocks, takes both back, and finds everything as it was.
func TestUndoRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEngine(t)
		b := identitytest.NewBook(e, identitytest.New())
		for _, o := range drawObservations(t, e, 20) {
			if err := b.Add(o); err != nil {
				t.Fatal(err)
			}
		}
		before := cloneBook(b)
		ids := b.Facts.IDs()
		x, y := rapid.SampledFrom(ids).Draw(t, "x"), rapid.SampledFrom(ids).Draw(t, "y")
		if x != y {
			v := rapid.SampledFrom([]identity.Verdict{identity.MustMerge, identity.NeverMerge}).Draw(t, "verdict")
			check(t, b.Link(x, y, v))
			check(t, b.Unlink(x, y))
		}
		if o, _ := b.Facts.Observation(x); len(o.Identifiers) > 0 {
			id := rapid.SampledFrom(o.Identifiers).Draw(t, "identifier")
			check(t, b.Block(id))
			check(t, b.Unblock(id))
		}
		if diff := difference(before, b.Assignments); diff != "" {
			t.Fatalf("not restored:\n%s", diff)
		}
	})
}

// TestNoContradictionInside looks for what no profile may hold. (A user id that is generic counts
// for nothing, so here none is.)
func TestNoContradictionInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEngine(t, identity.Config{})
		f := identitytest.New()
		for _, o := range drawObservations(t, e, 24) {
			f.Add(o)
		}
		ids := f.IDs()
		var never []identity.Link
		for range rapid.IntRange(0, 4).Draw(t, "never") {
			x, y := rapid.SampledFrom(ids).Draw(t, "x"), rapid.SampledFrom(ids).Draw(t, "y")
			if x != y {
				never = append(never, f.Link(x, y, identity.NeverMerge))
			}
		}
		r := fromScratch(t, e, f)
		profile := map[identity.ObservationID]identity.ProfileID{}
		user := map[identity.ProfileID]string{}
		for _, a := range r.Assignments {
			profile[a.Observation] = a.Profile
			o, _ := f.Observation(a.Observation)
			for _, id := range o.Identifiers {
				if id.Type != event.IDUser {
					continue
				}
				if was := user[a.Profile]; was != "" && was != id.Value {
					t.Fatalf("profile %s holds %s and %s", a.Profile, was, id.Value)
				}
				user[a.Profile] = id.Value
			}
		}
		for _, l := range never {
			if profile[l.A] == profile[l.B] {
				t.Fatalf("%s and %s were parted and are together", l.A, l.B)
			}
		}
		requireSound(t, f, r)
	})
}

// requireSound checks the form of a resolution.
func requireSound(t *rapid.T, f *identitytest.Facts, r identity.Resolution) {
	founders := map[identity.ProfileID]bool{}
	for _, a := range r.Assignments {
		if a.Standing != identity.StandingMember {
			founders[a.Observation] = true
		}
	}
	for i, a := range r.Assignments {
		if i > 0 && slices.Compare(r.Assignments[i-1].Observation[:], a.Observation[:]) >= 0 {
			t.Fatal("assignments are not ascending")
		}
		if !founders[a.Profile] {
			t.Fatalf("profile %s has no founder", a.Profile)
		}
		switch a.Standing {
		case identity.StandingMember:
			o, _ := f.Observation(a.Observation)
			founder, _ := f.Observation(a.Profile)
			if o.FirstReceived.Before(founder.FirstReceived) {
				t.Fatal("a member is older than its founder")
			}
			if a.Reason.Rule == "" || a.Reason.Peer == uuidZero {
				t.Fatalf("member without reason: %+v", a)
			}
		case identity.StandingFounder, identity.StandingUnassigned:
			if a.Profile != a.Observation {
				t.Fatalf("%s stands for itself under %s", a.Observation, a.Profile)
			}
		default:
			t.Fatalf("standing %q", a.Standing)
		}
	}
}
