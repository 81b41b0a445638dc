package match

// Sum adds evidence up. What follows from other evidence is not counted twice: within a set of
// correlated features only the strongest agreement counts, and every contradiction.
func (m *Model) Sum(e *Evidence) (same, home Bits) {
	for f := range m.Weights {
		same += e.Same[f]
		home += e.Home[f]
	}
	same -= overlap(e.Same[FeatureAddress], e.Same[FeaturePlace])
	home -= overlap(e.Home[FeatureAddress], e.Home[FeaturePlace])
	same -= overlap(e.Same[FeatureMailbox]/2, e.Same[FeatureGiven]+e.Same[FeatureFamily])
	home -= overlap(e.Home[FeatureMailbox]/2, e.Home[FeatureGiven]+e.Home[FeatureFamily])
	return same, home
}

// overlap is what two agreements have in common: the weaker of the two.
func overlap(a, b Bits) Bits { return max(0, min(a, b)) }

// Score is log2 of the odds that two records are of one person.
func (m *Model) Score(e *Evidence) Bits { return m.total(m.Sum(e)) }
