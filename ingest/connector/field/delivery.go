package field

import (
	"encoding/json"
	"errors"

	"tributary/ingest/connector"
)

// Wrong is the reason of a rejected part whose field is missing, or is of another type than documented.
const Wrong = "is missing or of another type than documented"

// ErrNoObject is returned for a body that is no delivery at all.
var ErrNoObject = errors.New("the body is not a JSON object")

// Delivery decodes a body that is one JSON object, and returns it without white space around it too.
// An object of another form than T is put into b as a rejected part, and nil returned.
func Delivery[T any](body []byte, b *connector.Batch) (*T, []byte, error) {
	text := Object(body)
	if text == nil {
		return nil, nil, ErrNoObject
	}
	d := new(T)
	if err := Decode(text, d); err == nil {
		return d, text, nil
	}
	if !json.Valid(text) {
		return nil, nil, ErrNoObject
	}
	b.Reject("", Misfit[T](text), Wrong, text)
	return nil, text, nil
}

// Misfit is the path of the first value of a JSON text that a T cannot take.
func Misfit[T any](text []byte) string {
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(text, new(T)); errors.As(err, &mismatch) && mismatch.Field != "" {
		return mismatch.Field
	}
	return "$"
}
