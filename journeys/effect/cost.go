package effect

import (
	"math"
	"time"

	"github.com/google/uuid"

	"tributary/identity/stats"
)

// costRow is a row of effect/costs: a contact that an AI or a human began.
type costRow struct {
	Profile      uuid.UUID `ch:"profile"`
	ID           string    `ch:"id"`
	Source       string    `ch:"source"`
	Channel      string    `ch:"channel"`
	Topic        string    `ch:"topic"`
	Agent        string    `ch:"agent"`
	At           time.Time `ch:"at"`
	AI           bool      `ch:"ai"` // an AI began it
	Contained    bool      `ch:"contained"`
	Confirmed    bool      `ch:"confirmed"`
	Human        bool      `ch:"human"` // one took part
	Timed        bool      `ch:"timed"`
	HandleMS     int64     `ch:"handle_ms"`
	Priced       bool      `ch:"priced"` // events name a cost
	CostNano     int64     `ch:"cost_nano"`
	Again        bool      `ch:"again"` // the next contact of the person is within 7 days
	NextHuman    bool      `ch:"next_human"`
	NextTimed    bool      `ch:"next_timed"`
	NextHandleMS int64     `ch:"next_handle_ms"`
	NextPriced   bool      `ch:"next_priced"`
	NextAI       bool      `ch:"next_ai"`
	NextCostNano int64     `ch:"next_cost_nano"`
	Settled      bool      `ch:"settled"`
}

// CostBasis says what costs are made of, all in one unit: that of the costs that events name.
type CostBasis struct {
	Currency string `json:"currency,omitempty"` // as asked
	// Human is "request": minutes of talk, hold and wrap-up by CostPerMinute, and what events name besides; or "events":
	// what events name.
	Human         string   `json:"human"`
	CostPerMinute *float64 `json:"cost_per_minute,omitempty"`
	// MinutesOfHuman, CostOfHuman and CostOfAI stand for contacts of which nothing is said: the mean of the others, or of an
	// AI's what was asked. Absent: nothing is known.
	MinutesOfHuman *float64 `json:"minutes_of_human,omitempty"`
	CostOfHuman    *float64 `json:"cost_of_human,omitempty"`
	CostOfAI       *float64 `json:"cost_of_ai,omitempty"`
	// Imputed is how many contacts that count, AI's and others, have a cost that was made up so.
	Imputed int `json:"imputed"`
}

// average is a mean as it grows; nil of nothing.
type average struct{ sum, n float64 }

func (a *average) add(v float64) { a.sum, a.n = a.sum+v, a.n+1 }

func (a *average) value() *float64 {
	if a.n == 0 {
		return nil
	}
	v := a.sum / a.n
	return &v
}

// basis finds what costs are made of.
func (r *UseCaseRequest) basis(rows []costRow) *CostBasis {
	b := &CostBasis{Currency: r.Currency, Human: "events", CostPerMinute: r.CostPerMinute, CostOfAI: r.AICost}
	if r.CostPerMinute != nil {
		b.Human = "request"
	}
	var minutes, human, ai average
	for i := range rows {
		row := &rows[i]
		if row.Timed {
			minutes.add(minutesOf(row.HandleMS))
		}
		switch {
		case row.Priced && row.AI:
			ai.add(nano(row.CostNano))
		case row.Priced:
			human.add(nano(row.CostNano))
		}
	}
	if b.CostOfAI == nil {
		b.CostOfAI = ai.value()
	}
	if b.CostPerMinute != nil {
		b.MinutesOfHuman = minutes.value()
	} else {
		b.CostOfHuman = human.value()
	}
	return b
}

func minutesOf(ms int64) float64 { return float64(ms) / 60_000 }

func nano(n int64) float64 { return float64(n) / 1e9 }

// part is a contact as it costs: a row's own, or its next one.
type part struct {
	ai, human, timed, priced bool
	handleMS, costNano       int64
}

func (row *costRow) own() part {
	return part{row.AI, row.Human, row.Timed, row.Priced, row.HandleMS, row.CostNano}
}

func (row *costRow) next() part {
	return part{row.NextAI, row.NextHuman, row.NextTimed, row.NextPriced, row.NextHandleMS, row.NextCostNano}
}

// price is what events name of a contact, or what stands for it, and what people's time costs beyond; made says that
// something stands for it.
func (b *CostBasis) price(p part) (named, people float64, made bool) {
	switch {
	case p.priced:
		named = nano(p.costNano)
	case p.ai:
		named, made = or(b.CostOfAI), true
	case p.human && b.CostPerMinute == nil:
		named, made = or(b.CostOfHuman), true
	}
	if p.human && b.CostPerMinute != nil {
		minutes := minutesOf(p.handleMS)
		if !p.timed {
			minutes, made = or(b.MinutesOfHuman), true
		}
		people = minutes * *b.CostPerMinute
	}
	return named, people, made
}

// measured says whether a contact that a human began tells itself what it cost.
func (b *CostBasis) measured(row *costRow) bool {
	if b.CostPerMinute != nil {
		return row.Timed
	}
	return row.Priced
}

func or(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// clustered is the mean of a value over contacts, several of which may be one person's and alike: its variance is that of
// people (cluster-robust: Liang and Zeger, Biometrika 73, 1986; as a ratio: Cochran, Sampling Techniques, 3rd edition, 1977,
// 6.3). Contacts of one person are added one after the other.
type clustered struct {
	n, people  int
	sum        float64
	ss, sn, nn float64 // over people but the last: squares and products of their sum and their number
	last       uuid.UUID
	s, k       float64 // of the last person
}

func (c *clustered) add(who uuid.UUID, v float64) {
	if c.people == 0 || c.last != who {
		c.close()
		c.people, c.last, c.s, c.k = c.people+1, who, 0, 0
	}
	c.n, c.sum, c.s, c.k = c.n+1, c.sum+v, c.s+v, c.k+1
}

func (c *clustered) close() {
	c.ss, c.sn, c.nn = c.ss+c.s*c.s, c.sn+c.s*c.k, c.nn+c.k*c.k
	c.s, c.k = 0, 0
}

// amount is the mean with its error, which is unknown of fewer than two people.
func (c *clustered) amount() amount {
	c.close()
	n, g := float64(c.n), float64(c.people)
	m := c.sum / n
	if c.people < 2 {
		return amount{m, -1}
	}
	square := max(0, c.ss-2*m*c.sn+m*m*c.nn)
	return amount{m, math.Sqrt(square*g/(g-1)) / n}
}

// shareOf is a share with Wilson's interval.
func shareOf(hits, of int) ShareOf {
	s := ShareOf{Of: of}
	if of > 0 {
		e := estimateOf(float64(hits)/float64(of), stats.Wilson(float64(hits), float64(of)))
		s.Estimate = &e
	}
	return s
}

// ShareOf is a share of cases; without cases it has no value.
type ShareOf struct {
	Of       int       `json:"of"`
	Estimate *Estimate `json:"estimate,omitempty"`
}
