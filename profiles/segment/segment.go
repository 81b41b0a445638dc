// Package segment says who belongs to a segment: a named condition over what is known of a person.
// It is pure: no storage, no clock. What goes by time is asked through computed traits, which are
// evaluated before.
package segment

import "tributary/profiles/computed"

// Definition declares a segment.
type Definition struct {
	Name        string    `yaml:"name" json:"name" policy:"segment"` // lower-case letters, digits, - and _, at most 64
	Description string    `yaml:"description,omitempty" json:"description,omitempty" policy:"segment"`
	When        Condition `yaml:"when" json:"when" policy:"-"`
}

// Condition is one of: all, any or not of other conditions; or a subject and what is asked of it. Of a
// subject alone it is asked whether it is there: a value, at least one counted, a permission.
type Condition struct {
	All []Condition `yaml:"all,omitempty" json:"all,omitempty" policy:"-"`
	Any []Condition `yaml:"any,omitempty" json:"any,omitempty" policy:"-"`
	Not *Condition  `yaml:"not,omitempty" json:"not,omitempty" policy:"-"`

	Trait        string        `yaml:"trait,omitempty" json:"trait,omitempty" policy:"segment"`           // the one that survives under this name
	Attribute    string        `yaml:"attribute,omitempty" json:"attribute,omitempty" policy:"segment"`   // an identifying one: event.AttrCity and so on
	Computed     string        `yaml:"computed,omitempty" json:"computed,omitempty" policy:"segment"`     // a computed trait, or one set by SQL
	Counter      *Counter      `yaml:"counter,omitempty" json:"counter,omitempty" policy:"-"`             // how many events there ever were
	Open         string        `yaml:"open,omitempty" json:"open,omitempty" policy:"segment"`             // how many items of a kind are open: "case"
	Identifier   string        `yaml:"identifier,omitempty" json:"identifier,omitempty" policy:"segment"` // how many identifiers of a type are known
	Consent      *Consent      `yaml:"consent,omitempty" json:"consent,omitempty" policy:"-"`             // whether one may be addressed
	Satisfaction *Satisfaction `yaml:"satisfaction,omitempty" json:"satisfaction,omitempty" policy:"-"`   // what answers to surveys come to
	Segment      string        `yaml:"segment,omitempty" json:"segment,omitempty" policy:"segment"`       // whether one is in another segment

	Test `yaml:",inline" policy:"-"`
}

// Test is what is asked of a subject, in the words of computed.Condition; of several operators all must
// hold. Of what is not there none holds but exists: false. Numbers compare as numbers, text byte by byte
// (so times as RFC 3339 compare too), and a number never with a text.
type Test struct {
	Is      *computed.Scalar  `yaml:"is,omitempty" json:"is,omitempty" policy:"segment"`
	IsNot   *computed.Scalar  `yaml:"is_not,omitempty" json:"is_not,omitempty" policy:"segment"`
	In      []computed.Scalar `yaml:"in,omitempty" json:"in,omitempty" policy:"segment"`
	Above   *computed.Scalar  `yaml:"above,omitempty" json:"above,omitempty" policy:"segment"`
	Below   *computed.Scalar  `yaml:"below,omitempty" json:"below,omitempty" policy:"segment"`
	AtLeast *computed.Scalar  `yaml:"at_least,omitempty" json:"at_least,omitempty" policy:"segment"`
	AtMost  *computed.Scalar  `yaml:"at_most,omitempty" json:"at_most,omitempty" policy:"segment"`
	Exists  *bool             `yaml:"exists,omitempty" json:"exists,omitempty" policy:"segment"`
	// Contains is a part of a text, or one of the texts of a list.
	Contains *string `yaml:"contains,omitempty" json:"contains,omitempty" policy:"segment"`
}

// Counter counts events: track calls by their name, others by their type. An empty channel is any.
type Counter struct {
	Name    string `yaml:"name" json:"name" policy:"segment"`
	Channel string `yaml:"channel,omitempty" json:"channel,omitempty" policy:"segment"`
}

// Consent asks whether a person may be addressed by a channel for a purpose.
type Consent struct {
	Channel string `yaml:"channel" json:"channel" policy:"segment"`
	Purpose string `yaml:"purpose" json:"purpose" policy:"segment"`
}

// Satisfaction is what the answers to one survey on one scale come to; those of different scales
// cannot be averaged.
type Satisfaction struct {
	Survey  string `yaml:"survey" json:"survey" policy:"segment"` // csat, nps, ces
	Kind    string `yaml:"kind,omitempty" json:"kind,omitempty" policy:"segment"`
	Scale   string `yaml:"scale" json:"scale" policy:"segment"`                         // as sources declare it: "1-5"
	Measure string `yaml:"measure,omitempty" json:"measure,omitempty" policy:"segment"` // mean (default) or answers: how many
}

// Bounds of a document.
const (
	MaxSegments   = 1000
	maxConditions = 10_000 // of all segments
	maxDepth      = 16
	maxText       = 1024 // bytes of a name or value
)
