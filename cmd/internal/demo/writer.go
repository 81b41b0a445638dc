package demo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// writer writes what one person's life with the company makes the sources send.
type writer struct {
	r      *rand.Rand
	p      *Person
	start  time.Time
	end    time.Time
	items  []draft
	serial int
	skew   time.Duration // of the person's phone
}

func newWriter(c Config, p *Person) *writer {
	var n uint64
	for _, b := range []byte(p.ID) {
		n = n*31 + uint64(b)
	}
	end := c.Until.UTC().Truncate(time.Hour)
	w := &writer{r: rand.New(rand.NewPCG(c.Seed, n)), p: p, end: end, start: end.AddDate(0, 0, -c.Days)}
	if w.r.Float64() < 0.03 {
		w.skew = time.Duration(w.r.IntN(7200)-3600) * time.Second
	}
	return w
}

// draft is an item whose message may still change.
type draft struct {
	Item
	message Message
}

// finish hands the items over, their messages encoded: a company of maps would not fit in memory.
func (w *writer) finish(company *Company) error {
	for i := range w.items {
		d := &w.items[i]
		body, err := json.Marshal(&d.message)
		if err != nil {
			return fmt.Errorf("encode message: %w", err)
		}
		d.Body = body
		company.Items = append(company.Items, d.Item)
	}
	return nil
}

// props are the properties of a message: the typed fields of the vocabulary, and any others.
type props map[string]any

// as says who the source thinks the subject is.
type as struct {
	user, cookie, device, email, phone string
	own                                string // an id of the source's own, "kind=value"
	name                               bool   // the source knows the name
}

// send adds a message of a source at a time; it arrives a moment later, sometimes much later. What
// it returns may be changed until the next send.
func (w *writer) send(source, channel, kind, name string, at time.Time, who as, p props) *Message {
	if !at.Before(w.end) {
		return &Message{} // after the end of the history
	}
	w.serial++
	m := Message{
		Type: kind, MessageID: fmt.Sprintf("%s-%s-%05d", source, w.p.ID, w.serial),
		UserID: who.user, AnonymousID: who.cookie, Properties: p,
	}
	context := map[string]any{}
	if channel != "" {
		context["channel"] = channel
	}
	skew := time.Duration(0)
	if who.device != "" {
		context["device"] = map[string]any{"id": who.device, "type": "ios"}
		skew = w.skew
	}
	if ids := who.identifiers(source); len(ids) > 0 {
		context["identifiers"] = ids
	}
	if who.name {
		context["traits"] = map[string]any{"firstName": w.p.First, "lastName": w.p.Last}
	}
	m.Context = context
	switch kind {
	case "track":
		m.Event = name
	case "page", "screen":
		m.Name = name
	}
	m.Timestamp = at.Add(skew).Format(timeFormat)
	w.items = append(w.items, draft{
		Item:    Item{Source: source, ID: m.MessageID, Type: kind, Person: w.p.ID, Skew: skew, arrives: at.Add(w.delay())},
		message: m,
	})
	return &w.items[len(w.items)-1].message
}

const timeFormat = "2006-01-02T15:04:05.000Z"

// delay is how long after it happened a message is sent: a second or two; for some, hours or days
// (a phone without network, a nightly export).
func (w *writer) delay() time.Duration {
	switch chance := w.r.Float64(); {
	case chance < 0.005:
		return time.Duration(w.r.IntN(72*3600)) * time.Second
	case chance < 0.04:
		return time.Duration(w.r.IntN(2*3600)) * time.Second
	}
	return time.Duration(200+w.r.IntN(2000)) * time.Millisecond
}

func (a as) identifiers(source string) []map[string]any {
	var ids []map[string]any
	add := func(kind, value string) {
		if value != "" {
			ids = append(ids, map[string]any{"type": kind, "value": value})
		}
	}
	add("email", a.email)
	add("phone", a.phone)
	if a.own != "" {
		for i := range a.own {
			if a.own[i] == '=' {
				add(source+"."+a.own[:i], a.own[i+1:])
				break
			}
		}
	}
	return ids
}

// when gives a time of the history, more often in the evening and on weekdays.
func (w *writer) when() time.Time {
	days := int(w.end.Sub(w.start).Hours() / 24)
	at := w.start.AddDate(0, 0, w.r.IntN(days)).Truncate(24 * time.Hour)
	hour := 8 + (w.r.IntN(14)+w.r.IntN(14))/2
	return at.Add(time.Duration(hour)*time.Hour + time.Duration(w.r.IntN(3600_000))*time.Millisecond)
}

// after moves a time on by between min and max seconds.
func (w *writer) after(at time.Time, minS, maxS int) time.Time {
	return at.Add(time.Duration(minS*1000+w.r.IntN((maxS-minS)*1000+1)) * time.Millisecond)
}

func (w *writer) chance(p float64) bool { return w.r.Float64() < p }

func (w *writer) pick(from []string) string { return from[w.r.IntN(len(from))] }

// id makes an id of a source, unique to the person and the number.
func (w *writer) id(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s_%s_%04d", prefix, w.p.ID, w.serial)
}

// merge returns a with b's entries over it.
func merge(a props, b props) props {
	out := make(props, len(a)+len(b))
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}
