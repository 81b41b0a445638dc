package identity

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Rules is a workspace's document of who is who: a strategy that states an intent, and knobs that
// override what the strategy makes of it. They change how observations are grouped, never which
// observation an event belongs to, so a change of them is undone by changing them back. The zero
// value is StrategyKnownCustomerFirst as it stands.
type Rules struct {
	// Strategy is the intent. Default: StrategyKnownCustomerFirst.
	Strategy Strategy `yaml:"strategy" json:"strategy,omitempty"`
	// Identifiers are in order of priority: among identifiers of one role the earlier joins first,
	// and a certain one is not held up by limits of those behind it. Types that are not named come
	// last, with the role that the server's configuration gives them.
	Identifiers []IdentifierRule `yaml:"identifiers" json:"identifiers,omitempty"`
	// Compound lists pairs of which both must agree, and then join for certain.
	Compound []Compound `yaml:"compound" json:"compound,omitempty"`
	// Blocked adds to the values that identify nobody.
	Blocked []Block `yaml:"blocked" json:"blocked,omitempty"`
	// Contact says whether an equal shareable identifier and an agreeing name are enough to join.
	Contact Contact `yaml:"contact" json:"contact,omitempty"`
	// Visits says whose the anonymous visits of a device of several customers are.
	Visits   Visits   `yaml:"visits" json:"visits,omitempty"`
	Matching Matching `yaml:"matching" json:"matching,omitzero"`
	Generic  Generic  `yaml:"generic" json:"generic,omitzero"`
}

// Role is what an identifier type is worth.
type Role string

// The roles.
const (
	RoleExclusive Role = "exclusive" // joins for certain, and a profile has one value of it
	RoleCertain   Role = "certain"   // joins for certain
	RoleDevice    Role = "device"    // joins unless something speaks against it
	RoleShareable Role = "shareable" // several people may use it: joins with an agreeing name or by score
	RoleEvidence  Role = "evidence"  // joins nobody and keeps nobody apart by rule; scores may weigh it
	RoleIgnored   Role = "ignored"   // the same, and is not part of a compound identifier
)

// IdentifierRule is what holds for one identifier type.
type IdentifierRule struct {
	Type string `yaml:"type" json:"type"`
	// Role is the strategy's, or else the configuration's, unless set.
	Role Role `yaml:"role" json:"role,omitempty"`
	// Limit is how many values of the type a profile holds; 0: any number. With a Window: how many
	// it comes to hold within any span of event time shorter than that. Event time is
	// Observation.FirstSeen, so that neither the clock nor the order of arrival matters.
	Limit  int    `yaml:"limit" json:"limit,omitempty"`
	Window Window `yaml:"window" json:"window,omitempty"`
}

// Compound is an identifier made of two: an identifier type, and another one or an attribute. Two
// observations that agree on both are one person, as by a certain identifier. It holds even where
// one of the two is generic or only evidence, but not where both are generic or one is blocked.
type Compound struct {
	Name string   `yaml:"name" json:"name"` // lower case, digits and _
	Of   []string `yaml:"of" json:"of"`     // two
}

// Contact is when a shareable identifier joins.
type Contact string

// The ways.
const (
	// ContactWeighed: its weight decides. Where there is no model, or matching is off, as ContactAgreeingName.
	ContactWeighed Contact = "weighed"
	// ContactAgreeingName: it joins with an agreeing name or birth date, before anything is weighed.
	ContactAgreeingName Contact = "agreeing_name"
)

// Visits is whose the anonymous visits of a device are that several customers used.
type Visits string

// The ways.
const (
	VisitsAlone         Visits = "alone"          // nobody's: they stand alone
	VisitsFirstCustomer Visits = "first_customer" // whose event is the earliest that names the device
)

// Matching is how what is not certain is weighed.
type Matching struct {
	// Enabled is true unless set, by the strategy or here.
	Enabled *bool `yaml:"enabled" json:"enabled,omitempty"`
	// MergePrecision is how many of the merges at the threshold are to be right. Default: DefaultMergePrecision.
	MergePrecision float64 `yaml:"merge_precision" json:"merge_precision,omitempty"`
	// ReviewPrecision is from where on a person is asked. Default: DefaultReviewPrecision, or
	// MergePrecision if that is lower.
	ReviewPrecision float64 `yaml:"review_precision" json:"review_precision,omitempty"`
}

// The defaults of Matching.
const (
	DefaultMergePrecision  = .9
	DefaultReviewPrecision = .5
)

// Generic overrides Config.GenericSpread and Config.GenericHolders.
type Generic struct {
	Spread  int `yaml:"spread" json:"spread,omitempty"`
	Holders int `yaml:"holders" json:"holders,omitempty"`
}

