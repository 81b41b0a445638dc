package cx_test

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"tributary/ingest/event"
)

// The definitions of README.md once more, in plain loops over the events: what the statements are tested against.

// talk is a conversation as the loops see it.
type talk struct {
	id, source, channel, direction, topic, resolution, began, kind string
	person                                                         uint64
	start, end                                                     time.Time
	human, ai, closed, gaveUp, transferred, asked, handed          bool
	callbackAgreed, callback, queued, answered, timed              bool
	queuedAt, gaveUpAt                                             time.Time
	wait, gaveUpAfter                                              float64
	handle                                                         float64
	cost                                                           float64
	priced                                                         bool
}

const week = 7 * 24 * time.Hour

// sorted is the order in which events were said: by time, and of those of one time by a hash of id and source, as the bytes of it
// lie in memory.
func sorted(events []said) []said {
	hash := func(e said) uint64 { return bits.ReverseBytes64(xxhash.Sum64String(e.id + "\x00" + e.source)) }
	list := slices.Clone(events)
	slices.SortFunc(list, func(a, b said) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(hash(a), hash(b))) })
	return list
}

func authorOf(e *said) event.AuthorRole {
	switch {
	case e.AuthorRole != "":
		return e.AuthorRole
	case e.name == "conversation.answered" && e.Model != "":
		return event.AuthorAI
	case e.name == "conversation.answered", e.name == "callback.completed":
		return event.AuthorHuman
	}
	return ""
}

func talks(events []said, person func(uint64) uint64) []*talk {
	conversations := map[string][]said{}
	for _, e := range sorted(events) {
		if e.ConversationID != "" {
			conversations[e.ConversationID] = append(conversations[e.ConversationID], e)
		}
	}
	var list []*talk
	for id, events := range conversations {
		if t := talkOf(id, events, person); t != nil {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *talk) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.id, b.id)) })
	return list
}

func talkOf(id string, events []said, person func(uint64) uint64) *talk {
	t := &talk{id: id, wait: -1}
	var identified bool
	var started bool // direction comes from conversation.started
	answeredWait, answeredAt := -1.0, time.Time{}
	for i := range events {
		e := &events[i]
		author := authorOf(e)
		if e.TalkS != nil {
			t.timed = true
			t.handle += *e.TalkS
		}
		for _, s := range []*float64{e.HoldS, e.WrapS} {
			if s != nil {
				t.handle += *s
			}
		}
		if e.Cost != nil {
			t.priced, t.cost = true, t.cost+*e.Cost
		}
		switch e.name {
		case "callback.requested":
			t.callbackAgreed = true
		case "callback.completed", "callback.failed":
			t.callback = true
			t.human = t.human || e.name == "callback.completed" && author == event.AuthorHuman
		}
		if !strings.HasPrefix(e.name, "conversation.") && e.name != "ivr.step" {
			continue
		}
		if t.start.IsZero() {
			t.start, t.source = e.at, e.source
		}
		t.end = e.at
		sure := e.name == "conversation.identified" || e.name == "conversation.verified"
		if sure || !identified {
			t.person, identified = person(e.who), sure
		}
		if t.channel == "" {
			t.channel = string(e.channel)
		}
		if e.Direction != "" && (t.direction == "" || !started && e.name == "conversation.started") {
			t.direction, started = string(e.Direction), e.name == "conversation.started"
		}
		if e.Topic != "" {
			t.topic = e.Topic
		}
		if e.Resolution != "" {
			t.resolution = string(e.Resolution)
		}
		if (e.name == "conversation.answered" || e.name == "conversation.message") && (author == event.AuthorAI || author == event.AuthorHuman) {
			if t.began == "" {
				t.began = string(author)
			}
			t.human, t.ai = t.human || author == event.AuthorHuman, t.ai || author == event.AuthorAI
		}
		switch e.name {
		case "conversation.ended":
			t.closed = true
		case "conversation.abandoned":
			if !t.gaveUp {
				t.gaveUpAt, t.gaveUpAfter = e.at, -1
				if e.WaitS != nil {
					t.gaveUpAfter = *e.WaitS
				}
			}
			t.closed, t.gaveUp = true, true
		case "conversation.transferred":
			t.transferred = true
		case "conversation.human_requested":
			t.asked = true
		case "conversation.handed_off":
			t.handed = true
		case "conversation.queued", "conversation.offered":
			if !t.queued {
				t.queued, t.queuedAt = true, e.at
			}
		case "conversation.answered":
			if author == event.AuthorHuman && !t.answered {
				t.answered, answeredAt = true, e.at
				if e.WaitS != nil {
					answeredWait = *e.WaitS
				}
			}
		}
	}
	if t.start.IsZero() {
		return nil
	}
	switch {
	case !t.answered:
	case answeredWait >= 0:
		t.wait = answeredWait
	case t.queued && !t.queuedAt.After(answeredAt):
		t.wait = answeredAt.Sub(t.queuedAt).Seconds()
	}
	t.gaveUp = t.gaveUp && !t.human
	if t.gaveUp && t.gaveUpAfter < 0 {
		since := t.start
		if t.queued && !t.queuedAt.After(t.gaveUpAt) {
			since = t.queuedAt
		}
		t.gaveUpAfter = t.gaveUpAt.Sub(since).Seconds()
	}
	t.callback = t.callback && !t.callbackAgreed
	switch {
	case t.human:
		t.kind = "human"
	case t.ai:
		t.kind = "ai"
	}
	return t
}

