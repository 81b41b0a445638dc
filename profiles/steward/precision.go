package steward

import (
	"math"
	"slices"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

// Precision is what people's decisions tell of how well the scores do. It is written as JSON as it stands.
//
// AsAsked measures the score that a pair had when it was decided: the model had not learned from that decision. Now
// measures the scores of the model in force, which learned from these very decisions, and so looks better than it is
// for others. Neither is a sample of all pairs: people are asked about those that are hard to tell.
type Precision struct {
	Model uint32 `json:"model"`
	explain.Pending
	Thresholds explain.Thresholds `json:"thresholds"`
	// Estimated is the model's own estimate from which on pairs merge by themselves, and Review that from which on
	// people are asked.
	Estimated float64 `json:"estimated"`
	Review    float64 `json:"review"`
	Decided   Decided `json:"decided"`
	AsAsked   Scores  `json:"as_asked"`
	Now       Scores  `json:"now"`
}

// Decided counts the pairs of which a decision stands.
type Decided struct {
	Merged int `json:"merged"`
	Apart  int `json:"apart"`
	// Unscored are those of them that AsAsked is without: of no question, or decided before scores were kept.
	Unscored int `json:"unscored"`
	// TakenBack are pairs of which nothing stands any more.
	TakenBack int `json:"taken_back"`
}

// Scores are decided pairs by their scores.
type Scores struct {
	Labels int `json:"labels"`
	// Merging are those whose score is enough to merge.
	Merging match.Measured `json:"merging"`
	Bands   []Band         `json:"bands"`
}

// Band is a band of scores: how many pairs of it people decided about, how many of these they said are one, and, with
// 95 % confidence, between what the share of such is (Wilson, 1927). Without any pair it is from 0 to 1: nothing is known.
type Band struct {
	// From and Below are the model's own estimates at its ends, From inclusive.
	From  float64 `json:"from"`
	Below float64 `json:"below"`
	// FromBits and BelowBits are the scores; absent at the ends of all.
	FromBits  *float64 `json:"from_bits,omitempty"`
	BelowBits *float64 `json:"below_bits,omitempty"`
	match.Measured
}

// edges are the estimates that part the bands, beside those that the rules merge and ask at.
var edges = []float64{.5, .7, .8, .9, .95, .99}

// Precision tells how precise scores were, as far as people decided.
func (d *Desk) Precision(workspace string) (*Precision, error) {
	judged, err := d.Explain.Judged(workspace)
	if err != nil {
		return nil, err
	}
	p := &Precision{
		Model: judged.Model, Pending: judged.Pending, Thresholds: judged.Thresholds,
		Estimated: judged.MergePrecision, Review: judged.ReviewPrecision,
	}
	var asked []match.Judgement
	for _, one := range judged.Decisions {
		part, err := unify.PartOf(one)
		if err != nil {
			return nil, err
		}
		switch one.Verdict {
		case identity.MustMerge:
			p.Decided.Merged++
		case identity.NeverMerge:
			p.Decided.Apart++
		default:
			p.Decided.TakenBack++
			continue
		}
		if !part.Scored || part.Kind == unify.DecisionSplit {
			p.Decided.Unscored++
			continue
		}
		asked = append(asked, match.Judgement{Score: match.Bits(math.Round(part.Bits * float64(match.Bit))), Same: one.Verdict == identity.MustMerge})
	}
	p.AsAsked, p.Now = scoresOf(asked, p.Estimated, p.Review), scoresOf(judged.Pairs, p.Estimated, p.Review)
	return p, nil
}

// scoresOf sorts judged pairs into bands.
func scoresOf(judged []match.Judgement, merge, review float64) Scores {
	s := Scores{Labels: len(judged), Merging: match.Measure(judged, match.ScoreFor(merge), math.MaxInt32)}
	ends := append(slices.Clone(edges), merge, review)
	slices.Sort(ends)
	from, fromBits := 0.0, match.Bits(math.MinInt32)
	for _, below := range append(slices.Compact(ends), 1) {
		b := Band{From: from, Below: below}
		belowBits := match.Bits(math.MaxInt32)
		if below < 1 {
			belowBits = match.ScoreFor(below)
			b.BelowBits = bitsOf(belowBits)
		}
		if from > 0 {
			b.FromBits = bitsOf(fromBits)
		}
		b.Measured = match.Measure(judged, fromBits, belowBits)
		s.Bands = append(s.Bands, b)
		from, fromBits = below, belowBits
	}
	return s
}

func bitsOf(b match.Bits) *float64 {
	f := b.Float()
	return &f
}
