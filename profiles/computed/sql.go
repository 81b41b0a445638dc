package computed

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Row is what a statement of SQL returns for each person that has the trait.
type Row struct {
	Profile string `ch:"profile"` // UUID
	Value   string `ch:"value"`   // canonical; Literal makes JSON of it
	Exact   bool   `ch:"exact"`
	LeftOut uint64 `ch:"left_out"`
}

// SQL returns a statement of ClickHouse that computes a trait anew for all people of a workspace, out of
// all its events, and the values of its {name:Type} parameters. It comes to the same as Evaluate at now,
// to the digit. Its columns are profile UUID, value String (see Literal), exact Bool and left_out UInt64; a
// person is missing where the trait is absent, or 0 or false for want of events.
//
// The table is events, the dictionary identity_now of the same database, which must be up to date.
func (p *Program) SQL(name, workspace string, now time.Time) (query string, params map[string]any, err error) {
	for _, t := range p.traits {
		if t.def.Name == name {
			s := statement{trait: t, params: map[string]any{"workspace": workspace}}
			return s.query(now), s.params, nil
		}
	}
	return "", nil, fmt.Errorf("there is no computed trait %q", name)
}

// statement is the SQL of one trait. Names of columns come from fixed lists; all else is bound.
//
// Its parts lie within each other, each making columns of those of the part within: the events of the lists
// and the window; the documents as tokens; the documents made readable (<name>_doc); the fields as they are
// found (f0_raw); their values (f0) and numbers (f0_num); what counts (counts, one, num).
type statement struct {
	*trait
	params map[string]any
	docs   [documents]bool
	fields []*field
	raws   []string
}

// bind makes a parameter of a value.
func (s *statement) bind(of string, v any) string {
	name := "p" + itoa(len(s.params))
	s.params[name] = v
	return "{" + name + ":" + of + "}"
}

// query puts the parts together.
func (s *statement) query(now time.Time) string {
	conditions := []string{}
	for i := range s.where {
		conditions = append(conditions, s.condition(&s.where[i]))
	}
	last := "true AS counts, '' AS one, NULL AS num"
	if s.value != nil {
		n := s.field(s.value)
		last = fmt.Sprintf("%s AS counts, if(counts, f%[2]d, '') AS one, if(counts, f%[2]d_num, NULL) AS num", s.usable(n), n)
	}
	from := s.layers("SELECT " + strings.Join(s.columns(), ", ") + "\nFROM events\nWHERE " + strings.Join(s.selected(now), " AND "))
	if len(conditions) > 0 {
		from += "\nWHERE " + strings.Join(conditions, "\n    AND ")
	}
	return s.fold("SELECT dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile, at, message_id, source, " +
		s.bucket() + " AS bucket, " + last + "\nFROM (" + from + ")")
}

// columns are those of the table that are needed.
func (s *statement) columns() []string {
	all := []string{"observation", "observation_key", "at", "message_id", "source"}
	if s.def.Currency != "" {
		all = append(all, "currency")
	}
	for _, f := range s.fields {
		if f.of != nil {
			all = append(all, f.column)
		} else {
			all = append(all, documentNames[f.doc])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// selected says which events are in the lists and the window.
func (s *statement) selected(now time.Time) []string {
	all := append([]string{"workspace = {workspace:String}"}, s.lists(&s.def)...)
	if s.span.n > 0 {
		all = append(all, "toUnixTimestamp64Milli(at) >= "+s.bind("Int64", s.span.oldest(now)*s.span.milli))
	}
	return all
}

func (s *statement) bucket() string {
	if s.span.milli == 0 {
		return "0"
	}
	return fmt.Sprintf("intDiv(toUnixTimestamp64Milli(at) - positiveModulo(toUnixTimestamp64Milli(at), %[1]d), %[1]d)", s.span.milli)
}

// field returns the number n of the columns f<n>, the value of a field in its canonical form, and f<n>_num.
func (s *statement) field(f *field) int {
	for n, known := range s.fields {
		if known.name == f.name {
			return n
		}
	}
	n := len(s.fields)
	s.fields = append(s.fields, f)
	raw := f.expr
	if f.of == nil {
		raw = "JSONExtractString(" + s.document(f.doc) + s.keys(f) + ")"
	}
	s.raws = append(s.raws, raw+" AS f"+itoa(n)+"_raw")
	return n
}

func (s *statement) keys(f *field) string {
	var b strings.Builder
	for _, key := range f.keys {
		b.WriteString(", " + s.bind("String", string(text)+key))
	}
	return b.String()
}

// document returns the column of a document that is made readable.
func (s *statement) document(doc document) string {
	s.docs[doc] = true
	return documentNames[doc] + "_doc"
}

func (s *statement) condition(c *condition) string {
	n := s.field(c.field)
	f, num := fmt.Sprintf("f%d", n), fmt.Sprintf("f%d_num", n)
	switch c.op {
	case opExists:
		if c.exists {
			return f + " != ''"
		}
		return f + " = ''"
	case opContains:
		return s.contains(c, f)
	case opIs, opIn:
		return s.isAny(c.operands, f, num)
	case opIsNot:
		return f + " != '' AND NOT " + s.isAny(c.operands, f, num)
	default:
	}
	sign := map[op]string{opAbove: ">", opBelow: "<", opAtLeast: ">=", opAtMost: "<="}[c.op]
	return "ifNull(" + num + " " + sign + " " + s.decimal(c.operands[0]) + ", false)"
}

func (s *statement) decimal(v value) string {
	return "toDecimal256(" + s.bind("String", v.num.String()) + ", 8)"
}

func (s *statement) contains(c *condition, f string) string {
	part := s.bind("String", c.contains)
	of := "startsWith(" + f + ", '=') AND position(substring(" + f + ", 2), " + part + ") > 0"
	if c.field.of == nil {
		of = "(" + of + " OR has(JSONExtract(" + s.document(c.field.doc) + s.keys(c.field) + ", 'Array(String)'), concat('=', " + part + ")))"
	}
	return "(" + of + ")"
}

// isAny is the function of that name.
func (s *statement) isAny(operands []value, f, num string) string {
	var same, numbers []string
	for _, v := range operands {
		switch v.kind {
		case number:
			numbers = append(numbers, "ifNull("+num+" = "+s.decimal(v)+", false)")
		case truth:
			same = append(same, v.canonical(), string(text)+v.text)
		default:
			same = append(same, v.canonical())
		}
	}
	if len(same) > 0 {
		numbers = append(numbers, f+" IN "+s.bind("Array(String)", same))
	}
	return "(" + strings.Join(numbers, " OR ") + ")"
}

// usable says whether the value of an event counts.
func (s *statement) usable(n int) string {
	f := fmt.Sprintf("f%d", n)
	usable := f + " != ''"
	if s.def.Currency != "" {
		usable += " AND currency = " + s.bind("String", s.def.Currency)
	}
	switch s.def.Of {
	case FuncSum, FuncMin, FuncMax, FuncMean:
		usable += " AND f" + itoa(n) + "_num IS NOT NULL"
	case FuncFirst, FuncLast:
		usable += " AND length(" + f + ") <= " + itoa(maxKeptText+1)
	case FuncMostFrequent:
		usable += " AND length(" + f + ") <= " + itoa(maxTallyText+1)
	default:
	}
	return "(" + usable + ")"
}
