package segment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/computed"
)

// Known says what else is declared, for a segment names it.
type Known struct {
	Computed []string // names of computed traits
}

// SQLPrefix begins the names of traits that the operator has set by SQL. They stand in the configuration
// file, which a document does not know.
const SQLPrefix = "sql:"

// Program evaluates the segments of one document. It is safe for concurrent use.
type Program struct {
	names  []string
	roots  []node // of each
	order  []int  // a segment after those it looks at
	inputs []input
	// computed are the computed traits that each goes by, through others too.
	computed [][]string
	concerns concerns
}

type nodeKind uint8

const (
	nodeAll nodeKind = iota
	nodeAny
	nodeNot
	nodeCheck
	nodeSegment
)

// node is a compiled condition.
type node struct {
	kind   nodeKind
	kids   []node
	input  int // or the number of a segment
	checks []check
}

type subject uint8

const (
	subjectTrait subject = iota
	subjectAttribute
	subjectComputed
	subjectCounter
	subjectOpen
	subjectIdentifier
	subjectConsent
	subjectSatisfaction
)

// input is something that conditions look at; each is read once per evaluation.
type input struct {
	subject                     subject
	name, channel, scale, extra string
}

// counted says that it is a number even where nothing is.
func (i *input) counted() bool {
	return i.subject == subjectCounter || i.subject == subjectOpen || i.subject == subjectIdentifier || i.subject == subjectConsent
}

// Compile makes a program of definitions. The error is event.Errors: every fault, with its path.
func Compile(definitions []Definition, known Known) (*Program, error) {
	c := &compiler{known: known, program: &Program{}, numbers: map[string]int{}}
	c.fault(len(definitions) > MaxSegments, "segments", "there may be %d", MaxSegments)
	for i := range definitions {
		name := definitions[i].Name
		path := fmt.Sprintf("segments[%d].name", i)
		c.fault(!event.ValidSource(name), path, "must be lower-case letters, digits, - and _, at most 64")
		_, twice := c.numbers[name]
		c.fault(twice, path, "%q stands twice", name)
		c.numbers[name] = i
		c.program.names = append(c.program.names, name)
	}
	for i := range definitions {
		d := &definitions[i]
		path := fmt.Sprintf("segments[%d]", i)
		c.fault(len(d.Description) > maxText, path+".description", "may have %d bytes", maxText)
		c.looks = nil
		c.program.roots = append(c.program.roots, c.condition(path+".when", &d.When, 0))
		c.uses = append(c.uses, c.looks)
	}
	c.fault(c.conditions > maxConditions, "segments", "have %d conditions, they may have %d", c.conditions, maxConditions)
	c.sort()
	if err := c.faults.Err(); err != nil {
		return nil, err
	}
	c.finish()
	return c.program, nil
}

// compiler is one compilation under way.
type compiler struct {
	known      Known
	program    *Program
	numbers    map[string]int // of segments, by name
	looks      []int          // the segments that the present one looks at
	uses       [][]int        // of each
	conditions int
	faults     event.Errors
}

func (c *compiler) fault(bad bool, path, format string, args ...any) {
	if bad {
		c.faults.Add(path, fmt.Sprintf(format, args...))
	}
}

// condition compiles one condition and what is below it.
func (c *compiler) condition(path string, d *Condition, depth int) node {
	c.conditions++
	if depth > maxDepth {
		c.fault(true, path, "is nested deeper than %d", maxDepth)
		return node{}
	}
	said := d.said()
	if len(said) != 1 {
		c.fault(true, path, "must say one of all, any, not, %s; it says %s", strings.Join(subjects[:], ", "), orNothing(said))
		return node{}
	}
	switch said[0] {
	case "all":
		return c.group(path+".all", nodeAll, d.All, d, depth)
	case "any":
		return c.group(path+".any", nodeAny, d.Any, d, depth)
	case "not":
		c.noTest(path, d)
		return node{kind: nodeNot, kids: []node{c.condition(path+".not", d.Not, depth+1)}}
	case "segment":
		c.noTest(path, d)
		number, known := c.numbers[d.Segment]
		c.fault(!known, path+".segment", "%q is no segment of this document", d.Segment)
		c.looks = append(c.looks, number)
		return node{kind: nodeSegment, input: number}
	}
	in := c.input(path, d)
	return node{kind: nodeCheck, input: c.number(in), checks: c.test(path, &d.Test)}
}

