package gateway

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/bytedance/sonic/decoder"

	"tributary/ingest/event"
)

// validate adds what event.Validate finds, in terms of the fields that the client sent.
func (c *call) validate(faults event.Errors) event.Errors {
	var found event.Errors
	if errors.As(c.event.Validate(), &found) {
		for _, fault := range found {
			faults.Add(c.requestPath(fault.Field), fault.Reason)
		}
	}
	return faults
}

// requestPath translates the path of a field of the event into that of the request.
func (c *call) requestPath(field string) string {
	head, rest, _ := strings.Cut(field, ".")
	list, index := splitIndex(head)
	switch list {
	case "message_id":
		return "messageId"
	case "name":
		if c.payload.Type == event.TypeTrack {
			return "event"
		}
	case "original_at", "at":
		if c.payload.OriginalTimestamp != "" {
			return "originalTimestamp"
		}
		return "timestamp"
	case "sent_at":
		return "sentAt"
	case "channel":
		if c.consent.Channel != "" && field == "channel" {
			return "properties.channel"
		}
		return "context." + field
	case "order":
		return "context." + field
	case "record", "participants":
		return "context." + field
	case "identifiers":
		return c.identifierPath(index, rest)
	case "attributes":
		return c.traitPath(rest)
	case "cx":
		return c.typedPath(rest)
	}
	return field
}

func (c *call) identifierPath(index int, rest string) string {
	switch {
	case index < 0:
		return "context.identifiers"
	case index >= len(c.origins):
		return "context.identifiers[" + strconv.Itoa(index-len(c.origins)) + "]." + rest
	}
	switch origin := c.origins[index]; origin {
	case "email", "phone":
		return c.inTraits(origin)
	default:
		return origin
	}
}

func (c *call) typedPath(name string) string {
	if name == "account_id" {
		return c.accountOrigin
	}
	if path := c.membershipPath(name); path != "" {
		return path
	}
	return "properties." + name
}

func (c *call) traitPath(attribute string) string {
	names := event.TraitPaths(attribute)
	if len(names) == 0 {
		return "traits." + attribute
	}
	if len(names) == 2 && !has(c.payload.Traits, names[0]) && !has(c.context.Traits, names[0]) {
		return c.inTraits(names[1])
	}
	return c.inTraits(names[0])
}

// inTraits says in which of the two places for traits a trait was sent.
func (c *call) inTraits(name string) string {
	if c.payload.Type != event.TypeGroup && has(c.payload.Traits, name) {
		return "traits." + name
	}
	return "context.traits." + name
}

// has says whether object has a member of that name, or path.
func has(object []byte, path string) bool {
	for {
		var members map[string]json.RawMessage
		if json.Unmarshal(object, &members) != nil {
			return false
		}
		name, rest, nested := strings.Cut(path, ".")
		member, there := members[name]
		if !there || !nested {
			return there
		}
		object, path = member, rest
	}
}

// splitIndex splits "list[3]" into its parts; the index is -1 if there is none.
func splitIndex(s string) (string, int) {
	name, rest, found := strings.Cut(s, "[")
	if !found {
		return s, -1
	}
	index, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil {
		return s, -1
	}
	return name, index
}

// without drops the faults of fields that have a fault already, or lie inside of one that has: of
// a value of a wrong type nothing else is worth saying.
func without(faults, said event.Errors) event.Errors {
	var left event.Errors
	for _, fault := range faults {
		covered := false
		for _, s := range said {
			covered = covered || fault.Field == s.Field || strings.HasPrefix(fault.Field, s.Field+".") ||
				strings.HasPrefix(fault.Field, s.Field+"[")
		}
		if !covered {
			left = append(left, fault)
		}
	}
	return left
}

func isDepth(err decoder.SyntaxError) bool { return strings.Contains(err.Message(), "max depth") }