// Window is a span of event time, written 720h, 90m or 30d.
type Window time.Duration

// UnmarshalYAML reads a window.
func (w *Window) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	if days, found := strings.CutSuffix(word, "d"); found {
		if n, err := strconv.ParseUint(days, 10, 15); err == nil {
			*w = Window(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	d, err := time.ParseDuration(word)
	if err != nil {
		return fmt.Errorf("%q is no span of time such as 90m, 720h or 30d", word)
	}
	*w = Window(d)
	return nil
}

// MarshalText writes a window in hours where they are whole.
func (w Window) MarshalText() ([]byte, error) {
	s := time.Duration(w).String()
	if cut, ok := strings.CutSuffix(s, "m0s"); ok {
		s = cut + "m"
		if whole, ok := strings.CutSuffix(s, "h0m"); ok {
			s = whole + "h"
		}
	}
	return []byte(s), nil
}

func (w Window) milliseconds() int64 { return time.Duration(w).Milliseconds() }

// maxRules is the longest document in bytes.
const maxRules = 1 << 20

// ParseRules reads a document in YAML or JSON. Its error names every fault with its path.
func ParseRules(text []byte) (Rules, error) {
	if len(text) > maxRules {
		return Rules{}, fmt.Errorf("rules: have %d bytes, more than %d", len(text), maxRules)
	}
	if err := refuseAnchors(text); err != nil {
		return Rules{}, fmt.Errorf("rules: %w", err)
	}
	var raw any
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&raw); err != nil && !errors.Is(err, io.EOF) {
		return Rules{}, fmt.Errorf("rules: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Rules{}, errors.New("rules: there is a second document")
	}
	if raw == nil {
		return Rules{}, nil
	}
	faults := unknownKeys("", raw, shapeOfRules)
	var r Rules
	if err := yaml.Unmarshal(text, &r); err != nil {
		return Rules{}, fmt.Errorf("rules: %w", errors.Join(append(faults, err)...))
	}
	if err := errors.Join(append(faults, r.Validate())...); err != nil {
		return Rules{}, fmt.Errorf("rules: %w", err)
	}
	return r, nil
}

// refuseAnchors refuses what a few lines of YAML could blow up to gigabytes with.
func refuseAnchors(text []byte) error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return err
	}
	for _, doc := range file.Docs {
		if doc.Body != nil && (len(ast.Filter(ast.AnchorType, doc.Body)) > 0 || len(ast.Filter(ast.AliasType, doc.Body)) > 0) {
			return errors.New("anchors and aliases are not taken")
		}
	}
	return nil
}

// Encode returns the canonical form, which ParseRules reads: JSON in which rules that say the same
// in the same order of priority have the same bytes.
func (r Rules) Encode() []byte {
	r.Strategy = cmp.Or(r.Strategy, StrategyKnownCustomerFirst)
	r.Blocked = slices.Clone(r.Blocked)
	slices.SortFunc(r.Blocked, compareBlocks)
	r.Blocked = slices.Compact(r.Blocked)
	text, err := json.Marshal(r)
	if err != nil {
		panic("identity: encode rules: " + err.Error()) // their numbers are finite once they are valid
	}
	return text
}

func compareBlocks(a, b Block) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Pattern, b.Pattern))
}

// shape names the keys that a mapping may have, with what stands below them; nil for a plain value.
type shape map[string]shape

var shapeOfRules = shape{
	"strategy": nil, "contact": nil, "visits": nil,
	"identifiers": {"type": nil, "role": nil, "limit": nil, "window": nil},
	"compound":    {"name": nil, "of": nil},
	"blocked":     {"type": nil, "value": nil, "pattern": nil},
	"matching":    {"enabled": nil, "merge_precision": nil, "review_precision": nil},
	"generic":     {"spread": nil, "holders": nil},
}

// unknownKeys names every key that has no place, by its path.
func unknownKeys(path string, value any, known shape) []error {
	var faults []error
	switch v := value.(type) {
	case map[string]any:
		if known == nil {
			return []error{fmt.Errorf("%s: has keys below it, and should be a plain value", path)}
		}
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			at := strings.TrimPrefix(path+"."+k, ".")
			if below, ok := known[k]; ok {
				faults = append(faults, unknownKeys(at, v[k], below)...)
			} else {
				faults = append(faults, fmt.Errorf("%s: there is no such key", at))
			}
		}
	case []any:
		for i, x := range v {
			faults = append(faults, unknownKeys(fmt.Sprintf("%s[%d]", path, i), x, known)...)
		}
	}
	return faults
}
