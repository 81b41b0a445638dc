package analyst

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed functions.txt
var functionsText string

// functions are those that a statement may call, by their names in small letters; what the file says is their
// section: lambda, scalar, aggregate or window.
var functions, functionSections = readFunctions(functionsText)

func readFunctions(text string) (byFolded, sections map[string]string) {
	byFolded, sections = map[string]string{}, map[string]string{}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		for name := range strings.FieldsSeq(line) {
			byFolded[strings.ToLower(name)] = name
			sections[name] = section
		}
	}
	return byFolded, sections
}

// combinators may follow the name of an aggregate function, up to three of them.
var combinators = []string{"If", "Array", "Distinct", "OrNull", "OrDefault"}

// functionNamed finds a function by its name in any case, and returns it in the engine's spelling, so that
// what the engine looks up is what was looked up here.
func functionNamed(name string) (string, bool) {
	if known, ok := functions[strings.ToLower(name)]; ok {
		return known, true
	}
	suffix := ""
	for range 3 {
		at := slices.IndexFunc(combinators, func(c string) bool { return strings.HasSuffix(name, c) })
		if at < 0 {
			return "", false
		}
		name, suffix = strings.TrimSuffix(name, combinators[at]), combinators[at]+suffix
		if known, ok := functions[strings.ToLower(name)]; ok && functionSections[known] == "aggregate" {
			return known + suffix, true
		}
	}
	return "", false
}

// Functions lists the functions that a statement may call, by section, each ascending.
func Functions() map[string][]string {
	lists := map[string][]string{}
	for name, section := range functionSections {
		lists[section] = append(lists[section], name)
	}
	for _, list := range lists {
		slices.Sort(list)
	}
	return lists
}
