package field

import (
	"strconv"
	"strings"

	"tributary/ingest/event"
)

// Money returns an amount and the code of its currency as event.CX takes them, the code in capitals:
// both, or two empty texts if either is missing or not valid, for neither stands without the other.
func Money(amount, currency string) (string, string) {
	currency = strings.ToUpper(currency)
	if !event.ValidAmount(amount) || !event.ValidCurrency(currency) {
		return "", ""
	}
	return amount, currency
}

// Minor is a number of minor units as a decimal number, exactly: Minor(-1250, 2) is "-12.50".
func Minor(units int64, decimals int) string {
	digits := strconv.FormatInt(units, 10)
	if decimals == 0 {
		return digits
	}
	sign := ""
	if units < 0 {
		sign, digits = "-", digits[1:]
	}
	if missing := decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - decimals
	return sign + digits[:point] + "." + digits[point:]
}
