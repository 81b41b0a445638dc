package state

import "maps"

// cache keeps what the writer read or wrote. It never forgets within a step, so that it is the
// step's view of its own writes as well; between steps trim drops what was not used for a while.
// Two maps stand for recently and less recently used.
type cache[K comparable, V any] struct {
	young, old map[K]V
	limit      int
}

func newCache[K comparable, V any](limit int) cache[K, V] {
	return cache[K, V]{young: map[K]V{}, limit: limit}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	if v, ok := c.young[key]; ok {
		return v, true
	}
	v, ok := c.old[key]
	if ok {
		c.young[key] = v
	}
	return v, ok
}

func (c *cache[K, V]) put(key K, v V) { c.young[key] = v }

// trim is for between steps only.
func (c *cache[K, V]) trim() {
	if len(c.young) > c.limit {
		c.young, c.old = make(map[K]V, c.limit), c.young
	}
}

// drop forgets what the keys say.
func (c *cache[K, V]) drop(of func(K) bool) {
	for _, m := range [...]map[K]V{c.young, c.old} {
		maps.DeleteFunc(m, func(k K, _ V) bool { return of(k) })
	}
}

func (c *cache[K, V]) clear() {
	clear(c.young)
	c.old = nil
}

// load returns what is cached under key, or reads and caches it.
func (c *cache[K, V]) load(key K, read func() (V, error)) (V, error) {
	if v, ok := c.get(key); ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		c.put(key, v)
	}
	return v, err
}
