package config

import (
	"cmp"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"tributary/profiles/state"
)

// A state's cache that nobody said anything about takes a sixteenth of the memory, within bounds.
const (
	cacheShare    = 16
	maxStateCache = 4 << 30
)

// stateCache is how large the cache of the state is.
func (c Config) stateCache() int64 {
	return cmp.Or(int64(c.State.Cache), min(max(memory()/cacheShare, state.DefaultCacheBytes), maxStateCache))
}

// memory is what this process may use: that of its container, or of the machine; 0 if neither tells.
func memory() int64 {
	limit, err := memlimit.FromCgroup()
	if machine, machineErr := memlimit.FromSystem(); err != nil || machineErr == nil && machine < limit {
		limit = machine
	}
	return int64(min(limit, 1<<62))
}
