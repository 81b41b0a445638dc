package match

// cache remembers prepared observations in two generations: what is used moves to the younger, and
// when that is full, the older is forgotten.
type cache struct {
	size       int // of either
	young, old map[Ref]*Prepared
}

func (c *cache) get(r Ref) *Prepared {
	if p := c.young[r]; p != nil {
		return p
	}
	p := c.old[r]
	if p != nil {
		c.put(r, p)
	}
	return p
}

func (c *cache) put(r Ref, p *Prepared) {
	if c.young == nil || len(c.young) >= c.size {
		c.old, c.young = c.young, map[Ref]*Prepared{}
	}
	c.young[r] = p
}

func (c *cache) forget(r Ref) {
	delete(c.young, r)
	delete(c.old, r)
}
