package bench

import (
	"encoding/base64"
	"strconv"
	"sync/atomic"
	"time"
)

// sources are who sends, each its own kind of event and its own shard of the log, as far as shards
// go: the web site and the app, a chat service, and the shop with its surveys.
var sources = []string{"web", "chat", "shop", "app"}

const sourceChat, sourceShop = 1, 2

// events makes events of about 1 KB as sources send them: conversations, product events, orders and
// surveys of people who are known by a user id and a browser's. No two are equal, and their text is
// drawn anew for each, so that they compress like events and not like copies.
type events struct {
	people uint64
	first  uint64 // so many events are of one customer each
	text   []byte // words; an event takes a piece of it
	next   atomic.Uint64
}

// eventsPerPerson is how often a customer is heard of while a run lasts, in the mean.
const eventsPerPerson = 20

// newEvents makes events of so many people, or of one for each eventsPerPerson if people is 0.
func newEvents(total, people int) *events {
	e := &events{people: uint64(max(20, total/eventsPerPerson)), text: make([]byte, 0, 4<<20)}
	if people > 0 {
		e.people, e.first = uint64(people), uint64(people)
	}
	for n := uint64(0); len(e.text) < cap(e.text)-16; n++ {
		// Squared, so that some words are frequent, as in a language.
		r := mix(n) % 3000
		e.text = append(appendWord(e.text, r*r/3000), ' ')
	}
	return e
}

// continued numbers events from the time of day on, behind those of every earlier run.
func (e *events) continued() { e.next.Store(uint64(time.Now().Unix()) * reserved) } //nolint:gosec // after 1970

// mix is SplitMix64: a different, evenly spread number for each.
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func appendWord(to []byte, number uint64) []byte {
	for r, length := mix(number+1e6), 2+number%8; length > 0; r, length = r/21, length-1 {
		to = append(to, "etaoinshrdlucmfwypvbg"[r%21])
	}
	return to
}

// take numbers n new events and returns the first number.
func (e *events) take(n int) uint64 { return e.next.Add(uint64(n)) - uint64(n) }

// words is a piece of text of a length, beginning anywhere.
func (e *events) words(r uint64, length int) []byte {
	from := int(r % uint64(len(e.text)-length))
	return e.text[from : from+length]
}

// person is who an event is about.
func (e *events) person(n uint64) uint64 {
	if n < e.first {
		return n
	}
	return mix(n) >> 8 % e.people
}

func appendUser(to []byte, person uint64) []byte {
	return strconv.AppendUint(append(to, "user-"...), person, 10)
}

// append adds event number n, of a source, as JSON; at is its time as RFC 3339.
func (e *events) append(to []byte, n uint64, source int, at []byte) []byte {
	r, person := mix(n^0xabcdef), e.person(n)
	to = appendHex(append(to, `{"type":"track","messageId":"bench-`...), n)
	to = appendUser(append(to, `","userId":"`...), person)
	to = appendHex(append(to, `","anonymousId":"8d8be3c1-5d3e-4a7e-`...), mix(person))
	to = append(append(to, `","timestamp":"`...), at...)
	to = append(to, `","event":"`...)
	switch {
	case source == sourceChat:
		to = e.message(to, r, person+n/(e.people*eventsPerPerson)*e.people) // a new conversation now and then
	case source == sourceShop && r%4 == 0:
		to = e.survey(to, r)
	case source == sourceShop:
		to = e.order(to, r)
	default:
		to = e.product(to, r)
	}
	to = append(to, `},"context":{"ip":"192.0.2.`...)
	to = strconv.AppendUint(to, person%250, 10)
	return append(to, `","locale":"en-US","timezone":"Europe/Amsterdam","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",`+
		`"library":{"name":"@segment/analytics-node","version":"3.1.0"}}}`...)
}

