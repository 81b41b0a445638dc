package profiles

import (
	"slices"
	"strings"

	"tributary/ingest/event"
)

// What only a value knows of its class (api/policy): "class", or "class:name" where its name may decide.

// eventClasses are those of the vocabulary, by what stands before the dot of a name.
var eventClasses = map[string]string{
	"conversation": "conversation", "ivr": "conversation", "callback": "conversation", "case": "conversation", "sla": "conversation",
	"complaint": "conversation", "appointment": "conversation", "campaign": "conversation", "commitment": "conversation", "ai": "conversation",
	"handoff": "conversation", "note": "conversation",
	"survey": "satisfaction", "consent": "consent",
	"invoice": "money", "payment": "money", "subscription": "money", "refund": "money", "credit": "money", "dispute": "money",
	"entitlement": "money", "order": "money",
}

// EventClass is the class of an event: that of its name in the vocabulary; of others conversation, if they are of
// one, else behaviour.
func EventClass(name string, ofContact bool) string {
	if group, _, ok := strings.Cut(name, "."); ok && event.InVocabulary(name) {
		if class := eventClasses[group]; class != "" {
			return class
		}
	}
	if ofContact {
		return "conversation"
	}
	return "behaviour"
}

// EventGroups lists what stands before the dot of those events of the vocabulary whose class is as it says.
func EventGroups(is func(class string) bool) (groups []string) {
	for group, class := range eventClasses {
		if is(class) {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups
}

// PolicyClass says the class of data that the event is of.
func (x Interaction) PolicyClass() string {
	return EventClass(x.Name, x.ConversationID != "" || x.CaseID != "")
}

// PolicyClass says the class of data that the counted events are of.
func (c Counter) PolicyClass() string { return EventClass(c.Name, false) }

// PolicyClass says the class of data that a kind of item is of.
func (k ItemKind) PolicyClass() string {
	if moneyItems[k] || k == ItemOrder {
		return "money"
	}
	return "conversation"
}

// PolicyClass says the class of data that the item is of.
func (x Item) PolicyClass() string { return x.Kind.PolicyClass() }

// PolicyClass says that a trait's name decides about its class.
func (t Trait) PolicyClass() string { return traitClass(t.ofAccount, t.Name) }

// traitClass is the class of a trait whose name says no other.
func traitClass(ofAccount bool, name string) string {
	if ofAccount {
		return "account:" + name
	}
	return "trait:" + name
}

// factClasses are the classes of facts. Facts are made of values that the policy has filtered, so what is of
// several classes is meta here.
var factClasses = map[FactKind]string{
	FactWho: "meta", FactOpen: "conversation", FactMoney: "money", FactSatisfaction: "satisfaction", FactContact: "conversation",
	FactIdentity: "meta", FactTrait: "meta", FactActivity: "behaviour", FactJourney: "conversation", FactPromise: "conversation",
	FactQuestion: "meta", FactConsent: "consent",
}

// PolicyClass says the class of data that the fact is of.
func (f Fact) PolicyClass() string {
	if class := factClasses[f.Kind]; class != "" {
		return class
	}
	return string(f.Kind)
}

// quoteClasses are the classes of what is quoted of events and records; other quotes are of traits, attributes
// and identifiers.
var quoteClasses = map[string]string{
	"id": "meta", "topic": "conversation", "priority": "conversation", "disposition": "conversation", "message": "content",
	"product": "money", "event": "behaviour", "rule": "provenance", "identifier_type": "meta", "purpose": "consent", "promise": "content",
}

// PolicyClass says that what a quote is decides about its class.
func (q Quote) PolicyClass() string {
	if class := quoteClasses[q.Name]; class != "" {
		return class
	}
	return "trait:" + q.Name
}
