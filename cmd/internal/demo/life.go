package demo

import (
	"fmt"
	"time"
)

// life writes a person's 90 days: known to CRM and billing, then visits, and now and then trouble.
func (w *writer) life() {
	w.crm()
	w.billing()
	w.permissions()
	for range 1 + int(5*w.p.Activity) {
		w.visit(w.when())
	}
	if w.p.Device != "" {
		for range 1 + int(4*w.p.Activity) {
			w.app(w.when())
		}
	}
	if w.chance(0.5) {
		w.campaign(w.when())
	}
	contacts := 0
	for w.chance(0.42+0.3*(0.5-w.p.Luck)) && contacts < 6 {
		contacts++
		w.contact(w.when())
	}
	if w.chance(0.3) {
		w.relationshipSurvey(w.when())
	}
}

// crm sends the contact record, and for some a later version of it.
func (w *writer) crm() {
	contact := fmt.Sprintf("003%s", w.p.ID[1:])
	versions := 1
	if w.chance(0.15) {
		versions = 2
	}
	for version := range versions {
		at := w.start.Add(time.Duration(w.r.IntN(3600)) * time.Second)
		if version > 0 {
			at = w.when()
		}
		m := w.send(SourceCRM, "", "identify", "", at, as{own: "contact_id=" + contact}, nil)
		traits := map[string]any{
			"firstName": w.p.First, "lastName": w.p.Last, "email": w.p.Email, "phone": w.phoneAsTyped(),
			"birthday": w.p.BirthDate, "plan": w.p.Plan.Product,
			"address": map[string]any{"street": w.p.Street, "city": w.p.City, "state": w.p.State, "postalCode": w.p.Postcode, "country": "US"},
		}
		if version > 0 {
			traits["phone"] = w.p.Phone
			traits["lifecycle"] = "customer"
		}
		m.Traits = traits
		if w.chance(0.9) {
			m.UserID = w.p.UserID
		}
		if m.Context != nil {
			m.Context["record"] = map[string]any{"id": contact, "version": fmt.Sprint(version + 1)}
		}
	}
}

// phoneAsTyped is the number as people at a keyboard write it.
func (w *writer) phoneAsTyped() string {
	d := w.p.Phone[2:]
	switch w.r.IntN(4) {
	case 0:
		return fmt.Sprintf("(%s) %s-%s", d[:3], d[3:6], d[6:])
	case 1:
		return fmt.Sprintf("%s.%s.%s", d[:3], d[3:6], d[6:])
	case 2:
		return "1 " + d[:3] + " " + d[3:6] + " " + d[6:]
	}
	return w.p.Phone
}

// billing sends the subscription, a bill each month, and its payment or what went wrong with it.
func (w *writer) billing() {
	who := as{user: w.p.UserID, own: "customer_id=cus_" + w.p.ID[1:]}
	account := "acc_" + w.p.ID[1:]
	money := props{"amount": w.p.Plan.Price, "currency": "USD", "product": w.p.Plan.Product, "account_id": account, "account_kind": "household", "account_role": "owner"}
	if w.chance(0.2) {
		w.send(SourceBilling, "", "track", "subscription.started", w.when(), who, money)
	}
	day := w.r.IntN(28)
	for at := w.start.AddDate(0, 0, day); at.Before(w.end); at = at.AddDate(0, 1, 0) {
		invoice := w.id("in")
		bill := merge(money, props{"invoice_id": invoice})
		w.send(SourceBilling, "", "track", "invoice.issued", at, who, bill)
		paid := w.after(at, 3600, 5*86400)
		if w.p.Luck < 0.15 && w.chance(0.5) {
			w.send(SourceBilling, "", "track", "invoice.payment_failed", paid, who, merge(bill, props{"failure_code": "card_declined"}))
			if w.chance(0.6) {
				w.contactAbout(w.after(paid, 3600, 2*86400), "billing.payment_failed")
			}
			paid = w.after(paid, 86400, 4*86400)
		}
		if w.chance(0.97) {
			w.send(SourceBilling, "", "track", "invoice.paid", paid, who, bill)
		} else {
			w.send(SourceBilling, "", "track", "invoice.overdue", at.AddDate(0, 0, 14), who, bill)
		}
	}
	if w.p.Luck < 0.04 {
		w.send(SourceBilling, "", "track", "subscription.cancelled", w.end.Add(-time.Duration(w.r.IntN(10*86400))*time.Second), who, money)
	}
}

var pages = []string{"Home", "Plans", "Coverage", "Help", "Account", "Billing", "Outages", "Router setup", "Contact us", "Offers"}