func (t *talk) contact() bool { return t.direction == "inbound" && !t.callback }
func (t *talk) handled() bool { return t.contact() && t.kind != "" && !t.gaveUp }
func (t *talk) begunByAI() bool {
	return t.contact() && t.began == "ai"
}

func (t *talk) contained() bool {
	return t.begunByAI() && !t.human && !t.gaveUp && !t.asked && !t.handed && !t.callbackAgreed
}

// again says whether another contact that counts is later, or earlier, by at most a week.
func again(all []*talk, t *talk, sameTopic, before bool, counts func(*talk) bool) bool {
	mine := slices.Index(all, t)
	for i, o := range all {
		if i == mine || o.person != t.person || sameTopic && o.topic != t.topic || !counts(o) || (i < mine) != before {
			continue
		}
		if o.start.Sub(t.start).Abs() <= week {
			return true
		}
	}
	return false
}

// tally is what a metric comes to.
type tally struct {
	upper, lower     float64
	sample, immature int
	values           []float64
}

// counts maps the group and series of a point to its tally.
type counts map[string]*tally

func (c counts) add(key string, upper, lower float64, mature bool) {
	t := c[key]
	if t == nil {
		t = &tally{}
		c[key] = t
	}
	t.upper, t.lower, t.sample, t.values = t.upper+upper, t.lower+lower, t.sample+1, append(t.values, upper)
	if !mature {
		t.immature++
	}
}

