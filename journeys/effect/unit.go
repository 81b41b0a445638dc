package effect

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// MaxPeople bounds how many people a report looks at: they are held in memory, some 300 bytes each.
const MaxPeople = 500_000

// unit is a row of effect/units: somebody's contact, what was before and what came after.
type unit struct {
	Profile        uuid.UUID          `ch:"profile"`
	ID             string             `ch:"id"`
	Source         string             `ch:"source"`
	Channel        string             `ch:"channel"`
	Topic          string             `ch:"topic"`
	Agent          string             `ch:"agent"`
	At             time.Time          `ch:"at"`
	SettledAt      time.Time          `ch:"settled_at"`
	Exposed        bool               `ch:"exposed"`
	ContactsBefore uint32             `ch:"contacts_before"`
	FirstSeen      time.Time          `ch:"first_seen"`
	Currency       string             `ch:"currency"` // of the last money event before the contact; empty: there was none
	Before         map[string]float64 `ch:"before"`   // money by currency
	Revenue        map[string]float64 `ch:"revenue"`
	Gone           bool               `ch:"gone"` // had cancelled before anything could be an outcome
	Cancelled      bool               `ch:"cancelled"`
	Active         bool               `ch:"active"`
	Events         uint64             `ch:"events"`
}

// Stratum is what people of one stratum have in common before the contact; what is not adjusted for is empty.
type Stratum struct {
	Tenure         string `json:"tenure,omitempty"`
	Currency       string `json:"currency,omitempty"` // of revenue_before; empty: none was paid in the two years before
	RevenueBefore  string `json:"revenue_before,omitempty"`
	ContactsBefore string `json:"contacts_before,omitempty"`
	Topic          string `json:"topic,omitempty"`
	Channel        string `json:"channel,omitempty"`
}

// Cut says from which amounts on somebody counts as middle and high among those of a currency who paid anything before.
type Cut struct {
	Currency string  `json:"currency"`
	Middle   float64 `json:"middle"`
	High     float64 `json:"high"`
}

// people are the units of a query: those that count, and how many do not.
type people struct {
	units    []unit
	cuts     map[string]Cut
	immature int
	gone     int
	events   uint64
}

// read reads the people of a query. The scope must be resolved.
func (r *Reports) read(ctx context.Context, q *query) (*people, error) {
	p := &people{cuts: map[string]Cut{}}
	window, seen := time.Duration(q.Days)*day, 0
	for u, err := range r.units.Each(ctx, q.params()) {
		if err != nil {
			return nil, err
		}
		if seen++; seen > MaxPeople {
			return nil, event.Errors{{Field: "from", Reason: "is too long ago: more than 500000 people made contact since; ask for a shorter span, or fewer channels"}}
		}
		p.events += u.Events
		switch {
		case u.SettledAt.Add(window).After(q.scope.KnownAt):
			p.immature++
		case u.Gone:
			p.gone++
		default:
			p.units = append(p.units, u)
		}
	}
	p.cut()
	return p, nil
}

// cut finds the thirds of what people had paid before, by currency.
func (p *people) cut() {
	paid := map[string][]float64{}
	for i := range p.units {
		if u := &p.units[i]; u.Before[u.Currency] > 0 {
			paid[u.Currency] = append(paid[u.Currency], u.Before[u.Currency])
		}
	}
	for currency, amounts := range paid {
		slices.Sort(amounts)
		n := len(amounts)
		p.cuts[currency] = Cut{currency, amounts[n/3], amounts[2*n/3]}
	}
}

// stratum is that of somebody.
func (p *people) stratum(u *unit, adjust []Covariate) (s Stratum) {
	for _, by := range adjust {
		switch by {
		case ByTenure:
			s.Tenure = tenure(u.At.Sub(u.FirstSeen))
		case ByRevenueBefore:
			s.Currency, s.RevenueBefore = u.Currency, p.third(u)
		case ByContactsBefore:
			s.ContactsBefore = several(u.ContactsBefore)
		case ByTopic:
			s.Topic = u.Topic
		case ByChannel:
			s.Channel = u.Channel
		}
	}
	return s
}

func (p *people) third(u *unit) string {
	paid, cut := u.Before[u.Currency], p.cuts[u.Currency]
	switch {
	case paid <= 0:
		return "none"
	case paid < cut.Middle:
		return "low"
	case paid < cut.High:
		return "middle"
	}
	return "high"
}

func tenure(known time.Duration) string {
	switch {
	case known < 30*day:
		return "under_30d"
	case known < 90*day:
		return "30d_to_90d"
	case known < 365*day:
		return "90d_to_1y"
	}
	return "over_1y"
}

func several(n uint32) string {
	switch n {
	case 0:
		return "0"
	case 1:
		return "1"
	}
	return "2_or_more"
}
