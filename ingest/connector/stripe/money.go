package stripe

import (
	"strings"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// decimals is how many decimals the minor unit of a currency has in Stripe's API, which is not what ISO
// 4217 says: https://docs.stripe.com/currencies. ISK and UGX have no minor unit any more, but their
// amounts are still given in hundredths (500 is 5 UGX: "special cases", which wins over the same page's
// list of zero-decimal currencies); HUF and TWD have none in payouts only.
func decimals(currency string) int {
	switch strings.ToUpper(currency) {
	case "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "JOD", "KWD", "OMR", "TND":
		return 3
	}
	return 2
}

// pay sets amount and currency, if the amount is known and the currency one of ISO 4217. Others, such as
// stablecoins, stay in the properties.
func pay(cx *event.CX, units *int64, currency string) {
	if units != nil {
		cx.Amount, cx.Currency = field.Money(field.Minor(*units, decimals(currency)), currency)
	}
}

// first is the first amount that is known.
func first(amounts ...*int64) *int64 {
	for _, a := range amounts {
		if a != nil {
			return a
		}
	}
	return nil
}

// since is how much an amount that adds up has grown: all of it, if what it was before is not said.
func since(now, before *int64) *int64 {
	if now == nil || before == nil {
		return now
	}
	grown := *now - *before
	return &grown
}

// perPeriod is what a subscription costs each time: the sum of its items, if each has a price by the
// piece and all are of one currency and one period.
func perPeriod(list []item) (units *int64, currency string) {
	var sum int64
	for i := range list {
		p := &list[i].Price
		if p.UnitAmount == nil || p.Recurring.UsageType == "metered" ||
			p.Currency != list[0].Price.Currency || p.Recurring != list[0].Price.Recurring {
			return nil, ""
		}
		quantity := int64(1)
		if list[i].Quantity != nil {
			quantity = *list[i].Quantity
		}
		sum += quantity * *p.UnitAmount
	}
	if len(list) == 0 {
		return nil, ""
	}
	return &sum, list[0].Price.Currency
}
