package profiles

import (
	"cmp"
	"strings"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// ItemKind is a kind of thing that is opened, changes and ends.
type ItemKind string

// The kinds of item.
const (
	ItemConversation ItemKind = "conversation"
	ItemCallback     ItemKind = "callback"
	ItemCase         ItemKind = "case"
	ItemComplaint    ItemKind = "complaint"
	ItemSubscription ItemKind = "subscription" // by product
	ItemOrder        ItemKind = "order"
	ItemBilling      ItemKind = "billing" // by account
	ItemDispute      ItemKind = "dispute" // by account
	ItemEntitlement  ItemKind = "entitlement"
)

// itemField is one of the registers of an item. The numbers are on disk.
type itemField byte

const (
	fieldStatus     itemField = iota + 1 // the last event that changed its status
	fieldOpened                          // the last event that opened it
	fieldActive                          // of a conversation: the last that shows it going on
	fieldClosed                          // of a conversation: the last that ended it
	fieldAsked                           // of a conversation: the last asking for a human
	fieldHuman                           // of a conversation: the last that a human said in it
	fieldIssued                          // of billing, from here on
	fieldOverdue                         //
	fieldPaid                            //
	fieldFailed                          //
	fieldRefunded                        //
	fieldCredited                        //
	fieldIdentified                      // of a proof, from here on
	fieldVerified                        //
	fieldEnd                             // one past the last
)

// register holds the last event that set one field of one item. Registers are independent of each
// other, and the newest of them are kept: so what is kept of an item depends on no order.
type register struct {
	kind  ItemKind
	id    string
	field itemField
	interaction
}

func (a register) compareKey(b register) int {
	if c := strings.Compare(string(a.kind), string(b.kind)); c != 0 {
		return c
	}
	if c := strings.Compare(a.id, b.id); c != 0 {
		return c
	}
	return cmp.Compare(a.field, b.field)
}

// older orders registers by age, the key breaking ties.
func (a register) older(b register) int {
	if c := a.compare(b.interaction); c != 0 {
		return c
	}
	return a.compareKey(b)
}

// move is what an event of the vocabulary does to an item.
type move struct {
	kind   ItemKind
	id     func(*event.CX) string
	fields []itemField
}

func conversationID(cx *event.CX) string { return cx.ConversationID }
func caseID(cx *event.CX) string         { return cx.CaseID }
func product(cx *event.CX) string        { return cx.Product }
func orderID(cx *event.CX) string        { return cx.OrderID }
func accountID(cx *event.CX) string      { return cx.AccountID }
func entitlement(cx *event.CX) string    { return cx.Entitlement }

var moves = func() map[string]move {
	all := map[string]move{}
	add := func(kind ItemKind, id func(*event.CX) string, names string, fields ...itemField) {
		for name := range strings.FieldsSeq(names) {
			all[name] = move{kind: kind, id: id, fields: fields}
		}
	}
	add(ItemConversation, conversationID, "conversation.started", fieldOpened, fieldActive)
	add(ItemConversation, conversationID, "conversation.human_requested", fieldAsked, fieldActive)
	add(ItemConversation, conversationID, `conversation.queued conversation.offered conversation.answered
		conversation.message conversation.transferred conversation.identified conversation.verified
		conversation.handed_off ivr.step`, fieldActive)
	add(ItemConversation, conversationID, "conversation.ended conversation.abandoned", fieldClosed)
	add(ItemCallback, conversationID, "callback.requested callback.completed callback.failed", fieldStatus)
	add(ItemCase, caseID, "case.opened case.reopened", fieldOpened, fieldStatus)
	add(ItemCase, caseID, "case.assigned case.waiting case.paused case.resumed case.escalated case.resolved", fieldStatus)
	add(ItemComplaint, caseID, "complaint.opened complaint.closed", fieldStatus)
	add(ItemSubscription, product, "subscription.started subscription.changed subscription.cancelled", fieldStatus)
	add(ItemOrder, orderID, "order.placed order.shipped order.delayed order.delivered order.returned", fieldStatus)
	add(ItemBilling, accountID, "invoice.issued", fieldIssued)
	add(ItemBilling, accountID, "invoice.overdue", fieldOverdue)
	add(ItemBilling, accountID, "invoice.paid payment.received", fieldPaid)
	add(ItemBilling, accountID, "invoice.payment_failed", fieldFailed)
	add(ItemBilling, accountID, "refund.issued", fieldRefunded)
	add(ItemBilling, accountID, "credit.issued", fieldCredited)
	add(ItemDispute, accountID, "dispute.opened dispute.closed", fieldStatus)
	add(ItemEntitlement, entitlement, "entitlement.granted entitlement.expired", fieldStatus)
	return all
}()

func (s *State) applyItems(e *event.Event, x interaction, pos stream.Position) {
	s.applyProof(e, x, pos)
	m, known := moves[e.Name]
	if !known || m.kind.ofAccount() && e.CX.AccountID != "" {
		return // nothing that is opened, or that is kept with the account
	}
	s.applyItem(m, e, x, pos)
}

func (s *State) applyItem(m move, e *event.Event, x interaction, pos stream.Position) {
	id := m.id(e.CX)
	if id == "" && m.kind != ItemBilling {
		return // an item that cannot be told from others
	}
	if e.CX.Text != "" {
		var buf [256]byte
		x.raw = string(appendDetail(buf[:0], e, pos, 0))
	}
	r := register{kind: m.kind, id: clip(id), interaction: x}
	for _, r.field = range m.fields {
		s.addRegister(r)
	}
	if m.kind == ItemConversation && e.CX.AuthorRole == event.AuthorHuman {
		r.field = fieldHuman
		s.addRegister(r)
	}
}

func (s *State) addRegister(x register) {
	i, found := search(s.items, func(y register) int { return y.compareKey(x) })
	if found {
		if x.compare(s.items[i].interaction) > 0 {
			s.items[i].interaction = x.interaction
		}
		return
	}
	x.id = strings.Clone(x.id)
	if len(s.items) < maxItems {
		s.items = insert(s.items, i, x, maxItems)
		return
	}
	oldest := 0
	for j := range s.items {
		if s.items[j].older(s.items[oldest]) < 0 {
			oldest = j
		}
	}
	if x.older(s.items[oldest]) <= 0 {
		return
	}
	s.items = append(s.items[:oldest], s.items[oldest+1:]...)
	if oldest < i {
		i--
	}
	s.items = insert(s.items, i, x, maxItems)
}
