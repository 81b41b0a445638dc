package storetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"tributary/ingest/event"
	"tributary/sql/store"

	"github.com/google/uuid"
)

// Start is when the events of Rows begin.
var Start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Observation returns the observation id number n.
func Observation(n uint64) uuid.UUID {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], n*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(u[8:], (n+1)*0xD1B54A32D192ED03)
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return u
}

// Rows returns n events of a workspace such as sources send them, the same for the same seed: web
// and product events with 1 KB of properties, a fifth of them of conversations, one in fifty an
// answer to a survey. They are a second apart, of n/10 observations, at the places 0/0, 0/1, …
func Rows(seed uint64, n int) []*store.EventRow {
	random := rand.New(rand.NewPCG(seed, 0))
	rows := make([]*store.EventRow, n)
	for i := range rows {
		e := newEvent(random, i)
		who := random.Uint64N(uint64(max(n/10, 1)))
		row := store.NewEventRow(e, store.Place{LogOffset: uint64(i)}, Observation(who), []uint64{who, who + 1<<32})
		rows[i] = &row
	}
	return rows
}

var channels = []event.Channel{event.ChannelChat, event.ChannelEmail, event.ChannelVoice, event.ChannelWhatsApp}

func newEvent(random *rand.Rand, i int) *event.Event {
	at := Start.Add(time.Duration(i) * time.Second)
	e := &event.Event{
		Workspace: "acme", Source: fmt.Sprintf("source_%d", i%4), MessageID: fmt.Sprintf("m-%016x", random.Uint64()),
		Type: event.TypeTrack, Name: fmt.Sprintf("product_event_%d", random.IntN(40)), Channel: event.ChannelWeb,
		OriginalAt: at, SentAt: at.Add(200 * time.Millisecond), ReceivedAt: at.Add(time.Second), At: at,
		Identifiers: []event.Identifier{{Type: event.IDAnonymous, Value: fmt.Sprintf("anon-%d", random.IntN(5000))}},
		Properties:  properties(random),
	}
	switch {
	case i%50 == 7:
		survey(random, e)
	case i%5 == 0:
		message(random, e)
	}
	return e
}

func message(random *rand.Rand, e *event.Event) {
	e.Name, e.Channel = "conversation.message", channels[random.IntN(len(channels))]
	wait := float64(random.IntN(600))
	e.CX = &event.CX{
		ConversationID: fmt.Sprintf("c-%08x", random.Uint32()), Turn: int64(random.IntN(20)),
		Direction: event.DirectionInbound, AuthorRole: event.AuthorCustomer,
		AgentID: fmt.Sprintf("agent_%d", random.IntN(80)), Queue: fmt.Sprintf("queue_%d", random.IntN(9)),
		Language: "en", WaitS: &wait, Text: words(random, 20),
	}
}

func survey(random *rand.Rand, e *event.Event) {
	e.Name, e.Channel = "survey.answered", channels[random.IntN(len(channels))]
	score := float64(1 + random.IntN(5))
	e.CX = &event.CX{
		SurveyID: fmt.Sprintf("s-%08x", random.Uint32()), Survey: event.SurveyCSAT,
		SurveyKind: event.SurveyTransactional, Score: &score, Scale: "1-5",
	}
}

// properties returns about 1 KB: sixteen keys of a shop, with text that compresses like text.
func properties(random *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"url":"https://shop.example.com/%s/%d","referrer":"https://search.example.com/?q=%s",`+
		`"title":"%s","session":"%016x","load_ms":%d,"scroll":%.3f,"logged_in":%t,"ab":{"checkout":"%s","price":%d},`+
		`"cart":{"value":%.2f,"items":%d,"currency":"EUR"},"tags":["%s","%s"],"sku":"SKU-%06d","category":"%s","note":"%s"}`,
		word(random), random.IntN(90_000), word(random), words(random, 9), random.Uint64(), random.IntN(4000),
		random.Float64(), random.IntN(2) == 0, word(random), random.IntN(5), random.Float64()*500, random.IntN(12),
		word(random), word(random), random.IntN(900_000), word(random), words(random, 85))
}

var vocabulary = func() []string {
	random := rand.New(rand.NewPCG(1, 1))
	all := make([]string, 3000)
	for i := range all {
		w := make([]byte, 3+random.IntN(8))
		for j := range w {
			w[j] = "etaoinshrdlucmfwypvbgk"[random.IntN(22)]
		}
		all[i] = string(w)
	}
	return all
}()

func word(random *rand.Rand) string { return vocabulary[random.IntN(len(vocabulary))] }

func words(random *rand.Rand, n int) string {
	text := word(random)
	for range n - 1 {
		text += " " + word(random)
	}
	return text
}
