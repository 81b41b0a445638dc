package effect_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/effect"
)

// The definitions of README.md once more, in plain loops over the events.

type model struct {
	events []said // in order, by whom they are of
	talks  []*talk
	known  time.Time
}

type talk struct {
	id, source, channel, topic, resolution, began, agent           string
	person                                                         uint64
	start, end                                                     time.Time
	human, gaveUp, transferred, handedOff, answered, closed, timed bool
	wait                                                           *float64
	minutes, cost                                                  float64
	priced                                                         bool
}

func newModel(events []said, person func(uint64) uint64, known time.Time) *model {
	m := &model{known: known}
	byID := map[string]*talk{}
	for _, e := range events {
		if !e.at.After(known) {
			e.who = person(e.who)
			m.events = append(m.events, e)
		}
	}
	slices.SortFunc(m.events, func(a, b said) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	for i := range m.events {
		e := &m.events[i]
		if e.ConversationID == "" {
			continue
		}
		t := byID[e.ConversationID]
		if t == nil {
			t = &talk{id: e.ConversationID, source: e.source, start: e.at}
			byID[t.id] = t
			m.talks = append(m.talks, t)
		}
		t.hear(e)
	}
	slices.SortFunc(m.talks, func(a, b *talk) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.id, b.id)) })
	return m
}

func (t *talk) hear(e *said) {
	t.person, t.end = e.who, e.at
	t.channel, t.topic, t.resolution = cmp.Or(t.channel, string(e.channel)), cmp.Or(e.Topic, t.topic), cmp.Or(string(e.Resolution), t.resolution)
	author := string(e.AuthorRole)
	if e.name == "conversation.answered" {
		author = cmp.Or(author, "human")
		t.answered = author == "human"
		if t.answered {
			t.wait = e.WaitS
		}
	}
	if (e.name == "conversation.answered" || e.name == "conversation.message") && author != "" {
		t.began = cmp.Or(t.began, author)
		t.human = t.human || author == "human"
		t.agent = cmp.Or(t.agent, e.Model)
	}
	t.transferred = t.transferred || e.name == "conversation.transferred"
	t.handedOff = t.handedOff || e.name == "conversation.handed_off"
	t.closed = t.closed || e.name == "conversation.ended" || e.name == "conversation.abandoned"
	t.gaveUp = t.gaveUp || e.name == "conversation.abandoned"
	if e.TalkS != nil {
		t.timed, t.minutes = true, t.minutes+*e.TalkS/60
	}
	if e.Cost != nil {
		t.priced, t.cost = true, t.cost+*e.Cost
	}
}

func (t *talk) lost() bool      { return t.gaveUp && !t.human }
func (t *talk) handled() bool   { return t.began != "" && !t.lost() }
func (t *talk) contained() bool { return t.began == "ai" && !t.human && !t.lost() && !t.handedOff }

// near is the nearest other contact after, or before, that counts.
func (m *model) near(t *talk, after bool, counts func(*talk) bool) *talk {
	var found *talk
	seen := false
	for _, o := range m.talks {
		if o == t {
			seen = true
			if !after {
				return found
			}
			continue
		}
		if o.person != t.person || seen != after || !counts(o) {
			continue
		}
		found = o
		if after {
			return o
		}
	}
	return found
}

func whatever(*talk) bool { return true }

func (m *model) again(t *talk, counts func(*talk) bool) bool {
	next := m.near(t, true, counts)
	return next != nil && next.start.Sub(t.start) <= 7*day
}

func (m *model) first(t *talk, counts func(*talk) bool) bool {
	before := m.near(t, false, func(o *talk) bool { return counts(o) && o.handled() })
	return t.handled() && (before == nil || t.start.Sub(before.start) > 7*day)
}

// score is whether the last answer in time is good; nil: there is none.
func (m *model) score(t *talk) *bool {
	var good *bool
	for i := range m.events {
		e := &m.events[i]
		if e.name == "survey.answered" && e.AboutConversationID == t.id && !e.at.Before(t.start) && e.at.Sub(t.start) <= 7*day {
			yes := *e.Score >= map[string]float64{"1-5": 4, "1-3": 3, "0-100": 80}[e.Scale]
			good = &yes
		}
	}
	return good
}

