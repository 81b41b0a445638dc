package identity

import "slices"

// kind is a set of groups at a value that compare alike.
type kind struct {
	seats []seat
	near  []int // kinds that it may be joined with
	held  []int // two kinds that it lies between, if it does
}

// decides says whether a feature joins by rule: what is only evidence never does, and what may be
// shared does not where it is weighed.
func (c *clustering) decides(f *feature) bool {
	switch f.class {
	case classEvidence:
		return false
	case classShared:
		return c.likeness == nil || c.engine.agreeing
	default:
		return true
	}
}

// join joins the groups that hold one value, as far as they are certainly one person:
//
// Groups that compare alike are one kind. Kinds that may be joined are neighbours. A kind with two
// neighbours that contradict each other belongs to either, so it is held back. Of the connected
// parts that remain, each is joined if nothing in it contradicts, and else not at all.
func (c *clustering) join(seats []seat, m mode, f *feature) {
	if len(seats) < 2 {
		return
	}
	seats = c.inTime(seats, f)
	kinds := c.kinds(seats, m)
	verdicts := c.compareKinds(kinds, m)
	c.holdContradicted(kinds, verdicts, m, f)
	c.hold(kinds, verdicts, m)
	for i := range kinds {
		if kinds[i].held != nil && f.class == classConversation {
			c.noteBetween(kinds, i)
		}
	}
	for _, part := range parts(kinds) {
		if m.sure {
			c.joinSure(kinds, part, m, f)
		} else {
			c.joinPart(kinds, part, verdicts, m, f)
		}
	}
}

func (c *clustering) kinds(seats []seat, m mode) []kind {
	var kinds []kind
	at := make(map[string]int, len(seats))
	var key []byte
	for _, s := range seats {
		key = c.groups[s.root].appendKey(key[:0], m, s.root)
		i, ok := at[string(key)]
		if !ok {
			i = len(kinds)
			at[string(key)] = i
			kinds = append(kinds, kind{})
		}
		kinds[i].seats = append(kinds[i].seats, s)
	}
	return kinds
}

// compareKinds fills the neighbours in and returns all verdicts. Of the kinds that the rule would
// join but for a refusal, the pair with the first of them is noted as a conflict.
func (c *clustering) compareKinds(kinds []kind, m mode) [][]verdict {
	verdicts := make([][]verdict, len(kinds))
	for i := range kinds {
		verdicts[i] = make([]verdict, len(kinds))
	}
	for i := range kinds {
		noted := false
		for j := range i {
			a, b := kinds[i].seats[0], kinds[j].seats[0]
			v := c.compare(a.root, b.root, m)
			verdicts[i][j], verdicts[j][i] = v, v
			switch proposed := v.agree || !m.agree; {
			case v.refuse == "" && proposed:
				kinds[i].near = append(kinds[i].near, j)
				kinds[j].near = append(kinds[j].near, i)
			case v.refuse != "" && proposed && !noted:
				noted = true
				c.conflict(a.holder, b.holder, v.rule, v.refuse)
			}
		}
	}
	return verdicts
}

// hold takes the kinds that lie between two contradicting ones out of the neighbourhood.
func (c *clustering) hold(kinds []kind, verdicts [][]verdict, m mode) {
	for i := range kinds {
		for x, a := range kinds[i].near {
			for _, b := range kinds[i].near[:x] {
				switch refuse := verdicts[a][b].refuse; {
				case refuse == "":
				case m.sure && refuse == RuleNeverMerge:
				default:
					kinds[i].held = append(kinds[i].held, a, b)
				}
			}
		}
	}
	for i := range kinds {
		kept := kinds[i].near[:0:0]
		for _, j := range kinds[i].near {
			if kinds[i].held == nil && kinds[j].held == nil {
				kept = append(kept, j)
			}
		}
		kinds[i].near = kept
	}
}

// noteBetween remembers whom a conversation's observations may be.
func (c *clustering) noteBetween(kinds []kind, i int) {
	for _, s := range kinds[i].seats {
		for _, j := range kinds[i].held {
			c.between[s.holder] = append(c.between[s.holder], kinds[j].seats[0].holder)
		}
	}
}

// parts returns the connected parts of the neighbourhood, each in ascending order.
func parts(kinds []kind) [][]int {
	var all [][]int
	seen := make([]bool, len(kinds))
	for i := range kinds {
		if seen[i] {
			continue
		}
		seen[i] = true
		part := []int{i}
		for k := 0; k < len(part); k++ {
			for _, j := range kinds[part[k]].near {
				if !seen[j] {
					seen[j] = true
					part = append(part, j)
				}
			}
		}
		all = append(all, part)
	}
	return all
}

// joinPart joins one connected part, and the groups within each of its kinds.
func (c *clustering) joinPart(kinds []kind, part []int, verdicts [][]verdict, m mode, f *feature) {
	for _, i := range part {
		c.joinKind(&kinds[i], m, f)
	}
	for x, i := range part {
		for _, j := range part[:x] {
			if verdicts[i][j].refuse != "" {
				return
			}
		}
	}
	hubs := []seat{kinds[part[0]].seats[0]}
	for _, i := range part[1:] {
		for _, s := range kinds[i].seats {
			hubs = c.place(hubs, s, verdicts[part[0]][i].rule, f)
		}
	}
}

// joinKind joins groups that compare alike, unless they lie between others, or agree on nothing
// where agreement is asked for.
func (c *clustering) joinKind(k *kind, m mode, f *feature) {
	if k.held != nil || len(k.seats) < 2 {
		return
	}
	v := c.compare(k.seats[0].root, k.seats[1].root, m)
	if v.refuse != "" || m.agree && !v.agree {
		return
	}
	hubs := []seat{k.seats[0]}
	for _, s := range k.seats[1:] {
		hubs = c.place(hubs, s, v.rule, f)
	}
}

// joinSure joins by a certain value. Where people parted two of its holders, the older of them
// keeps the others (with limits, the one that was there first). Kinds that lie between exclusive ids
// are joined among themselves only.
func (c *clustering) joinSure(kinds []kind, part []int, m mode, f *feature) {
	var seats []seat
	for _, i := range part {
		seats = append(seats, kinds[i].seats...)
	}
	if len(c.engine.limits) == 0 {
		slices.SortFunc(seats, c.byAge)
	} else {
		slices.SortFunc(seats, c.byTime)
	}
	var hubs, open []seat
	for _, s := range seats {
		open = open[:0]
		for _, hub := range hubs {
			if c.compare(c.find(hub.holder), c.find(s.holder), m).refuse == "" {
				open = append(open, hub)
			}
		}
		if after := c.place(open, s, m.rule, f); len(after) > len(open) {
			hubs = append(hubs, s)
		}
	}
}

// byAge orders groups by their founders.
func (c *clustering) byAge(x, y seat) int {
	a, b := c.groups[x.root].founder, c.groups[y.root].founder
	switch {
	case a == b:
		return 0
	case c.older(a, b):
		return -1
	default:
		return 1
	}
}
