package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
)

// Mapper is a mapping that is compiled. It is safe for concurrent use.
type Mapper struct {
	id, otherwise *Expr
	rules         []rule
	dynamic       bool // some expression needs jq
	needsBody     bool // and names $body
}

// Dynamic says whether any expression needs jq, and so Vars.
func (m *Mapper) Dynamic() bool { return m.dynamic }

// NeedsBody says whether any expression names $body.
func (m *Mapper) NeedsBody() bool { return m.needsBody }

type rule struct {
	at           string // its path, for faults
	name         string
	free         bool
	kind         event.Type
	when, id     *Expr
	time, sent   *Expr
	order        *Expr
	record       *record
	properties   *Expr
	traits       *Expr
	channel      *value
	identifiers  []named
	attributes   []named
	cx           []named
	participants []participant
}

type record struct{ id, version, deleted *Expr }

type participant struct {
	role, value *value
	kind        string
}

// named is a field with its name, the path it stands at, and its place in event.CX.
type named struct {
	name, at string
	index    int
	value    *value
}

// value is a Field, compiled.
type value struct {
	expr   *Expr
	fixed  *string
	values map[string]string
}

// compiler collects every fault, each with its path.
type compiler struct {
	faults             []error
	dynamic, needsBody bool
}

func (c *compiler) fault(at, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s: "+format, append([]any{at}, args...)...))
}

// Compile checks a mapping that stands at a path of its file, and returns every fault.
func (m *Mapping) Compile(at string) (*Mapper, error) {
	c := &compiler{}
	out := &Mapper{id: c.expr(at+".id", m.ID), otherwise: c.expr(at+".otherwise", m.Otherwise)}
	if m.ID == "" {
		c.fault(at+".id", "must be given: it tells repetitions from news")
	}
	seen := map[string]string{}
	for i := range m.Events {
		r := c.rule(fmt.Sprintf("%s.events[%d]", at, i), at, m, &m.Events[i])
		if other, twice := seen[r.name]; twice && r.id == nil {
			c.fault(r.at, "has the name of %s: give it an id of its own, or a message id would stand for both", other)
		}
		seen[r.name] = r.at
		out.rules = append(out.rules, r)
	}
	out.dynamic, out.needsBody = c.dynamic, c.needsBody
	return out, errors.Join(c.faults...)
}

