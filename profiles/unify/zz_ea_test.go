package unify_test

import (
	"testing"
)

func TestZZ(t *testing.T) {
	l := newLives(t, 1)
	for range 23 {
		l.act()
		l.settle()
		l.balance()
	}
	for _, e := range l.erasing {
		l.finish(e)
	}
	l.settle()
	t.Log(l.counted())
	for _, e := range l.logged() {
		t.Logf("%s %s %s %s %.400s", e.Position, e.Kind, e.Source, e.ReceivedAt.Format("02 15:04:05"), e.Value)
	}
	all, _ := l.rig.state.Erasures("w")
	for _, e := range all {
		t.Logf("%s upto %v since %v at %v direct %v removed %v", e.ID, e.UpTo, e.Since, e.At, e.Direct, e.Removed)
	}
	l.stop()
	must(l, l.fs.RemoveAll("state"))
	l.rig = open(l.tb, l.fs, l.config).start()
	l.settle()
	t.Log(l.counted())
	all, _ = l.rig.state.Erasures("w")
	for _, e := range all {
		t.Logf("%s upto %v since %v at %v direct %v removed %v", e.ID, e.UpTo, e.Since, e.At, e.Direct, e.Removed)
	}
}