func (e *events) message(to []byte, r, conversation uint64) []byte {
	to = append(to, `conversation.message","properties":{"channel":"chat","conversation_id":"c-`...)
	to = strconv.AppendUint(to, conversation, 10)
	to = append(to, `","leg_id":"1","turn":`...)
	to = strconv.AppendUint(to, r>>8%40, 10)
	to = append(to, `,"direction":"inbound","author_role":"customer","language":"en","queue":"billing","topic":"invoice","text":"`...)
	to = append(to, e.words(r, 280)...)
	to = append(to, `","typing_ms":`...)
	to = strconv.AppendUint(to, r>>16%9000, 10)
	to = append(to, `,"note":"`...)
	to = append(to, e.words(mix(r), 120)...)
	return append(to, `","urgent":false`...)
}

func (e *events) survey(to []byte, r uint64) []byte {
	to = append(to, `survey.answered","properties":{"channel":"email","survey_id":"s-`...)
	to = appendHex(to, r)
	to = append(to, `","survey":"csat","survey_kind":"transactional","scale":"1-5","score":`...)
	to = strconv.AppendUint(to, 1+r%5, 10)
	to = append(to, `,"text":"`...)
	to = append(to, e.words(r, 330)...)
	return append(to, '"')
}

func (e *events) order(to []byte, r uint64) []byte {
	to = append(to, `order.placed","properties":{"channel":"web","order_id":"o-`...)
	to = appendHex(to, r)
	to = append(to, `","amount":"`...)
	to = strconv.AppendUint(to, r%900, 10)
	to = append(to, `.50","currency":"EUR","items":[{"sku":"SKU-`...)
	to = strconv.AppendUint(to, r>>8%9000, 10)
	to = append(to, `","quantity":2}],"coupon":null,"gift":false,"note":"`...)
	to = append(to, e.words(r, 330)...)
	return append(to, '"')
}

func (e *events) product(to []byte, r uint64) []byte {
	to = strconv.AppendUint(append(to, `product_event_`...), r%40, 10)
	to = append(to, `","properties":{"channel":"web","url":"https://shop.example.com/`...)
	to = append(appendWord(to, r%3000), '/')
	to = strconv.AppendUint(to, r>>8%90000, 10)
	to = append(to, `","title":"`...)
	to = append(to, e.words(r, 60)...)
	to = append(to, `","load_ms":`...)
	to = strconv.AppendUint(to, r>>16%4000, 10)
	to = append(to, `,"logged_in":true,"ab":{"checkout":"b","price":3},"cart":{"value":99.5,"items":3},"tags":["sale","new"],"note":"`...)
	to = append(to, e.words(mix(r), 270)...)
	return append(to, '"')
}

func appendHex(to []byte, n uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		to = append(to, "0123456789abcdef"[n>>shift&15])
	}
	return to
}

const timeLayout = "2006-01-02T15:04:05.000Z"

// requester makes HTTP requests of events for a source's key. It is one goroutine's.
type requester struct {
	events *events
	heads  [][]byte // by source: request line and headers, up to the value of Content-Length
	each   int      // events in a request; 1 is a call of its own and no batch
	body   []byte
}

func (b *bench) requester(keys []string, each int) *requester {
	r := &requester{events: b.events, each: each}
	path := "/v1/batch"
	if each == 1 {
		path = "/v1/track"
	}
	for _, key := range keys {
		r.heads = append(r.heads, []byte("POST "+path+" HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic "+
			base64.StdEncoding.EncodeToString([]byte(key+":"))+"\r\nContent-Type: application/json\r\nContent-Length: "))
	}
	return r
}

// request appends the i-th request.
func (r *requester) request(to []byte, i int) []byte {
	var buffer [len(timeLayout)]byte
	at := time.Now().UTC().AppendFormat(buffer[:0], timeLayout)
	n, source := r.events.take(r.each), i%len(r.heads)
	r.body = r.body[:0]
	if r.each == 1 {
		r.body = r.events.append(r.body, n, source, at)
	} else {
		r.body = append(append(append(r.body, `{"sentAt":"`...), at...), `","batch":[`...)
		for j := range uint64(r.each) {
			if j > 0 {
				r.body = append(r.body, ',')
			}
			r.body = r.events.append(r.body, n+j, source, at)
		}
		r.body = append(r.body, `]}`...)
	}
	return post(to, r.heads[source], r.body)
}

func post(to, head, body []byte) []byte {
	to = strconv.AppendInt(append(to, head...), int64(len(body)), 10)
	return append(append(to, "\r\n\r\n"...), body...)
}
