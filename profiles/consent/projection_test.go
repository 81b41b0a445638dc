package consent_test

import (
	"testing"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/profiles/consent"
)

const (
	granted = event.ConsentGranted
	refused = event.ConsentRefused
	pending = event.ConsentPending
)

func TestDecide(t *testing.T) {
	ends := said("email", "marketing", granted, 1)
	ends.ValidUntil = after(50)
	a, b := email("a"), email("b")
	type all = []consent.Statement
	for name, x := range map[string]struct {
		own, other all // of a; of b
		person     all
		held       all
		channel    event.Channel
		purpose    string
		allowed    bool
		reason     consent.Reason
		by         string // message id
		of         consent.Subject
	}{
		"nothing said":              {reason: consent.ReasonMissing, of: a},
		"granted":                   {own: all{said("email", "marketing", granted, 1)}, allowed: true, reason: consent.ReasonGranted, by: "m0001", of: a},
		"granted for another":       {own: all{said("email", "service", granted, 1)}, reason: consent.ReasonMissing, of: a},
		"granted elsewhere only":    {other: all{said("email", "marketing", granted, 1)}, reason: consent.ReasonMissing, of: a},
		"granted by the person":     {person: all{said("", "", granted, 1)}, reason: consent.ReasonMissing, of: a},
		"refused":                   {own: all{said("email", "marketing", granted, 1), said("email", "marketing", refused, 2)}, reason: consent.ReasonRefused, by: "m0002", of: a},
		"granted again":             {own: all{said("email", "marketing", refused, 1), said("email", "marketing", granted, 2)}, allowed: true, reason: consent.ReasonGranted, by: "m0002", of: a},
		"pending":                   {own: all{said("email", "marketing", granted, 1), said("email", "marketing", pending, 2)}, reason: consent.ReasonPending, by: "m0002", of: a},
		"pending elsewhere":         {own: all{said("email", "marketing", granted, 1)}, other: all{said("email", "marketing", pending, 2)}, allowed: true, reason: consent.ReasonGranted, by: "m0001", of: a},
		"wildcard grant":            {own: all{said("", "", granted, 1)}, allowed: true, reason: consent.ReasonGranted, by: "m0001", of: a},
		"exact no, newer wildcard":  {own: all{said("email", "marketing", refused, 1), said("", "", granted, 2)}, reason: consent.ReasonRefused, by: "m0001", of: a},
		"exact yes, newer stop":     {own: all{said("email", "marketing", granted, 1), said("", "", refused, 2)}, reason: consent.ReasonRefused, by: "m0002", of: a},
		"stop, newer exact yes":     {own: all{said("", "", refused, 1), said("email", "marketing", granted, 2)}, allowed: true, reason: consent.ReasonGranted, by: "m0002", of: a},
		"refused elsewhere, newer":  {own: all{said("email", "marketing", granted, 1)}, other: all{said("email", "marketing", refused, 2)}, reason: consent.ReasonElsewhere, by: "m0002", of: b},
		"refused elsewhere, same":   {own: all{said("email", "marketing", granted, 2)}, other: all{said("email", "marketing", refused, 2)}, reason: consent.ReasonElsewhere, by: "m0002", of: b},
		"refused elsewhere, older":  {own: all{said("email", "marketing", granted, 3)}, other: all{said("email", "marketing", refused, 2)}, allowed: true, reason: consent.ReasonGranted, by: "m0003", of: a},
		"taken back elsewhere":      {own: all{said("email", "marketing", granted, 1)}, other: all{said("email", "marketing", refused, 2), said("email", "marketing", granted, 3)}, reason: consent.ReasonElsewhere, by: "m0002", of: b},
		"another channel refused":   {own: all{said("email", "marketing", granted, 1)}, other: all{said("sms", "marketing", refused, 2)}, allowed: true, reason: consent.ReasonGranted, by: "m0001", of: a},
		"the person refused":        {own: all{said("email", "marketing", granted, 1)}, person: all{said("", "marketing", refused, 2)}, reason: consent.ReasonElsewhere, by: "m0002", of: person(1)},
		"carried":                   {own: all{said("email", "marketing", granted, 1)}, held: all{said("", "marketing", refused, 2)}, reason: consent.ReasonCarried, by: "m0002", of: person(9)},
		"carried, granted since":    {own: all{said("email", "marketing", granted, 3)}, held: all{said("", "marketing", refused, 2)}, allowed: true, reason: consent.ReasonGranted, by: "m0003", of: a},
		"ended":                     {own: all{ends}, reason: consent.ReasonExpired, by: "m0001", of: a},
		"all channels, one granted": {own: all{said("email", "marketing", granted, 1)}, channel: "*", purpose: "marketing", reason: consent.ReasonMissing, of: a},
		"all channels, one refused": {own: all{said("", "marketing", granted, 1), said("email", "marketing", refused, 2)}, channel: "*", purpose: "marketing", reason: consent.ReasonRefused, by: "m0002", of: a},
	} {
		t.Run(name, func(t *testing.T) {
			own := ledger(x.own...)
			for _, s := range x.held {
				s.Origin = person(9)
				own.Hold(s)
			}
			p := consent.Project([]consent.Register{
				{Subject: a, Ledger: own}, {Subject: b, Ledger: ledger(x.other...)}, {Subject: person(1), Ledger: ledger(x.person...)},
			}, after(60))
			if x.channel == "" {
				x.channel, x.purpose = "email", "marketing"
			}
			d := p.Decide(a, x.channel, x.purpose)
			by := ""
			if d.By != nil {
				by = d.By.MessageID
			}
			if d.Allowed != x.allowed || d.Reason != x.reason || by != x.by || d.Of != x.of {
				t.Errorf("allowed %t, %s by %q of %v; want %t, %s by %q of %v", d.Allowed, d.Reason, by, d.Of, x.allowed, x.reason, x.by, x.of)
			}
		})
	}
}

