package driver

import (
	"cmp"
	"slices"

	"tributary/journeys/driver/topic"
)

// Long says what long conversations have in common: those whose handle time (talk, hold and wrap-up) is greater than that of nine
// in ten.
type Long struct {
	AboveS        float64  `json:"above_s"` // seconds of handle time
	Conversations int      `json:"conversations"`
	Others        int      `json:"others"` // with a handle time, that are not long
	Shared        []Shared `json:"shared"`
}

// Shared is a topic or a step that long conversations have more often than others, beyond chance (Fisher's exact test; Q as of
// topics that rise).
type Shared struct {
	Kind       string  `json:"kind"` // topic, told_topic or step: a kind of event
	Name       string  `json:"name"`
	Long       int     `json:"long"` // long conversations that have it
	LongShare  float64 `json:"long_share"`
	OtherShare float64 `json:"other_share"`
	Q          float64 `json:"q"`
}

// worked is a conversation that agents worked on.
type worked struct {
	seconds float64
	has     []mark
}

type mark struct{ kind, name string }

func (t *tally) work(r *row, about string) {
	if r.HandleS <= 0 {
		return
	}
	w := worked{seconds: r.HandleS}
	if about != topic.Unknown {
		w.has = append(w.has, mark{"topic", about})
	}
	if r.Topic != "" {
		w.has = append(w.has, mark{"told_topic", r.Topic})
	}
	for _, step := range r.Steps {
		w.has = append(w.has, mark{"step", step})
	}
	t.worked = append(t.worked, w)
}

// long compares long conversations with the others; nil of too few.
func (t *tally) long() *Long {
	slices.SortFunc(t.worked, func(a, b worked) int { return cmp.Compare(a.seconds, b.seconds) })
	n := len(t.worked)
	if n == 0 {
		return nil
	}
	l := &Long{AboveS: t.worked[min(n-1, int(longShare*float64(n)))].seconds, Shared: []Shared{}}
	all, long := map[mark]int{}, map[mark]int{}
	for _, w := range t.worked {
		if w.seconds > l.AboveS {
			l.Conversations++
		}
		for _, m := range w.has {
			all[m]++
			if w.seconds > l.AboveS {
				long[m]++
			}
		}
	}
	if l.Others = n - l.Conversations; l.Conversations < leastLong {
		return nil
	}
	var marks []mark
	var ps []float64
	for m := range all {
		marks = append(marks, m)
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	for _, m := range marks {
		ps = append(ps, more(long[m], l.Conversations, all[m], n))
	}
	for i, q := range discoveries(ps) {
		if m := marks[i]; q < alarm && long[m] >= leastPeople {
			l.Shared = append(l.Shared, Shared{
				Kind: m.kind, Name: m.name, Long: long[m], LongShare: float64(long[m]) / float64(l.Conversations),
				OtherShare: float64(all[m]-long[m]) / float64(l.Others), Q: q,
			})
		}
	}
	slices.SortStableFunc(l.Shared, func(a, b Shared) int { return cmp.Compare(b.LongShare-b.OtherShare, a.LongShare-a.OtherShare) })
	return l
}