// visit is a visit to the web page, before and after signing in.
func (w *writer) visit(at time.Time) {
	cookie := w.pick(w.p.Cookies)
	who := as{cookie: cookie}
	for i := range 2 + w.r.IntN(5) {
		page := w.pick(pages)
		w.send(SourceWeb, "web", "page", page, at, who, props{"path": "/" + page, "url": "https://www.example.com/" + page})
		at = w.after(at, 4, 120)
		if i == 1 && w.chance(0.55) {
			m := w.send(SourceWeb, "web", "identify", "", at, as{user: w.p.UserID, cookie: cookie}, nil)
			m.Traits = map[string]any{"email": w.p.Email, "firstName": w.p.First, "lastName": w.p.Last}
			who.user = w.p.UserID
			at = w.after(at, 1, 5)
		}
	}
	if who.user != "" && w.chance(0.12) {
		w.send(SourceWeb, "web", "track", "Plan Compared", at, who, props{"current": w.p.Plan.Product, "other": plans[w.r.IntN(len(plans))].Product})
	}
}

var screens = []string{"Usage", "Bills", "Speed test", "Support", "Profile", "Wifi"}

// app is a use of the app; its clock may be wrong.
func (w *writer) app(at time.Time) {
	who := as{device: w.p.Device, user: w.p.UserID}
	if w.chance(0.1) {
		who.user = "" // signed out
	}
	who.cookie = "app-" + w.p.Device[:8]
	for range 1 + w.r.IntN(4) {
		w.send(SourceApp, "app", "screen", w.pick(screens), at, who, nil)
		at = w.after(at, 3, 60)
	}
	if w.chance(0.3) {
		w.send(SourceApp, "app", "track", "Speed Test Run", at, who, props{"down_mbps": 20 + w.r.IntN(900), "up_mbps": 5 + w.r.IntN(100)})
	}
}

// permissions tell whether one may be written to for marketing; some think better of it.
func (w *writer) permissions() {
	who := as{user: w.p.UserID, email: w.p.Email}
	at := w.start.Add(time.Duration(w.r.IntN(86400)) * time.Second)
	said := props{"purpose": "marketing", "consent": "granted", "evidence": "form sign-up-3"}
	if w.chance(0.3) {
		said = props{"purpose": "marketing", "consent": "refused"}
	}
	w.send(SourceWeb, "email", "track", "consent.changed", at, who, said)
	if w.chance(0.1) {
		w.send(SourceWeb, "email", "track", "consent.changed", w.after(at, 86400, 40*86400), who, props{"purpose": "marketing", "consent": "refused"})
	}
}

// campaign is a message of marketing, by SMS or RCS, and what came of it.
func (w *writer) campaign(at time.Time) {
	channel := w.pick([]string{"sms", "rcs"})
	who := as{phone: w.p.Phone, user: w.p.UserID}
	p := props{"campaign_id": w.pick([]string{"spring-fiber", "win-back", "router-upgrade"}), "direction": "outbound"}
	w.send(SourceMessaging, channel, "track", "campaign.sent", at, who, p)
	if w.chance(0.03) {
		w.send(SourceMessaging, channel, "track", "campaign.failed", w.after(at, 1, 9), who, merge(p, props{"error_code": "30005"}))
		return
	}
	w.send(SourceMessaging, channel, "track", "campaign.delivered", w.after(at, 1, 30), who, p)
	if channel == "rcs" && w.chance(0.5) {
		w.send(SourceMessaging, channel, "track", "campaign.opened", w.after(at, 60, 4000), who, p)
	}
	switch {
	case w.chance(0.1):
		w.send(SourceMessaging, channel, "track", "campaign.clicked", w.after(at, 90, 9000), who, p)
	case w.chance(0.05):
		w.send(SourceMessaging, channel, "track", "campaign.unsubscribed", w.after(at, 90, 9000), as{phone: w.p.Phone}, merge(p, props{"text": "STOP"}))
		w.send(SourceMessaging, channel, "track", "consent.changed", w.after(at, 9001, 9009), as{phone: w.p.Phone}, props{"purpose": "marketing", "consent": "refused"})
	}
}

// relationshipSurvey asks for NPS; some answer.
func (w *writer) relationshipSurvey(at time.Time) {
	survey := w.id("nps")
	who := as{email: w.p.Email, name: true}
	p := props{"survey_id": survey, "survey": "nps", "survey_kind": "relationship"}
	w.send(SourceSurvey, "email", "track", "survey.sent", at, who, p)
	if w.chance(0.35) {
		score := min(10, max(0, int(6+5*w.p.Luck+w.r.NormFloat64()*2)))
		w.send(SourceSurvey, "email", "track", "survey.answered", w.after(at, 600, 3*86400), who, merge(p, props{"score": score, "scale": "0-10"}))
	}
}
