package evaluate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"tributary/identity/match"
)

// Spec says which columns of a file hold what. Only the columns that it names are looked at.
type Spec struct {
	// RecordID is the column of the unique id.
	RecordID string `yaml:"record_id"`
	// DayFirst reads 3/4/1970 as the third of April.
	DayFirst      bool        `yaml:"day_first"`
	Names         []Name      `yaml:"names"`
	BirthDates    []BirthDate `yaml:"birth_dates"`
	Addresses     []Address   `yaml:"addresses"`
	Phones        []string    `yaml:"phones"`
	Emails        []string    `yaml:"emails"`
	Sexes         []string    `yaml:"sexes"`
	IDs           []ID        `yaml:"ids"`
	Organisations []string    `yaml:"organisations"`
	Others        []Other     `yaml:"others"`
	// Comparisons leaves comparisons out. By default all are made that the columns allow.
	Comparisons Comparisons `yaml:"comparisons"`
	// Blocking adds to the built-in keys: records that have the same text in all columns of an entry
	// are compared.
	Blocking [][]string `yaml:"blocking"`
}

// Comparisons names comparisons, as explanations do.
type Comparisons struct {
	Off []string `yaml:"off"`
}

// Name names the columns of one name.
type Name struct {
	Given  string `yaml:"given"`
	Middle string `yaml:"middle"`
	Family string `yaml:"family"`
	Suffix string `yaml:"suffix"`
	Full   string `yaml:"full"`
}

// BirthDate names one column, or three.
type BirthDate struct {
	Column string `yaml:"column"`
	Year   string `yaml:"year"`
	Month  string `yaml:"month"`
	Day    string `yaml:"day"`
}

// Address names the columns of one address.
type Address struct {
	Number   string `yaml:"number"`
	Line     string `yaml:"line"`
	Line2    string `yaml:"line2"`
	Unit     string `yaml:"unit"`
	City     string `yaml:"city"`
	Region   string `yaml:"region"`
	Postcode string `yaml:"postcode"`
	Country  string `yaml:"country"`
}

// ID names the column of an issued number. It is weighed, unless it is certain.
type ID struct {
	Name      string `yaml:"name"`
	Column    string `yaml:"column"`
	Exclusive bool   `yaml:"exclusive"`
	Several   bool   `yaml:"several"`
	// Certain: equal values are one person, whatever else differs, like the id of a login.
	Certain bool `yaml:"certain"`
}

// Other names any other column.
type Other struct {
	Name   string `yaml:"name"`
	Column string `yaml:"column"`
	Varies bool   `yaml:"varies"`
}

// ReadSpec reads a spec from a YAML file. Unknown keys are errors.
func ReadSpec(path string) (*Spec, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	return ParseSpec(raw)
}

// ParseSpec reads a spec from YAML. Unknown keys are errors.
func ParseSpec(raw []byte) (*Spec, error) {
	var s Spec
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&s); err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	for i := range s.IDs {
		if s.IDs[i].Name == "" {
			s.IDs[i].Name = s.IDs[i].Column
		}
	}
	for i := range s.Others {
		if s.Others[i].Name == "" {
			s.Others[i].Name = s.Others[i].Column
		}
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return &s, nil
}

// Validate reports every fault with its path.
func (s *Spec) Validate() error {
	var faults []error
	if s.RecordID == "" {
		faults = append(faults, errors.New("record_id: is missing"))
	}
	for i, d := range s.BirthDates {
		if (d.Column == "") == (d.Year == "") {
			faults = append(faults, fmt.Errorf("birth_dates[%d]: needs either column or year", i))
		}
	}
	for i, id := range s.IDs {
		if id.Column == "" {
			faults = append(faults, fmt.Errorf("ids[%d].column: is missing", i))
		}
	}
	for i, o := range s.Others {
		if o.Column == "" {
			faults = append(faults, fmt.Errorf("others[%d].column: is missing", i))
		}
	}
	for i, b := range s.Blocking {
		if len(b) == 0 || slices.Contains(b, "") {
			faults = append(faults, fmt.Errorf("blocking[%d]: has no columns, or one without a name", i))
		}
	}
	schema := s.Schema()
	return errors.Join(append(faults, schema.Validate())...)
}

