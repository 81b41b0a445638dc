// Package computed makes traits out of events: counts, sums and the like over a person's events, ever or
// within a window of time, as an analyst declares them.
//
//	computed:
//	  - name: orders_30d
//	    of: count
//	    events: [order.placed]
//	    window: 30d
//
// Compile makes a Program of such definitions. Observe adds what one event contributes to the Values of
// the observation it belongs to; Values merge, so a person's are the fold over his observations, and
// merging or splitting people moves nothing. Evaluate reads the results at a time, and says when they
// change though nothing comes in. Query says the same in SQL, over all events there are.
//
// The package is pure: it keeps nothing, reads no clock and no store.
package computed

import (
	"slices"
	"strings"

	"tributary/ingest/event"
)

// Func is what is made of the events that a definition selects.
type Func string

// The functions. All but FuncCount and FuncExists need a value.
const (
	FuncCount        Func = "count"         // how many events; with a value, how many have it
	FuncSum          Func = "sum"           // of numbers
	FuncMin          Func = "min"           // the least number
	FuncMax          Func = "max"           // the greatest number
	FuncMean         Func = "mean"          // of numbers, cut off after eight places
	FuncFirst        Func = "first"         // the value of the earliest event
	FuncLast         Func = "last"          // the value of the latest event
	FuncUnique       Func = "unique"        // how many different values
	FuncExists       Func = "exists"        // whether there is an event; with a value, one that has it
	FuncMostFrequent Func = "most_frequent" // the value that occurs most often
)

var funcs = []Func{FuncCount, FuncSum, FuncMin, FuncMax, FuncMean, FuncFirst, FuncLast, FuncUnique, FuncExists, FuncMostFrequent}

// numeric says whether the function is made of numbers alone.
func (f Func) numeric() bool {
	return f == FuncSum || f == FuncMin || f == FuncMax || f == FuncMean
}

// Definition declares one computed trait. An event counts if it is in all of the lists that are given, of
// which there must be one, and all conditions hold.
type Definition struct {
	// Name is the trait's: [a-z][a-z0-9_]*, unique, at most 64 bytes. Values are not kept by it, so
	// a trait can be renamed.
	Name     string   `yaml:"name" json:"name" policy:"computed"`
	Of       Func     `yaml:"of" json:"of" policy:"computed"`
	Events   []string `yaml:"events,omitempty" json:"events,omitempty" policy:"computed"`
	Types    []string `yaml:"types,omitempty" json:"types,omitempty" policy:"computed"`
	Sources  []string `yaml:"sources,omitempty" json:"sources,omitempty" policy:"computed"`
	Channels []string `yaml:"channels,omitempty" json:"channels,omitempty" policy:"computed"`
	// Where must all hold.
	Where []Condition `yaml:"where,omitempty" json:"where,omitempty" policy:"-"`
	// Value is the field that is summed, compared, listed: cx.<field>, properties.<path>,
	// traits.<path>, context.<path> or event.<name|type|channel|source|at>.
	Value string `yaml:"value,omitempty" json:"value,omitempty" policy:"computed"`
	// Currency is the ISO 4217 code whose amounts count; given with the value cx.amount, and only then.
	Currency string `yaml:"currency,omitempty" json:"currency,omitempty" policy:"computed"`
	// Window is how far back the trait looks, such as 12h or 30d; empty: ever.
	Window Window `yaml:"window,omitempty" json:"window,omitempty" policy:"computed"`
}

// Condition holds of an event or not. It names a field, as Definition.Value does (but event.at), and says
// something about it; all that it says must hold. Of a field without a value, nothing holds but
// "exists: false".
type Condition struct {
	Field   string   `yaml:"field" json:"field" policy:"computed"`
	Is      *Scalar  `yaml:"is,omitempty" json:"is,omitempty" policy:"computed"`
	IsNot   *Scalar  `yaml:"is_not,omitempty" json:"is_not,omitempty" policy:"computed"`
	In      []Scalar `yaml:"in,omitempty" json:"in,omitempty" policy:"computed"`
	Above   *Scalar  `yaml:"above,omitempty" json:"above,omitempty" policy:"computed"`
	Below   *Scalar  `yaml:"below,omitempty" json:"below,omitempty" policy:"computed"`
	AtLeast *Scalar  `yaml:"at_least,omitempty" json:"at_least,omitempty" policy:"computed"`
	AtMost  *Scalar  `yaml:"at_most,omitempty" json:"at_most,omitempty" policy:"computed"`
	Exists  *bool    `yaml:"exists,omitempty" json:"exists,omitempty" policy:"computed"`
	// Contains is a part of a text, or one of the texts of a list; upper and lower case differ.
	Contains *string `yaml:"contains,omitempty" json:"contains,omitempty" policy:"computed"`
}

