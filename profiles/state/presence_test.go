package state

import (
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
)

// TestWhatIsWrittenFirstIsFound: a reader who looked before there was anything of a kind hides it from no later one,
// however the two meet.
func TestWhatIsWrittenFirstIsFound(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	shared := identity.Identifier{Type: "phone", Value: "+447700900123"}
	look := func(view *Snapshot) identity.SharedKind {
		found, err := view.Shared(shared)
		must(t, err)
		return found
	}
	for i := range 200 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		before, err := s.View(name)
		must(t, err)
		space, err := s.Tx().Workspace(name)
		must(t, err)
		var meanwhile sync.WaitGroup
		meanwhile.Go(func() {
			if look(before) != "" {
				t.Error("it was there before it was written")
			}
			must(t, before.Close())
		})
		_, err = space.SetShared(shared, identity.SharedHousehold)
		must(t, err)
		must(t, s.Tx().Commit())
		after, err := s.View(name)
		must(t, err)
		if look(after) != identity.SharedHousehold {
			t.Fatal("it is not found")
		}
		must(t, after.Close())
		meanwhile.Wait()
	}
}
