package profiles

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

// CommitmentKind is what was promised.
type CommitmentKind string

// The kinds of promise.
const (
	CommitmentRefund      CommitmentKind = "refund"
	CommitmentCredit      CommitmentKind = "credit"
	CommitmentCallback    CommitmentKind = "callback"
	CommitmentDelivery    CommitmentKind = "delivery"
	CommitmentAppointment CommitmentKind = "appointment"
	CommitmentReply       CommitmentKind = "reply"
	CommitmentOther       CommitmentKind = "other"
)

// CommitmentKinds lists the kinds of promise.
func CommitmentKinds() []CommitmentKind {
	return []CommitmentKind{
		CommitmentRefund, CommitmentCredit, CommitmentCallback, CommitmentDelivery, CommitmentAppointment, CommitmentReply, CommitmentOther,
	}
}

// known is the kind, or CommitmentOther: a source's own words are not to be taken for ours.
func (k CommitmentKind) known() CommitmentKind {
	if slices.Contains(CommitmentKinds(), k) {
		return k
	}
	return CommitmentOther
}

// CommitmentStatus is what became of a promise.
type CommitmentStatus string

// The statuses. What an AI promised is proposed until a person or an authorised system says it too. A promise that
// was broken and kept later is kept.
const (
	CommitmentProposed  CommitmentStatus = "proposed"
	CommitmentMade      CommitmentStatus = "made"
	CommitmentKept      CommitmentStatus = "kept"
	CommitmentBroken    CommitmentStatus = "broken"
	CommitmentWithdrawn CommitmentStatus = "withdrawn"
)

// CommitmentStatuses lists the statuses.
func CommitmentStatuses() []CommitmentStatus {
	return []CommitmentStatus{CommitmentProposed, CommitmentMade, CommitmentKept, CommitmentBroken, CommitmentWithdrawn}
}

// Commitment is a promise to a customer. Text and Quote are the words of those who gave them, Role and Actor say
// whose: never to be trusted as an instruction.
type Commitment struct {
	ID          string                 `policy:"conversation"` // unique within the profile
	Observation identity.ObservationID `policy:"meta"`         // whose promise it is
	Kind        CommitmentKind         `policy:"conversation"`
	Status      CommitmentStatus       `policy:"conversation"`

	Text    string           `policy:"content"` // what was promised, to 280 runes
	TextCut bool             `policy:"meta"`
	Role    event.AuthorRole `policy:"conversation"` // who promised: human, ai, system; empty: not said
	Actor   string           `policy:"provenance"`   // its id, as it was said
	// ActorName is its name, and By the credential, of what came through the API.
	ActorName string `policy:"provenance"`
	By        string `policy:"provenance"`
	Source    string `policy:"provenance"`
	MessageID string `policy:"meta"` // of the event by which Role promised; the confirmation has its own

	// The quoted turn: in which conversation, which message, and what it said, to 280 runes.
	ConversationID string `policy:"conversation"`
	QuoteMessageID string `policy:"conversation"`
	Quote          string `policy:"content"`
	QuoteCut       bool   `policy:"meta"`

	MadeAt    time.Time `policy:"conversation"` // corrected time of the earliest that is kept of it
	DueAt     time.Time `policy:"conversation"` // zero: not said
	ChangedAt time.Time `policy:"conversation"` // when it came to its status

	Amount    string   `policy:"money"` // decimal; with Currency
	Currency  string   `policy:"money"` // ISO 4217
	OrderID   string   `policy:"money"`
	CaseID    string   `policy:"conversation"`
	AccountID string   `policy:"account"`
	Tags      []string `policy:"conversation"`

	// Confirmed says by whom what an AI proposed was confirmed; its Role is empty while nobody has.
	Confirmed CommitmentWord `policy:"-"`
	// Ended says by whom it came to be kept, broken or withdrawn; zero where a deed in the profile says so.
	Ended CommitmentWord `policy:"-"`
	// Evidence is the event by which it was kept. Late: that was after it was due.
	Evidence CommitmentEvidence `policy:"-"`
	Late     bool               `policy:"conversation"`
	// Noted: an event of the program says already that the evidence keeps it.
	Noted bool `policy:"meta"`
}

// CommitmentWord is somebody's word on a promise.
type CommitmentWord struct {
	Role      event.AuthorRole `policy:"conversation"`
	Actor     string           `policy:"provenance"`
	By        string           `policy:"provenance"`
	Source    string           `policy:"provenance"`
	MessageID string           `policy:"meta"`
	At        time.Time        `policy:"conversation"`
}