// Schema is what the engine needs to know.
func (s *Spec) Schema() match.Schema {
	out := match.Schema{DayFirst: s.DayFirst, Off: s.Comparisons.Off}
	for _, id := range s.IDs {
		out.IDs = append(out.IDs, match.IDKind{Name: id.Name, Exclusive: id.Exclusive, Several: id.Several})
	}
	for _, o := range s.Others {
		out.Free = append(out.Free, match.FreeField{Name: o.Name, Varies: o.Varies})
	}
	return out
}

// columns returns all columns that the spec names, once each.
func (s *Spec) columns() []string {
	list := []string{s.RecordID}
	for _, n := range s.Names {
		list = append(list, n.Given, n.Middle, n.Family, n.Suffix, n.Full)
	}
	for _, d := range s.BirthDates {
		list = append(list, d.Column, d.Year, d.Month, d.Day)
	}
	for _, a := range s.Addresses {
		list = append(list, a.Number, a.Line, a.Line2, a.Unit, a.City, a.Region, a.Postcode, a.Country)
	}
	list = slices.Concat(list, s.Phones, s.Emails, s.Sexes, s.Organisations)
	for _, id := range s.IDs {
		list = append(list, id.Column)
	}
	for _, o := range s.Others {
		list = append(list, o.Column)
	}
	list = slices.Concat(append(s.Blocking, list)...)
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(c string) bool { return c == "" })
}

// record makes a record of a row; cell returns the value of a column, "" for none.
func (s *Spec) record(cell func(column string) string) *match.Record {
	r := &match.Record{ID: cell(s.RecordID)}
	for _, n := range s.Names {
		p := match.PersonName{
			Given: cell(n.Given), Middle: cell(n.Middle), Family: cell(n.Family), Suffix: cell(n.Suffix), Full: cell(n.Full),
		}
		if p != (match.PersonName{}) {
			r.Names = append(r.Names, p)
		}
	}
	for _, d := range s.BirthDates {
		text := cell(d.Column)
		if d.Year != "" && cell(d.Year) != "" {
			text = cell(d.Year)
			if m := cell(d.Month); m != "" {
				text += "-" + m
				if day := cell(d.Day); day != "" {
					text += "-" + day
				}
			}
		}
		r.Births = appendSet(r.Births, text)
	}
	for _, a := range s.Addresses {
		x := match.Address{
			Number: cell(a.Number), Line: cell(a.Line), Unit: cell(a.Unit), City: cell(a.City),
			Region: cell(a.Region), Postcode: cell(a.Postcode), Country: cell(a.Country),
		}
		if second := cell(a.Line2); second != "" {
			x.Line += " " + second
		}
		if x != (match.Address{}) {
			r.Addresses = append(r.Addresses, x)
		}
	}
	for _, c := range s.Phones {
		r.Phones = appendSet(r.Phones, cell(c))
	}
	for _, c := range s.Emails {
		r.Emails = appendSet(r.Emails, cell(c))
	}
	for _, c := range s.Sexes {
		r.Sexes = appendSet(r.Sexes, cell(c))
	}
	for _, id := range s.IDs {
		if v := cell(id.Column); v != "" {
			r.IDs = append(r.IDs, match.ID{Kind: id.Name, Value: v})
		}
	}
	for _, c := range s.Organisations {
		r.Organisations = appendSet(r.Organisations, cell(c))
	}
	for _, o := range s.Others {
		if v := cell(o.Column); v != "" {
			r.Free = append(r.Free, match.Free{Name: o.Name, Value: v})
		}
	}
	for i, columns := range s.Blocking {
		key := []string{strconv.Itoa(i)}
		for _, c := range columns {
			if cell(c) == "" {
				key = nil
				break
			}
			key = append(key, cell(c))
		}
		if key != nil {
			r.Blocks = append(r.Blocks, strings.Join(key, "\x00"))
		}
	}
	return r
}

// appendSet appends a value unless it is empty.
func appendSet(list []string, v string) []string {
	if v == "" {
		return list
	}
	return append(list, v)
}
