package node

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// said is an event as plain Go counts it.
type said struct {
	person, source, id, kind, name, channel, client string
	at                                              time.Time
	props                                           map[string]any
}

// word and number are properties; number says whether it is there.
func (s *said) word(name string) string { v, _ := s.props[name].(string); return v }
func (s *said) number(name string) (float64, bool) {
	v, ok := s.props[name].(float64)
	return v, ok
}

// earlier is the order of events wherever ties are to be broken.
func earlier(a, b said) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id), cmp.Compare(a.source, b.source))
}

// talk is a conversation: journeys/cx/README.md, "A conversation".
type talk struct {
	id, person, direction, channel, topic, resolution string
	start                                             time.Time
	all                                               []said

	begun                                     string // author of the first reply
	human, ai                                 bool
	gaveUp, asked, handedOff, agreed, carried bool
	queued, answered                          bool
	queuedAt, gaveUpAt                        time.Time
	gaveUpAfter                               float64 // seconds, as said; -1: not said
	timed                                     bool
	handled                                   float64 // seconds
}

// author is who an event is by.
func (s *said) author() string {
	switch role := s.word("author_role"); {
	case role != "":
		return role
	case s.name == "conversation.answered" && s.word("model") != "":
		return "ai"
	case s.name == "conversation.answered", s.name == "callback.completed":
		return "human"
	}
	return ""
}

// spoken says whether an event makes a conversation exist.
func (s *said) spoken() bool {
	return strings.HasPrefix(s.name, "conversation.") || s.name == "ivr.step"
}

// talksOf puts events, in order, together to conversations, in the order of their starts.
func talksOf(events []said) []*talk {
	byID := map[string]*talk{}
	for _, e := range events {
		id := e.word("conversation_id")
		if id == "" {
			continue
		}
		if byID[id] == nil {
			byID[id] = &talk{id: id, gaveUpAfter: -1}
		}
		byID[id].all = append(byID[id].all, e)
	}
	var list []*talk
	for _, t := range byID {
		if slices.ContainsFunc(t.all, func(e said) bool { return e.spoken() }) {
			t.read()
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *talk) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.id, b.id)) })
	return list
}

func (t *talk) read() {
	known := false // who it is
	for i := range t.all {
		e := &t.all[i]
		t.effort(e)
		t.callBack(e)
		if !e.spoken() {
			continue
		}
		if t.start.IsZero() {
			t.start = e.at
		}
		says := e.name == "conversation.identified" || e.name == "conversation.verified"
		if says || !known {
			t.person = e.person
		}
		known = known || says
		t.channel = cmp.Or(t.channel, e.channel)
		t.topic, t.resolution = cmp.Or(e.word("topic"), t.topic), cmp.Or(e.word("resolution"), t.resolution)
		if said := e.word("direction"); said != "" && (t.direction == "" || e.name == "conversation.started") {
			t.direction = said
		}
		t.follow(e)
	}
}

// follow notes what became of it.
func (t *talk) follow(e *said) {
	by := e.author()
	if e.name == "conversation.answered" || e.name == "conversation.message" {
		if by == "ai" || by == "human" {
			t.begun = cmp.Or(t.begun, by)
		}
		t.human, t.ai = t.human || by == "human", t.ai || by == "ai"
	}
	switch e.name {
	case "conversation.answered":
		t.answered = t.answered || by == "human"
	case "conversation.queued", "conversation.offered":
		if !t.queued {
			t.queued, t.queuedAt = true, e.at
		}
	case "conversation.abandoned":
		if !t.gaveUp {
			t.gaveUp, t.gaveUpAt = true, e.at
			if wait, ok := e.number("wait_s"); ok {
				t.gaveUpAfter = wait
			}
		}
	case "conversation.human_requested":
		t.asked = true
	case "conversation.handed_off":
		t.handedOff = true
	}
}

func (t *talk) callBack(e *said) {
	switch e.name {
	case "callback.requested":
		t.agreed = true
	case "callback.completed", "callback.failed":
		t.carried = true
		t.human = t.human || e.name == "callback.completed" && e.author() == "human"
	}
}

func (t *talk) effort(e *said) {
	if _, ok := e.number("talk_s"); ok {
		t.timed = true
	}
	t.handled += e.effort()
}

// effort is talk, hold and wrap-up time in seconds: whole ones in what the company sends.
func (s *said) effort() (sum float64) {
	for _, name := range []string{"talk_s", "hold_s", "wrap_s"} {
		n, _ := s.number(name)
		sum += n
	}
	return sum
}

