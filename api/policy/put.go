package policy

import (
	"encoding/json"
	"errors"

	"tributary/ingest/event"
	"tributary/profiles/unify"
)

// Faults are those of a document that Parse refused, all of them; of another error there are none.
func Faults(err error) (list event.Errors) {
	var one event.FieldError
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			list = append(list, Faults(e)...)
		}
		return list
	}
	if errors.As(err, &one) {
		list = append(list, one)
	}
	return list
}

// Put is the command that puts a document in force in a workspace, once it is a policy; of an empty one that brings the
// built-in policy back. It fails as Parse does.
func Put(workspace, document string) (unify.Command, error) {
	if document == "" {
		return unify.ConfigDelete{Bucket: Bucket, Key: workspace}, nil
	}
	if _, err := Parse([]byte(document)); err != nil {
		return nil, err
	}
	value, err := json.Marshal(document)
	return unify.ConfigPut{Bucket: Bucket, Key: workspace, Value: value}, err
}
