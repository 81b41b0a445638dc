package computed

import (
	"cmp"
	"math/bits"
	"strings"
)

// decimal is a fixed-point number of 128 bits, in units of 10^-8, in two's complement. Numbers that are
// taken in are less than 10^22, so that sums of some hundred million of the greatest are exact.
type decimal struct {
	hi int64
	lo uint64
}

const (
	places      = 8
	maxWhole    = 22  // digits before the point
	maxNumber   = 100 // bytes of a number as it was written
	maxExponent = 29
)

func (d decimal) plus(e decimal) decimal {
	lo, carry := bits.Add64(d.lo, e.lo, 0)
	hi, _ := bits.Add64(uint64(d.hi), uint64(e.hi), carry)
	return decimal{int64(hi), lo}
}

func (d decimal) negated() decimal {
	lo, borrow := bits.Sub64(0, d.lo, 0)
	hi, _ := bits.Sub64(0, uint64(d.hi), borrow)
	return decimal{int64(hi), lo}
}

func (d decimal) compare(e decimal) int {
	return cmp.Or(cmp.Compare(d.hi, e.hi), cmp.Compare(d.lo, e.lo))
}

// magnitude returns the absolute value in two words.
func (d decimal) magnitude() (hi, lo uint64) {
	if d.hi < 0 {
		d = d.negated()
	}
	return uint64(d.hi), d.lo
}

// fromMagnitude makes a decimal of an absolute value and a sign.
func fromMagnitude(hi, lo uint64, negative bool) decimal {
	d := decimal{int64(hi), lo}
	if negative {
		return d.negated()
	}
	return d
}

// dividedBy divides and cuts off after eight places, towards zero; n is not 0.
func (d decimal) dividedBy(n uint64) decimal {
	hi, lo := d.magnitude()
	q1, r := bits.Div64(0, hi, n)
	q0, _ := bits.Div64(r, lo, n)
	return fromMagnitude(q1, q0, d.hi < 0)
}

// String returns the decimal without needless zeros: "12.5", "-3", "0".
func (d decimal) String() string {
	hi, lo := d.magnitude()
	var digits [40]byte
	i := len(digits)
	for n := 0; hi != 0 || lo != 0 || n <= places; n++ {
		var r uint64
		hi, r = hi/10, hi%10
		lo, r = bits.Div64(r, lo, 10)
		i--
		digits[i] = '0' + byte(r)
	}
	whole, fraction := string(digits[i:len(digits)-places]), strings.TrimRight(string(digits[len(digits)-places:]), "0")
	if d.hi < 0 {
		whole = "-" + whole
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// parseNumber reads a number as JSON has it. It cuts off what is beyond eight places, and refuses what has
// more than 22 digits before the point, an exponent beyond -99 to 29, or more than 100 bytes. (The engine
// reads no others to the digit.)
func parseNumber(s string) (decimal, bool) {
	if len(s) > maxNumber {
		return decimal{}, false
	}
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var ok bool
		if exponent, ok = parseExponent(s[i+1:]); !ok {
			return decimal{}, false
		}
		mantissa = s[:i]
	}
	digits := strings.TrimPrefix(mantissa, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	if !allDigits(whole) || pointed && !allDigits(fraction) {
		return decimal{}, false
	}
	hi, lo, ok := scaled(whole, fraction, exponent)
	return fromMagnitude(hi, lo, len(digits) < len(mantissa)), ok
}

// parseText reads a text that is written as a number: an optional "-", 1 to 22 digits, and optionally a
// point and more digits.
func parseText(s string) (decimal, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > maxNumber || digits[0] < '0' || digits[0] > '9' || strings.ContainsAny(s, "eE") {
		return decimal{}, false
	}
	if whole, _, _ := strings.Cut(digits, "."); len(whole) > maxWhole {
		return decimal{}, false
	}
	return parseNumber(s)
}

func parseExponent(s string) (int, bool) {
	digits := s
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	if !allDigits(digits) || len(digits) > 2 {
		return 0, false
	}
	n := 0
	for i := range len(digits) {
		n = 10*n + int(digits[i]-'0')
	}
	if s[0] == '-' {
		return -n, true
	}
	return n, n <= maxExponent
}

// scaled returns whole.fraction times 10^exponent in units of 10^-8.
func scaled(whole, fraction string, exponent int) (hi, lo uint64, ok bool) {
	point := len(whole) + exponent // digits before the point
	for at := range len(whole) + len(fraction) {
		if at >= point+places {
			return hi, lo, true
		}
		digits, i := whole, at
		if at >= len(whole) {
			digits, i = fraction, at-len(whole)
		}
		if hi, lo, ok = timesTen(hi, lo, digits[i]-'0'); !ok {
			return 0, 0, false
		}
	}
	for range point + places - len(whole) - len(fraction) {
		if hi, lo, ok = timesTen(hi, lo, 0); !ok {
			return 0, 0, false
		}
	}
	return hi, lo, true
}

// limit is 10^30: 22 digits before the point and eight after it.
const limitHi, limitLo = 0xC9F2C9CD0, 0x4674EDEA40000000

// timesTen returns 10x + digit, unless it reaches the limit.
func timesTen(hi, lo uint64, digit byte) (uint64, uint64, bool) {
	carry, lo := bits.Mul64(lo, 10)
	hi = 10*hi + carry
	lo, c := bits.Add64(lo, uint64(digit), 0)
	hi += c
	return hi, lo, hi < limitHi || hi == limitHi && lo < limitLo
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