// Bounds of what may be declared.
const (
	MaxDefinitions = 200
	MaxConditions  = 32  // of one definition
	MaxOperands    = 100 // of one list
	maxNameBytes   = 64
	maxPathKeys    = 8
	maxPathBytes   = 256
	// MaxBytes bounds what the values of one observation may come to by all definitions together: see
	// Program.Costs.
	MaxBytes = 4 << 20
)

// Compile checks the definitions and makes a Program of them. The error is event.Errors: every fault,
// each with its path, such as "computed[2].where[0].field".
func Compile(definitions []Definition) (*Program, error) {
	var faults event.Errors
	p := &Program{byName: map[string][]*trait{}, byType: map[event.Type][]*trait{}}
	if len(definitions) > MaxDefinitions {
		faults.Add("computed", "are more than 200")
		definitions = definitions[:MaxDefinitions]
	}
	named := map[string]int{}
	for i := range definitions {
		path := "computed[" + itoa(i) + "]"
		if first, known := named[definitions[i].Name]; known {
			faults.Add(path+".name", "is the name of computed["+itoa(first)+"] too; names are unique")
		} else {
			named[definitions[i].Name] = i
		}
		before := len(faults)
		if t := compile(definitions[i], path, &faults); len(faults) == before {
			p.traits = append(p.traits, t)
		}
	}
	if bytes := p.bytes(); bytes > MaxBytes {
		faults.Add("computed", "may keep "+itoa(bytes)+" bytes of one observation, which is more than "+itoa(MaxBytes)+"; see Costs: shorten windows of first, unique and most_frequent")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	p.index()
	return p, nil
}

// Costs says what each trait may come to, in the order of the definitions' names.
func (p *Program) Costs() []Cost {
	costs := make([]Cost, len(p.traits))
	for i, t := range p.traits {
		costs[i] = Cost{Name: t.def.Name, Bytes: t.bytes()}
	}
	return costs
}

// Cost is the most that the values of one observation may come to by one definition, encoded.
type Cost struct {
	Name  string `json:"name" policy:"meta"`
	Bytes int    `json:"bytes" policy:"meta"`
}

func (p *Program) bytes() (n int) {
	for _, t := range p.traits {
		n += t.bytes()
	}
	return n
}

// Definitions returns the definitions, by name.
func (p *Program) Definitions() []Definition {
	all := make([]Definition, len(p.traits))
	for i, t := range p.traits {
		all[i] = t.def
	}
	return all
}

// index sorts the traits by name and lists them by what an event must have to concern them.
func (p *Program) index() {
	slices.SortFunc(p.traits, func(a, b *trait) int { return strings.Compare(a.def.Name, b.def.Name) })
	observed := map[key]bool{}
	inOrder := slices.SortedFunc(slices.Values(p.traits), func(a, b *trait) int { return a.key.compare(b.key) })
	for _, t := range inOrder { // so that what is observed of one event is appended
		if observed[t.key] { // another name for the same values
			continue
		}
		observed[t.key] = true
		for i := range t.where {
			p.place(t.where[i].field)
		}
		p.place(t.value)
		switch {
		case len(t.def.Events) > 0:
			for _, name := range t.def.Events {
				p.byName[name] = append(p.byName[name], t)
			}
		case len(t.def.Types) > 0:
			for _, kind := range t.def.Types {
				p.byType[event.Type(kind)] = append(p.byType[event.Type(kind)], t)
			}
		default:
			p.others = append(p.others, t)
		}
	}
}