func (t *talk) abandoned() bool { return t.gaveUp && !t.human }
func (t *talk) contact() bool   { return t.direction == "inbound" && (t.agreed || !t.carried) }
func (t *talk) served() bool    { return t.contact() && (t.human || t.ai) && !t.abandoned() }
func (t *talk) byAI() bool      { return t.contact() && t.begun == "ai" }
func (t *talk) contained() bool {
	return t.byAI() && !t.human && !t.abandoned() && !t.asked && !t.handedOff && !t.agreed
}

// tooSoon: given up within ten seconds.
func (t *talk) tooSoon() bool {
	since := t.start
	if t.queued && !t.queuedAt.After(t.gaveUpAt) {
		since = t.queuedAt
	}
	after := t.gaveUpAfter
	if after < 0 {
		after = t.gaveUpAt.Sub(since).Seconds()
	}
	return t.abandoned() && after < 10
}

const naiveWeek = 7 * 24 * time.Hour

// near finds another contact of the same person, about the same topic if that is asked: within a week after, or before, of the start.
func near(talks []*talk, t *talk, after, sameTopic bool, of func(*talk) bool) bool {
	for place, x := range talks {
		if x == t || x.person != t.person || !of(x) || sameTopic && x.topic != t.topic {
			continue
		}
		later := place > slices.Index(talks, t)
		if later == after && x.start.Sub(t.start).Abs() <= naiveWeek {
			return true
		}
	}
	return false
}

// naiveMetric counts one metric.
type naiveMetric struct {
	id    string
	count func(events []said, talks []*talk, from, until time.Time, by string) points
}

// contacts counts conversations: what each adds to numerator and denominator; no denominator: it does not count.
func contacts(id string, count func(talks []*talk, t *talk) (upper, lower float64)) naiveMetric {
	return naiveMetric{id, func(_ []said, talks []*talk, from, until time.Time, by string) points {
		all := points{}
		for _, t := range talks {
			upper, lower := count(talks, t)
			if lower == 0 || !inSpan(t.start, from, until) {
				continue
			}
			series := ""
			if strings.HasPrefix(id, "fcr") {
				series = map[bool]string{true: "callback_agreed", false: "plain"}[t.agreed]
			}
			all.add(group(by, t.channel, t.topic)+"|"+series, upper, lower)
		}
		return all
	}}
}

func (p points) add(key string, upper, lower float64) {
	x := p[key]
	p[key] = [3]float64{x[0] + upper, x[1] + lower, x[2] + 1}
}

func group(by, channel, topic string) string {
	return map[string]string{"channel": channel, "topic": topic}[by]
}

func inSpan(at, from, until time.Time) bool { return !at.Before(from) && at.Before(until) }

