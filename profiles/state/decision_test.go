package state

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
)

// TestDecisionsTellWho: who decided, why and when, in either order of the two; the later stamp stands, and
// what was taken back, or never said, is none.
func TestDecisionsTellWho(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	a, b, c := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	at := func(second int64) Stamp { return Stamp{At: time.Unix(second, 0).UTC(), MessageID: "m"} }
	w := workspace(t, s, "w")
	decide := func(x, y uuid.UUID, v identity.Verdict, actor, note string, by Stamp, want bool) {
		t.Helper()
		changed, err := w.SetDecision(Decision{Link: identity.Link{A: x, B: y, Verdict: v}, Actor: actor, Note: note}, by)
		must(t, err)
		if changed != want {
			t.Errorf("%s by %q changed something: %v", v, actor, changed)
		}
	}
	decide(b, a, identity.MustMerge, "grace", "one\x00two", at(2), true)
	decide(a, b, identity.NeverMerge, "alan", "", at(1), false) // came later, was said before
	decide(a, b, identity.MustMerge, "ada", "", at(3), false)   // the same again
	decide(a, c, identity.NeverMerge, "", "", at(1), true)
	decide(a, c, "", "grace", "a mistake", at(2), true)
	phone, email := identity.Identifier{Type: "phone", Value: "1"}, identity.Identifier{Type: "email", Value: "x"}
	for i, actor := range []string{"grace", "ada"} {
		changed, err := w.SetBlock(phone, true, Block{Actor: actor}, at(int64(i+1)))
		must(t, err)
		if changed != (i == 0) {
			t.Errorf("the block by %s changed something: %v", actor, changed)
		}
	}
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	said := func(x, y uuid.UUID) string {
		d, err := hot.Decision(x, y)
		must(t, err)
		if d == nil {
			return "none"
		}
		return fmt.Sprintf("%s by %q noting %q at %d", d.Verdict, d.Actor, d.Note, d.At.Unix())
	}
	for _, got := range []string{said(a, b), said(b, a)} {
		if got != `must_merge by "ada" noting "" at 3` {
			t.Error(got)
		}
	}
	if got := said(a, c) + said(b, c); got != "nonenone" {
		t.Error(got)
	}
	links, err := hot.Facts().Links(a)
	must(t, err)
	if len(links) != 1 || links[0] != (identity.Link{A: a, B: b, Verdict: identity.MustMerge}) {
		t.Errorf("the engine sees %v", links)
	}
	if block, err := hot.Block(phone); err != nil || block == nil || block.Actor != "ada" || block.At.Unix() != 2 {
		t.Errorf("blocked by %+v, %v", block, err)
	}
	if block, err := hot.Block(email); err != nil || block != nil {
		t.Errorf("not blocked, by %+v, %v", block, err)
	}
}

// TestEachDecisionOnce: every pair's last word is told once, what was taken back too; parts and notes survive, and a
// block as it was kept before there were notes is read as ever.
func TestEachDecisionOnce(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	a, b, c := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	at := func(second int64) Stamp {
		return Stamp{At: time.Unix(second, 0).UTC(), MessageID: fmt.Sprintf("m-%d", second)}
	}
	w := workspace(t, s, "w")
	for i, d := range []Decision{
		{Link: identity.Link{A: c, B: a, Verdict: identity.MustMerge}, Actor: "grace", Note: "a\x00b", Part: `{"kind":"merge"}`},
		{Link: identity.Link{A: b, B: c, Verdict: identity.NeverMerge}},
		{Link: identity.Link{A: b, B: c}, Part: `{"kind":"undo"}`},
	} {
		_, err := w.SetDecision(d, at(int64(i+1)))
		must(t, err)
	}
	phone, email := identity.Identifier{Type: "phone", Value: "1"}, identity.Identifier{Type: "email", Value: "x"}
	_, err := w.SetBlock(phone, true, Block{Actor: "ada", Note: "a shop", Part: "{}"}, at(7))
	must(t, err)
	_, err = w.SetBlock(email, true, Block{Actor: "ada"}, at(8))
	must(t, err)
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	var told []string
	must(t, hot.EachDecision(func(d *Decision) error {
		told = append(told, fmt.Sprintf("%d%d %q %q %q %s %s", d.A[0], d.B[0], d.Verdict, d.Actor, d.Note, d.Part, d.MessageID))
		return nil
	}))
	must(t, hot.EachBlock(func(id identity.Identifier, x *Block) error {
		told = append(told, fmt.Sprintf("%s %q %q %s %s", id.Type, x.Actor, x.Note, x.Part, x.MessageID))
		return nil
	}))
	want := []string{
		`13 "must_merge" "grace" "ab" {"kind":"merge"} m-1`, `23 "" "" "" {"kind":"undo"} m-3`,
		`email "ada" ""  m-8`, `phone "ada" "a shop" {} m-7`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("told is\n%q, want\n%q", told, want)
	}
	if on, err := hot.DecisionsOn(c); err != nil || len(on) != 2 {
		t.Errorf("decisions on c: %v, %v", on, err)
	}
}
