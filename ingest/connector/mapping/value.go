package mapping

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strconv"
	"time"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

var (
	errScalar = errors.New("is not a text, a number or a boolean")
	errTime   = errors.New("is not an ISO 8601 time, nor seconds or milliseconds since 1970")
)

// Text is a scalar as text; "" for null.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", nil
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case *big.Int:
		return v.String(), nil
	}
	return "", errScalar
}

// Time is a time: a text as ISO 8601, or a number of seconds, or of milliseconds if it is so large that
// as seconds it would lie in the year 5138 or later. Null and "" are the zero time.
func Time(v any) (time.Time, error) {
	s, err := Text(v)
	if err != nil {
		return time.Time{}, errTime
	}
	if s == "" {
		return time.Time{}, nil
	}
	if at, err := event.ParseTime(s); err == nil {
		return at, nil
	}
	if at := field.Time(s); !at.IsZero() {
		return at, nil
	}
	millis, err := strconv.ParseFloat(s, 64)
	if err != nil || !(millis >= 1e11 && millis < 1e14) {
		return time.Time{}, errTime
	}
	return time.UnixMilli(int64(millis)).UTC(), nil
}