// one is 1 of what holds.
func one(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// first and once: journeys/cx/METRICS.md, fcr.
func first(talks []*talk, t *talk, topic bool) float64 {
	return one(t.served() && (!topic || t.topic != "") && !near(talks, t, false, topic, (*talk).served))
}

func once(talks []*talk, t *talk, topic bool) float64 {
	return one(!near(talks, t, true, topic, (*talk).contact))
}

func again(talks []*talk, t *talk, topic bool) float64 {
	return one(near(talks, t, false, topic, (*talk).contact))
}

var naiveMetrics = []naiveMetric{
	contacts("fcr", func(l []*talk, t *talk) (float64, float64) { return once(l, t, true), first(l, t, true) }),
	contacts("fcr_any_topic", func(l []*talk, t *talk) (float64, float64) { return once(l, t, false), first(l, t, false) }),
	contacts("repeat_contact_rate", func(l []*talk, t *talk) (float64, float64) {
		return again(l, t, true), one(t.contact() && t.topic != "")
	}),
	contacts("repeat_contact_rate_any_topic", func(l []*talk, t *talk) (float64, float64) { return again(l, t, false), one(t.contact()) }),
	contacts("aht_contact", func(_ []*talk, t *talk) (float64, float64) { return t.handled, one(t.human && t.timed) }),
	{"aht_leg", legs},
	contacts("abandonment_rate", func(_ []*talk, t *talk) (float64, float64) {
		offered := t.direction == "inbound" && (t.queued || t.answered || t.abandoned()) && !t.tooSoon()
		return one(t.abandoned()), one(offered)
	}),
	contacts("ai_containment", func(_ []*talk, t *talk) (float64, float64) { return one(t.contained()), one(t.byAI()) }),
	contacts("ai_confirmed_resolution", func(_ []*talk, t *talk) (float64, float64) {
		return one(t.contained() && t.resolution == "confirmed"), one(t.byAI())
	}),
	contacts("confirmed_resolution", func(_ []*talk, t *talk) (float64, float64) {
		return one(t.resolution == "confirmed"), one(t.contact() && t.begun != "")
	}),
	contacts("ai_silent_failure", func(l []*talk, t *talk) (float64, float64) {
		return one(near(l, t, true, false, (*talk).contact)), one(t.contained())
	}),
	contacts("ai_silent_failure_topic", func(l []*talk, t *talk) (float64, float64) {
		return one(near(l, t, true, true, (*talk).contact)), one(t.contained() && t.topic != "")
	}),
	{"csat", csat},
	{"nps", nps},
}

// leg is what one person did with a conversation.
type leg struct {
	channel, topic string
	answered       time.Time
	timed          bool
	handled        float64
}

// legs: what a human did from an answer on; what names no leg is of the one answered last.
func legs(_ []said, talks []*talk, from, until time.Time, by string) points {
	all := points{}
	for _, t := range talks {
		byID, latest := map[string]*leg{}, ""
		for _, e := range t.all {
			answer := e.name == "conversation.answered" && e.author() == "human"
			id := e.word("leg_id")
			if answer {
				latest = cmp.Or(id, e.id)
			}
			id = cmp.Or(id, latest)
			if byID[id] == nil {
				byID[id] = &leg{}
			}
			l := byID[id]
			if answer && l.answered.IsZero() {
				l.answered, l.channel = e.at, e.channel
			}
			_, timed := e.number("talk_s")
			l.timed, l.handled, l.topic = l.timed || timed, l.handled+e.effort(), cmp.Or(e.word("topic"), l.topic)
		}
		for _, l := range byID {
			if !l.answered.IsZero() && l.timed && inSpan(l.answered, from, until) {
				all.add(group(by, l.channel, l.topic)+"|", l.handled, 1)
			}
		}
	}
	return all
}

// rated is a survey that was answered: its last answer.
type rated struct {
	last  said
	talk  *talk // that it is about; nil: none
	score float64
}

// channel and topic are those of the conversation that was asked about, where it is known; a topic of its own goes before.
func (r *rated) group(by string) string {
	channel, topic := r.last.channel, r.last.word("topic")
	if r.talk != nil {
		channel, topic = cmp.Or(r.talk.channel, channel), cmp.Or(topic, r.talk.topic)
	}
	return group(by, channel, topic)
}

// ratings are the last answers to surveys of a kind, in order.
func ratings(events []said, talks []*talk, kind string) (list []rated) {
	byID := map[string]int{}
	for _, e := range events {
		score, ok := e.number("score")
		if e.name != "survey.answered" || e.word("survey") != kind || !ok {
			continue
		}
		about := cmp.Or(e.word("about_conversation_id"), e.word("conversation_id"))
		r := rated{last: e, score: score}
		if at := slices.IndexFunc(talks, func(t *talk) bool { return about != "" && t.id == about }); at >= 0 {
			r.talk = talks[at]
		}
		key := e.source + " " + cmp.Or(e.word("survey_id"), e.id)
		if at, ok := byID[key]; ok {
			list[at] = r
			continue
		}
		byID[key] = len(list)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b rated) int { return a.last.at.Compare(b.last.at) })
	return list
}

// csat: four and five of five, by scale.
func csat(events []said, talks []*talk, from, until time.Time, by string) points {
	all := points{}
	for _, r := range ratings(events, talks, "csat") {
		if inSpan(r.last.at, from, until) {
			all.add(r.group(by)+"|"+r.last.word("scale"), one(r.score >= 4), 1)
		}
	}
	return all
}

// nps: the last answer of each person, by kind of survey.
func nps(events []said, talks []*talk, from, until time.Time, by string) points {
	last := map[string]rated{}
	for _, r := range ratings(events, talks, "nps") {
		if inSpan(r.last.at, from, until) {
			last[r.last.person+" "+r.last.word("survey_kind")] = r
		}
	}
	all := points{}
	for _, r := range last {
		all.add(r.group(by)+"|"+r.last.word("survey_kind"), one(r.score >= 9)-one(r.score <= 6), 1)
	}
	return all
}
