package profiles

import (
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/profiles/consent"
)

// maxPurposes bounds how many purposes of consent are told.
const maxPurposes = 6

// purposeNames are those that we have words for.
var purposeNames = map[string]string{
	"marketing": "marketing", "service": "service messages", "profiling": "profiling", event.AnyPurpose: "every purpose that is not named here",
}

// permissions tells for what the customer may be contacted and where: what was said of each purpose, that of the request
// first. Of what nothing was said, it says that this means no.
func (t *teller) permissions() []Fact {
	if t.r.Consent == nil {
		return nil
	}
	var list []Fact
	purposes := t.purposes()
	for _, purpose := range purposes[:min(len(purposes), maxPurposes)] {
		list = append(list, t.permission(purpose))
	}
	text := "Nothing is on record of any other consent, and that means no."
	if len(list) == 0 {
		text = "Nothing is on record of any consent, and that means no."
	}
	return append(list, t.sum(FactConsent, "", text))
}

// purposes are those that anything was said of, that of the request first.
func (t *teller) purposes() []string {
	var list []string
	for _, d := range t.r.Consent.All() {
		list = append(list, d.Purpose)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if i := slices.Index(list, t.r.Purpose); i > 0 {
		list = slices.Concat(list[i:i+1], list[:i], list[i+1:])
	}
	return list
}

func (t *teller) permission(purpose string) Fact {
	f := t.sum(FactConsent, purpose, "")
	words, known := purposeNames[purpose]
	if !known {
		words = "the quoted purpose"
		f.quote("purpose", purpose)
	}
	var yes, no []string
	for _, channel := range channelOrder {
		decisions := t.r.Consent.Check(channel, purpose)
		switch {
		case len(decisions) == 0 || !decided(decisions):
		case t.r.Consent.Allows(channel, purpose):
			yes = append(yes, byChannel[channel])
		default:
			no = append(no, byChannel[channel])
		}
	}
	var b strings.Builder
	b.WriteString("For " + words + " the customer ")
	switch {
	case len(yes) > 0 && len(no) > 0:
		b.WriteString("may be reached " + list(yes) + ", and not " + list(no) + ".")
	case len(yes) > 0:
		b.WriteString("may be reached " + list(yes) + ", and nowhere else.")
	case t.r.Consent.Allows("", purpose):
		b.WriteString("agreed, without naming a channel.")
	default:
		b.WriteString("may not be reached anywhere.")
	}
	f.Text = b.String()
	return f
}

// decided says whether anything was said that decides.
func decided(decisions []consent.Decision) bool {
	return slices.ContainsFunc(decisions, func(d consent.Decision) bool { return d.Reason != consent.ReasonMissing })
}