// Names are the names of the vocabulary that the rules make, each once.
func (m *Mapper) Names() []string {
	var names []string
	for _, r := range m.rules {
		if !r.free && r.name != "" && !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}

// expr compiles an expression; nil if there is none.
func (c *compiler) expr(at, source string) *Expr {
	if source == "" {
		return nil
	}
	x, err := Compile(source)
	if err != nil {
		c.fault(at, "%w", err)
		return nil
	}
	c.dynamic = c.dynamic || x.code != nil
	c.needsBody = c.needsBody || x.code != nil && strings.Contains(source, "$body")
	return x
}

func (c *compiler) rule(at, above string, m *Mapping, y *Rule) rule {
	r := rule{at: at, name: y.Name, kind: event.Type(y.Type), when: c.expr(at+".when", y.When), id: c.expr(at+".id", y.ID)}
	c.name(at, y, &r)
	pick := func(name, own, common string) *Expr {
		if own != "" {
			return c.expr(at+"."+name, own)
		}
		return c.expr(above+"."+name, common)
	}
	r.time, r.sent, r.order = pick("at", y.At, m.At), pick("sent_at", y.SentAt, m.SentAt), pick("order", y.Order, m.Order)
	r.properties, r.traits = c.expr(at+".properties", y.Properties), c.expr(at+".traits", y.Traits)
	if y.Record != nil {
		if y.Record.ID == "" {
			c.fault(at+".record.id", "must be given")
		}
		r.record = &record{c.expr(at+".record.id", y.Record.ID), c.expr(at+".record.version", y.Record.Version), c.expr(at+".record.deleted", y.Record.Deleted)}
	}
	if r.kind == "" {
		r.kind = event.TypeTrack
		if r.record != nil {
			r.kind = event.TypeIdentify
		}
	}
	if y.Channel.given() {
		r.channel = c.value(at+".channel", y.Channel)
	} else if m.Channel.given() {
		r.channel = c.value(above+".channel", m.Channel)
	}
	r.identifiers = c.fields(above+".identifiers", m.Identifiers, at+".identifiers", y.Identifiers, c.identifier)
	r.attributes = c.fields(above+".attributes", m.Attributes, at+".attributes", y.Attributes, c.attribute)
	r.cx = c.fields(above+".cx", m.CX, at+".cx", y.CX, c.cxField)
	r.participants = append(c.participants(above, m.Participants), c.participants(at, y.Participants)...)
	c.constants(&r)
	return r
}

// name checks what the event is called.
func (c *compiler) name(at string, y *Rule, r *rule) {
	switch {
	case y.Name != "" && y.Free != "":
		c.fault(at, "has name and free: give one of them")
	case y.Free != "":
		r.name, r.free = y.Free, true
	case y.Name == "" && y.Type == "":
		c.fault(at+".name", "must be given, or free")
	case y.Name != "" && !event.InVocabulary(y.Name):
		c.fault(at+".name", "%q is not in the vocabulary%s; an event of your own is free: %s", y.Name, nearest(y.Name, event.Names()), y.Name)
	}
}

func (f *Field) given() bool { return f.JQ != "" || f.Value != nil || f.Values != nil }

func (c *compiler) value(at string, f Field) *value {
	if (f.JQ == "") == (f.Value == nil) {
		c.fault(at, "needs jq or value, one of them")
	}
	if f.Value != nil && f.Values != nil {
		c.fault(at, "has values, which belong to jq")
	}
	return &value{expr: c.expr(at, f.JQ), fixed: f.Value, values: f.Values}
}

// fields compiles what stands above and in a rule, the rule's own before it, in the order of names.
func (c *compiler) fields(above string, common map[string]Field, at string, own map[string]Field, check func(at, name string) int) []named {
	var all []named
	for _, name := range slices.Sorted(maps.Keys(common)) {
		if _, replaced := own[name]; !replaced {
			path := above + "." + name
			all = append(all, named{name, path, check(path, name), c.value(path, common[name])})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		path := at + "." + name
		all = append(all, named{name, path, check(path, name), c.value(path, own[name])})
	}
	return all
}

func (c *compiler) identifier(at, name string) int {
	if !event.KnownIdentifierType(name) && !event.ValidIdentifierType("source."+name) {
		c.fault(at, "must be user_id, anonymous_id, device_id, email, phone, or a kind of the source's own in lower-case letters, digits and _")
	}
	return 0
}

func (c *compiler) attribute(at, name string) int {
	if !event.KnownAttribute(name) {
		c.fault(at, "is not an identifying attribute: leave it to traits")
	}
	return 0
}

func (c *compiler) cxField(at, name string) int {
	i, known := cxFields[name]
	if !known {
		c.fault(at, "is not a typed field%s", nearest(name, cxNames()))
	}
	return i
}

func (c *compiler) participants(at string, list []Participant) []participant {
	var all []participant
	for i, p := range list {
		path := fmt.Sprintf("%s.participants[%d]", at, i)
		c.identifier(path+".type", p.Type)
		all = append(all, participant{role: c.value(path+".role", p.Role), value: c.value(path+".value", p.Value), kind: p.Type})
	}
	return all
}

// constants puts every constant of a rule, and every word of its tables, into an event and has it
// validated, so that a wrong one shows when the file is read and not with the first item.
func (c *compiler) constants(r *rule) {
	check := func(at, what string, fill func(e *event.Event) error) {
		e := event.Event{Workspace: "w", Source: "s", MessageID: "m", Type: r.kind, Name: "n", CX: &event.CX{}}
		e.Stamp(time.Time{}, time.Time{}, event.MinTime.AddDate(100, 0, 0))
		if err := fill(&e); err != nil {
			c.fault(at, "%q %w", what, err)
			return
		}
		var faults event.Errors
		if errors.As(e.Validate(), &faults) {
			for _, f := range faults {
				if !strings.HasSuffix(f.Reason, "must be given with an amount") && !strings.HasSuffix(f.Reason, "must be given with a currency") {
					c.fault(at, "%q %s", what, f.Reason)
				}
			}
		}
	}
	check(r.at+".type", string(r.kind), func(*event.Event) error { return nil })
	for _, word := range r.channel.words() {
		check(r.at+".channel", word, func(e *event.Event) error { e.Channel = event.Channel(word); return nil })
	}
	for _, f := range r.cx {
		for _, word := range f.value.words() {
			check(f.at, word, func(e *event.Event) error { return setCX(e.CX, f.name, f.index, word) })
		}
	}
}

// words are what the value may be as far as is known beforehand.
func (v *value) words() []string {
	switch {
	case v == nil:
		return nil
	case v.fixed != nil:
		return []string{*v.fixed}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Values(v.values)), func(s string) bool { return s == "" })
}

// nearest suggests the known name that differs by at most two letters.
func nearest(name string, known []string) string {
	best, suggestion := 3, ""
	for _, k := range known {
		if d := distance(name, k); d < best {
			best, suggestion = d, "; did you mean "+k+"?"
		}
	}
	return suggestion
}

// distance is how many letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
