package api

import (
	"slices"
	"time"

	"tributary/profiles/consent"
)

// consentSummaryView says in a profile what the person agreed to: a line for each channel and purpose that anything
// was said of, and what holds for all others. Which contact point, and why, is told by /consent.
type consentSummaryView struct {
	Scopes      []consentScopeView   `json:"scopes" policy:"-"`
	ScopesTotal int                  `json:"scopes_total" policy:"meta"`
	Otherwise   consentOtherwiseView `json:"otherwise" policy:"-"`
}

// consentScopeView is a channel and purpose. The channel is allowed where one contact point is.
type consentScopeView struct {
	Channel string `json:"channel" policy:"consent"` // "*": any
	Purpose string `json:"purpose" policy:"consent"`
	Allowed bool   `json:"allowed" policy:"consent"`
	Reason  string `json:"reason" policy:"consent"`
	// ContactPoints is at how many of Of the person may be reached: addresses or numbers of the channel, or, of a
	// channel without any, observations.
	ContactPoints int `json:"contact_points" policy:"consent"`
	Of            int `json:"of" policy:"consent"`
}

// consentOtherwiseView is the answer about what nothing was said of: missing means no.
type consentOtherwiseView struct {
	Allowed bool   `json:"allowed" policy:"consent"`
	Reason  string `json:"reason" policy:"consent"`
}

// maxConsentScopes bounds the lines of a summary.
const maxConsentScopes = 100

func newConsentSummary(registers []consent.Register, now time.Time) *consentSummaryView {
	p := consent.Project(registers, now)
	var scopes []consent.Scope
	for _, d := range p.All() {
		scopes = append(scopes, d.Scope)
	}
	slices.SortFunc(scopes, consent.Scope.Compare)
	scopes = slices.Compact(scopes)
	return &consentSummaryView{
		ScopesTotal: len(scopes), Otherwise: consentOtherwiseView{Reason: string(consent.ReasonMissing)},
		Scopes: each(first(scopes, maxConsentScopes), func(s *consent.Scope) consentScopeView {
			decisions := p.Check(s.Channel, s.Purpose)
			v := consentScopeView{Channel: string(s.Channel), Purpose: s.Purpose, Reason: string(consent.ReasonMissing), Of: len(decisions)}
			if d := ofPerson(decisions); d != nil {
				v.Allowed, v.Reason = d.Allowed, string(d.Reason)
			}
			for i := range decisions {
				if decisions[i].Allowed {
					v.ContactPoints++
				}
			}
			return v
		}),
	}
}

// ofPerson is the decision about a person: the first that allows, else the first; nil where nobody is reached.
func ofPerson(decisions []consent.Decision) *consent.Decision {
	for i := range decisions {
		if decisions[i].Allowed {
			return &decisions[i]
		}
	}
	if len(decisions) == 0 {
		return nil
	}
	return &decisions[0]
}
