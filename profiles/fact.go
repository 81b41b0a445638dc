package profiles

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tributary/identity"
	"tributary/ingest/event"
)

const (
	maxWhoQuote   = 80 // runes of a name in the first fact, so that it fits into any budget
	maxKnownBy    = 6  // identifiers that are quoted
	maxTraitGroup = 6  // traits in one fact
	maxAnswerFact = 3  // survey answers that are facts of satisfaction; others are contacts
	maxFirst      = 4  // contacts that come before what is known of the customer
	maxFirstNotes = 2  // notes that do, however many contacts there were since
)

// teller lists the facts of a profile, and remembers what it has said.
type teller struct {
	p    *Profile
	r    ContextRequest
	said []Trait       // newTraits
	told map[told]bool // events that are told already; true: with their text
}

// told names an event.
type told struct {
	at      int64
	message string
	source  string
}

func toldOf(x *Interaction) told { return told{x.At.UnixMilli(), x.MessageID, x.Source} }

// facts lists all facts, best first.
func facts(p *Profile, r ContextRequest) []Fact {
	t := &teller{p: p, r: r, said: newTraits(p), told: map[told]bool{}}
	promised, kept := t.promises()
	list := make([]Fact, 0, len(p.Items)+len(p.Interactions)+len(p.Answers)+len(p.Attributes)+len(p.Traits)+len(promised)+len(kept)+16)
	list = append(append(list, t.who()), t.askWho()...)
	list = append(append(append(append(list, t.items(FactOpen)...), promised...), t.journey()...), t.questions()...)
	list = append(append(list, t.items(FactMoney)...), t.satisfaction()...)
	contacts, others := t.interactions()
	recent := firstContacts(contacts)
	list = append(append(list, contacts[:recent]...), t.permissions()...)
	known := t.identity()
	list = append(append(list, known), t.traits(list[0].Quotes, known.Quotes)...)
	return append(append(append(list, contacts[recent:]...), kept...), others...)
}

// sum is a fact that is made of several events, named by what it says of the profile.
func (t *teller) sum(kind FactKind, name, text string) Fact {
	return Fact{Kind: kind, Text: text, of: reference{of: string(kind), owner: t.p.ID, one: name}}
}

// who begins with what matters most when somebody calls: the name, how long and how well the
// customer is known, and what is under way.
func (t *teller) who() Fact {
	p := t.p
	f := t.sum(FactWho, "", "Customer")
	f.At = p.LastSeen
	if t.unsure() {
		f.Text = "It is not certain who this is; it may be one of several customers. Somebody"
	}
	if !p.FirstSeen.IsZero() {
		f.Text += ", first seen " + day(p.FirstSeen)
	}
	f.Text += fmt.Sprintf(": %s from %s.", count(p.Events, "event"), count(len(p.Sources), "source"))
	f.Text += t.underWay()
	f.quoteName(p)
	switch {
	case len(f.Quotes) > 0:
	case t.r.hides("identity"):
		f.Text += " The name is not for this reader."
	default:
		f.Text += " The name is not known."
	}
	return f
}

// quoteName quotes the name, whole or in its parts.
func (f *Fact) quoteName(p *Profile) {
	for _, name := range []string{event.AttrName, event.AttrFirstName, event.AttrLastName} {
		i := slices.IndexFunc(p.Attributes, func(a Trait) bool { return a.Name == name })
		if i < 0 {
			continue
		}
		q := p.Attributes[i].quote()
		q.Text, q.Cut = snippet(Visible(q.Text), maxWhoQuote)
		f.Quotes = append(f.Quotes, q)
		if name == event.AttrName {
			return
		}
	}
}

func (t *teller) unsure() bool {
	return len(t.p.Observations) > 0 && t.p.Observations[0].Standing == identity.StandingUnassigned
}

// underWay counts what is open, and says when somebody waits for a human.
func (t *teller) underWay() string {
	open := map[string]int{}
	waits := false
	for i := range t.p.Items {
		item := &t.p.Items[i]
		if item.Open && !moneyItems[item.Kind] {
			open[strings.ToLower(itemNames[item.Kind])]++
			waits = waits || item.HumanRequested
		}
	}
	var words []string
	for _, name := range sortedKeys(open) {
		words = append(words, count(open[name], cmp.Or(name, "matter")))
	}
	if len(words) == 0 {
		return ""
	}
	text := " Open now: " + list(words) + "."
	if waits {
		text += " The customer waits for a human."
	}
	return text
}

// moneyItems are the kinds of item that are about money; the others are open or not worth a fact.
var moneyItems = map[ItemKind]bool{ItemSubscription: true, ItemBilling: true, ItemDispute: true, ItemEntitlement: true}

