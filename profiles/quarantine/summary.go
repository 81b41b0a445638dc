package quarantine

import (
	"cmp"
	"slices"
)

// Sum is how many items of one source and reason became, or would become, what.
type Sum struct {
	Source    string `json:"source"`
	Reason    string `json:"reason"`
	Now       string `json:"now"`
	NowReason string `json:"now_reason,omitempty"`
	Items     int    `json:"items"`
}

// Summary adds changes up. The zero value is empty and ready.
type Summary struct {
	Items int
	sums  map[Sum]int
}

// Add counts changes.
func (s *Summary) Add(changes []Change) {
	if s.sums == nil {
		s.sums = map[Sum]int{}
	}
	for _, c := range changes {
		s.sums[Sum{Source: c.Source, Reason: c.Reason, Now: c.Now, NowReason: c.NowReason}]++
		s.Items++
	}
}

// Sums returns what was counted: by source and reason, of those the most first.
func (s *Summary) Sums() []Sum {
	sums := make([]Sum, 0, len(s.sums))
	for sum, n := range s.sums {
		sum.Items = n
		sums = append(sums, sum)
	}
	slices.SortFunc(sums, func(a, b Sum) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Reason, b.Reason), cmp.Compare(b.Items, a.Items),
			cmp.Compare(a.Now, b.Now), cmp.Compare(a.NowReason, b.NowReason))
	})
	return sums
}
