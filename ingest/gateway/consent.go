package gateway

import (
	"maps"

	"tributary/ingest/event"
)

// consentProperties are the typed fields of an event about consent. Channel is what the consent is for,
// and not where it was given: on a web form one agrees to e-mail. Empty: any channel.
type consentProperties struct {
	Channel    string `json:"channel"`
	Consent    string `json:"consent"`
	Status     string `json:"status"` // another name of consent
	Purpose    string `json:"purpose"`
	LegalBasis string `json:"legal_basis"`
	Evidence   string `json:"evidence"`
	ValidUntil string `json:"valid_until"`
}

// consentFields are the members of consentProperties.
var consentFields = map[string]*shape{
	"channel": text, "consent": text, "status": text, "purpose": text, "legal_basis": text, "evidence": text, "valid_until": text,
}

var consentShape = func() *shape {
	fields := maps.Clone(cxShape.fields)
	maps.Copy(fields, consentFields)
	return objectOf(fields)
}()

// aboutConsent says whether an event of that name has consentProperties.
func aboutConsent(name string) bool {
	return name == event.NameConsentChanged || name == event.NameCampaignUnsubscribed
}

// ofConsent takes what an event says of consent. An unsubscription is a refusal of marketing, on the
// channel of the campaign.
func (c *call) ofConsent(faults *event.Errors) {
	p, cx := &c.consent, &c.typed.CX
	cx.Consent, cx.Purpose, cx.LegalBasis, cx.Evidence = event.Consent(p.Consent), p.Purpose, p.LegalBasis, p.Evidence
	if c.payload.Type != event.TypeTrack {
		return
	}
	switch c.payload.Event {
	case event.NameConsentChanged:
		c.event.Channel = event.Channel(p.Channel)
		if cx.Consent == "" {
			cx.Consent = event.Consent(p.Status)
		}
		if cx.Consent == "" {
			faults.Add("properties.consent", "is required: granted, refused or pending")
		}
	case event.NameCampaignUnsubscribed:
		if p.Channel != "" {
			c.event.Channel = event.Channel(p.Channel)
		}
	default:
		return
	}
	if p.ValidUntil != "" {
		cx.ValidUntil = parseTime("properties.valid_until", p.ValidUntil, faults)
	}
}