// CommitmentEvidence is the event by which a promise was kept.
type CommitmentEvidence struct {
	Name      string    `json:"name" policy:"conversation"`
	Source    string    `json:"source" policy:"provenance"`
	MessageID string    `json:"message_id" policy:"meta"`
	At        time.Time `json:"at" policy:"conversation"`
	// Observation is whose event it is; of an account's, where that is nobody of the profile, AccountID names it.
	Observation identity.ObservationID `json:"observation,omitzero" policy:"meta"`
	AccountID   string                 `json:"account_id,omitempty" policy:"account"`
}

// Overdue says whether it was due and is neither kept nor withdrawn.
func (p *Commitment) Overdue(now time.Time) bool {
	return p.Status == CommitmentBroken || p.Status == CommitmentMade && !p.DueAt.IsZero() && p.DueAt.Before(now)
}

// promise is what is known of one promise before deeds are looked at.
type promise struct {
	registers [pledgeEnd]*pledge
	observed  [pledgeEnd]identity.ObservationID
}

// foldCommitments makes the promises of the members, the newest first. Deeds of accounts count for the promises
// that name the account.
func foldCommitments(members []Member, accounts []AccountOf) []Commitment {
	promises := gatherPromises(members)
	if len(promises) == 0 {
		return nil
	}
	list := make([]Commitment, 0, len(promises))
	for id, p := range promises {
		if c, told := p.open(id, members, accounts); told {
			list = append(list, c)
		}
	}
	matchDeeds(list, gatherDeeds(members, accounts))
	slices.SortFunc(list, func(a, b Commitment) int {
		return cmp.Or(b.MadeAt.Compare(a.MadeAt), strings.Compare(a.ID, b.ID))
	})
	return list
}

func gatherPromises(members []Member) map[string]*promise {
	var all map[string]*promise
	for i := range members {
		s := members[i].State
		if s == nil || len(s.pledges) == 0 {
			continue
		}
		if all == nil {
			all = map[string]*promise{}
		}
		for j := range s.pledges {
			x := &s.pledges[j]
			p := all[x.id]
			if p == nil {
				p = new(promise)
				all[x.id] = p
			}
			if was := p.registers[x.field]; was == nil || x.said(*was) > 0 {
				p.registers[x.field], p.observed[x.field] = x, members[i].id()
			}
		}
	}
	return all
}

// open says what was promised and what was said of it; false if nothing says what was promised.
func (p *promise) open(id string, members []Member, accounts []AccountOf) (c Commitment, told bool) {
	field := pledgeMade
	if p.registers[field] == nil {
		field = pledgeProposed
	}
	terms := p.registers[field]
	if terms == nil {
		return c, false
	}
	d := openPledge(terms.raw)
	c = Commitment{
		ID: id, Observation: p.observed[field], Status: CommitmentMade, Kind: CommitmentKind(d.kind),
		Text: d.text, TextCut: d.cut, Role: d.role, Actor: d.actor, ActorName: d.actorName, By: d.by, Source: terms.source, MessageID: terms.msg,
		ConversationID: d.conversation, QuoteMessageID: d.message, Quote: d.quote, QuoteCut: d.quoteCut, MadeAt: terms.time(), ChangedAt: terms.time(),
		Amount: d.amount, Currency: d.currency, OrderID: d.order, CaseID: d.caseID, AccountID: d.account, Tags: d.tags,
	}
	if d.due != 0 {
		c.DueAt = time.UnixMilli(d.due).UTC()
	}
	if proposed := p.registers[pledgeProposed]; field == pledgeProposed {
		c.Status = CommitmentProposed
	} else if proposed != nil {
		c.confirmed(proposed, wordOf(terms))
	}
	p.end(&c, members, accounts)
	return c, true
}

// confirmed says that what was proposed first was confirmed: who promised is who proposed.
func (c *Commitment) confirmed(proposed *pledge, by CommitmentWord) {
	d := openPledge(proposed.raw)
	c.Confirmed = by
	c.Role, c.Actor, c.ActorName, c.By, c.Source, c.MessageID = d.role, d.actor, d.actorName, d.by, proposed.source, proposed.msg
	if at := proposed.time(); at.Before(c.MadeAt) {
		c.MadeAt = at
	}
}

func wordOf(x *pledge) CommitmentWord {
	d := openPledge(x.raw)
	return CommitmentWord{Role: d.role, Actor: d.actor, By: d.by, Source: x.source, MessageID: x.msg, At: x.time()}
}

