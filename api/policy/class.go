package policy

import (
	"slices"
	"strings"
)

// The classes of data that every policy has a word on.
const (
	ClassMeta         = "meta"         // ids of profiles and observations, versions, counts, times of reading
	ClassIdentity     = "identity"     // names, birth date, gender, company
	ClassContact      = "contact"      // e-mail, phone, postal address
	ClassIdentifier   = "identifier"   // all other identifiers
	ClassTrait        = "trait"        //
	ClassComputed     = "computed"     //
	ClassSegment      = "segment"      //
	ClassConsent      = "consent"      //
	ClassAccount      = "account"      // accounts, members, roles
	ClassMoney        = "money"        // plan, amounts, invoices, debts, subscriptions, orders
	ClassConversation = "conversation" // that there was contact: channel, times, topic, status
	ClassContent      = "content"      // what was said or written
	ClassSatisfaction = "satisfaction" //
	ClassBehaviour    = "behaviour"    // product events, pages, counters
	ClassProvenance   = "provenance"   // sources, rules, how and why
)

var builtIn = []string{
	ClassAccount, ClassBehaviour, ClassComputed, ClassConsent, ClassContact, ClassContent, ClassConversation, ClassIdentifier,
	ClassIdentity, ClassMeta, ClassMoney, ClassProvenance, ClassSatisfaction, ClassSegment, ClassTrait,
}

// Tags that are no classes.
const (
	tagLook = "-"    // has no data of its own: what it holds is looked into
	tagSelf = "self" // of the class that its struct says by PolicyClass
	// tagSaid: words made of values that were filtered before they were put into words (Filter); shown
	// wherever their struct is.
	tagSaid = "said"
	// tagNever: goes out by no way that the policy is asked about.
	tagNever = "never"
)

// names puts what sources commonly call a thing into its class, wherever the name stands for itself: as a
// trait, an attribute, an identifier's type or a quote.
var names = map[string]string{}

func init() { //nolint:gochecknoinits // a table turned round
	for class, list := range map[string]string{
		ClassIdentity: `name first_name firstname middle_name last_name lastname suffix full_name fullname nickname birth_date birthdate
			birthday date_of_birth gender company`,
		ClassContact: `email e-mail email_address mail phone telephone mobile phone_number fax address street city region state
			postcode postal_code zip country`,
		ClassIdentifier: `user_id anonymous_id device_id record_id username ssn passport tax_id`,
		ClassMoney:      `plan mrr arr balance debt credit iban amount revenue ltv subscription salary income`,
		ClassContent:    `message note notes summary transcript`,
	} {
		for name := range strings.FieldsSeq(list) {
			names[name] = class
		}
	}
}

// Class says the class of a thing with a name, as PolicyClass should return it: "class:name".
func Class(class, name string) string { return class + ":" + name }

func splitClass(said string) (class, name string) {
	class, name, _ = strings.Cut(said, ":")
	return class, name
}

// classByName is the class of a name where no policy says otherwise. A name with a dot is an identifier
// of a source's, unless it ends in what everybody calls a contact.
func classByName(class, name string) string {
	folded := strings.ToLower(name)
	if known, ok := names[folded]; ok {
		return known
	}
	if dot := strings.LastIndexByte(folded, '.'); dot >= 0 {
		if known, ok := names[folded[dot+1:]]; ok {
			return known
		}
	}
	return class
}

func isBuiltIn(class string) bool { return slices.Contains(builtIn, class) }
