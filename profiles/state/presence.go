package state

import (
	"sync"
	"sync/atomic"
)

// presence says of each workspace which kinds of key it has any of, so that of what most have nothing, nothing is
// looked up. It is found out once by a look at the database; whoever writes the first of a kind says so before that
// can be read. A kind stays once it was there: what is deleted again is looked for in vain.
type presence struct {
	mu sync.RWMutex
	of map[string]*kinds // by workspace
}

// kinds says of one workspace what it has, by kind of key.
type kinds [128]atomic.Uint32

const (
	unknown uint32 = iota
	none
	some
)

func (p *presence) kinds(workspace string) *kinds {
	p.mu.RLock()
	k := p.of[workspace]
	p.mu.RUnlock()
	if k != nil {
		return k
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if k = p.of[workspace]; k == nil {
		if p.of == nil {
			p.of = map[string]*kinds{}
		}
		k = new(kinds)
		p.of[workspace] = k
	}
	return k
}

// put says that something of a kind is being written.
func (k *kinds) put(kind byte) { k[kind].Store(some) }

// has says whether there is anything of a kind. look looks into the database; what it fails with, whoever reads then
// meets.
func (k *kinds) has(kind byte, look func() (bool, error)) bool {
	known := k[kind].Load()
	if known == unknown {
		any, err := look()
		if err != nil {
			return true
		}
		if known = none; any {
			known = some
		}
		k[kind].CompareAndSwap(unknown, known) // not when somebody puts one meanwhile
	}
	return known == some
}