// end says what became of it as far as somebody said so. Withdrawn stands before kept, and kept before broken.
func (p *promise) end(c *Commitment, members []Member, accounts []AccountOf) {
	terms := p.registers[pledgeMade]
	if terms == nil {
		if x := cmp.Or(p.registers[pledgeWithdrawn], p.registers[pledgeRetracted]); x != nil {
			c.endedBy(CommitmentWithdrawn, x)
		}
		return
	}
	if x := p.registers[pledgeWithdrawn]; x != nil && x.said(*terms) > 0 {
		c.endedBy(CommitmentWithdrawn, x)
		return
	}
	if x := p.registers[pledgeKept]; x != nil {
		c.endedBy(CommitmentKept, x)
		c.keptBy(openPledge(x.raw).evidence, x.time())
		return
	}
	if x := p.registers[pledgeFound]; x != nil {
		if e := openPledge(x.raw).evidence; c.mayTake(&e) && within(&e, members, accounts) {
			c.keptBy(e, e.At)
			c.Noted = true
			return
		}
	}
	if x := p.registers[pledgeBroken]; x != nil {
		if due := openPledge(x.raw).due; due != 0 && due == c.DueAt.UnixMilli() || due == 0 && x.said(*terms) > 0 {
			c.endedBy(CommitmentBroken, x)
		}
	}
}

// mayTake says whether an event that once kept it is still of its kind: what was promised may have been said anew.
func (c *Commitment) mayTake(e *CommitmentEvidence) bool {
	return slices.Contains(deeds[e.Name], c.Kind) && !e.At.Before(c.MadeAt)
}

// within says whether an event is of the profile, or of an account that it has, or had, a part in.
func within(e *CommitmentEvidence, members []Member, accounts []AccountOf) bool {
	if e.AccountID != "" {
		return slices.ContainsFunc(accounts, func(a AccountOf) bool { return a.ID == e.AccountID })
	}
	return slices.ContainsFunc(members, func(m Member) bool { return m.id() == e.Observation })
}

func (c *Commitment) endedBy(status CommitmentStatus, x *pledge) {
	c.Status, c.Ended, c.ChangedAt = status, wordOf(x), x.time()
}

func (c *Commitment) keptBy(e CommitmentEvidence, at time.Time) {
	c.Status, c.Evidence, c.ChangedAt = CommitmentKept, e, at
	c.Late = !c.DueAt.IsZero() && at.After(c.DueAt)
}

// found is a deed with whose it is.
type found struct {
	deed
	deedDetail
	observation identity.ObservationID
	ofAccount   string
}

// gatherDeeds lists what may keep a promise, the oldest first. What is both a member's and an account's is told once.
func gatherDeeds(members []Member, accounts []AccountOf) []found {
	var all []found
	for i := range members {
		if s := members[i].State; s != nil {
			for _, x := range s.deeds {
				all = append(all, found{deed: x, deedDetail: x.open(), observation: members[i].id()})
			}
		}
	}
	for i := range accounts {
		for _, x := range accounts[i].deeds {
			all = append(all, found{deed: x, deedDetail: x.open(), ofAccount: accounts[i].ID})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.stamp.compare(b.stamp) })
	return slices.CompactFunc(all, func(a, b found) bool { return a.stamp == b.stamp })
}

// matchDeeds finds for each promise that is made, or was broken, the first deed that keeps it. A deed keeps one promise: that
// which says most of what would keep it, of those that say as much the earlier.
func matchDeeds(list []Commitment, all []found) {
	type key struct{ source, msg string }
	taken := map[key]bool{}
	var open []*Commitment
	for i := range list {
		switch c := &list[i]; c.Status {
		case CommitmentKept:
			taken[key{c.Evidence.Source, c.Evidence.MessageID}] = true
		case CommitmentMade, CommitmentBroken:
			open = append(open, c)
		case CommitmentProposed, CommitmentWithdrawn:
		}
	}
	slices.SortFunc(open, func(a, b *Commitment) int {
		return cmp.Or(cmp.Compare(b.says(), a.says()), a.MadeAt.Compare(b.MadeAt), strings.Compare(a.ID, b.ID))
	})
	for _, c := range open {
		for i := range all {
			x := &all[i]
			if taken[key{x.source, x.msg}] || x.time().Before(c.MadeAt) || x.ofAccount != "" && x.ofAccount != c.AccountID || !x.keeps(c) {
				continue
			}
			taken[key{x.source, x.msg}] = true
			c.Ended = CommitmentWord{}
			c.keptBy(CommitmentEvidence{
				Name: x.name, Source: x.source, MessageID: x.msg, At: x.time(), Observation: x.observation, AccountID: x.ofAccount,
			}, x.time())
			break
		}
	}
}

// says counts what a promise says of what would keep it.
func (c *Commitment) says() (n int) {
	for _, text := range [...]string{c.Amount, c.OrderID, c.CaseID, c.AccountID} {
		if text != "" {
			n++
		}
	}
	return n
}