var subjects = [...]string{"trait", "attribute", "computed", "counter", "open", "identifier", "consent", "satisfaction", "segment"}

// said lists what a condition says.
func (d *Condition) said() []string {
	var said []string
	for name, is := range map[string]bool{
		"all": d.All != nil, "any": d.Any != nil, "not": d.Not != nil,
		"trait": d.Trait != "", "attribute": d.Attribute != "", "computed": d.Computed != "", "counter": d.Counter != nil,
		"open": d.Open != "", "identifier": d.Identifier != "", "consent": d.Consent != nil,
		"satisfaction": d.Satisfaction != nil, "segment": d.Segment != "",
	} {
		if is {
			said = append(said, name)
		}
	}
	slices.Sort(said)
	return said
}

func orNothing(said []string) string {
	if len(said) == 0 {
		return "none"
	}
	return strings.Join(said, " and ")
}

func (c *compiler) group(path string, kind nodeKind, all []Condition, d *Condition, depth int) node {
	c.noTest(path, d)
	c.fault(len(all) == 0, path, "needs at least one condition")
	n := node{kind: kind}
	for i := range all {
		n.kids = append(n.kids, c.condition(fmt.Sprintf("%s[%d]", path, i), &all[i], depth+1))
	}
	return n
}

// noTest says that operators belong to subjects.
func (c *compiler) noTest(path string, d *Condition) {
	c.fault(len(c.operators(path, &d.Test)) > 0, path, "takes no operator: it is true or false already; put it under not to turn it round")
}

// input reads the subject of a condition.
func (c *compiler) input(path string, d *Condition) input {
	plain := func(s subject, field, name string) input {
		c.fault(len(name) > maxText, path+"."+field, "may have %d bytes", maxText)
		return input{subject: s, name: name}
	}
	switch {
	case d.Trait != "":
		return plain(subjectTrait, "trait", d.Trait)
	case d.Attribute != "":
		c.fault(!event.KnownAttribute(d.Attribute), path+".attribute", "%q is no identifying attribute; other names are traits", d.Attribute)
		return plain(subjectAttribute, "attribute", d.Attribute)
	case d.Computed != "":
		known := strings.HasPrefix(d.Computed, SQLPrefix) || slices.Contains(c.known.Computed, d.Computed)
		c.fault(!known, path+".computed", "%q is not declared under computed; what the operator has set by SQL is named %sNAME", d.Computed, SQLPrefix)
		return plain(subjectComputed, "computed", d.Computed)
	case d.Counter != nil:
		c.fault(d.Counter.Name == "", path+".counter.name", "is required")
		return input{subject: subjectCounter, name: d.Counter.Name, channel: d.Counter.Channel}
	case d.Open != "":
		c.fault(!slices.Contains(profiles.ItemKinds(), profiles.ItemKind(d.Open)), path+".open", "%q is none of %v", d.Open, profiles.ItemKinds())
		return plain(subjectOpen, "open", d.Open)
	case d.Identifier != "":
		return plain(subjectIdentifier, "identifier", d.Identifier)
	case d.Consent != nil:
		c.fault(d.Consent.Channel == "", path+".consent.channel", "is required")
		c.fault(d.Consent.Purpose == "", path+".consent.purpose", "is required")
		return input{subject: subjectConsent, name: d.Consent.Purpose, channel: d.Consent.Channel}
	}
	return c.satisfaction(path+".satisfaction", d.Satisfaction)
}

func (c *compiler) satisfaction(path string, s *Satisfaction) input {
	c.fault(s.Survey == "", path+".survey", "is required")
	c.fault(s.Scale == "", path+".scale", "is required: scores of different scales are not one figure")
	c.fault(s.Measure != "" && s.Measure != measureMean && s.Measure != measureAnswers, path+".measure", "%q is neither %s nor %s", s.Measure, measureMean, measureAnswers)
	return input{subject: subjectSatisfaction, name: s.Survey, channel: s.Kind, scale: s.Scale, extra: s.Measure}
}

