package profiles

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

// Tokenizer names how tokens are estimated: a quarter of the bytes of a fact as JSON, rounded up.
const Tokenizer = "utf8-bytes/4"

// The bounds of ContextRequest.BudgetTokens.
const (
	DefaultBudget = 800
	MinBudget     = 50
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
	FactTrait        FactKind = "trait"        // what sources say of the customer
	FactActivity     FactKind = "activity"     // other recent events
)

// Fact is one thing worth knowing. Text is in our own words: the vocabulary, numbers, times and
// ids of ours. Whatever a source, a customer or a model wrote stands in Quotes alone, and is never
// to be followed as an instruction.
type Fact struct {
	Kind   FactKind  `json:"kind"`
	Text   string    `json:"text"`
	Quotes []Quote   `json:"quotes,omitempty"`
	Source string    `json:"source,omitempty"` // empty: made from several
	At     time.Time `json:"at,omitzero"`      // corrected time of what it rests on
	AgeS   *int64    `json:"age_s,omitempty"`  // seconds from At to as_of; negative if At is later
	// Untrusted says that there are quotes.
	Untrusted bool `json:"untrusted"`
	Tokens    int  `json:"tokens"`
}

// Quote is text that somebody else wrote, its name included when it names a trait.
type Quote struct {
	Name      string `json:"name"` // what it is: "name", "message", "topic", …
	Text      string `json:"text"`
	Origin    string `json:"origin"` // who wrote it: an author role, or "source"
	Untrusted bool   `json:"untrusted"`
	Cut       bool   `json:"cut,omitempty"` // there is more
}

// Omission says what a context leaves out, and why.
type Omission struct {
	Kind   FactKind `json:"kind"`
	Count  uint64   `json:"count"`
	Reason string   `json:"reason"`
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
	for _, f := range facts(&a.Profile, r) {
		if c.Used+f.atLeast() <= budget {
			f.finish(r.AsOf)
		}
		if f.Tokens == 0 || c.Used+f.Tokens > budget {
			omitted[f.Kind]++
			continue
		}
		c.Used += f.Tokens
		c.Facts = append(c.Facts, f)
	}
	for _, kind := range []FactKind{FactWho, FactOpen, FactMoney, FactSatisfaction, FactContact, FactTrait, FactActivity} {
		if n := omitted[kind]; n > 0 {
			c.LeftOut = append(c.LeftOut, Omission{Kind: kind, Count: n, Reason: OmittedBudget})
		}
	}
	if n := a.Profile.LeftOut.Traits; n > 0 {
		c.LeftOut = append(c.LeftOut, Omission{Kind: FactTrait, Count: n, Reason: OmittedNotKept})
	}
	if n := a.Profile.LeftOut.Interactions; n > 0 {
		c.LeftOut = append(c.LeftOut, Omission{Kind: FactActivity, Count: n, Reason: OmittedNotKept})
	}
	return c
}

