package computed

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tributary/ingest/event"
)

// Selection says which events are meant, in the terms of a Definition: those that are in all of the lists that are
// given, of which there must be one, and of which all conditions hold.
type Selection struct {
	Events   []string    `yaml:"events,omitempty" json:"events,omitempty" policy:"meta"`
	Types    []string    `yaml:"types,omitempty" json:"types,omitempty" policy:"meta"`
	Sources  []string    `yaml:"sources,omitempty" json:"sources,omitempty" policy:"meta"`
	Channels []string    `yaml:"channels,omitempty" json:"channels,omitempty" policy:"meta"`
	Where    []Condition `yaml:"where,omitempty" json:"where,omitempty" policy:"-"`
}

// MaxSelections bounds how many selections a Picker tells apart: the bits of a word.
const MaxSelections = 64

// Picker tells, in SQL, which of several selections each event is in, and what it holds in some fields.
type Picker struct {
	selections []picked
	fields     []*field
}

// picked is a Selection, compiled.
type picked struct {
	def   Definition
	where []condition
}

// Add adds a selection and returns its bit in the column picks. It adds every fault, each with its path.
func (p *Picker) Add(s Selection, path string, faults *event.Errors) (bit int) {
	if len(p.selections) == MaxSelections {
		faults.Add(path, "is one selection too many; a report tells 64 apart")
		return 0
	}
	def := Definition{Events: s.Events, Types: s.Types, Sources: s.Sources, Channels: s.Channels}
	checkLists(&def, path, faults)
	p.selections = append(p.selections, picked{def, compileWhere(s.Where, path, faults)})
	return len(p.selections) - 1
}

// AddField adds a field, as Definition.Value names it, and returns the number n of its column v<n>.
func (p *Picker) AddField(name, path string, faults *event.Errors) (n int) {
	f, reason := findField(name)
	if reason != "" {
		faults.Add(path, reason)
		return 0
	}
	p.fields = append(p.fields, f)
	return len(p.fields) - 1
}

// SQL returns a statement over a table or view with the columns of events, which is bound by arguments, and the
// values of its parameters with those: the columns that are asked for, picks UInt64, in which bit n stands for the
// selection n, and v0, v1, …, the fields in their canonical form (see Literal). Events of no selection are left out.
func (p *Picker) SQL(from string, columns []string, arguments map[string]any) (query string, params map[string]any) {
	s := statement{trait: &trait{}, params: map[string]any{}}
	bits, lists := make([]string, len(p.selections)), make([]string, len(p.selections))
	for i := range p.selections {
		lists[i] = s.listed(&p.selections[i].def)
		holds := []string{lists[i]}
		for j := range p.selections[i].where {
			holds = append(holds, s.condition(&p.selections[i].where[j]))
		}
		bits[i] = fmt.Sprintf("bitShiftLeft(toUInt64(%s), %d)", strings.Join(holds, " AND "), i)
	}
	last := []string{strings.Join(bits, "\n    + ") + " AS picks"}
	for n, f := range p.fields {
		last = append(last, fmt.Sprintf("f%d AS v%d", s.field(f), n))
	}
	needed := append(slices.Clone(columns), "name", "type", "source", "channel")
	needed = append(needed, s.columns()...)
	slices.Sort(needed)
	inner := "SELECT " + strings.Join(slices.Compact(needed), ", ") + "\nFROM " + from + "\nWHERE " + strings.Join(lists, "\n    OR ")
	query = "SELECT " + strings.Join(append(slices.Clone(columns), last...), ", ") + "\nFROM (" + s.layers(inner) + ")\nWHERE picks != 0"
	maps.Copy(s.params, arguments)
	return query, s.params
}

// listed says whether an event is in the lists of a definition.
func (s *statement) listed(d *Definition) string {
	return "(" + strings.Join(s.lists(d), " AND ") + ")"
}

// lists says the same, list by list.
func (s *statement) lists(d *Definition) (all []string) {
	for _, l := range []struct {
		column string
		list   []string
	}{{"name", d.Events}, {"type", d.Types}, {"source", d.Sources}, {"channel", d.Channels}} {
		if len(l.list) > 0 {
			all = append(all, l.column+" IN "+s.bind("Array(String)", l.list))
		}
	}
	return all
}

// layers puts around a query of events those that make the columns of the fields that are in use.
func (s *statement) layers(from string) string {
	parts := [5][]string{}
	for doc, used := range s.docs {
		if used {
			parts[0] = append(parts[0], tokensSQL(documentNames[doc]))
			parts[1] = append(parts[1], documentSQL(documentNames[doc]))
		}
	}
	parts[2] = s.raws
	for n := range s.fields {
		parts[3] = append(parts[3], canonicalSQL("f"+itoa(n)))
		parts[4] = append(parts[4], numberSQL("f"+itoa(n)))
	}
	for _, exprs := range parts {
		if len(exprs) > 0 {
			from = "SELECT *, " + strings.Join(exprs, ",\n    ") + "\nFROM (" + from + ")"
		}
	}
	return from
}
