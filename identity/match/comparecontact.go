package match

import "strings"

func comparePhones(a, b *Prepared, c *Comparison) {
	for i := range a.phones {
		for j := range b.phones {
			x, y := &a.phones[i], &b.phones[j]
			l := PhoneDifferent
			switch {
			case x.tail == y.tail:
				l = PhoneExact
			case min(len(x.all), len(y.all)) <= 8 && (strings.HasSuffix(x.all, y.all) || strings.HasSuffix(y.all, x.all)):
				l = PhoneTail
			case oneEdit(x.tail, y.tail):
				l = PhoneNear
			}
			c.set(FeaturePhone, l, x.value, y.value)
		}
	}
}

func compareEmails(a, b *Prepared, c *Comparison) {
	for i := range a.emails {
		for j := range b.emails {
			x, y := &a.emails[i], &b.emails[j]
			if x.all == y.all {
				l := EmailExact
				if x.role {
					l = EmailRole
				}
				c.set(FeatureEmail, l, x.hash, y.hash)
				c.Levels[FeatureMailbox] = Missing
				return
			}
			c.set(FeatureEmail, EmailDifferent, x.hash, y.hash)
			if l := compareMailboxes(x, y); l != Missing {
				c.set(FeatureMailbox, l, 0, 0)
			}
		}
	}
	if c.Levels[FeatureMailbox] == MailboxSlip {
		c.Levels[FeatureEmail] = Missing
		return
	}
	mailboxAgainstName(a, b, c)
	mailboxAgainstName(b, a, c)
}

// compareMailboxes compares the parts before the @ of two different mailboxes.
func compareMailboxes(x, y *email) Level {
	telling := min(x.digits, y.digits) >= 2 && min(len(x.local), len(y.local)) >= 6 || min(len(x.local), len(y.local)) >= 10
	switch same := x.domain == y.domain; {
	case x.local == y.local && telling, same && telling && x.letters != y.letters && oneEdit(x.local, y.local):
		return MailboxSlip
	case same && len(x.local) >= 5 && oneEdit(x.local, y.local), x.local == y.local:
		return MailboxStem
	}
	return Missing
}

// mailboxAgainstName compares a mailbox of b with the name of a where b does not tell its whole name.
func mailboxAgainstName(a, b *Prepared, c *Comparison) {
	if c.Levels[FeatureGiven] == NameElsewhere || c.Levels[FeatureFamily] == NameElsewhere {
		return
	}
	for i := range b.emails {
		letters := b.emails[i].letters
		for _, n := range a.names {
			if len(n.family) == 0 || n.given.text == "" {
				continue
			}
			given, family := n.given.text, n.family[len(n.family)-1].text
			switch {
			case c.Levels[FeatureFamily] == Missing && len(family) >= 3 && strings.Contains(letters, family):
				v, l := n.family[len(n.family)-1].value(saltFamily), MailboxName
				if letters == given+family || letters == family+given || letters == given[:1]+family || letters == family+given[:1] {
					l = MailboxOwner
				}
				if l == MailboxOwner || len(family) >= 5 {
					c.set(FeatureMailbox, l, v, v)
				}
			case c.Levels[FeatureGiven] == Missing && len(given) >= 4 && strings.HasPrefix(letters, given):
				v := n.given.value(saltGiven)
				c.set(FeatureMailbox, MailboxName, v, v)
			}
		}
	}
}
