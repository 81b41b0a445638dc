package policy

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// blank stands for what a mask hides.
const blank = "***"

// masked returns what is shown of a value: of an e-mail the first letter and the domain, of a telephone
// number the last two digits, of a name its initial, of another identifier the last three characters, of
// numbers the first digit, of times the day; switches as they are. Of other text nothing is: false.
// Masking what is masked changes nothing.
func masked(v reflect.Value, class string) (reflect.Value, bool) {
	switch {
	case v.Type() == timeType:
		return reflect.ValueOf(v.Interface().(time.Time).Truncate(24 * time.Hour)), true
	case v.Type() == rawType:
		raw, ok := maskJSON(v.Bytes(), class)
		return reflect.ValueOf(raw), ok
	}
	switch v.Kind() {
	case reflect.Bool:
		return v, true
	case reflect.String:
		text, ok := maskText(v.String(), class)
		return reflect.ValueOf(text).Convert(v.Type()), ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return reflect.ValueOf(int64(rounded(float64(v.Int())))).Convert(v.Type()), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return reflect.ValueOf(uint64(rounded(float64(v.Uint())))).Convert(v.Type()), true
	case reflect.Float32, reflect.Float64:
		return reflect.ValueOf(rounded(v.Float())).Convert(v.Type()), true
	default:
		return v, false
	}
}

func maskJSON(raw []byte, class string) (json.RawMessage, bool) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil, false
	}
	switch x := v.(type) {
	case bool:
		return raw, true
	case float64:
		v = rounded(x)
	case string:
		text, ok := maskText(x, class)
		if !ok {
			return nil, false
		}
		v = text
	default:
		return nil, false
	}
	raw, err := json.Marshal(v)
	return raw, err == nil
}

var (
	maskedPhone      = regexp.MustCompile(`^\*\*\*\d\d$`)
	maskedIdentifier = regexp.MustCompile(`^\*\*\*[^*]{0,3}$`)
	currencyCode     = regexp.MustCompile(`^[A-Z]{3}$`)
)

func maskText(s, class string) (string, bool) {
	if s == "" {
		return "", true
	}
	switch class {
	case ClassContact:
		return maskContact(s)
	case ClassIdentity:
		return initial(s)
	case ClassIdentifier:
		if maskedIdentifier.MatchString(s) {
			return s, true
		}
		tail := []rune(s)
		if len(tail) < 8 || strings.ContainsRune(s, '@') {
			return blank, true
		}
		return blank + strings.ReplaceAll(string(tail[len(tail)-3:]), "*", "_"), true
	case ClassMoney:
		if currencyCode.MatchString(s) {
			return s, true
		}
		if n, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			return strconv.FormatFloat(rounded(n), 'f', -1, 64), true
		}
	}
	return "", false
}

// maskContact masks an e-mail or a telephone number; of an address nothing is shown.
func maskContact(s string) (string, bool) {
	if name, domain, ok := strings.Cut(s, "@"); ok && domain != "" && !strings.ContainsAny(domain, "@ ") {
		first, _ := utf8.DecodeRuneInString(name)
		if name == "" || first == '*' || first == utf8.RuneError {
			return blank + "@" + domain, true
		}
		return string(first) + blank + "@" + domain, true
	}
	if maskedPhone.MatchString(s) {
		return s, true
	}
	var digits []rune
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, r)
		case !strings.ContainsRune("+-()./ ", r):
			return "", false
		}
	}
	if len(digits) < 7 {
		return "", false
	}
	return blank + string(digits[len(digits)-2:]), true
}

// initial is the first letter of a name. What does not begin with a letter, such as a date, is no name.
func initial(s string) (string, bool) {
	first, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(first) {
		return "", false
	}
	return string(first) + blank, true
}

// rounded keeps the first significant digit of a number.
func rounded(n float64) float64 {
	if n == 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(n))))
	if unit == 0 || math.IsInf(unit, 0) {
		return 0
	}
	return math.Trunc(n/unit) * unit
}