func TestAllows(t *testing.T) {
	p := consent.Project([]consent.Register{
		{Subject: email("a"), Ledger: ledger(said("email", "marketing", granted, 1))},
		{Subject: phone(1), Ledger: ledger(said("sms", "service", granted, 1))},
		{Subject: person(1), Ledger: ledger(said("", "profiling", granted, 1), said("web", "marketing", granted, 1))},
		{Subject: person(2)},
	}, after(9))
	for _, x := range []struct {
		channel event.Channel
		purpose string
		want    bool
	}{
		{"email", "marketing", true}, {"email", "service", false}, {"sms", "service", true}, {"sms", "marketing", false},
		{"voice", "service", false}, {"", "profiling", true}, {"*", "profiling", true}, {"web", "marketing", true},
		{"app", "marketing", false}, {"email", "profiling", false}, {"", "marketing", false},
	} {
		if got := p.Allows(x.channel, x.purpose); got != x.want {
			t.Errorf("%s for %s: %t", x.channel, x.purpose, got)
		}
	}
	var none *consent.Projection
	if none.Allows("email", "marketing") || consent.Project(nil, after(0)).Allows("email", "marketing") {
		t.Error("what nobody said is allowed")
	}
	for _, d := range p.All() {
		if d.Subject == email("a") && d.Channel == "sms" || d.Subject == phone(1) && d.Channel == "email" {
			t.Errorf("%v cannot be reached by %s", d.Subject, d.Channel)
		}
	}
}

// What merging allows of a subject is among what was allowed of it before.
func TestMergeNeverWidens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registers := drawRegisters(t, subjects)
		cut := rapid.IntRange(1, len(registers)-1).Draw(t, "cut")
		at := after(rapid.IntRange(0, 40).Draw(t, "at"))
		parts := []*consent.Projection{consent.Project(registers[:cut], at), consent.Project(registers[cut:], at)}
		whole := consent.Project(rapid.Permutation(registers).Draw(t, "order"), at)
		for i, r := range registers {
			part := parts[0]
			if i >= cut {
				part = parts[1]
			}
			eachScope(func(channel event.Channel, purpose string) {
				if whole.Decide(r.Subject, channel, purpose).Allowed && !part.Decide(r.Subject, channel, purpose).Allowed {
					t.Fatalf("merging allows %v %q %q", r.Subject, channel, purpose)
				}
			})
		}
		for _, channel := range channels {
			for _, purpose := range purposes {
				if whole.Allows(channel, purpose) && !parts[0].Allows(channel, purpose) && !parts[1].Allows(channel, purpose) {
					t.Fatalf("merging allows %q %q", channel, purpose)
				}
			}
		}
	})
}

// After carrying, each subject by itself, and each part, allows what the whole did: no less, and no more.
func TestCarriedRefusalsSurviveASplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registers := drawRegisters(t, subjects)
		at := after(rapid.IntRange(0, 40).Draw(t, "at"))
		whole := consent.Project(registers, at)
		after := copied(t, registers)
		for _, x := range consent.Carry(rapid.Permutation(registers).Draw(t, "order")) {
			for i := range after {
				if after[i].Subject == x.Subject && !after[i].Ledger.Hold(x.Statement) {
					t.Fatalf("carrying %+v changes nothing", x)
				}
			}
		}
		if left := consent.Carry(after); len(left) > 0 {
			t.Fatalf("still to carry: %+v", left)
		}
		again := consent.Project(after, at)
		for _, r := range after {
			alone := consent.Project([]consent.Register{r}, at)
			eachScope(func(channel event.Channel, purpose string) {
				want := whole.Decide(r.Subject, channel, purpose).Allowed
				if got := alone.Decide(r.Subject, channel, purpose); got.Allowed != want {
					t.Fatalf("%v alone, %q %q: %+v, and %t as a whole", r.Subject, channel, purpose, got, want)
				}
				if got := again.Decide(r.Subject, channel, purpose); got.Allowed != want {
					t.Fatalf("%v carried, %q %q: %+v, and %t before", r.Subject, channel, purpose, got, want)
				}
			})
		}
	})
}