// tells says whether an exposure tells something of a contact, whether it is exposed, and from when on that is known.
func (m *model) tells(x effect.Exposure, t *talk) (told, exposed bool, settled time.Time) {
	topic := func(o *talk) bool { return o.topic == t.topic }
	late := t.start.Add(7 * day)
	switch x {
	case effect.ExposureCSAT:
		good := m.score(t)
		return good != nil, good != nil && *good, late
	case effect.ExposureFCR:
		return t.topic != "" && m.first(t, topic), !m.again(t, topic), late
	case effect.ExposureFCRAnyTopic:
		return m.first(t, whatever), !m.again(t, whatever), late
	case effect.ExposureConfirmedResolution:
		return t.began != "", t.resolution == "confirmed", t.end
	case effect.ExposureRepeatContact:
		return true, m.again(t, whatever), late
	case effect.ExposureSilentFailure:
		return t.contained(), m.again(t, whatever), late
	case effect.ExposureLongWait:
		return t.wait != nil, t.wait != nil && *t.wait > 120, t.end
	case effect.ExposureAbandoned:
		return t.answered || t.lost(), t.lost(), t.end
	case effect.ExposureTransferred:
		return t.human, t.transferred, t.end
	case effect.ExposureAIBegan:
		return t.began != "", t.began == "ai", t.end
	case effect.ExposureContained:
		return t.began == "ai", t.contained(), t.end
	}
	panic(x)
}

// life is what is looked at of somebody.
type life struct {
	talk            *talk
	exposed         bool
	settled         time.Time
	currency        string
	before, revenue map[string]float64
	gone, stayed    bool
	tenure, several string
}

func (m *model) live(t *talk, exposed bool, settled time.Time) *life {
	l := &life{talk: t, exposed: exposed, settled: settled, before: map[string]float64{}, revenue: map[string]float64{}}
	closes := settled.Add(30 * day)
	var first time.Time
	cancelled, active, contacts := false, false, 0
	for i := range m.events {
		e := &m.events[i]
		if e.who != t.person {
			continue
		}
		if first.IsZero() {
			first = e.at
		}
		inside := e.at.After(settled) && !e.at.After(closes)
		if e.name == "order.placed" || e.name == "invoice.paid" || e.name == "refund.issued" {
			v, _ := strconv.ParseFloat(e.Amount, 64)
			if e.name == "refund.issued" {
				v = -math.Abs(v)
			}
			if e.at.Before(t.start) {
				l.currency = e.Currency
				if t.start.Sub(e.at) <= 90*day {
					l.before[e.Currency] += v
				}
			}
			if inside {
				l.revenue[e.Currency] += v
			}
		}
		if e.name == "subscription.started" || e.name == "subscription.cancelled" {
			yes := e.name == "subscription.cancelled"
			if !e.at.After(settled) {
				l.gone = yes
			} else if inside {
				cancelled = yes
			}
		}
		own := e.kind == event.TypePage || e.name == "plan compared" && e.channel == "web" || e.name == "order.placed" || e.name == "invoice.paid" || e.name == "payment.received"
		active = active || own && inside && e.at.After(closes.Add(-20*day))
	}
	for _, o := range m.talks {
		if o.person == t.person && o.start.Before(t.start) && t.start.Sub(o.start) <= 90*day {
			contacts++
		}
	}
	l.stayed = active && !cancelled
	l.several = []string{"0", "1", "2"}[min(2, contacts)]
	for i, limit := range []time.Duration{30 * day, 90 * day, 365 * day, math.MaxInt64} {
		if l.tenure == "" && t.start.Sub(first) < limit {
			l.tenure = strconv.Itoa(i)
		}
	}
	return l
}

// lives are the people that count; topics: once by topic.
func (m *model) lives(x effect.Exposure, topics bool) (list []*life, immature, gone int) {
	seen := map[string]bool{}
	for _, t := range m.talks {
		told, exposed, settled := m.tells(x, t)
		key := fmt.Sprint(t.person)
		if topics {
			key += t.topic
		}
		if !told || seen[key] || t.start.Before(at(0)) || !t.start.Before(at(31)) {
			continue
		}
		seen[key] = true
		l := m.live(t, exposed, settled)
		switch {
		case settled.Add(30 * day).After(m.known):
			immature++
		case l.gone:
			gone++
		default:
			list = append(list, l)
		}
	}
	return list, immature, gone
}

func (m *model) effect(x effect.Exposure) numbers {
	list, immature, gone := m.lives(x, false)
	n := numbers{"people": float64(len(list)), "immature": float64(immature), "gone": float64(gone)}
	thirds := third(list)
	key := func(l *life) string {
		return strings.Join([]string{l.tenure, l.currency, thirds(l), l.several, l.talk.topic, l.talk.channel}, "|")
	}
	n.compare("stayed", list, key, func(l *life) float64 {
		if l.stayed {
			return 1
		}
		return 0
	}, true)
	currencies := map[string]bool{}
	for _, l := range list {
		for c := range l.before {
			currencies[c] = currencies[c] || true
		}
		for c := range l.revenue {
			currencies[c] = true
		}
	}
	for c := range currencies {
		n.compare("paid "+c, in(list, c), key, func(l *life) float64 { return l.revenue[c] }, false)
	}
	return n
}