// items tells of open matters, or of money: what the request is about and who waits for a human
// first, what is ended last.
func (t *teller) items(kind FactKind) []Fact {
	var ranked [3][]Fact
	for i := range t.p.Items {
		item := &t.p.Items[i]
		if moneyItems[item.Kind] != (kind == FactMoney) || kind == FactOpen && !item.Open {
			continue
		}
		f := itemFact(item, t.topicOf(item))
		f.Kind = kind
		t.told[toldOf(&item.Last)] = false
		rank := 1
		switch {
		case item.HumanRequested, t.r.Conversation != "" && item.Last.ConversationID == t.r.Conversation:
			rank = 0
		case !item.Open:
			rank = 2
		}
		ranked[rank] = append(ranked[rank], f)
	}
	return slices.Concat(ranked[:]...)
}

// topicOf is what an item is about: where its last event does not say so, what was said last in the same conversation or case.
func (t *teller) topicOf(item *Item) string {
	if item.Last.Topic != "" || item.Kind != ItemConversation && item.Kind != ItemCase {
		return item.Last.Topic
	}
	for i := range t.p.Interactions {
		x := &t.p.Interactions[i]
		of := x.ConversationID
		if item.Kind == ItemCase {
			of = x.CaseID
		}
		if of == item.ID && x.Topic != "" {
			t.told[toldOf(x)] = false
			return x.Topic
		}
	}
	return ""
}

func itemFact(item *Item, topic string) Fact {
	f := Fact{At: item.ChangedAt, Source: item.Last.Source, of: ofItem(item)}
	last := sentence(&item.Last)
	switch {
	case moneyItems[item.Kind]:
		f.Text = last
	case item.OpenedAt.IsZero():
		f.Text = cmp.Or(itemNames[item.Kind], "Matter") + " open; last: " + lowerFirst(last)
	default:
		f.Text = cmp.Or(itemNames[item.Kind], "Matter") + " open since " + minute(item.OpenedAt) + "; last: " + lowerFirst(last)
	}
	if item.HumanRequested && item.Last.Name != event.NameConversationHumanRequested {
		f.Text += " The customer asked for a human, and none has answered yet."
	}
	f.quote("id", item.ID)
	f.quote("topic", topic)
	f.quote("priority", item.Last.Priority)
	if item.Last.Product != item.ID {
		f.quote("product", item.Last.Product)
	}
	return f
}

func (t *teller) satisfaction() []Fact {
	var list []Fact
	for _, s := range t.p.Satisfaction {
		if s.Answers < 2 {
			continue // the answer itself says it
		}
		x := Interaction{Survey: event.Survey(s.Survey), Scale: s.Scale, Score: &s.Mean}
		list = append(list, t.sum(FactSatisfaction, s.Survey+" "+s.Kind+" "+s.Scale, fmt.Sprintf("Mean of %s to surveys: %s.", count(s.Answers, "answer"), score(&x))))
	}
	list = append(list, t.trend()...)
	for i := range t.p.Answers[:min(len(t.p.Answers), maxAnswerFact)] {
		x := &t.p.Answers[i]
		t.told[toldOf(x)] = true
		f := Fact{Kind: FactSatisfaction, Text: sentence(x), At: x.At, Source: x.Source, of: ofEvent(x)}
		f.quote("topic", x.Topic)
		f.quote("disposition", x.Disposition)
		f.quoteText(x)
		list = append(list, f)
	}
	return list
}

// interactions tells of recent contacts, those of the request's conversation first and mere steps
// of their handling last, and of other events. What is told already is not told again, unless there is more to it; a call that only
// sends details is told by its traits.
func (t *teller) interactions() (contacts, others []Fact) {
	var here, handled []Fact
	for i := range t.p.Interactions {
		x := &t.p.Interactions[i]
		whole, told := t.told[toldOf(x)]
		if x.Type == event.TypeIdentify || x.Type == event.TypeAlias || whole || told && x.Text == "" && x.Disposition == "" {
			continue
		}
		if len(t.p.Commitments) > 0 && strings.HasPrefix(x.Name, "commitment.") {
			continue // the promise itself is told
		}
		f := interactionFact(x)
		switch {
		case f.Kind == FactActivity:
			others = append(others, f)
		case t.r.Conversation != "" && x.ConversationID == t.r.Conversation:
			here = append(here, f)
		case steps[x.Name] && x.Text == "":
			handled = append(handled, f)
		default:
			contacts = append(contacts, f)
		}
	}
	return slices.Concat(here, contacts, handled), others
}

