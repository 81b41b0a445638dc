package api

import (
	"slices"
	"time"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
)

// verificationView says how sure it is that a reading is about the person it should be about.
type verificationView struct {
	Level   string `json:"level" policy:"meta"`   // claimed, matched or verified
	Because string `json:"because" policy:"meta"` // a machine name; see the constants below
	// ExpiresAt is when the level falls again; absent: it hangs on no time.
	ExpiresAt time.Time   `json:"expires_at,omitzero" policy:"meta"`
	Raise     []raiseView `json:"raise" policy:"-"`

	level policy.Level
}

// raiseView says what would raise the level.
type raiseView struct {
	To string `json:"to" policy:"meta"`
	// Ask lists types of identifiers that the profile holds: a lookup with one of them as well, if it is right.
	Ask []string `json:"ask,omitempty" policy:"meta"`
	// Or is the event that does so, in the conversation that the request names.
	Or string `json:"or" policy:"meta"`
}

// Why a reading has its level.
const (
	becauseOneIdentifier  = "one_identifier"
	becauseAgree          = "identifiers_agree"
	becauseIdentified     = "conversation_identified"
	becauseVerified       = "conversation_verified"
	becauseOwnLookup      = "own_lookup"
	becauseCustomersToken = "customers_token" //nolint:gosec // a reason, no secret
	becauseNobody         = "nobody_found"
)

// asked is an address that was looked up and the profile it led to.
type asked struct {
	address profiles.Address
	answer  *profiles.Answer
	past    bool // as it was once
}

// verify says how sure a reading is. It goes by what is recorded and by how the profile was found, and takes
// nobody's word. browsers says of which sources everybody may have spoken as.
func verify(p *policy.Policy, key *auth.Key, x asked, conversation string, now time.Time, browsers func(source string) bool) verificationView {
	v := verificationView{level: policy.Claimed, Because: becauseOneIdentifier, Raise: []raiseView{}}
	raise := func(level policy.Level, because string, until time.Time) {
		if level > v.level {
			v.level, v.Because, v.ExpiresAt = level, because, until
		}
	}
	rules := &p.Verification
	if key.Session == nil { // whose bearer may repeat what it just read
		if len(x.answer.Agreed) > 1 && agree(x.answer, browsers) {
			raise(policy.Matched, becauseAgree, time.Time{})
		}
		if own := ownType(x.address); own != "" && slices.Contains(rules.OwnTypes, own) {
			raise(rules.OwnLookup[string(key.Reader)], becauseOwnLookup, time.Time{})
		}
	}
	if c := key.Customer; c.Type != "" && holds(&x.answer.Profile, identity.Identifier(c)) {
		raise(policy.Verified, becauseCustomersToken, key.Expires)
	}
	for _, proof := range x.answer.Profile.Proofs {
		if conversation == "" || proof.Conversation != conversation {
			continue
		}
		level, because, until := policy.Matched, becauseIdentified, proof.At.Add(rules.IdentifiedFor)
		believed := rules.Identifies(proof.Source)
		if proof.Verified {
			level, because, until = policy.Verified, becauseVerified, proof.At.Add(rules.ValidFor)
			believed = rules.Trusts(proof.Source)
		}
		if believed && now.Before(until) {
			raise(level, because, until.UTC())
		}
	}
	v.Level = v.level.String()
	v.Raise = raises(v.level, x, key.Session == nil)
	return v
}

// ownType is the type of an address that may be one of the company's own; "" of any other.
func ownType(address profiles.Address) string {
	switch {
	case len(address) != 1, address[0].Type == policy.TypeAccount:
		return ""
	case address[0].Type == profiles.TypeObservation: // as good as the profile's id
		return profiles.TypeProfile
	}
	return address[0].Type
}

// agree says whether identifiers of two types lead to the profile. One that browsers alone said does not count:
// whoever opens the web page can put an address of theirs beside somebody else's id.
func agree(a *profiles.Answer, browsers func(source string) bool) bool {
	types := map[string]bool{}
	for _, h := range a.Profile.Identifiers {
		if slices.Contains(a.Agreed, h.Identifier) && slices.ContainsFunc(h.Sources, func(source string) bool { return !browsers(source) }) {
			types[h.Type] = true
		}
	}
	return len(types) > 1
}

func holds(p *profiles.Profile, id identity.Identifier) bool {
	return slices.ContainsFunc(p.Identifiers, func(h profiles.HeldIdentifier) bool { return h.Identifier == id })
}

// raises says what would raise a level: types that the profile holds, are its own and were not given, and the
// events that do so. By asking, an agent session raises nothing.
func raises(level policy.Level, x asked, asking bool) []raiseView {
	list := []raiseView{}
	if level < policy.Matched {
		v := raiseView{To: policy.Matched.String(), Or: event.NameConversationIdentified}
		if asking {
			v.Ask = askable(x)
		}
		list = append(list, v)
	}
	if level < policy.Verified {
		list = append(list, raiseView{To: policy.Verified.String(), Or: event.NameConversationVerified})
	}
	return list
}

func askable(x asked) []string {
	var types []string
	for _, h := range x.answer.Profile.Identifiers {
		switch {
		case h.Type == event.IDAnonymous, h.Type == event.IDDevice, identity.OfContact(h.Type), h.Shared != "":
		case slices.ContainsFunc(x.answer.Agreed, func(id identity.Identifier) bool { return id.Type == h.Type }), slices.Contains(types, h.Type):
		default:
			types = append(types, h.Type)
		}
	}
	return types
}
