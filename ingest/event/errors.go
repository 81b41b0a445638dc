package event

import "strings"

// FieldError says what is wrong with one field. Field is its path in the event ("cx.currency",
// "identifiers[2].value"); Reason is a short phrase in lower case that follows the path and never
// repeats the field's value, so that it may be logged.
type FieldError struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Error returns "field: reason".
func (e FieldError) Error() string { return e.Field + ": " + e.Reason }

// MaxFaults bounds what Errors lists. An event of 32 KB can hold more than ten thousand faults, and
// each takes more memory, time and room in the answer than what it is about.
const MaxFaults = 100

// Errors is every fault that was found in one event, in the order of its fields; of more than
// MaxFaults, the first.
type Errors []FieldError

// Error joins the faults with "; ".
func (e Errors) Error() string {
	all := make([]string, len(e))
	for i, fault := range e {
		all[i] = fault.Error()
	}
	return strings.Join(all, "; ")
}

// Unwrap gives errors.As and errors.Is each fault.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, fault := range e {
		all[i] = fault
	}
	return all
}

// Err returns nil when there is no fault, so that an empty Errors is never a non-nil error.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Add appends a fault, unless there are MaxFaults already.
func (e *Errors) Add(field, reason string) {
	if len(*e) >= MaxFaults {
		return
	}
	*e = append(*e, FieldError{Field: field, Reason: reason})
}
