package demo

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"
)

// disturb adds what real sources do wrong: doubled messages (a few with another payload under the
// same id) and malformed ones.
func (c *Company) disturb(r *rand.Rand) {
	for i := range c.Items {
		if r.Float64() >= 0.015 {
			continue
		}
		twin := c.Items[i]
		twin.arrives = twin.arrives.Add(time.Duration(1+r.IntN(1800)) * time.Second)
		if other := bytes.Replace(twin.Body, []byte(`"properties":{`), []byte(`"properties":{"revised":true,`), 1); r.Float64() < 0.03 && len(other) > len(twin.Body) {
			twin.Body = other
			c.Conflicting++
		}
		c.Duplicates++
		c.Items = append(c.Items, twin)
	}
	for range len(c.Items) / 2500 {
		broken := malformed[r.IntN(len(malformed))]
		near := c.Items[r.IntN(len(c.Items))]
		c.Items = append(c.Items, Item{Source: SourceWeb, Body: []byte(broken), arrives: near.arrives})
		c.Malformed++
	}
}

// malformed are items that stand in a batch with valid ones. Each is valid JSON, as a client's
// encoder would write it, and wrong as an event.
var malformed = []string{
	`{"type":"track","messageId":"broken-no-subject","event":"Plan Compared"}`,
	`{"type":"track","messageId":"broken-no-name","userId":"u-1"}`,
	`{"type":"purchase","messageId":"broken-type","userId":"u-1"}`,
	`{"type":"track","messageId":"broken-time","userId":"u-1","event":"Plan Compared","timestamp":"yesterday"}`,
	`{"type":"track","messageId":"broken-properties","userId":"u-1","event":"Plan Compared","properties":["a"]}`,
	`{"type":"track","messageId":"broken-score","userId":"u-1","event":"survey.answered","properties":{"survey":"csat","score":"good"}}`,
	`{"type":"identify","messageId":"broken-large","userId":"u-1","traits":{"note":"` + strings.Repeat("x", 33<<10) + `"}}`,
}
