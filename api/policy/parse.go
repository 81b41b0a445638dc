package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tributary/ingest/event"
)

// anyName stands for every purpose or kind of reader without a word of its own.
const anyName = "default"

// maxDocument bounds a document.
const maxDocument = 256 << 10

// ErrInvalid is wrapped by the errors of documents that are no policy; they name every fault with its path.
var ErrInvalid = errors.New("policy: the document is not valid")

// Parse reads a policy. It fails with every fault of the document, each with its path, and for every
// combination of purpose, reader and class without a rule.
func Parse(document []byte) (*Policy, error) {
	if len(document) > maxDocument {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, event.FieldError{Field: "document", Reason: fmt.Sprintf("is larger than %d KiB", maxDocument>>10)})
	}
	var top any
	if err := yaml.Unmarshal(document, &top); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, event.FieldError{Field: "document", Reason: "is not YAML: " + firstLine(yaml.FormatError(err, false, false))})
	}
	p := &parser{policy: &Policy{
		narrower: map[string][]string{}, traits: map[string]string{},
		rules: map[string]map[string]map[string]Rule{}, resolved: map[combination]map[string]Rule{},
	}}
	p.document(top)
	if len(p.faults) == 0 {
		p.resolve()
	}
	if len(p.faults) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, errors.Join(p.faults...))
	}
	return p.policy, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

type parser struct {
	policy *Policy
	faults []error
}

func (p *parser) fault(path, format string, args ...any) {
	p.faults = append(p.faults, event.FieldError{Field: path, Reason: fmt.Sprintf(format, args...)})
}

