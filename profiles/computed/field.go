package computed

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tributary/ingest/event"
)

// field is where a value is found in an event.
type field struct {
	name string
	// of reads it from the event itself; nil if it is within a document.
	of func(*event.Event) value
	// column is where it is in the table, and expr the same in SQL: the canonical form, empty if there
	// is no value.
	column, expr string
	// doc and keys say where it is within a document, and slot where a reader puts it.
	doc  document
	keys []string
	slot int
}

// document is one of the JSON objects of an event; its name is that of its column too.
type document int

const (
	docProperties document = iota
	docTraits
	docContext
	documents
)

var documentNames = [documents]string{"properties", "traits", "context"}

func (d document) raw(e *event.Event) []byte {
	switch d {
	case docProperties:
		return e.Properties
	case docTraits:
		return e.Traits
	default:
		return e.Context
	}
}

// findField returns the field of a name; reason says what is wrong with it.
func findField(name string) (f *field, reason string) {
	head, rest, _ := strings.Cut(name, ".")
	switch head {
	case "cx":
		if f, ok := cxFields[rest]; ok {
			return &f, ""
		}
		return nil, "is not a field of cx; one of " + cxNames
	case "event":
		if f, ok := eventFields[rest]; ok {
			return &f, ""
		}
		return nil, "is not a field of event; one of event.name, event.type, event.channel, event.source, event.at"
	}
	for doc, known := range documentNames {
		if head == known {
			return pathField(name, document(doc), rest)
		}
	}
	return nil, "must begin with cx., properties., traits., context. or event."
}

func pathField(name string, doc document, path string) (*field, string) {
	keys := strings.Split(path, ".")
	if len(name) > maxPathBytes || len(keys) > maxPathKeys || !utf8.ValidString(path) {
		return nil, "must be UTF-8, at most 256 bytes long and 8 keys deep"
	}
	for _, key := range keys {
		if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' }) {
			return nil, "must be keys between points, such as properties.cart.total"
		}
	}
	return &field{name: name, doc: doc, keys: keys}, ""
}

const atLayout = "2006-01-02T15:04:05.000Z"

var eventFields = map[string]field{
	"name":    word("event.name", "name", func(e *event.Event) string { return e.Name }),
	"type":    word("event.type", "type", func(e *event.Event) string { return string(e.Type) }),
	"channel": word("event.channel", "channel", func(e *event.Event) string { return string(e.Channel) }),
	"source":  word("event.source", "source", func(e *event.Event) string { return e.Source }),
	"at": {
		name:   "event.at",
		of:     func(e *event.Event) value { return textValue(e.At.UTC().Format(atLayout)) },
		column: "at",
		expr:   "concat('=', replaceOne(toString(at), ' ', 'T'), 'Z')",
	},
}

// word is a text, empty if it was not said.
func word(name, column string, of func(*event.Event) string) field {
	return field{
		name: name,
		of: func(e *event.Event) value {
			if s := of(e); s != "" {
				return textValue(s)
			}
			return value{}
		},
		column: column,
		expr:   "if(" + column + " = '', '', concat('=', " + column + "))",
	}
}

var cxFields, cxNames = func() (map[string]field, string) {
	all := map[string]field{}
	names := []string{}
	add := func(name string, f field) {
		all[name] = f
		names = append(names, name)
	}
	for _, f := range cxWords {
		add(f.name, word("cx."+f.name, f.name, func(e *event.Event) string {
			if e.CX == nil {
				return ""
			}
			return f.of(e.CX)
		}))
	}
	for _, f := range cxNumbers {
		expr := "concat('#', toString(" + f.name + "))"
		if f.name == "turn" {
			expr = "if(turn = 0, '', " + expr + ")"
		}
		add(f.name, field{name: "cx." + f.name, column: f.name, expr: "ifNull(" + expr + ", '')", of: func(e *event.Event) value {
			if e.CX == nil {
				return value{}
			}
			return f.of(e.CX)
		}})
	}
	return all, strings.Join(names, ", ")
}()

var cxWords = []struct {
	name string
	of   func(*event.CX) string
}{
	{"conversation_id", func(c *event.CX) string { return c.ConversationID }},
	{"parent_conversation_id", func(c *event.CX) string { return c.ParentConversationID }},
	{"leg_id", func(c *event.CX) string { return c.LegID }},
	{"direction", func(c *event.CX) string { return string(c.Direction) }},
	{"author_role", func(c *event.CX) string { return string(c.AuthorRole) }},
	{"agent_id", func(c *event.CX) string { return c.AgentID }},
	{"team", func(c *event.CX) string { return c.Team }},
	{"queue", func(c *event.CX) string { return c.Queue }},
	{"skill", func(c *event.CX) string { return c.Skill }},
	{"case_id", func(c *event.CX) string { return c.CaseID }},
	{"topic", func(c *event.CX) string { return c.Topic }},
	{"disposition", func(c *event.CX) string { return c.Disposition }},
	{"priority", func(c *event.CX) string { return c.Priority }},
	{"language", func(c *event.CX) string { return c.Language }},
	{"transfer_kind", func(c *event.CX) string { return string(c.TransferKind) }},
	{"resolution", func(c *event.CX) string { return string(c.Resolution) }},
	{"survey_id", func(c *event.CX) string { return c.SurveyID }},
	{"survey", func(c *event.CX) string { return string(c.Survey) }},
	{"survey_kind", func(c *event.CX) string { return string(c.SurveyKind) }},
	{"about_conversation_id", func(c *event.CX) string { return c.AboutConversationID }},
	{"scale", func(c *event.CX) string { return c.Scale }},
	{"currency", func(c *event.CX) string { return c.Currency }},
	{"product", func(c *event.CX) string { return c.Product }},
	{"entitlement", func(c *event.CX) string { return c.Entitlement }},
	{"account_id", func(c *event.CX) string { return c.AccountID }},
	{"order_id", func(c *event.CX) string { return c.OrderID }},
	{"commitment_id", func(c *event.CX) string { return c.CommitmentID }},
	{"handoff_id", func(c *event.CX) string { return c.HandoffID }},
	{"text", func(c *event.CX) string { return c.Text }},
	{"model", func(c *event.CX) string { return c.Model }},
}

var cxNumbers = []struct {
	name string
	of   func(*event.CX) value
}{
	{"turn", func(c *event.CX) value {
		if c.Turn == 0 {
			return value{}
		}
		return numberValue(strconv.FormatInt(c.Turn, 10))
	}},
	{"sentiment", func(c *event.CX) value { return floatValue(c.Sentiment) }},
	{"wait_s", func(c *event.CX) value { return floatValue(c.WaitS) }},
	{"talk_s", func(c *event.CX) value { return floatValue(c.TalkS) }},
	{"hold_s", func(c *event.CX) value { return floatValue(c.HoldS) }},
	{"wrap_s", func(c *event.CX) value { return floatValue(c.WrapS) }},
	{"score", func(c *event.CX) value { return floatValue(c.Score) }},
	{"amount", func(c *event.CX) value { return numberValue(c.Amount) }},
	{"tokens", func(c *event.CX) value {
		if c.Tokens == nil {
			return value{}
		}
		return numberValue(strconv.FormatInt(*c.Tokens, 10))
	}},
	{"cost", func(c *event.CX) value { return floatValue(c.Cost) }},
}

// floatValue is the number that the shortest decimal that reads as f says: the engine writes the same.
func floatValue(f *float64) value {
	if f == nil {
		return value{}
	}
	return numberValue(strconv.FormatFloat(*f, 'g', -1, 64))
}
