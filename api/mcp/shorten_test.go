package mcp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tributary/api/auth"
)

// TestEveryNumberHasItsDefinitionWindowAndSample: no tool about many customers answers numbers without, and none answers
// without end. What the document requires the routes answer, which the agreement of both holds.
func TestEveryNumberHasItsDefinitionWindowAndSample(t *testing.T) {
	tools := readTools(t)
	d, err := readDocument(openAPI(t))
	if err != nil {
		t.Fatal(err)
	}
	reports := 0
	for _, one := range tools.all {
		if one.scope != auth.ScopeJourneysRead || one.name == "list_metrics" { // which has no numbers
			continue
		}
		reports++
		answer, err := one.operation.answer()
		if err != nil {
			t.Fatal(err)
		}
		if answer, err = d.resolve(answer); err != nil {
			t.Fatal(err)
		}
		for _, member := range []any{"definition", "scope", "identity_version", "as_of", "sample"} {
			if required, _ := answer["required"].([]any); !slices.Contains(required, member) {
				t.Errorf("%s may answer without %s", one.name, member)
			}
		}
		if one.report == nil || one.report.narrow == "" || !strings.Contains(one.shown.Description, numbers) {
			t.Errorf("%s has no bound, or does not say what to tell with a number", one.name)
		}
		if one.shownSelf != nil {
			t.Errorf("%s is shown to a token of one customer", one.name)
		}
	}
	if reports != 13 {
		t.Errorf("there are %d reports", reports)
	}
}

// listed are lists of objects in an answer, as long as they are said to be.
func listed(lengths ...int) map[string]any {
	answer := map[string]any{"definition": "d", "sample": map[string]any{"people": json.Number("3")}, "scope": map[string]any{"filter": listOf(30)}}
	for i, n := range lengths {
		answer[fmt.Sprint("list", i)] = listOf(n)
	}
	return answer
}

func listOf(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"n": json.Number(fmt.Sprint(i)), "people": json.Number(fmt.Sprint((i * 7919) % 1000)), "ints": []any{json.Number("1")}}
	}
	return list
}

// TestAnswersFit: whatever is answered, it is not longer than it may be, keeps everything but elements of lists, and
// names each list of which a part is told.
func TestAnswersFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answer := listed(rapid.SliceOfN(rapid.IntRange(0, 300), 1, 4).Draw(t, "lengths")...)
		r := &report{whole: []string{"list1"}, ranked: map[string]string{"list0": "people"}, narrow: "ask for less"}
		before, _ := json.Marshal(answer)
		most := rapid.IntRange(200, 20_000).Draw(t, "most")
		body, fault := r.fit(before, most)
		if fault != nil {
			if !strings.Contains(fault.Errors[0].Reason, "ask for less") {
				t.Fatalf("is refused with %v", fault)
			}
			return
		}
		if len(body) > most {
			t.Fatalf("%d bytes, may be %d", len(body), most)
		}
		after, err := decodeObject(body)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]map[string]any{}
		for _, one := range list(after[shortenedName]) {
			named[one["list"].(string)] = one
		}
		for name, was := range answer {
			is, there := after[name], list(was)
			if there == nil || name == "list1" {
				if !reflect.DeepEqual(is, was) {
					t.Fatalf("%s is %v, was %v", name, is, was)
				}
				continue
			}
			kept := list(is)
			if (len(kept) < len(there)) != (named[name] != nil) {
				t.Fatalf("of %s %d of %d are told, and named is %v", name, len(kept), len(there), named[name])
			}
			if said := named[name]; said != nil && (fmt.Sprint(said["told"]) != fmt.Sprint(len(kept)) || fmt.Sprint(said["of"]) != fmt.Sprint(len(there))) {
				t.Fatalf("of %s %d of %d are told, and named is %v", name, len(kept), len(there), said)
			}
			if want := naive(there, len(kept), name == "list0"); !reflect.DeepEqual(kept, want) {
				t.Fatalf("of %s is told\n%v, want\n%v", name, kept, want)
			}
		}
	})
}

// naive keeps elements one by one.
func naive(all []map[string]any, n int, ranked bool) []map[string]any {
	kept := slices.Clone(all)
	for len(kept) > n {
		drop := len(kept) - 1
		for i := len(kept) - 1; ranked && i >= 0; i-- {
			if number(kept[i], "people") < number(kept[drop], "people") {
				drop = i
			}
		}
		kept = slices.Delete(kept, drop, drop+1)
	}
	return kept
}

func list(v any) (all []map[string]any) {
	items, _ := v.([]any)
	for _, one := range items {
		all = append(all, one.(map[string]any))
	}
	return all
}

// TestWhatLiesDeepIsShortened: lists of one path are one, and what an element that is left out had counts as left out.
func TestWhatLiesDeepIsShortened(t *testing.T) {
	series := make([]any, 4)
	for i := range series {
		series[i] = map[string]any{"name": fmt.Sprint(i), "points": listOf(100)}
	}
	before, _ := json.Marshal(map[string]any{"series": series, "untrusted": []string{"series[].name"}})
	body, fault := (&report{}).fit(before, 2000)
	if fault != nil {
		t.Fatal(fault)
	}
	answer, _ := decodeObject(body)
	said := list(answer[shortenedName])
	if len(said) != 1 || said[0]["list"] != "series[].points" || fmt.Sprint(said[0]["of"]) != "400" || len(list(answer["series"])) != 4 {
		t.Errorf("shortened is %v", said)
	}
	if untrusted, _ := answer["untrusted"].([]any); len(untrusted) != 1 {
		t.Error("what is untrusted was left out")
	}
}