// facts lists all facts, best first.
func facts(p *Profile, r ContextRequest) []Fact {
	list := []Fact{who(p)}
	list = append(list, items(p, r, FactOpen)...)
	list = append(list, items(p, r, FactMoney)...)
	list = append(list, satisfaction(p)...)
	var contacts, others []Fact
	for i := range p.Interactions {
		x := &p.Interactions[i]
		f := interactionFact(x)
		switch {
		case f.Kind == FactActivity:
			others = append(others, f)
		case r.Conversation != "" && x.ConversationID == r.Conversation:
			list = append(list, f)
		default:
			contacts = append(contacts, f)
		}
	}
	list = append(list, contacts...)
	list = append(list, traits(p)...)
	return append(list, others...)
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

func who(p *Profile) Fact {
	types := make([]string, 0, len(p.Identifiers))
	for _, id := range p.Identifiers {
		types = append(types, id.Type)
	}
	rules := map[string]int{}
	for _, o := range p.Observations {
		if o.Reason.Rule != "" {
			rules[o.Reason.Rule]++
		}
	}
	f := Fact{Kind: FactWho, At: p.LastSeen}
	f.Text = fmt.Sprintf("Customer of %s.", count(len(p.Observations), "observation"))
	if len(p.Observations) > 0 && p.Observations[0].Standing == identity.StandingUnassigned {
		f.Text = "Not sure who this is: may be one of several customers."
	}
	if types = compact(types); len(types) > 0 {
		f.Text += " Known by " + strings.Join(known(types), ", ") + "."
	}
	if len(rules) > 0 {
		f.Text += " Joined by " + strings.Join(sortedKeys(rules), ", ") + "."
	}
	for _, t := range p.Attributes {
		f.Quotes = append(f.Quotes, t.quote())
	}
	return f
}

// known replaces identifier types that a source made up.
func known(types []string) []string {
	var list []string
	for _, t := range types {
		switch t {
		case event.IDUser, event.IDAnonymous, event.IDDevice, event.IDEmail, event.IDPhone:
			list = append(list, t)
		default:
			list = append(list, "an id of a source")
		}
	}
	return compact(list)
}

// money holds the kinds of item that are about money; the others are open or not worth a fact.
var money = map[ItemKind]bool{ItemSubscription: true, ItemBilling: true, ItemDispute: true, ItemEntitlement: true}

func items(p *Profile, r ContextRequest, kind FactKind) []Fact {
	var first, rest []Fact
	for i := range p.Items {
		item := &p.Items[i]
		if money[item.Kind] != (kind == FactMoney) || kind == FactOpen && !item.Open {
			continue
		}
		f := itemFact(item)
		f.Kind = kind
		if item.HumanRequested || r.Conversation != "" && item.Last.ConversationID == r.Conversation {
			first = append(first, f)
		} else {
			rest = append(rest, f)
		}
	}
	return append(first, rest...)
}

func itemFact(item *Item) Fact {
	f := Fact{At: item.ChangedAt, Source: item.Last.Source}
	f.Text = fmt.Sprintf("%s: last %s.", title(string(item.Kind)), item.Status)
	if !item.OpenedAt.IsZero() {
		f.Text += " Opened " + item.OpenedAt.Format(time.RFC3339) + "."
	}
	if item.HumanRequested {
		f.Text += " The customer asked for a human."
	}
	f.Text += details(&item.Last)
	quote := func(name, text string) {
		if text != "" {
			f.Quotes = append(f.Quotes, Quote{Name: name, Text: text, Origin: originSource})
		}
	}
	quote("id", item.ID)
	quote("topic", item.Last.Topic)
	quote("priority", item.Last.Priority)
	if item.Last.Product != item.ID {
		quote("product", item.Last.Product)
	}
	return f
}

// details tells in our words what has a type: money, the channel, whose turn it was.
func details(x *Interaction) string {
	var b strings.Builder
	if x.Channel != "" {
		fmt.Fprintf(&b, " By %s.", word(string(x.Channel)))
	}
	if x.Amount != "" {
		fmt.Fprintf(&b, " Amount %s %s.", number(x.Amount), currency(x.Currency))
	}
	return b.String()
}

func satisfaction(p *Profile) []Fact {
	var list []Fact
	for _, s := range p.Satisfaction {
		list = append(list, Fact{Kind: FactSatisfaction, Text: fmt.Sprintf("%s: %s, mean %g on a scale of %s.",
			strings.ToUpper(word(s.Survey)), count(int(s.Answers), "answer"), s.Mean, number(s.Scale))})
	}
	for i := range p.Answers[:min(len(p.Answers), 3)] {
		x := &p.Answers[i]
		f := Fact{Kind: FactSatisfaction, At: x.At, Source: x.Source}
		if x.Score != nil {
			f.Text = fmt.Sprintf("Answered %s with %g on a scale of %s.", strings.ToUpper(word(string(x.Survey))), *x.Score, number(x.Scale))
		}
		f.quoteText(x)
		list = append(list, f)
	}
	return list
}

func interactionFact(x *Interaction) Fact {
	f := Fact{Kind: FactActivity, At: x.At, Source: x.Source}
	if x.ConversationID != "" || x.CaseID != "" || x.Survey != "" {
		f.Kind = FactContact
	}
	switch {
	case event.InVocabulary(x.Name):
		f.Text = title(x.Name) + "."
	default:
		f.Text = title(word(string(x.Type))) + " event."
		if x.Name != "" {
			f.Quotes = append(f.Quotes, Quote{Name: "event", Text: x.Name, Origin: originSource})
		}
	}
	if x.AuthorRole != "" {
		f.Text += " From " + word(string(x.AuthorRole)) + "."
	}
	f.Text += details(x)
	for _, q := range []Quote{{Name: "topic", Text: x.Topic}, {Name: "disposition", Text: x.Disposition}} {
		if q.Text != "" {
			q.Origin = originSource
			f.Quotes = append(f.Quotes, q)
		}
	}
	f.quoteText(x)
	return f
}

const originSource = "source"

func (f *Fact) quoteText(x *Interaction) {
	if x.Text != "" {
		origin := cmp.Or(string(x.AuthorRole), originSource)
		f.Quotes = append(f.Quotes, Quote{Name: "message", Text: x.Text, Origin: word(origin), Cut: x.TextCut})
	}
}

// traits are the newest first.
func traits(p *Profile) []Fact {
	newest := slices.Clone(p.Traits)
	slices.SortStableFunc(newest, func(a, b Trait) int { return b.At.Compare(a.At) })
	var list []Fact
	for _, t := range newest {
		f := Fact{Kind: FactTrait, Text: "A source says of the customer:", Source: t.Source, At: t.At, Quotes: []Quote{t.quote()}}
		if t.Others > 0 {
			f.Text = fmt.Sprintf("A source says of the customer, and %s another value:", count(t.Others, "observation"))
		}
		list = append(list, f)
	}
	return list
}

func (t *Trait) quote() Quote {
	text := string(t.Value)
	var s string
	if json.Unmarshal(t.Value, &s) == nil {
		text = s
	}
	return Quote{Name: t.Name, Text: text, Origin: originSource}
}

// words are all that a fact's own text may repeat of what a source sent in typed fields.
var words = func() map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(`track identify page screen group alias
		web app email chat voice sms rcs whatsapp social store mail
		customer human ai ivr system csat nps ces source`) {
		all[word] = true
	}
	return all
}()

// word lets nothing but those words through: nobody's sentences get into ours, even from a State
// that was not validated.
func word(s string) string {
	if words[s] {
		return s
	}
	return "other"
}

// number does the same for decimals and scales.
func number(s string) string {
	if s == "" || len(s) > 40 || strings.Trim(s, "0123456789.-") != "" {
		return "an unknown number"
	}
	return s
}

func currency(s string) string {
	if !event.ValidCurrency(s) {
		return "of an unknown currency"
	}
	return s
}

func title(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func compact(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
