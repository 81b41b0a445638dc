package profiles

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
)

// Promises are kept in registers of their own, so that nothing else crowds them out: each holds the last event
// that said one thing of one promise. Whether it is kept follows from them, and from deeds, when a profile is
// folded (commitment.go).

// pledgeField says what a register of a promise holds. The numbers are on disk.
type pledgeField byte

const (
	pledgeProposed  pledgeField = iota + 1 // what an AI said, or who asks for a confirmation
	pledgeMade                             // what a person or an authorised system said
	pledgeKept                             // somebody said that it was kept
	pledgeFound                            // the program found it kept: stands while whose deed it was is in the profile
	pledgeBroken                           // it was not kept when it was due
	pledgeWithdrawn                        // a person or an authorised system took it back
	pledgeRetracted                        // an AI took it back: holds while it is only proposed
	pledgeEnd                              // one past the last
)

// pledge is a register of a promise.
type pledge struct {
	id    string
	field pledgeField
	stamp
	raw string // pledgeDetail.append
}

func (a pledge) compareKey(b pledge) int {
	return cmp.Or(strings.Compare(a.id, b.id), cmp.Compare(a.field, b.field))
}

// older orders registers by age, the key breaking ties.
func (a pledge) older(b pledge) int { return cmp.Or(a.said(b), a.compareKey(b)) }

// said orders what two events said of the same.
func (a pledge) said(b pledge) int {
	return cmp.Or(a.compare(b.stamp), strings.Compare(a.raw, b.raw))
}

// pledgeDetail is what a register of a promise holds beside its stamp.
type pledgeDetail struct {
	kind, text, by, actor, actorName string
	role                             event.AuthorRole
	cut, quoteCut                    bool
	conversation, message, quote     string
	due                              int64 // Unix milliseconds; 0: not said
	amount, currency                 string
	order, caseID, account           string
	tags                             []string
	evidence                         CommitmentEvidence
}

// CommitmentBody is what an event about a promise has in its properties. Everything may be left out, and what has
// another type is as if it were not said.
type CommitmentBody struct {
	Kind  CommitmentKind  `json:"kind,omitempty"`
	Actor CommitmentActor `json:"actor,omitzero"`
	Quote CommitmentQuote `json:"quote,omitzero"`
	// PolicyTags name the rules that the promise was made under, such as "goodwill_50": at most 8.
	PolicyTags []string `json:"policy_tags,omitempty"`
	// TextCut and QuoteCut say that the text is the beginning of a longer one: who confirms says again what was kept.
	TextCut  bool                `json:"text_cut,omitempty"`
	QuoteCut bool                `json:"quote_cut,omitempty"`
	Evidence *CommitmentEvidence `json:"evidence,omitempty"`
}

// CommitmentActor is who promised, as a source says it. Of what came through the API event.Written tells.
type CommitmentActor struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// CommitmentQuote is the turn of the conversation in which a promise was made.
type CommitmentQuote struct {
	MessageID string `json:"message_id,omitempty"`
	Text      string `json:"text,omitempty"`
}

// Bounds of what is kept of promises.
const (
	maxPledges   = 128 // registers, the newest
	maxProposals = 32  // of these what an AI proposed or took back, the newest
	maxDeeds     = 48  // events that may keep a promise, the newest
	maxTags      = 8
	maxTag       = 64 // bytes
)

// FoundPrefix begins the message ids of what the program finds out about promises itself. Those of other events
// of event.SourceAgent are UUIDs.
const FoundPrefix = "program:"

// PromiseNews is what an event of any source says of a promise, as the name of such an event: what an AI says was made
// is proposed. "": nothing that counts.
func PromiseNews(e *event.Event) string {
	if !event.AboutCommitment(e.Name) || e.Type != event.TypeTrack || e.CX == nil || e.CX.CommitmentID == "" {
		return ""
	}
	switch pledgeFieldOf(e) {
	case 0:
		return ""
	case pledgeProposed:
		return event.NameCommitmentProposed
	default:
		return e.Name
	}
}

// applyPledge keeps what an event says of a promise.
func (s *State) applyPledge(e *event.Event, by stamp) {
	if !event.AboutCommitment(e.Name) || e.Type != event.TypeTrack || e.CX.CommitmentID == "" {
		return
	}
	s.pledged++
	field := pledgeFieldOf(e)
	if field == 0 {
		return
	}
	d := detailOf(e)
	s.addPledge(pledge{
		id: clip(e.CX.CommitmentID), field: field, raw: string(d.append(nil)),
		stamp: stamp{by.at, strings.Clone(by.msg), strings.Clone(by.source)},
	})
}

// pledgeFieldOf says which register an event sets; 0: none. What an AI says is a proposal whatever the event is
// called, and that it has kept its word is no evidence.
func pledgeFieldOf(e *event.Event) pledgeField {
	ai := e.CX.AuthorRole == event.AuthorAI
	switch e.Name {
	case event.NameCommitmentProposed:
		return pledgeProposed
	case event.NameCommitmentMade:
		if ai {
			return pledgeProposed
		}
		return pledgeMade
	case event.NameCommitmentWithdrawn:
		if ai {
			return pledgeRetracted
		}
		return pledgeWithdrawn
	case event.NameCommitmentKept:
		switch {
		case ai:
			return 0
		case e.ByAgent() && strings.HasPrefix(e.MessageID, FoundPrefix):
			return pledgeFound
		}
		return pledgeKept
	case event.NameCommitmentBroken:
		if !ai {
			return pledgeBroken
		}
	}
	return 0
}

