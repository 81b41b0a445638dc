package profiles

import (
	"slices"
	"strings"

	"tributary/ingest/event"
)

const (
	maxQuestions  = 3 // besides who it is
	maxDisagreed  = 3 // traits that one question names
	nameOfSources = "an id that a source has given"
)

// questions suggests what to ask next: what sources do not agree about, what nobody confirmed to be settled, and what
// is not known.
func (t *teller) questions() []Fact {
	var list []Fact
	for _, ask := range []func() (Fact, bool){t.askWhich, t.askSettled, t.askName, t.askContact} {
		if f, ok := ask(); ok && len(list) < maxQuestions {
			list = append(list, f)
		}
	}
	return list
}

// askWho suggests what would make it surer who this is. It comes before all that is known of them: by it more may be told.
func (t *teller) askWho() []Fact {
	if len(t.r.Ask) == 0 {
		return nil
	}
	var words []string
	for _, known := range identifierNames {
		if slices.Contains(t.r.Ask, known.typ) {
			words = append(words, "the "+known.name)
		}
	}
	f := t.sum(FactQuestion, "who", "")
	for _, typ := range t.r.Ask {
		if !event.KnownIdentifierType(typ) {
			if len(f.Quotes) == 0 {
				words = append(words, nameOfSources)
			}
			if len(f.Quotes) < maxDisagreed {
				f.quote("identifier_type", typ)
			}
		}
	}
	f.Text = "Ask for one of these, to be surer who this is: " + either(words) + "."
	if len(words) == 1 {
		f.Text = "Ask for " + words[0] + ", to be surer who this is."
	}
	return []Fact{f}
}

func either(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " or " + words[n]
	}
	return strings.Join(words, "")
}

func (t *teller) askWhich() (Fact, bool) {
	f := t.sum(FactQuestion, "which", "Sources say different things of the customer; ask which is right.")
	for _, traits := range [][]Trait{t.p.Attributes, t.said} {
		for i := range traits {
			if traits[i].Others > 0 && len(f.Quotes) < maxDisagreed {
				f.Quotes = append(f.Quotes, traits[i].quote())
			}
		}
	}
	return f, len(f.Quotes) > 0
}

// askSettled: the last conversation ended, nothing is open, and the customer did not say that it is settled.
func (t *teller) askSettled() (Fact, bool) {
	for i := range t.p.Items {
		if item := &t.p.Items[i]; item.Open && !moneyItems[item.Kind] {
			return Fact{}, false
		}
	}
	for i := range t.p.Interactions {
		x := &t.p.Interactions[i]
		if x.Name != event.NameConversationEnded {
			continue
		}
		f := t.sum(FactQuestion, "settled", "Ask whether the matter of the last conversation is settled: the customer has not confirmed it.")
		f.At, f.Source = x.At, x.Source
		f.quote("topic", x.Topic)
		return f, x.Resolution == event.ResolutionAssumed || x.Resolution == event.ResolutionNone
	}
	return Fact{}, false
}

func (t *teller) askName() (Fact, bool) {
	named := slices.ContainsFunc(t.p.Attributes, func(a Trait) bool {
		return a.Name == event.AttrName || a.Name == event.AttrFirstName || a.Name == event.AttrLastName
	})
	return t.sum(FactQuestion, "name", "Ask for the name: it is not known."), !named && !t.r.hides("identity")
}

func (t *teller) askContact() (Fact, bool) {
	reached := slices.ContainsFunc(t.p.Identifiers, func(h HeldIdentifier) bool { return h.Type == event.IDEmail || h.Type == event.IDPhone })
	return t.sum(FactQuestion, "contact", "Ask where the customer can be reached: no e-mail and no telephone is known."), !reached && !t.r.hides("contact")
}
