package unify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// By says on whose authority a command was given. It stands in the record's member "by", is told by
// the program, never by the caller, and is what the audit trail goes by. A command without it is the
// program's own.
type By struct {
	// Actor is "key:<id>", "jwt:<hash of issuer>:<hash of subject>" or "socket:<uid>".
	Actor string `json:"actor"`
	// Action is what was done, where the command's name does not say it: key.create, key.rotate, …
	Action    string `json:"action,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

type byKey struct{}

// WithBy returns a context in which commands are given on somebody's authority.
func WithBy(ctx context.Context, by By) context.Context { return context.WithValue(ctx, byKey{}, by) }

// WithAction names what a command of the context does.
func WithAction(ctx context.Context, action string) context.Context {
	by := ByOf(ctx)
	by.Action = action
	return WithBy(ctx, by)
}

// ByOf returns on whose authority commands of a context are given; zero: on the program's own.
func ByOf(ctx context.Context) By {
	by, _ := ctx.Value(byKey{}).(By)
	return by
}

// byMember is how a record's value goes on after the command's name when it has an author.
const byMember = `,"by":`

// appendBy appends the member to the head of a command's value.
func appendBy(head []byte, by By) ([]byte, error) {
	if by.Actor == "" {
		return head, nil
	}
	value, err := marshal(by)
	if err != nil {
		return nil, fmt.Errorf("%w: by: %w", ErrCommand, err)
	}
	return append(append(head, byMember...), value...), nil
}

// parseBy reads who gave the command of a record; ok is false for the program's own. It stands near
// the front, so that what is large and the program's own is not parsed for it.
func parseBy(value []byte) (by By, ok bool) {
	if !bytes.Contains(value[:min(len(value), maxHead)], []byte(byMember)) {
		return By{}, false
	}
	var head struct {
		By By `json:"by"`
	}
	if json.Unmarshal(value, &head) != nil {
		return By{}, false
	}
	return head.By, head.By.Actor != ""
}

// maxHead is within which bytes of a record's value byMember begins: it follows the command's name.
const maxHead = 128
