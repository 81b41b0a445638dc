package forecast

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tributary/journeys/forecast/series"
	"tributary/sql/store"
)

// A cause is a kind of event upstream that may bring contacts.
type cause struct {
	name    string
	monthly bool
}

// causes are those that forecasts try: billing runs, outages, late parcels.
var causes = []cause{{"invoice.issued", true}, {"incident.opened", false}, {"order.delayed", false}}

func causeNames() string {
	names := make([]string, len(causes))
	for i, c := range causes {
		names[i] = c.name
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// contactsRow is a row of forecast/contacts.
type contactsRow struct {
	Topic     string  `ch:"topic"`
	Channel   string  `ch:"channel"`
	Slot      int64   `ch:"slot"`
	Contacts  uint64  `ch:"contacts"`
	HandleS   float64 `ch:"handle_s"`
	Handled   uint64  `ch:"handled"`
	WaitS     float64 `ch:"wait_s"`
	Abandoned uint64  `ch:"abandoned"`
}

// causesRow is a row of forecast/causes.
type causesRow struct {
	Cause  string `ch:"cause"`
	Slot   int64  `ch:"slot"`
	Events uint64 `ch:"events"`
}

type sampleRow struct {
	People uint64 `ch:"people"`
	Events uint64 `ch:"events"`
}

// history is that of one series.
type history struct {
	topic, channel string
	counts         []float64 // by slot of the plan
	contacts       uint64
	handleS, waitS float64
	handled        uint64 // contacts with a handle time
	abandoned      uint64 // contacts that gave up and whose wait is known
}

// params are those of the queries.
func (p *plan) params(more store.Params) store.Params {
	scope := p.scope.WithoutAgentKinds()
	params := scope.Params()
	params["hourly"], params["zone"] = p.Grain == series.Hour, p.scope.Zone.String()
	for name, value := range more {
		params[name] = value
	}
	return params
}

// histories reads the series, those with most contacts first.
func (s *Service) histories(ctx context.Context, p *plan) ([]*history, error) {
	kinds := make([]string, len(p.scope.AgentKinds))
	for i, k := range p.scope.AgentKinds {
		kinds[i] = string(k)
	}
	params := p.params(store.Params{"by_topic": slices.Contains(p.By, byTopic), "by_channel": slices.Contains(p.By, byChannel), "kinds": kinds})
	var all []*history
	first := p.number(p.first)
	for row, err := range s.contacts.Each(ctx, params) {
		if err != nil {
			return nil, err
		}
		i := int(row.Slot - first)
		if i < 0 || i >= p.slots {
			continue
		}
		if len(all) == 0 || all[len(all)-1].topic != row.Topic || all[len(all)-1].channel != row.Channel {
			all = append(all, &history{topic: row.Topic, channel: row.Channel, counts: make([]float64, p.slots)})
		}
		h := all[len(all)-1]
		h.counts[i] = float64(row.Contacts)
		h.contacts += row.Contacts
		h.handleS, h.handled = h.handleS+row.HandleS, h.handled+row.Handled
		h.waitS, h.abandoned = h.waitS+row.WaitS, h.abandoned+row.Abandoned
	}
	slices.SortStableFunc(all, func(a, b *history) int { return cmp.Compare(b.contacts, a.contacts) })
	return all, nil
}

// upstream reads what happened of the causes, whatever the channel: an invoice has another than the call about it.
func (s *Service) upstream(ctx context.Context, p *plan) ([]series.Cause, error) {
	wide := *p
	wide.scope.Channels, wide.scope.Sources = nil, nil
	all, names := make([]series.Cause, len(causes)), make([]string, len(causes))
	for i, c := range causes {
		names[i] = c.name
		all[i] = series.Cause{Name: c.name, Monthly: c.monthly, Counts: make([]float64, p.slots), Planned: p.planned[c.name]}
	}
	first := p.number(p.first)
	for row, err := range s.causes.Each(ctx, wide.params(store.Params{"names": names})) {
		if err != nil {
			return nil, err
		}
		if i := int(row.Slot - first); i >= 0 && i < p.slots {
			all[slices.Index(names, row.Cause)].Counts[i] = float64(row.Events)
		}
	}
	return all, nil
}

// input is the history of a series from its first contact on: before, there was nothing to contact about, or nobody told.
func (p *plan) input(h *history, upstream []series.Cause) series.Input {
	begin := slices.IndexFunc(h.counts, func(y float64) bool { return y > 0 })
	if begin < 0 {
		begin = len(h.counts)
	}
	if p.Grain == series.Hour { // a whole day
		for begin > 0 && p.slot(begin).Hour() != 0 {
			begin--
		}
	}
	in := series.Input{
		Grain: p.Grain, Calendar: series.Calendar{Zone: p.scope.Zone, Holidays: p.holidays}, Start: p.slot(begin),
		Counts: h.counts[begin:], Horizon: p.Horizon, Level: p.Level,
	}
	for _, c := range upstream {
		c.Counts = c.Counts[begin:]
		in.Causes = append(in.Causes, c)
	}
	return in
}
