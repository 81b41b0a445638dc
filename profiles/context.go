package profiles

import (
	"cmp"
	"encoding/json"
	"time"

	"tributary/profiles/consent"
)

// Tokenizer names how tokens are estimated: a quarter of the bytes of a fact as it is sent (JSON or Markdown), rounded up.
// The heading of a section of the narrative counts with its first fact.
const Tokenizer = "utf8-bytes/4"

// The bounds of ContextRequest.BudgetTokens.
const (
	DefaultBudget = 800
	MinBudget     = 160
	MaxBudget     = 16000
)

// FactKind is what a fact is about. The kinds are in the order in which they are ranked; but a question that makes it
// surer who this is comes second.
type FactKind string

// The kinds of fact.
const (
	FactWho          FactKind = "who"
	FactOpen         FactKind = "open"         // conversations, cases and the like that are not ended
	FactPromise      FactKind = "promise"      // what was promised to the customer
	FactJourney      FactKind = "journey"      // where it hurt: what happened again and again
	FactQuestion     FactKind = "question"     // what to ask next
	FactMoney        FactKind = "money"        // billing, subscriptions, entitlements
	FactSatisfaction FactKind = "satisfaction" // answers to surveys
	FactContact      FactKind = "contact"      // recent conversations, cases and surveys
	FactConsent      FactKind = "consent"      // for what the customer may be contacted, and where
	FactIdentity     FactKind = "identity"     // what the customer is known by, and why that is one person
	FactTrait        FactKind = "trait"        // what sources say of the customer
	FactActivity     FactKind = "activity"     // other recent events
	// FactEvent is for omissions alone: events of any kind that the hot state does not hold.
	FactEvent FactKind = "event"
)

var factKinds = []FactKind{
	FactWho, FactOpen, FactPromise, FactJourney, FactQuestion, FactMoney, FactSatisfaction, FactContact, FactConsent,
	FactIdentity, FactTrait, FactActivity,
}

// Fact is one thing worth knowing. Text is in our own words (wording.go), with numbers and times;
// Rules are machine names of ours, and Source is named by the operator. Whatever a source, a customer or a model wrote stands in Quotes alone, and is never
// to be followed as an instruction.
type Fact struct {
	// ID is the same in every answer for what rests on the same event, item or observation: a fact replaces an earlier
	// one of its id. Facts of the kinds who, journey, question, consent and identity are made of several: an answer
	// that does not repeat one says that it no longer holds.
	ID     string    `json:"id" policy:"meta"`
	Kind   FactKind  `json:"kind" policy:"meta"`
	Text   string    `json:"text" policy:"said"`
	Quotes []Quote   `json:"quotes,omitempty" policy:"-"`
	Rules  []string  `json:"rules,omitempty" policy:"provenance"`  // of identity: what joined, by the names of identity
	Source string    `json:"source,omitempty" policy:"provenance"` // empty: made from several
	At     time.Time `json:"at,omitzero" policy:"said"`            // corrected time of what it rests on
	AgeS   *int64    `json:"age_s,omitempty" policy:"meta"`        // seconds from At to as_of; negative if At is later
	// Confidence says how far to rely on it, and Why what lowers that: see the constants.
	Confidence Confidence `json:"confidence" policy:"meta"`
	Why        []string   `json:"why,omitempty" policy:"meta"`
	// Untrusted says that there are quotes.
	Untrusted bool `json:"untrusted" policy:"meta"`
	Tokens    int  `json:"tokens" policy:"meta"`

	of     reference
	shares int  // words that it shares with the query
	note   bool // written by an agent for whoever is next
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

// Omission says what a context leaves out, and why: facts of a kind, or values of a class of data, from which no fact
// was made.
type Omission struct {
	Kind   FactKind `json:"kind,omitempty" policy:"meta"`
	Class  string   `json:"class,omitempty" policy:"meta"`
	Count  uint64   `json:"count,omitempty" policy:"meta"` // absent: how many is not known
	Reason string   `json:"reason" policy:"meta"`
}

// The reasons of an omission.
const (
	OmittedBudget  = "budget"   // it would not have fitted into the token budget
	OmittedNotKept = "not_kept" // the hot state keeps a bounded number; the timeline has all
	OmittedLate    = "late"     // it did not come within the time budget
	// Those of the reader policy, by class: what is not for the purpose, or only at a higher verification; what is too
	// old, too much, or would need the customer's consent.
	OmittedPurpose      = "purpose"
	OmittedVerification = "verification"
	OmittedAge          = "age"
	OmittedLimit        = "limit"
	OmittedConsent      = "consent"
)

// ContextRequest says what a context is for.
type ContextRequest struct {
	// BudgetTokens bounds the sum of the facts' tokens. 0 means DefaultBudget.
	BudgetTokens int
	// AsOf is what ages are counted to.
	AsOf time.Time
	// Conversation puts what belongs to a conversation before the rest of its kind.
	Conversation string
	// Query puts facts that share words with it before the others.
	Query string
	// Purpose is what the context is for; what the customer agreed to for it comes first.
	Purpose string
	// Consent is what the customer agreed to; nil: it is not told.
	Consent *consent.Projection
	// Ask lists types of identifiers that would make it surer who this is.
	Ask []string
	// Hidden says that values of a class are not in the profile because the reader may not see them, so that
	// nothing is said to be missing. nil: none is hidden.
	Hidden func(class string) bool
	// Narrative counts tokens as Narrate writes facts, not as JSON.
	Narrative bool
}

func (r *ContextRequest) hides(class string) bool { return r.Hidden != nil && r.Hidden(class) }

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
	omitted, begun := map[FactKind]uint64{}, map[FactKind]bool{}
	all := facts(&a.Profile, r)
	rank(all, r.Query)
	who := identityDoubt(&a.Profile)
	c.Facts = all[:0] // facts are large to move about
	for i := range all {
		f := &all[i]
		if r.Narrative || c.Used+f.atLeast() <= budget {
			f.finish(&r, who, !begun[f.Kind])
		}
		if f.Tokens == 0 || c.Used+f.Tokens > budget {
			omitted[f.Kind]++
			continue
		}
		c.Used += f.Tokens
		begun[f.Kind] = true
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
	const frame = len(`{"id":"0123456789a","kind":"","text":"","confidence":"likely","untrusted":true,"tokens":0}`)
	const quoteFrame = len(`{"name":"","text":"","origin":"","untrusted":true}`)
	bytes := frame + len(f.Kind) + len(f.Text) + len(f.Source)
	for i := range f.Quotes {
		bytes += quoteFrame + len(f.Quotes[i].Name) + len(f.Quotes[i].Text)
	}
	return bytes / 4
}

// finish fills in what follows from the rest. A fact may be the first of its kind.
func (f *Fact) finish(r *ContextRequest, who doubt, first bool) {
	f.ID = f.of.id()
	f.Untrusted = len(f.Quotes) > 0
	for i := range f.Quotes {
		q := &f.Quotes[i]
		q.Untrusted, q.Name, q.Text = true, Visible(q.Name), Visible(q.Text)
	}
	if !f.At.IsZero() {
		age := int64(r.AsOf.Sub(f.At) / time.Second)
		f.AgeS = &age
	}
	f.judge(who, r.AsOf)
	var body []byte
	if r.Narrative {
		if first {
			body = appendHeading(nil, f.Kind)
		}
		body = f.narrate(body)
	} else {
		body, _ = json.Marshal(f) // strings, numbers and a time always encode
	}
	f.Tokens = (len(body) + 3) / 4
}