// object reads a mapping whose members are of a list; known empty: of any name.
func (p *parser) object(path string, v any, known ...string) map[string]any {
	if v == nil {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		p.fault(path, "must be a mapping")
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if len(known) > 0 && !slices.Contains(known, name) {
			p.fault(join(path, name), "is not known; known are %s", strings.Join(known, ", "))
			delete(m, name)
		}
	}
	return m
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (p *parser) document(v any) {
	m, ok := v.(map[string]any)
	if !ok {
		p.fault("document", "must be a mapping")
		return
	}
	p.object("", v, "verification", "narrower", "classes", "traits", "rules")
	p.verification(p.object("verification", m["verification"],
		"valid_for", "trusted_sources", "identified_for", "identified_sources", "own_lookup", "own_types"))
	for from, list := range p.object("narrower", m["narrower"], purposes...) {
		p.policy.narrower[from] = p.oneOf("narrower."+from, list, purposes)
	}
	p.classes(m["classes"], m["traits"])
	p.rules(p.object("rules", m["rules"], append([]string{anyName}, purposes...)...))
}

func (p *parser) verification(m map[string]any) {
	v := &p.policy.Verification
	*v = Verification{ValidFor: 30 * time.Minute, IdentifiedFor: 24 * time.Hour, OwnLookup: map[string]Level{}, OwnTypes: []string{"user_id", "profile", TypeAccount}}
	for name, set := range map[string]*time.Duration{"valid_for": &v.ValidFor, "identified_for": &v.IdentifiedFor} {
		if text, ok := m[name]; ok {
			*set = p.age("verification."+name, text)
		}
	}
	v.TrustedSources = p.texts("verification.trusted_sources", m["trusted_sources"])
	v.IdentifiedSources = p.texts("verification.identified_sources", m["identified_sources"])
	if list, ok := m["own_types"]; ok {
		v.OwnTypes = p.texts("verification.own_types", list)
	}
	for reader, level := range p.object("verification.own_lookup", m["own_lookup"], readers...) {
		v.OwnLookup[reader] = Level(p.index("verification.own_lookup."+reader, level, levelNames))
	}
	if slices.Contains(v.TrustedSources, "*") {
		p.fault("verification.trusted_sources", "must name sources; * would believe whoever has a write key")
	}
}

var className = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (p *parser) classes(own, traits any) {
	for i, class := range p.texts("classes", own) {
		path := fmt.Sprintf("classes[%d]", i)
		switch {
		case isBuiltIn(class) || slices.Contains(p.policy.classes, class) || slices.Contains(notClasses, class) || class == anyName:
			p.fault(path, "is a class already, or a word of its own")
		case !className.MatchString(class):
			p.fault(path, "must be lower-case letters, digits and _, at most 64")
		}
		p.policy.classes = append(p.policy.classes, class)
	}
	p.policy.classes = append(p.policy.classes, builtIn...)
	slices.Sort(p.policy.classes)
	for name, class := range p.object("traits", traits) {
		text, _ := class.(string)
		if !slices.Contains(p.policy.classes, text) {
			p.fault("traits."+name, "must be a class: one of classes, or %s", strings.Join(builtIn, ", "))
		}
		p.policy.traits[name] = text
	}
}

func (p *parser) rules(m map[string]any) {
	for purpose, of := range m {
		path := "rules." + purpose
		p.policy.rules[purpose] = map[string]map[string]Rule{}
		for reader, classes := range p.object(path, of, append([]string{anyName}, readers...)...) {
			path := path + "." + reader
			list := map[string]Rule{}
			for class, rule := range p.object(path, classes, p.policy.classes...) {
				list[class] = p.rule(path+"."+class, rule)
			}
			p.policy.rules[purpose][reader] = list
		}
	}
}

func (p *parser) rule(path string, v any) Rule {
	if text, ok := v.(string); ok {
		do := Action(p.index(path, text, actionNames))
		return Rule{Do: do, Below: do}
	}
	m := p.object(path, v, "do", "needs", "below", "max_age", "limit", "consent")
	if m["do"] == nil {
		p.fault(path, "must be show, mask or withhold, or a mapping with do")
		return Rule{}
	}
	r := Rule{Do: Action(p.index(path+".do", m["do"], actionNames))}
	r.Below = r.Do
	if needs, ok := m["needs"]; ok {
		r.Needs, r.Below = Level(p.index(path+".needs", needs, levelNames)), Withhold
	}
	if below, ok := m["below"]; ok {
		r.Below = Action(p.index(path+".below", below, actionNames))
		if r.Needs == Claimed || r.Below < r.Do {
			p.fault(path+".below", "goes with needs, and must not allow more than do")
		}
	}
	if text, ok := m["max_age"]; ok {
		r.MaxAge = p.age(path+".max_age", text)
	}
	if limit, ok := m["limit"]; ok {
		n, err := strconv.Atoi(fmt.Sprint(limit))
		if err != nil || n < 1 || n > 1_000_000 {
			p.fault(path+".limit", "must be a number from 1 to 1000000")
		}
		r.Limit = n
	}
	if purpose, ok := m["consent"]; ok {
		r.Consent, _ = purpose.(string)
		if !consentPurpose.MatchString(r.Consent) {
			p.fault(path+".consent", "must be a purpose that somebody can agree to, such as marketing")
		}
	}
	return r
}

// consentPurpose is what event.ValidPurpose allows, without "*".
var consentPurpose = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// resolve finds the rule of every combination.
func (p *parser) resolve() {
	for _, purpose := range purposes {
		for _, reader := range readers {
			rules := map[string]Rule{}
			for _, class := range p.policy.classes {
				rule, _, ok := p.policy.lookup(purpose, reader, class)
				if !ok {
					p.fault(fmt.Sprintf("rules.%s.%s.%s", purpose, reader, class), "there is no rule; say one here or under default")
				}
				rules[class] = rule
			}
			p.policy.resolved[combination{purpose, reader}] = rules
		}
	}
}

func (p *parser) index(path string, v any, names []string) int {
	text, _ := v.(string)
	i := slices.Index(names, text)
	if i < 0 {
		p.fault(path, "must be one of %s", strings.Join(names, ", "))
		return 0
	}
	return i
}

func (p *parser) texts(path string, v any) []string {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		p.fault(path, "must be a list")
		return nil
	}
	var all []string
	for i, x := range list {
		text, ok := x.(string)
		if !ok || text == "" || slices.Contains(all, text) {
			p.fault(fmt.Sprintf("%s[%d]", path, i), "must be a text of its own")
			continue
		}
		all = append(all, text)
	}
	return all
}

func (p *parser) oneOf(path string, v any, known []string) []string {
	list := p.texts(path, v)
	for i, text := range list {
		if !slices.Contains(known, text) {
			p.fault(fmt.Sprintf("%s[%d]", path, i), "must be one of %s", strings.Join(known, ", "))
		}
	}
	return list
}

// age reads a duration, days included: "90d", "30m".
func (p *parser) age(path string, v any) time.Duration {
	text, _ := v.(string)
	var d time.Duration
	var err error
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		if n < 0 || n > 36500 {
			n = -1
		}
		d = time.Duration(n) * 24 * time.Hour
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d <= 0 {
		p.fault(path, "must be a time such as 90d or 30m")
	}
	return d
}

func formatAge(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	return d.String()
}
