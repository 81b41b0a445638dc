package identity

import (
	"cmp"
	"slices"

	"tributary/ingest/event"
)

// Strategy is an intent. Each is a set of the knobs of Rules, which a document may override one by
// one. What each costs is said with it, for none is free.
type Strategy string

// The strategies.
const (
	// StrategyKnownCustomerFirst: who is known for certain stays one person, and what is not certain
	// joins them only if its weight says so.
	//
	// Visits before a login become the customer's, as long as one customer uses the device. On a
	// device of several they stand alone: no one is shown what another looked at, and some of a
	// customer's history is missing.
	StrategyKnownCustomerFirst Strategy = "known_customer_first"
	// StrategyKeepAnonymousHistory: no visit is lost to the customer's journey.
	//
	// The visits of a device of several customers are those of the first who was known there. Journeys
	// and attribution are complete; on a family's tablet or a shop's, one customer's history holds
	// visits of others.
	StrategyKeepAnonymousHistory Strategy = "keep_anonymous_history"
	// StrategyIsolateSharedDevices: a device says nothing about who uses it.
	//
	// anonymous_id and device_id are shareable. Visits of a device go to its one customer, if it has
	// one; of several they "may be one of" them. Nobody sees another's visits; a customer with two
	// browsers is two until a login or an e-mail joins them. To tell visits of one device apart by
	// session, declare devices shareable in the server's configuration as well.
	StrategyIsolateSharedDevices Strategy = "isolate_shared_devices"
	// StrategyExactContact: an equal e-mail or telephone with an agreeing name is one person.
	//
	// It holds before anything is weighed, also where a frequent name and a family's number would
	// weigh too little. Easy to foresee and to explain; a mother and a daughter of one name at one
	// number are one, unless birth dates or Jr and Sr tell them apart.
	StrategyExactContact Strategy = "exact_contact"
	// StrategyMailboxIsPerson: an equal e-mail is one person, whatever the name.
	//
	// For shops whose accounts are e-mails. The most is joined with the least to explain; families
	// and offices with one mailbox are one customer who sees the others' orders. Block
	// the mailboxes that are known to be shared; with 25 names on it, a mailbox is generic by itself.
	StrategyMailboxIsPerson Strategy = "mailbox_is_person"
	// StrategyIdentifiersOnly: nothing is weighed.
	//
	// Only identifiers join, e-mails and telephones with an agreeing name. Every merge names one
	// identifier as its reason; people who are known by name, birth date and address alone stay apart.
	StrategyIdentifiersOnly Strategy = "identifiers_only"
)

// Strategies lists the strategies, the default first.
func Strategies() []Strategy {
	return []Strategy{
		StrategyKnownCustomerFirst, StrategyKeepAnonymousHistory, StrategyIsolateSharedDevices,
		StrategyExactContact, StrategyMailboxIsPerson, StrategyIdentifiersOnly,
	}
}

// knobs are what a strategy stands for, or false for one that does not exist.
func (s Strategy) knobs() (Rules, bool) {
	off := false
	switch s {
	case StrategyKnownCustomerFirst, "":
		return Rules{}, true
	case StrategyKeepAnonymousHistory:
		return Rules{Visits: VisitsFirstCustomer}, true
	case StrategyIsolateSharedDevices:
		return Rules{Identifiers: []IdentifierRule{
			{Type: event.IDAnonymous, Role: RoleShareable}, {Type: event.IDDevice, Role: RoleShareable},
		}}, true
	case StrategyExactContact:
		return Rules{Contact: ContactAgreeingName}, true
	case StrategyMailboxIsPerson:
		return Rules{Identifiers: []IdentifierRule{{Type: event.IDEmail, Role: RoleCertain}}}, true
	case StrategyIdentifiersOnly:
		return Rules{Contact: ContactAgreeingName, Matching: Matching{Enabled: &off}}, true
	default:
		return Rules{}, false
	}
}

// Expanded returns the rules with every knob set that the strategy and the defaults set. Roles that
// only the server's configuration gives are not among them, nor are Generic's defaults.
func (r Rules) Expanded() Rules {
	preset, _ := r.Strategy.knobs()
	r.Strategy = cmp.Or(r.Strategy, StrategyKnownCustomerFirst)
	r.Identifiers = slices.Clone(r.Identifiers)
	for _, p := range preset.Identifiers {
		if i := slices.IndexFunc(r.Identifiers, func(x IdentifierRule) bool { return x.Type == p.Type }); i < 0 {
			r.Identifiers = append(r.Identifiers, p)
		} else if r.Identifiers[i].Role == "" {
			r.Identifiers[i].Role = p.Role
		}
	}
	r.Contact = cmp.Or(r.Contact, preset.Contact, ContactWeighed)
	r.Visits = cmp.Or(r.Visits, preset.Visits, VisitsAlone)
	on := true
	r.Matching.Enabled = cmp.Or(r.Matching.Enabled, preset.Matching.Enabled, &on)
	r.Matching.MergePrecision = cmp.Or(r.Matching.MergePrecision, DefaultMergePrecision)
	r.Matching.ReviewPrecision = cmp.Or(r.Matching.ReviewPrecision, min(DefaultReviewPrecision, r.Matching.MergePrecision))
	return r
}
