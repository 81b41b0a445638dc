package api

import (
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/profiles/consent"
)

// agreed says whether those whom an answer is about agreed to a purpose. If text is a contact point, those who have
// it did so for one of the channels that reach it; else everybody did without naming one. Of nobody it says no.
func agreed(said [][]consent.Register, purpose, text string, now time.Time) bool {
	held, all := false, len(said) > 0
	for _, registers := range said {
		p := consent.Project(registers, now)
		subject, has := contactPoint(registers, text)
		if has && !reachable(p, subject, purpose) {
			return false
		}
		held = held || has
		all = all && p.Allows(consent.AnyChannel, purpose)
	}
	return held || all
}

// contactPoint finds the one of the registers' contact points that a text is. One that is written otherwise than
// its normal form is none, and then a refusal for it still counts as one of the person's.
func contactPoint(registers []consent.Register, text string) (consent.Subject, bool) {
	if text == "" {
		return consent.Subject{}, false
	}
	text = strings.ToLower(strings.TrimSpace(text))
	for i := range registers {
		if r := &registers[i]; r.IsContact() && r.Contact.Value == text {
			return r.Subject, true
		}
	}
	return consent.Subject{}, false
}

var (
	mailChannels  = []event.Channel{event.ChannelEmail}
	phoneChannels = []event.Channel{event.ChannelVoice, event.ChannelSMS, event.ChannelRCS, event.ChannelWhatsApp}
)

func reachable(p *consent.Projection, s consent.Subject, purpose string) bool {
	channels := mailChannels
	if s.Contact.Type == event.IDPhone {
		channels = phoneChannels
	}
	for _, channel := range channels {
		if p.Decide(s, channel, purpose).Allowed {
			return true
		}
	}
	return false
}
