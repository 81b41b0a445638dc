package define_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/define"
)

func TestExampleIsRight(t *testing.T) {
	p, err := define.Compile([]byte(define.Example))
	if err != nil {
		t.Fatal(err)
	}
	if p.Computed.Len() != 3 || len(p.Segments.Names()) != 2 || p.Survivorship.Of("plan").By != profiles.StrategySourceRank {
		t.Errorf("%+v", p.Definitions)
	}
}

func TestNothingIsRight(t *testing.T) {
	for _, text := range []string{"", "\n", "{}", "# nothing\n"} {
		if p, err := define.Compile([]byte(text)); err != nil || p.Computed.Len() != 0 || len(p.Segments.Names()) != 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEveryFaultIsTold(t *testing.T) {
	_, err := define.Compile([]byte(`
survivorship: {default: {by: luck}}
computed: [{name: Bad, of: count, events: [a]}]
segments: [{name: s, when: {computed: none}}]
`))
	var faults event.Errors
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	for _, path := range []string{"survivorship", "computed[0].name", "segments[0].when.computed"} {
		found := false
		for _, f := range faults {
			found = found || f.Field == path
		}
		if !found {
			t.Errorf("no fault of %s in %v", path, faults)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{
		"computed: [{name: a, of: count, events: [a], sql: x}]", "nonsense: 1", "a: &x 1\nb: *x", "{}\n---\n{}", "[]",
		strings.Repeat("#", define.MaxBytes+1),
	} {
		var faults event.Errors
		if _, err := define.Compile([]byte(text)); !errors.As(err, &faults) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// A key with nothing behind it would read as if it were not there: "is:" as "exists".
func TestEmptyValuesAreRefusedWithTheirPaths(t *testing.T) {
	_, err := define.Compile([]byte(`
computed: [{name: a, of: count, events: [a], window: }, ~]
segments:
  - name: s
    when:
      any:
        - {trait: plan, is: }
        - {trait: plan, in: null}
`))
	var faults event.Errors
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Field)
	}
	want := []string{"computed[0].window", "computed[1]", "segments[0].when.any[0].is", "segments[0].when.any[1].in"}
	if !slices.Equal(paths, want) {
		t.Errorf("faults of %q, want %q", paths, want)
	}
	if _, err := define.Compile([]byte("computed:\nsegments:\n")); err != nil {
		t.Errorf("parts that are empty as a whole: %v", err)
	}
}

// What is no value is told with its place in the document.
func TestBadValuesAreToldWithTheirPlace(t *testing.T) {
	for text, place := range map[string]string{
		"segments:\n  - {name: a, when: {trait: x, above: .nan}}":                                  "[2:39]",
		"segments:\n  - {name: a, when: {trait: x, in: [1, [2]]}}":                                 "[2:40]",
		"computed:\n  - {name: a, of: count, events: [a], where: [{field: event.name, is: 1e99}]}": "[2:71]",
		"segments:\n  - {name: a, wen: {trait: x}}":                                                "[2:15]",
		"segments:\n  - name: a\n\twhen: {}":                                                       "[3:1]",
	} {
		if _, err := define.Compile([]byte(text)); err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("%q: %v, want the place %s", text, err, place)
		}
	}
}

// What a parser would take minutes and gigabytes for is refused before.
func TestHostileDocumentsAreRefusedEarly(t *testing.T) {
	const many = 100_000
	for _, text := range []string{
		strings.Repeat("[", many), strings.Repeat("{a: ", many), strings.Repeat("- ", many), strings.Repeat("? ", many), strings.Repeat("a: ", many),
		"segments: [{name: a, when: " + strings.Repeat("{not: ", many),
	} {
		var faults event.Errors
		if _, err := define.Compile([]byte(text)); !errors.As(err, &faults) || !strings.Contains(err.Error(), "nested deeper") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(define.Example))
	f.Add([]byte("segments: [{name: a, when: {not: {not: {trait: x}}}}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var faults event.Errors
		if _, err := define.Compile(text); err != nil && !errors.As(err, &faults) {
			t.Errorf("an error without a path: %v", err)
		}
	})
}

type source struct {
	text     string
	revision uint64
}

func (s *source) Definitions(string) ([]byte, error) { return []byte(s.text), nil }
func (s *source) DefinitionsRevision() uint64        { return s.revision }

func TestBookFollowsItsSource(t *testing.T) {
	s := &source{}
	base := profiles.Rules{Default: profiles.Rule{By: profiles.StrategyOldest}}
	book := define.NewBook(s, base)
	rules, err := book.Rules("w")
	if err != nil || rules.Default.By != profiles.StrategyOldest {
		t.Errorf("without a document: %+v, %v", rules, err)
	}
	s.text, s.revision = "survivorship: {default: {by: greatest}}", 1
	rules, err = book.Rules("w")
	if err != nil || rules.Default.By != profiles.StrategyGreatest {
		t.Errorf("with one: %+v, %v", rules, err)
	}
}
