// Package classify asks a model behind an OpenAI-compatible endpoint what texts are about. It is off unless configured; what
// it cannot answer, for whatever reason, is left to whoever asks.
package classify

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Config says where the model is, and how much it may be asked.
type Config struct {
	URL   string // of the API, such as https://host/v1; /chat/completions is below it
	Model string
	Key   string // bearer; empty: none
	// Timeout bounds one request, and Wait all those of a report: default DefaultTimeout, DefaultWait.
	Timeout, Wait time.Duration
	Concurrency   int      // requests at once, of all reports together; default DefaultConcurrency
	PerDay        int      // requests of a day (UTC), since the program started; default DefaultPerDay
	Topics        []string // that may be answered
	Now           func() time.Time
}

// The defaults of Config.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultWait        = 20 * time.Second
	DefaultConcurrency = 4
	DefaultPerDay      = 1000
)

const (
	maxKept = 50_000           // answers that are remembered
	pause   = time.Minute      // after a refusal that does not say how long
	longest = 15 * time.Minute // that a refusal is obeyed
)

// Classifier asks. It is safe for concurrent use.
type Classifier struct {
	config Config
	client *http.Client
	slots  chan struct{}

	mu     sync.Mutex
	kept   kept
	day    time.Time // of the count
	asked  int       // that day
	paused time.Time // until when nothing is asked
}

// New returns a classifier.
func New(c Config) *Classifier {
	c.Timeout, c.Wait = cmp.Or(c.Timeout, DefaultTimeout), cmp.Or(c.Wait, DefaultWait)
	c.Concurrency, c.PerDay = cmp.Or(c.Concurrency, DefaultConcurrency), cmp.Or(c.PerDay, DefaultPerDay)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Classifier{
		config: c, slots: make(chan struct{}, c.Concurrency), kept: kept{answers: map[key]string{}},
		// What is sent goes where it was configured to go, and nowhere else.
		client: &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Model is the name of the model.
func (c *Classifier) Model() string { return c.config.Model }

// Close ends connections that are kept open.
func (c *Classifier) Close() { c.client.CloseIdleConnections() }

// Known returns what the model said of a text before, a topic or unknown; "" if that was no use. False: nothing is remembered.
func (c *Classifier) Known(text string) (topic string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	topic, ok = c.kept.answers[keyOf(text)]
	return topic, ok
}

// Outcome says what became of the texts of one call, those that were remembered apart.
type Outcome struct {
	Asked  int // requests that were made
	Failed int // of them, that brought no answer
	// NotAsked are texts beyond the bound of the day, of the time, or while the endpoint wants none.
	NotAsked int
}

// Ask asks about texts that nothing is remembered of, and remembers the answers: Known has them. Texts that are equal after
// Redact are one. Which of too many are asked about has nothing to do with their order: a report of a rise must not hang on that.
func (c *Classifier) Ask(ctx context.Context, texts []string) Outcome {
	ctx, cancel := context.WithTimeout(ctx, c.config.Wait)
	defer cancel()
	open := c.open(texts)
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		out  Outcome
	)
	for i, q := range open {
		if !c.enter(ctx) {
			mu.Lock()
			out.NotAsked += len(open) - i
			mu.Unlock()
			break
		}
		wait.Go(func() {
			defer func() { <-c.slots }()
			topic, err := c.request(ctx, q.text)
			mu.Lock()
			defer mu.Unlock()
			if out.Asked++; err != nil {
				out.Failed++
			}
			if err == nil || errors.Is(err, errAnswer) { // else it is asked again by the next call
				c.remember(q.key, topic)
			}
		})
	}
	wait.Wait()
	return out
}

func (c *Classifier) remember(of key, topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.put(of, topic)
}

// question is a text as it is sent.
type question struct {
	key  key
	text string
}

// open are those of texts that nothing is remembered of, each once, in the order of their hashes.
func (c *Classifier) open(texts []string) []question {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[key]bool{}
	var open []question
	for _, text := range texts {
		q := question{keyOf(text), Redact(text)}
		if _, known := c.kept.answers[q.key]; !known && !seen[q.key] {
			open = append(open, q)
		}
		seen[q.key] = true
	}
	slices.SortFunc(open, func(a, b question) int { return slices.Compare(a.key[:], b.key[:]) })
	return open
}

// enter waits for its turn; false: nothing more is to be asked.
func (c *Classifier) enter(ctx context.Context) bool {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() == nil && c.allowed() {
		return true
	}
	<-c.slots
	return false
}

// allowed counts a request, if one may be made.
func (c *Classifier) allowed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.config.Now().UTC()
	if today := now.Truncate(24 * time.Hour); !today.Equal(c.day) {
		c.day, c.asked = today, 0
	}
	if c.asked >= c.config.PerDay || now.Before(c.paused) {
		return false
	}
	c.asked++
	return true
}

// rest has nothing asked for a while, as the endpoint wishes; 0: it does not say how long.
func (c *Classifier) rest(wish time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = c.config.Now().UTC().Add(min(cmp.Or(wish, pause), longest))
}