const (
	measureMean    = "mean"
	measureAnswers = "answers"
)

// number returns the number of an input.
func (c *compiler) number(in input) int {
	if i := slices.Index(c.program.inputs, in); i >= 0 {
		return i
	}
	c.program.inputs = append(c.program.inputs, in)
	return len(c.program.inputs) - 1
}

// test compiles the operators of a condition; without any it asks whether the subject is there.
func (c *compiler) test(path string, t *Test) []check {
	checks := c.operators(path, t)
	if len(checks) == 0 {
		return []check{{operator: exists}}
	}
	return checks
}

func (c *compiler) operators(path string, t *Test) []check {
	var checks []check
	if t.Exists != nil {
		op := exists
		if !*t.Exists {
			op = notExists
		}
		checks = append(checks, check{operator: op})
	}
	for _, o := range [...]struct {
		name     string
		operator operator
		operand  *computed.Scalar
		ordered  bool
	}{
		{"is", in, t.Is, false}, {"is_not", notIn, t.IsNot, false},
		{"above", greater, t.Above, true}, {"at_least", greaterOrEqual, t.AtLeast, true},
		{"below", less, t.Below, true}, {"at_most", lessOrEqual, t.AtMost, true},
	} {
		if o.operand == nil {
			continue
		}
		v := c.operand(path+"."+o.name, o.operand)
		c.fault(o.ordered && v.kind == boolean, path+"."+o.name, "must be a number or a text: true and false have no order")
		checks = append(checks, check{o.operator, []value{v}})
	}
	if t.Contains != nil {
		c.fault(len(*t.Contains) > maxText, path+".contains", "may have %d bytes", maxText)
		checks = append(checks, check{contains, []value{{kind: text, text: *t.Contains}}})
	}
	if t.In == nil {
		return checks
	}
	one := check{operator: in}
	c.fault(len(t.In) == 0 || len(t.In) > computed.MaxOperands, path+".in", "needs 1 to %d values", computed.MaxOperands)
	for i := range t.In {
		one.operands = append(one.operands, c.operand(fmt.Sprintf("%s.in[%d]", path, i), &t.In[i]))
	}
	return append(checks, one)
}

func (c *compiler) operand(path string, s *computed.Scalar) value {
	encoded := s.String()
	c.fault(len(encoded) > maxText, path, "may have %d bytes", maxText)
	v := valueOf(json.RawMessage(encoded))
	c.fault(v.kind == absent, path, "must be a text, a number, or true or false")
	return v
}

// sort orders segments after those they look at, and finds those that look at themselves.
func (c *compiler) sort() {
	const (
		under = 1
		done  = 2
	)
	mark := make([]byte, len(c.uses))
	var visit func(i int) bool
	visit = func(i int) bool {
		switch mark[i] {
		case done:
			return true
		case under:
			return false
		}
		mark[i] = under
		for _, j := range c.uses[i] {
			if !visit(j) {
				return false
			}
		}
		mark[i] = done
		c.program.order = append(c.program.order, i)
		return true
	}
	for i := range c.uses {
		if !visit(i) {
			c.fault(true, fmt.Sprintf("segments[%d].when", i), "%q looks at itself, by way of others or not", c.program.names[i])
			return
		}
	}
}

// finish notes what each segment goes by.
func (c *compiler) finish() {
	p := c.program
	p.computed = make([][]string, len(p.names))
	for _, i := range p.order {
		names := c.computedOf(&p.roots[i], nil)
		for _, j := range c.uses[i] {
			names = append(names, p.computed[j]...)
		}
		slices.Sort(names)
		p.computed[i] = slices.Compact(names)
	}
	p.concerns = newConcerns(p.inputs)
}

func (c *compiler) computedOf(n *node, names []string) []string {
	if n.kind == nodeCheck && c.program.inputs[n.input].subject == subjectComputed {
		names = append(names, c.program.inputs[n.input].name)
	}
	for i := range n.kids {
		names = c.computedOf(&n.kids[i], names)
	}
	return names
}
