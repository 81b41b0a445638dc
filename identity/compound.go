package identity

import "slices"

// compound is a Compound as the rules of an engine hold it.
type compound struct {
	rule string // its name as a rule
	typ  string // its parts, as what a Reason calls the type
	of   [2]string
}

// compounds makes a feature of every pair of values that two nodes agree on. What holds one of the
// parts that count is in the component already, so the pairs are found by intersecting there.
func (w *walker) compounds(nodes []*node) []*feature {
	if len(w.engine.compound) == 0 {
		return nil
	}
	made := map[Identifier]*feature{}
	var list []*feature
	for i, n := range nodes {
		for _, c := range w.engine.compound {
			for _, value := range w.pairs(n, c) {
				id := Identifier{c.rule, value}
				f := made[id]
				if f == nil {
					f = &feature{Identifier: Identifier{c.typ, value}, class: classCompound, rule: c.rule}
					made[id] = f
					list = append(list, f)
				}
				f.holders = append(f.holders, int32(i))
			}
		}
	}
	return slices.DeleteFunc(list, func(f *feature) bool { return len(f.holders) < 2 })
}

// pairs returns the values that a node has of a compound: none is blocked, and of those that are
// identifiers one is not generic.
func (w *walker) pairs(n *node, c compound) []string {
	var values []string
	for _, a := range w.pieces(n, c.of[0]) {
		for _, b := range w.pieces(n, c.of[1]) {
			if a.tells || b.tells {
				values = append(values, a.value+"\x00"+b.value)
			}
		}
	}
	return values
}

type piece struct {
	value string
	tells bool // is an identifier that is not generic
}

func (w *walker) pieces(n *node, typ string) []piece {
	var list []piece
	for _, id := range n.obs.Identifiers {
		if f := w.features[id]; id.Type == typ && f.mute != RuleBlocked && f.class != classUnknown {
			list = append(list, piece{id.Value, f.joins})
		}
	}
	for _, a := range n.obs.Attributes {
		if a.Name == typ {
			list = append(list, piece{value: a.Value})
		}
	}
	return list
}
