package identity

// The rules that join, by the names in Reason.Rule and Conflict.Rule. A rule that goes by one
// identifier type of the certain ones is named "same_" and the type, such as "same_user_id"; one that
// goes by a compound identifier "compound_" and its name.
const (
	RuleMustMerge = "must_merge"
	// RuleConversation: both took part in one conversation as its subject.
	RuleConversation = "same_conversation"
	// RuleDevice: both used one device or browser, and nothing speaks against one person.
	RuleDevice = "same_device"
	// RuleNameAgrees, RuleBirthDateAgrees: both hold a shareable identifier, and agree beyond it.
	RuleNameAgrees      = "shared_identifier_and_name"
	RuleBirthDateAgrees = "shared_identifier_and_birth_date"
	// RuleScored: what is known of both weighs enough (Likeness).
	RuleScored = "scored"
	// RuleOnlyHolder: one is known by shareable identifiers only, and nobody else holds them.
	RuleOnlyHolder = "only_holder"
	// RuleFirstCustomer: an anonymous visit on a device of several customers (VisitsFirstCustomer).
	RuleFirstCustomer = "first_customer_of_device"
)

// The rules that keep apart, by the names in Conflict.Reason and, for observations that stay
// alone, in Reason.Rule. "exclusive_" and a type, such as "exclusive_user_id": two values of a
// type of which a profile has one. "limit_" and a type: more values of it than the rules allow.
const (
	RuleNeverMerge         = "never_merge"
	RuleDifferentName      = "different_name"
	RuleDifferentBirthDate = "different_birth_date"
	RuleDifferentAddress   = "different_address" // other e-mail, or other telephone
	// RuleUncertain: what is known of both weighs too little to merge them, and enough to ask a person.
	RuleUncertain = "uncertain"
	// RuleContradiction: what is known of both weighs enough, but something in it rules it out.
	RuleContradiction = "contradiction"
	// RuleAmbiguous: what it is known by is held by several.
	RuleAmbiguous = "several_holders"
	// RuleGeneric: what it is known by is used by too many to tell anything.
	RuleGeneric = "generic_identifier"
	// RuleBlocked: what it is known by was blocked by a person or by the configuration.
	RuleBlocked = "blocked_identifier"
)

const (
	sameRule      = "same_"
	exclusiveRule = "exclusive_"
	compoundRule  = "compound_"
	limitRule     = "limit_"
)

// mode says what counts when groups that hold one value are compared.
type mode struct {
	rule   string
	facts  bool // names and birth dates count
	rivals bool // other e-mails and telephones count against
	agree  bool // not to contradict is not enough
	sure   bool // who is between two that a person parted goes with the older
}

func modeOf(f *feature) mode {
	switch f.class {
	case classConversation:
		return mode{rule: RuleConversation, facts: true, rivals: true}
	case classDevice:
		return mode{rule: RuleDevice, facts: true, rivals: true}
	case classShared:
		return mode{rule: RuleNameAgrees, facts: true, agree: true}
	case classCompound:
		return mode{rule: f.rule, sure: true}
	default:
		return mode{rule: sameRule + f.Type, sure: true}
	}
}