// firstContacts puts those that come before what is known of the customer to the front, and says how many they are: the
// first few, and of the notes the first, for each was written for whoever is next.
func firstContacts(contacts []Fact) int {
	first := min(len(contacts), maxFirst)
	notes := 0
	for i := range contacts {
		if !contacts[i].note {
			continue
		}
		if notes++; notes > maxFirstNotes {
			break
		}
		if i >= first {
			note := contacts[i]
			copy(contacts[first+1:i+1], contacts[first:i])
			contacts[first] = note
			first++
		}
	}
	return first
}

func interactionFact(x *Interaction) Fact {
	f := Fact{Kind: FactActivity, Text: sentence(x), At: x.At, Source: x.Source, of: ofEvent(x)}
	f.note = x.Type == event.TypeTrack && x.Name == event.NameNoteAdded
	if f.note || x.ConversationID != "" || x.CaseID != "" || x.Survey != "" {
		f.Kind = FactContact
	}
	if !event.InVocabulary(x.Name) {
		f.quote("event", x.Name)
	}
	f.quote("topic", x.Topic)
	f.quote("disposition", x.Disposition)
	f.quoteText(x)
	return f
}

// identity says what the customer is known by, and why its records are taken for one person's.
func (t *teller) identity() Fact {
	f := t.sum(FactIdentity, "", "")
	types := map[string]bool{}
	for _, id := range t.p.Identifiers {
		types[id.Type] = true
	}
	f.Text = "Known by " + list(knownBy(types)) + "."
	if len(types) == 0 {
		f.Text = "Known by no id."
	}
	for _, known := range identifierNames[:3] { // what a person can be asked for
		for _, id := range t.p.Identifiers {
			if id.Type == known.typ && len(f.Quotes) < maxKnownBy {
				f.quote(id.Type, id.Value)
			}
		}
	}
	rules := map[string]int{}
	for _, o := range t.p.Observations {
		if o.Reason.Rule != "" && o.Standing == identity.StandingMember {
			rules[o.Reason.Rule]++
		}
	}
	words, ours, other := joinedBy(rules)
	f.Rules = ours
	for _, rule := range other {
		f.quote("rule", rule)
	}
	if len(words) > 0 {
		f.Text += fmt.Sprintf(" Put together from %s by %s.", count(len(t.p.Observations), "record"), strings.Join(words, "; by "))
	}
	return f
}

// traits tells what sources say of the customer, the newest first; what one event said is one fact. What quotes hold
// already is left out, and what the reader policy left nothing of.
func (t *teller) traits(quoted ...[]Quote) []Fact {
	all := slices.Concat(t.p.Attributes, t.said)
	slices.SortStableFunc(all, func(a, b Trait) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Source, b.Source), cmp.Compare(a.MessageID, b.MessageID), bytes.Compare(a.Observation[:], b.Observation[:]))
	})
	var list []Fact
	known := slices.Concat(quoted...)
	var last reference
	for i := range all {
		trait := &all[i]
		q := trait.quote()
		if q.Text == "" || q.Others == 0 && slices.ContainsFunc(known, func(k Quote) bool { return strings.EqualFold(k.Text, q.Text) }) {
			continue
		}
		of := ofTrait(trait)
		of.number = last.number
		if n := len(list) - 1; n >= 0 && of == last && list[n].At.Equal(trait.At) {
			if len(list[n].Quotes) < maxTraitGroup {
				list[n].Quotes = append(list[n].Quotes, q)
				continue
			}
			of.number++
		} else {
			of.number = 0
		}
		last = of
		list = append(list, Fact{Kind: FactTrait, Text: "A source says of the customer:", Source: trait.Source, At: trait.At, Quotes: []Quote{q}, of: of})
	}
	return list
}

func (t *Trait) quote() Quote {
	return Quote{Name: t.Name, Text: textOf(t.Value), Origin: originSource, Others: t.Others}
}

// textOf is a JSON string without its quotation marks, and any other value as it is.
func textOf(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// originSource is the origin of what is not said to be by anybody else.
const originSource = "source"

func (f *Fact) quote(name, text string) {
	if text != "" {
		f.Quotes = append(f.Quotes, Quote{Name: name, Text: text, Origin: originSource})
	}
}

func (f *Fact) quoteText(x *Interaction) {
	if x.Text == "" {
		return
	}
	origin := originSource
	if _, known := byAuthor[x.AuthorRole]; known {
		origin = string(x.AuthorRole)
	}
	f.Quotes = append(f.Quotes, Quote{Name: "message", Text: x.Text, Origin: origin, Cut: x.TextCut})
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
