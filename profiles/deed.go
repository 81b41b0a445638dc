package profiles

import (
	"cmp"
	"strings"

	"tributary/ingest/event"
)

// deed is an event by which a promise may be kept: a refund, a delivery.
type deed struct {
	stamp
	raw string // deedDetail.append
}

func (a deed) compare(b deed) int {
	return cmp.Or(a.stamp.compare(b.stamp), strings.Compare(a.raw, b.raw))
}

// deedDetail is what a deed is compared by.
type deedDetail struct {
	name, order, caseID, account, amount, currency string
}

// deeds are the events by which promises are kept (event.IsDeed), and which kinds.
var deeds = map[string][]CommitmentKind{
	event.NameRefundIssued:         {CommitmentRefund},
	event.NameCreditIssued:         {CommitmentCredit},
	event.NamePaymentReceived:      {CommitmentOther},
	event.NameInvoicePaid:          {CommitmentOther},
	event.NameOrderDelivered:       {CommitmentDelivery},
	event.NameCallbackCompleted:    {CommitmentCallback, CommitmentReply},
	event.NameAppointmentCompleted: {CommitmentAppointment},
	event.NameCaseResolved:         {CommitmentReply, CommitmentOther},
}

// applyDeed keeps an event by which a promise may be kept.
func (s *State) applyDeed(e *event.Event, by stamp) {
	if e.Type != event.TypeTrack || !event.IsDeed(e.Name) {
		return
	}
	var buf [256]byte
	cx := e.CX
	raw := appendClipped(buf[:0], e.Name, cx.OrderID, cx.CaseID, cx.AccountID, event.CanonicalAmount(cx.Amount, cx.Currency), cx.Currency)
	s.addDeed(deed{stamp{by.at, strings.Clone(by.msg), strings.Clone(by.source)}, string(raw)})
}

func (s *State) addDeed(x deed) { s.deeds = insertNewest(s.deeds, x, deed.compare, maxDeeds) }

func (a deed) open() deedDetail {
	r := reader{s: a.raw}
	return deedDetail{name: r.text(), order: r.text(), caseID: r.text(), account: r.text(), amount: r.text(), currency: r.text()}
}

// keeps says whether a deed keeps a promise: it is of the promise's kind, no earlier, and agrees in all that both
// say. Of a promise that names an amount, an order or a case, it must say one of these too.
func (x *deedDetail) keeps(p *Commitment) bool {
	fits := false
	for _, kind := range deeds[x.name] {
		fits = fits || kind == p.Kind
	}
	if !fits || differ(x.order, p.OrderID) || differ(x.caseID, p.CaseID) || differ(x.account, p.AccountID) {
		return false
	}
	if x.amount != "" && p.Amount != "" && (x.currency != p.Currency || unsigned(x.amount) != unsigned(p.Amount)) {
		return false
	}
	same := x.amount != "" && p.Amount != "" || x.order != "" && p.OrderID != "" || x.caseID != "" && p.CaseID != ""
	if p.Amount == "" && p.OrderID == "" && p.CaseID == "" {
		return p.Kind != CommitmentOther // of which nothing tells what would keep it
	}
	return same
}

// differ says whether both are said, and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// unsigned is a canonical amount without its sign: who takes money out writes it either way.
func unsigned(amount string) string { return strings.TrimPrefix(amount, "-") }