func detailOf(e *event.Event) pledgeDetail {
	var body CommitmentBody
	if len(e.Properties) > 0 {
		_ = json.Unmarshal(e.Properties, &body) // what has another type was not said
	}
	cx := e.CX
	d := pledgeDetail{
		kind: string(body.Kind.known()), role: cx.AuthorRole,
		actor: cmp.Or(body.Actor.ID, cx.AgentID), actorName: body.Actor.Name,
		conversation: cx.ConversationID, message: body.Quote.MessageID,
		amount: event.CanonicalAmount(cx.Amount, cx.Currency), currency: cx.Currency, order: cx.OrderID, caseID: cx.CaseID, account: cx.AccountID,
	}
	if e.ByAgent() {
		w := e.Written().Actor
		d.by, d.actor, d.actorName = w.By, w.ID, w.Name
	}
	d.text, d.cut = snippet(cx.Text, maxSnippet)
	d.quote, d.quoteCut = snippet(body.Quote.Text, maxSnippet)
	d.cut, d.quoteCut = d.cut || body.TextCut, d.quoteCut || body.QuoteCut
	if !cx.DueAt.IsZero() {
		d.due = cx.DueAt.UnixMilli()
	}
	for _, tag := range body.PolicyTags[:min(len(body.PolicyTags), maxTags)] {
		if len(tag) <= maxTag {
			d.tags = append(d.tags, tag)
		}
	}
	if body.Evidence != nil {
		d.evidence = *body.Evidence
	}
	return d
}

func (d *pledgeDetail) append(b []byte) []byte {
	b = appendClipped(b, d.kind)
	b = appendFlag(appendString(b, d.text), d.cut)
	b = appendClipped(b, d.by, string(d.role), d.actor, d.actorName, d.conversation, d.message)
	b = appendFlag(appendString(b, d.quote), d.quoteCut)
	b = binary.AppendVarint(b, d.due)
	b = appendClipped(b, d.amount, d.currency, d.order, d.caseID, d.account)
	b = binary.AppendUvarint(b, uint64(len(d.tags)))
	b = appendClipped(b, d.tags...)
	v := &d.evidence
	if v.MessageID == "" {
		return b
	}
	b = appendClipped(b, v.Name, v.Source, v.MessageID, v.AccountID)
	return append(binary.AppendVarint(b, v.At.UnixMilli()), v.Observation[:]...)
}

// openPledge decodes a detail. One that is damaged yields what could be read, as an interaction does.
func openPledge(raw string) (d pledgeDetail) {
	r := reader{s: raw}
	d.kind = r.text()
	d.text, d.cut = r.text(), r.flag()
	d.by, d.role, d.actor, d.actorName, d.conversation, d.message = r.text(), event.AuthorRole(r.text()), r.text(), r.text(), r.text(), r.text()
	d.quote, d.quoteCut, d.due = r.text(), r.flag(), r.varint()
	d.amount, d.currency, d.order, d.caseID, d.account = r.text(), r.text(), r.text(), r.text(), r.text()
	for range r.count(maxTags) {
		d.tags = append(d.tags, r.text())
	}
	if r.done() {
		return d
	}
	v := &d.evidence
	v.Name, v.Source, v.MessageID, v.AccountID = r.text(), r.text(), r.text(), r.text()
	v.At = time.UnixMilli(r.varint()).UTC()
	if len(r.s) == len(uuid.Nil) {
		copy(v.Observation[:], r.s)
	}
	return d
}

// addPledge keeps what was said last, and of all registers the newest. What an AI alone says has a bound of its own, so
// that it never crowds out what was promised: which registers are kept follows from the set of events all the same.
func (s *State) addPledge(x pledge) {
	i, found := search(s.pledges, func(y pledge) int { return y.compareKey(x) })
	if found {
		if x.said(s.pledges[i]) > 0 {
			s.pledges[i] = x
		}
		return
	}
	s.pledges = slices.Insert(s.pledges, i, x)
	s.boundPledges(maxProposals, pledge.proposes)
	s.boundPledges(maxPledges, func(pledge) bool { return true })
}

// proposes says whether the register is what an AI may say.
func (a pledge) proposes() bool { return a.field == pledgeProposed || a.field == pledgeRetracted }

// boundPledges drops the oldest of some registers if they are more than there may be.
func (s *State) boundPledges(most int, of func(pledge) bool) {
	n, oldest := 0, 0
	for i, x := range s.pledges {
		if !of(x) {
			continue
		}
		if n++; n == 1 || x.older(s.pledges[oldest]) < 0 {
			oldest = i
		}
	}
	if n > most {
		s.pledges = slices.Delete(s.pledges, oldest, oldest+1)
	}
}

// Pledged lists what the registers of promises say of where they are found, of one observation.
func (s *State) Pledged(of identity.ObservationID) (all []Pledged) {
	for _, x := range s.pledges {
		if x.field != pledgeProposed && x.field != pledgeMade {
			continue
		}
		d := openPledge(x.raw)
		p := Pledged{Observation: of, ID: x.id, AccountID: d.account}
		if d.due != 0 {
			p.DueAt = time.UnixMilli(d.due).UTC()
		}
		all = append(all, p)
	}
	return all
}

// unpledged is how many events about promises have no register, at most, because there were too many.
func (s *State) unpledged() uint64 {
	proposals := 0
	for _, x := range s.pledges {
		if x.proposes() {
			proposals++
		}
	}
	if kept := len(s.pledges); kept >= maxPledges || proposals >= maxProposals {
		return s.pledged - min(s.pledged, uint64(kept))
	}
	return 0
}