func in(list []*life, currency string) (some []*life) {
	for _, l := range list {
		if l.currency == currency || l.currency == "" {
			some = append(some, l)
		}
	}
	return some
}

func third(list []*life) func(*life) string {
	paid := map[string][]float64{}
	for _, l := range list {
		if v := l.before[l.currency]; v > 0 {
			paid[l.currency] = append(paid[l.currency], v)
		}
	}
	return func(l *life) string {
		v, all := l.before[l.currency], paid[l.currency]
		if v <= 0 {
			return "none"
		}
		slices.Sort(all)
		return fmt.Sprint(v >= all[len(all)/3], v >= all[2*len(all)/3])
	}
}

func wilson(p, n float64) (low, high float64) {
	z := 1.959963984540054
	root := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (p+z*z/(2*n)-root)/(1+z*z/n)), min(1, (p+z*z/(2*n)+root)/(1+z*z/n))
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// variance is that of a sample; -1 of fewer than two.
func variance(values []float64) float64 {
	if len(values) < 2 {
		return -1
	}
	sum, m := 0.0, mean(values)
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	return sum / float64(len(values)-1)
}

// compare adds the numbers of an outcome.
func (n numbers) compare(name string, list []*life, key func(*life) string, value func(*life) float64, share bool) {
	strata, whole := map[string]*[2][]float64{}, [2][]float64{}
	for _, l := range list {
		k, side := key(l), 0
		if l.exposed {
			side = 1
		}
		if strata[k] == nil {
			strata[k] = &[2][]float64{}
		}
		strata[k][side] = append(strata[k][side], value(l))
		whole[side] = append(whole[side], value(l))
	}
	n[name+" left out"], n[name+" strata left out"], n[name+" strata"] = 0, 0, 0
	both, all := [][2][]float64{}, 0
	for _, k := range slices.Sorted(maps.Keys(strata)) {
		s := strata[k]
		if size := len(s[0]) + len(s[1]); len(s[0]) == 0 || len(s[1]) == 0 {
			n[name+" left out"] += float64(size)
			n[name+" strata left out"]++
		} else {
			both, all = append(both, *s), all+size
		}
	}
	n[name+" strata"] = float64(len(both))
	n.pair(name+" crude", [][2][]float64{whole}, len(whole[0])+len(whole[1]), whole, share)
	if len(both) > 0 {
		n.pair(name+" standardised", both, all, whole, share)
	}
}

func (n numbers) pair(name string, strata [][2][]float64, all int, whole [2][]float64, share bool) {
	var value, low, high [2]float64
	var known, people [2]bool
	for side, word := range []string{" unexposed", " exposed"} {
		count, spent, square := 0, 0.0, 0.0
		known[side] = true
		for _, s := range strata {
			own := s[side]
			if len(own) == 0 {
				continue
			}
			w := float64(len(s[0])+len(s[1])) / float64(all)
			count += len(own)
			people[side] = true
			value[side] += w * mean(own)
			spent += w * w / float64(len(own))
			v := variance(own)
			if v < 0 {
				v = variance(whole[side])
			}
			known[side] = known[side] && v >= 0
			square += w * w * v / float64(len(own))
		}
		n[name+word+" people"] = float64(count)
		if count == 0 {
			continue
		}
		if len(strata) == 1 && len(whole[0])+len(whole[1]) == all { // crude: the weight of the only stratum is 1
			value[side] = mean(strata[0][side])
		}
		if low[side], high[side] = wilson(min(1, value[side]), 1/spent); !share {
			half := 1.959963984540054 * math.Sqrt(max(0, square))
			low[side], high[side] = value[side]-half, value[side]+half
		}
		n[name+word] = value[side]
		if share || known[side] {
			n[name+word+" low"], n[name+word+" high"] = low[side], high[side]
		}
	}
	if !people[0] || !people[1] {
		return
	}
	d := value[1] - value[0]
	n[name+" difference"] = d
	if share || known[0] && known[1] {
		down, up := math.Hypot(value[1]-low[1], high[0]-value[0]), math.Hypot(high[1]-value[1], value[0]-low[0])
		n[name+" difference low"], n[name+" difference high"] = d-down, d+up
		if share {
			n[name+" difference low"], n[name+" difference high"] = max(-1, d-down), min(1, d+up)
		}
	}
}
