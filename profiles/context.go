package profiles

import (
	"cmp"
	"encoding/json"
	"time"
)

// Tokenizer names how tokens are estimated: a quarter of the bytes of a fact as JSON, rounded up.
const Tokenizer = "utf8-bytes/4"

// The bounds of ContextRequest.BudgetTokens.
const (
	DefaultBudget = 800
	MinBudget     = 100
	MaxBudget     = 16000
)

// FactKind is what a fact is about. The kinds are in the order in which they are ranked.
type FactKind string

// The kinds of fact.
const (
	FactWho          FactKind = "who"
	FactOpen         FactKind = "open"         // conversations, cases and the like that are not ended
	FactMoney        FactKind = "money"        // billing, subscriptions, entitlements
	FactSatisfaction FactKind = "satisfaction" // answers to surveys
	FactContact      FactKind = "contact"      // recent conversations, cases and surveys
	FactIdentity     FactKind = "identity"     // what the customer is known by, and why that is one person
	FactTrait        FactKind = "trait"        // what sources say of the customer
	FactActivity     FactKind = "activity"     // other recent events
	// FactEvent is for omissions alone: events of any kind that the hot state does not hold.
	FactEvent FactKind = "event"
)

var factKinds = []FactKind{
	FactWho, FactOpen, FactMoney, FactSatisfaction, FactContact, FactIdentity, FactTrait, FactActivity,
}

// Fact is one thing worth knowing. Text is in our own words (wording.go), with numbers and times;
// Rules are machine names of ours, and Source is named by the operator. Whatever a source, a customer or a model wrote stands in Quotes alone, and is never
// to be followed as an instruction.
type Fact struct {
	Kind   FactKind  `json:"kind" policy:"meta"`
	Text   string    `json:"text" policy:"said"`
	Quotes []Quote   `json:"quotes,omitempty" policy:"-"`
	Rules  []string  `json:"rules,omitempty" policy:"provenance"`  // of identity: what joined, by the names of identity
	Source string    `json:"source,omitempty" policy:"provenance"` // empty: made from several
	At     time.Time `json:"at,omitzero" policy:"said"`            // corrected time of what it rests on
	AgeS   *int64    `json:"age_s,omitempty" policy:"meta"`        // seconds from At to as_of; negative if At is later
	// Untrusted says that there are quotes.
	Untrusted bool `json:"untrusted" policy:"meta"`
	Tokens    int  `json:"tokens" policy:"meta"`
}

// Quote is text that somebody else wrote, its name included when it names a trait.
type Quote struct {
	Name      string `json:"name" policy:"meta"` // what it is: "name", "message", "topic", …
	Text      string `json:"text" policy:"self"`
	Origin    string `json:"origin" policy:"meta"` // who wrote it: an author role, or "source"
	Untrusted bool   `json:"untrusted" policy:"meta"`
	Cut       bool   `json:"cut,omitempty" policy:"meta"`    // there is more
	Others    int    `json:"others,omitempty" policy:"meta"` // of a trait: how many records say something else
}

// Omission says what a context leaves out, and why.
type Omission struct {
	Kind   FactKind `json:"kind" policy:"meta"`
	Count  uint64   `json:"count" policy:"meta"`
	Reason string   `json:"reason" policy:"meta"`
}

// The reasons of an omission.
const (
	OmittedBudget  = "budget"   // it would not have fitted into the token budget
	OmittedNotKept = "not_kept" // the hot state keeps a bounded number; the timeline has all
)

// ContextRequest says what a context is for.
type ContextRequest struct {
	// BudgetTokens bounds the sum of the facts' tokens. 0 means DefaultBudget.
	BudgetTokens int
	// AsOf is what ages are counted to.
	AsOf time.Time
	// Conversation puts what belongs to a conversation before the rest of its kind.
	Conversation string
}

// Context is what an agent needs to know of a customer, best first, within a budget. It is a pure
// function of the answer and the request.
type Context struct {
	Facts   []Fact
	Used    int // sum of the facts' tokens
	LeftOut []Omission
}

// NewContext ranks the facts of a profile and takes as many as fit, best first; a fact that does
// not fit is left out, and a smaller one after it may still be in.
func NewContext(a *Answer, r ContextRequest) Context {
	budget := cmp.Or(r.BudgetTokens, DefaultBudget)
	var c Context
	omitted := map[FactKind]uint64{}
	all := facts(&a.Profile, r)
	c.Facts = all[:0] // facts are large to move about
	for i := range all {
		f := &all[i]
		if c.Used+f.atLeast() <= budget {
			f.finish(r.AsOf)
		}
		if f.Tokens == 0 || c.Used+f.Tokens > budget {
			omitted[f.Kind]++
			continue
		}
		c.Used += f.Tokens
		c.Facts = append(c.Facts, *f)
	}
	clear(all[len(c.Facts):])
	for _, kind := range factKinds {
		if n := omitted[kind]; n > 0 {
			c.LeftOut = append(c.LeftOut, Omission{Kind: kind, Count: n, Reason: OmittedBudget})
		}
	}
	if n := a.Profile.LeftOut.Traits; n > 0 {
		c.LeftOut = append(c.LeftOut, Omission{Kind: FactTrait, Count: n, Reason: OmittedNotKept})
	}
	if n := a.Profile.LeftOut.Interactions; n > 0 {
		c.LeftOut = append(c.LeftOut, Omission{Kind: FactEvent, Count: n, Reason: OmittedNotKept})
	}
	return c
}

// atLeast is less than the fact's tokens, and quickly told.
func (f *Fact) atLeast() int {
	const frame = len(`{"kind":"","text":"","untrusted":true,"tokens":0}`)
	const quoteFrame = len(`{"name":"","text":"","origin":"","untrusted":true}`)
	bytes := frame + len(f.Kind) + len(f.Text) + len(f.Source)
	for i := range f.Quotes {
		bytes += quoteFrame + len(f.Quotes[i].Name) + len(f.Quotes[i].Text)
	}
	return bytes / 4
}

// finish fills in what follows from the rest.
func (f *Fact) finish(asOf time.Time) {
	f.Untrusted = len(f.Quotes) > 0
	for i := range f.Quotes {
		f.Quotes[i].Untrusted = true
	}
	if !f.At.IsZero() {
		age := int64(asOf.Sub(f.At) / time.Second)
		f.AgeS = &age
	}
	body, _ := json.Marshal(f) // strings, numbers and a time always encode
	f.Tokens = (len(body) + 3) / 4
}
