// Package mapping says in YAML how an item of JSON becomes events: a webhook's delivery, a record of an
// API, a row of a table. Expressions are jq (https://jqlang.org/manual), compiled once.
//
//	id: .id                         # names the item for ever; every event's message id begins with it
//	at: .updated_at                 # when it happened; left out, the time of receipt
//	otherwise: .type                # what an item that no rule takes is called; default "item"
//	channel: {value: chat}
//	identifiers:                    # user_id, anonymous_id, device_id, email, phone, or a kind of the source's own
//	  email: .customer.email
//	  customer_id: .customer.id
//	attributes: {name: .customer.name}
//	cx: {case_id: .ticket.id}       # typed fields of customer experience
//	events:
//	  - name: case.opened           # of the vocabulary; or free: merged, which is then <connector>.merged
//	    when: .type == "ticket.created"
//	    cx:
//	      direction: {value: inbound}
//	      priority: {jq: .ticket.priority, values: {"1": urgent, "2": normal}}
//
// Every rule whose condition holds makes an event; what stands above the rules counts for all of them, a
// rule's own before it. The item is the event's properties, or the traits of a record, as it came.
//
// A field is a jq expression, or {value: …}, or {jq: …, values: {…}} with the vendor's words and ours; a
// word that the table lacks is a fault of the item, unless the table has "*". Null leaves a field out.
// Expressions may name $headers (of the delivery, in lower case), $body (the whole that the item is part
// of) and $settings (of the source, without secrets). They read no other input, file, clock or
// environment, and an item's take at most a million steps.
//
// An item with a fault makes no event: it is rejected with the rule, the field and the reason.
package mapping

import (
	"errors"

	"github.com/goccy/go-yaml"
)

// Mapping is what the YAML says.
type Mapping struct {
	ID        string `yaml:"id"`
	Otherwise string `yaml:"otherwise"`
	Common    `yaml:",inline"`
	Events    []Rule `yaml:"events"`
}

// Common is what a rule says, and what stands above all rules.
type Common struct {
	At           string           `yaml:"at"`
	SentAt       string           `yaml:"sent_at"`
	Order        string           `yaml:"order"`
	Channel      Field            `yaml:"channel"`
	Identifiers  map[string]Field `yaml:"identifiers"`
	Attributes   map[string]Field `yaml:"attributes"`
	Participants []Participant    `yaml:"participants"`
	CX           map[string]Field `yaml:"cx"`
}

// Rule makes an event of an item.
type Rule struct {
	Name   string `yaml:"name"` // of the vocabulary, or
	Free   string `yaml:"free"` // a name of its own
	Type   string `yaml:"type"` // default identify for records, else track
	When   string `yaml:"when"` // default always
	ID     string `yaml:"id"`   // message id; default <id of the item>:<name>
	Common `yaml:",inline"`
	// Record says that the item is the present state of something, which supersedes its older ones.
	Record     *Record `yaml:"record"`
	Properties string  `yaml:"properties"` // default the item, but of a record nothing
	Traits     string  `yaml:"traits"`     // default nothing, but of a record the item
}

// Record is event.Record.
type Record struct {
	ID      string `yaml:"id"`
	Version string `yaml:"version"`
	Deleted string `yaml:"deleted"` // a flag, or a time; null, "", false, 0, f, n and no say that it is there
}

// Participant is somebody beside the subject.
type Participant struct {
	Role  Field  `yaml:"role"`
	Type  string `yaml:"type"`
	Value Field  `yaml:"value"`
}

// Field is where a value comes from.
type Field struct {
	JQ     string            `yaml:"jq"`
	Value  *string           `yaml:"value"`
	Values map[string]string `yaml:"values"`
}

// UnmarshalYAML takes a plain text as jq.
func (f *Field) UnmarshalYAML(text []byte) error {
	var jq string
	if err := yaml.Unmarshal(text, &jq); err == nil {
		if jq == "" {
			return errors.New("an expression is empty: leave the key out")
		}
		f.JQ = jq
		return nil
	}
	type plain Field
	return yaml.UnmarshalWithOptions(text, (*plain)(f), yaml.Strict())
}