func (c counts) lines(metric string) []string {
	list := []string{}
	for key, t := range c {
		switch {
		case metric == "contacts":
			key += fmt.Sprintf(" %.9g", t.upper)
		case metric == "speed_of_answer_median":
			slices.Sort(t.values)
			n := len(t.values)
			key += fmt.Sprintf(" %.9g", (t.values[(n-1)/2]+t.values[n/2])/2)
		case t.lower == 0:
			key += " none"
		default:
			key += fmt.Sprintf(" %.9g/%.9g", t.upper, t.lower)
		}
		list = append(list, fmt.Sprintf("%s of %d, %d immature", key, t.sample, t.immature))
	}
	slices.Sort(list)
	return list
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// naiveContact is a metric of conversations, by channel if so asked; known is when.
func naiveContact(metric string, all []*talk, byChannel bool, from, until, known time.Time) counts {
	found := counts{}
	for _, t := range all {
		if t.start.Before(from) || !t.start.Before(until) {
			continue
		}
		group, series := "", ""
		if byChannel {
			group = t.channel
		}
		weekOver := !t.start.Add(week).After(known)
		over := t.closed || !t.end.Add(24*time.Hour).After(known)
		any, topic := false, true
		var in bool
		upper, lower, mature := 0.0, 1.0, true
		fcr := func(sameTopic bool) {
			in = t.handled() && (!sameTopic || t.topic != "") && !again(all, t, sameTopic, true, (*talk).handled)
			upper, mature = one(!again(all, t, sameTopic, false, (*talk).contact)), weekOver
			series = "plain"
			if t.callbackAgreed {
				series = "callback_agreed"
			}
		}
		switch metric {
		case "contacts":
			in, upper = t.contact(), 1
		case "fcr":
			fcr(topic)
		case "fcr_any_topic":
			fcr(any)
		case "repeat_contact_rate":
			in, upper = t.contact() && t.topic != "", one(again(all, t, topic, true, (*talk).contact))
		case "repeat_contact_rate_any_topic":
			in, upper = t.contact(), one(again(all, t, any, true, (*talk).contact))
		case "aht_contact":
			in, upper = t.human && t.timed, t.handle
		case "speed_of_answer", "speed_of_answer_median":
			in, upper = t.direction == "inbound" && t.wait >= 0, t.wait
		case "abandonment_rate":
			in = t.direction == "inbound" && (t.queued || t.gaveUp || t.answered) && !(t.gaveUp && t.gaveUpAfter < 10)
			upper = one(t.gaveUp)
		case "transfer_rate":
			in, upper = t.human, one(t.transferred)
		case "ai_containment":
			in, upper, mature = t.begunByAI(), one(t.contained()), over
		case "ai_confirmed_resolution":
			in, upper, mature = t.begunByAI(), one(t.contained() && t.resolution == "confirmed"), over
		case "ai_silent_failure":
			in, upper, mature = t.contained(), one(again(all, t, any, false, (*talk).contact)), weekOver
		case "ai_silent_failure_topic":
			in, upper, mature = t.contained() && t.topic != "", one(again(all, t, topic, false, (*talk).contact)), weekOver
		case "ai_handoff_rate":
			in, upper, mature = t.begunByAI(), one(t.handed), over
		case "ai_cost_per_contact":
			in, upper = t.begunByAI() && t.priced, t.cost
		case "ai_cost_per_resolution":
			in, upper, lower, mature = t.begunByAI() && t.priced, t.cost, one(t.contained() && t.resolution == "confirmed"), over
		case "confirmed_resolution":
			in, upper, mature = t.contact() && t.began != "", one(t.resolution == "confirmed"), over
		default:
			panic("no model of " + metric)
		}
		if in {
			found.add(group+"|"+series, upper, lower, mature)
		}
	}
	return found
}

// answer is a survey as the loops see it.
type answer struct {
	survey, kind, scale string
	score               float64
	person              uint64
	at, sentAt, first   time.Time
	sent, answered      bool
	key                 string
	withID              bool
}

func answers(events []said, person func(uint64) uint64) []*answer {
	byKey, list := map[string]*answer{}, []*answer{}
	for _, e := range sorted(events) {
		if e.name != "survey.sent" && e.name != "survey.answered" {
			continue
		}
		key := e.source + "/" + cmp.Or(e.SurveyID, e.id)
		a := byKey[key+string(e.Survey)]
		if a == nil {
			a = &answer{survey: string(e.Survey), key: key, withID: e.SurveyID != ""}
			byKey[key+string(e.Survey)] = a
			list = append(list, a)
		}
		if e.SurveyKind != "" {
			a.kind = string(e.SurveyKind)
		}
		if e.name == "survey.sent" {
			if !a.sent {
				a.sent, a.sentAt = true, e.at
			}
			continue
		}
		if e.Score != nil {
			if !a.answered {
				a.first = e.at
			}
			a.answered, a.at, a.score, a.scale = true, e.at, *e.Score, e.Scale
		}
		a.person = person(e.who)
	}
	return list
}

func naiveSurvey(metric string, all []*answer, from, until, known time.Time) counts {
	found, last := counts{}, map[string]*answer{}
	inside := func(at time.Time) bool { return !at.Before(from) && at.Before(until) }
	for _, a := range all {
		low, high := 0.0, 0.0
		if first, second, ok := strings.Cut(a.scale, "-"); ok {
			low, _ = strconv.ParseFloat(first, 64)
			high, _ = strconv.ParseFloat(second, 64)
		}
		scale := cmp.Or(a.scale, "undeclared")
		switch {
		case metric == "survey_response_rate":
			if !a.sent || !a.withID || !inside(a.sentAt) {
				continue
			}
			hit := false
			for _, b := range all {
				hit = hit || b.key == a.key && b.answered && !firstAnswer(all, a.key).Before(a.sentAt) && !firstAnswer(all, a.key).After(a.sentAt.Add(14*24*time.Hour))
			}
			found.add("|"+cmp.Or(a.survey, "undeclared"), one(hit), 1, !a.sentAt.Add(14*24*time.Hour).After(known))
		case !a.answered || !inside(a.at) || a.survey != metric:
		case metric == "csat":
			good := high
			if points := high - low; points > 10 {
				good = high - 0.2*points
			} else if points >= 4 {
				good = high - 1
			}
			found.add("|"+scale, one(a.scale != "" && a.score >= good), one(a.scale != ""), true)
		case metric == "ces":
			found.add("|"+scale, one(a.scale != "" && a.score > (low+high)/2), one(a.scale != ""), true)
		case metric == "nps" && (a.scale == "" || a.scale == "0-10"):
			key := fmt.Sprint(a.person, a.kind)
			if l := last[key]; l == nil || l.at.Before(a.at) || l.at.Equal(a.at) && l.key < a.key {
				last[key] = a
			}
		}
	}
	for _, a := range last {
		found.add("|"+cmp.Or(a.kind, "undeclared"), one(a.score >= 9)-one(a.score <= 6), 1, true)
	}
	return found
}

func firstAnswer(all []*answer, key string) time.Time {
	first := time.Unix(math.MaxInt32, 0)
	for _, a := range all {
		if a.key == key && a.answered && a.first.Before(first) {
			first = a.first
		}
	}
	return first
}
