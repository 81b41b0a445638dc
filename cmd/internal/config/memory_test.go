package config

import (
	"testing"

	"tributary/profiles/state"
)

// TestCacheOfTheState: as told, or a share of the memory within bounds.
func TestCacheOfTheState(t *testing.T) {
	c := Default()
	if got := c.HotState().CacheBytes; got < state.DefaultCacheBytes || got > maxStateCache {
		t.Errorf("a cache of %d bytes on a machine of %d", got, memory())
	}
	if memory() < 64<<20 {
		t.Errorf("the machine has %d bytes of memory", memory())
	}
	c.State.Cache = 3 << 20
	if got := c.HotState().CacheBytes; got != 3<<20 {
		t.Errorf("a cache of %d bytes, told 3 MiB", got)
	}
}
