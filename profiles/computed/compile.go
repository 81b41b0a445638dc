package computed

import (
	"encoding/json"
	"slices"
	"strings"

	"tributary/ingest/event"

	"github.com/cespare/xxhash/v2"
)

// compile checks one definition and adds its faults.
func compile(d Definition, path string, faults *event.Errors) *trait {
	if !validName(d.Name) {
		faults.Add(path+".name", "must be lower-case letters, digits and _, beginning with a letter, at most 64")
	}
	known := slices.Contains(funcs, d.Of)
	if !known {
		faults.Add(path+".of", "must be count, sum, min, max, mean, first, last, unique, exists or most_frequent")
	}
	checkLists(&d, path, faults)
	t := &trait{}
	t.where = compileWhere(d.Where, path, faults)
	t.value = compileValue(&d, path, known, faults)
	if _, err := d.Window.Duration(); err != nil {
		faults.Add(path+".window", err.Error())
	}
	t.def, t.span = d, d.Window.span()
	t.key = key{print: d.fingerprint(), of: codesOf[d.Of], keeps: uint16(t.span.keeps())}
	if d.Of == FuncLast || d.Of == FuncExists { // the newest bucket tells it all
		t.key.keeps = 1
	}
	return t
}

func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= maxNameBytes
}

var (
	types = []string{
		string(event.TypeTrack), string(event.TypeIdentify), string(event.TypePage),
		string(event.TypeScreen), string(event.TypeGroup), string(event.TypeAlias),
	}
	channels = []string{
		string(event.ChannelWeb), string(event.ChannelApp), string(event.ChannelEmail), string(event.ChannelChat),
		string(event.ChannelVoice), string(event.ChannelSMS), string(event.ChannelRCS), string(event.ChannelWhatsApp),
		string(event.ChannelSocial), string(event.ChannelStore), string(event.ChannelMail),
	}
)

// checkLists checks what selects the events, and puts the lists in order.
func checkLists(d *Definition, path string, faults *event.Errors) {
	if len(d.Events)+len(d.Types)+len(d.Sources)+len(d.Channels) == 0 {
		faults.Add(path, "must list events, types, sources or channels")
	}
	one := func(known []string) func(string) string {
		return func(s string) string {
			if slices.Contains(known, s) {
				return ""
			}
			return "must be one of " + strings.Join(known, ", ")
		}
	}
	d.Events = checkList(d.Events, path+".events", faults, func(s string) string {
		if s == "" || len(s) > event.MaxNameBytes {
			return "must be the name of an event, at most 256 bytes"
		}
		return ""
	})
	d.Types = checkList(d.Types, path+".types", faults, one(types))
	d.Channels = checkList(d.Channels, path+".channels", faults, one(channels))
	d.Sources = checkList(d.Sources, path+".sources", faults, func(s string) string {
		if !event.ValidSource(s) {
			return "must be the name of a source: lower-case letters, digits, _ and -, at most 64"
		}
		return ""
	})
}

func checkList(list []string, path string, faults *event.Errors, fault func(string) string) []string {
	if len(list) > MaxOperands {
		faults.Add(path, "are more than 100")
		return nil
	}
	for i, s := range list {
		if reason := fault(s); reason != "" {
			faults.Add(path+"["+itoa(i)+"]", reason)
		}
	}
	if len(list) == 0 {
		return nil
	}
	list = slices.Sorted(slices.Values(list))
	return slices.Compact(list)
}

func compileWhere(where []Condition, path string, faults *event.Errors) []condition {
	if len(where) > MaxConditions {
		faults.Add(path+".where", "are more than 32 conditions")
		where = where[:MaxConditions]
	}
	var all []condition
	for i, c := range where {
		all = append(all, compileCondition(c, path+".where["+itoa(i)+"]", faults)...)
	}
	return all
}

func compileValue(d *Definition, path string, known bool, faults *event.Errors) (f *field) {
	switch {
	case d.Value == "" && known && d.Of != FuncCount && d.Of != FuncExists:
		faults.Add(path+".value", "must be given: what the trait is made of, such as cx.amount or properties.plan")
	case d.Value != "":
		var reason string
		if f, reason = findField(d.Value); reason != "" {
			faults.Add(path+".value", reason)
		} else if d.Of.numeric() && f.name == "event.at" {
			faults.Add(path+".value", "is no number; use first or last")
		}
	}
	switch {
	case d.Value == "cx.amount" && !event.ValidCurrency(d.Currency):
		faults.Add(path+".currency", "must be an ISO 4217 code in capitals, such as EUR: amounts of different currencies do not go together")
	case d.Value != "cx.amount" && d.Currency != "":
		faults.Add(path+".currency", "goes with the value cx.amount alone")
	}
	return f
}

// fingerprint is a hash of all that the definition says but its name, the same however lists are ordered.
func (d Definition) fingerprint() uint64 {
	d.Name = ""
	where := make([]string, len(d.Where))
	for i, c := range d.Where {
		c.In = slices.SortedFunc(slices.Values(c.In), func(a, b Scalar) int { return strings.Compare(a.String(), b.String()) })
		text, _ := json.Marshal(c)
		where[i] = string(text)
	}
	slices.Sort(where)
	d.Where = nil
	if window, err := d.Window.Duration(); err == nil {
		d.Window = Window(window.String()) // 1d is 24h
	}
	text, _ := json.Marshal(d) // strings and scalars always encode
	return xxhash.Sum64String(string(text) + strings.Join(where, "\n"))
}
