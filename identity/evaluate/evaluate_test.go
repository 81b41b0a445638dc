package evaluate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tributary/identity/match"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const smallSpec = `
record_id: id
names: [{given: first, family: last}]
birth_dates: [{year: y, month: m, day: d}]
emails: [mail]
`

const smallRecords = `id,first,last,y,m,d,mail
1,Theodora,Quimby,1971,4,3,tquimby71@x.org
2,Theo,Quimby,1971,4,3,
3,Ludwig,Farnsworth,1980,12,24,ludwig@y.org
4,Ludwig,Farnsworth,1980,12,24,
5,Ludwig,Quimby,,,,
`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	c := Config{
		Records: write(t, "r.csv", smallRecords), Spec: write(t, "s.yaml", smallSpec),
		Truth:     write(t, "t.csv", "record_id,entity_id\n1,a\n2,a\n3,b\n4,b\n5,c\n"),
		Predicted: filepath.Join(dir, "predicted.csv"), Order: "shuffled:7",
	}
	for _, stream := range []bool{false, true} {
		c.Stream, c.Shuffles = stream, 2
		report, err := Run(c)
		if err != nil {
			t.Fatal(err)
		}
		if report.Figures.F1 != 1 || report.Largest != 2 || report.Profiles != 3 || report.Shuffles != 2 {
			t.Errorf("stream %v: %+v, %+v", stream, report, report.Figures)
		}
		got, _ := os.ReadFile(c.Predicted)
		if want := "record_id,profile_id\n1,1\n2,1\n3,3\n4,3\n5,5\n"; string(got) != want {
			t.Errorf("predicted:\n%s", got)
		}
		var out strings.Builder
		if err := report.Write(&out); err != nil || !strings.Contains(out.String(), "F1 1.0000") {
			t.Errorf("%v: %s", err, out.String())
		}
	}
}

func TestFaults(t *testing.T) {
	spec, records := write(t, "s.yaml", smallSpec), write(t, "r.csv", smallRecords)
	for _, x := range []struct {
		name string
		c    Config
		want []string
	}{
		{"nothing given", Config{Order: "random", Batch: -1, Shuffles: -1, Options: match.Options{MergePrecision: 1}}, []string{"records: is missing", "spec: is missing", "order: \"random\"", "batch: is negative", "shuffles: is negative", "merge_precision: 1"}},
		{"unknown key", Config{Records: records, Spec: write(t, "s.yaml", "record_id: id\nmails: [x]\n")}, []string{"mails"}},
		{"all faults of a spec", Config{Records: records, Spec: write(t, "s.yaml", "names: [{given: x}]\nbirth_dates: [{day: d}]\nids: [{name: x}]\n")},
			[]string{"record_id: is missing", "birth_dates[0]: needs either", "ids[0].column: is missing"}},
		{"a comparison that is none", Config{Records: records, Spec: write(t, "s.yaml", "record_id: id\ncomparisons: {off: [hair]}\nblocking: [[]]\n")},
			[]string{`no comparison "hair"`, "blocking[0]"}},
		{"missing columns", Config{Records: write(t, "r.csv", "id,first\n1,x\n"), Spec: spec}, []string{`no column "last"`, `no column "mail"`}},
		{"an id twice", Config{Records: write(t, "r.csv", smallRecords+"5,x,y,,,,\n"), Spec: spec}, []string{"line 7"}},
		{"no file", Config{Records: "nowhere.csv", Spec: spec}, []string{"nowhere.csv"}},
		{"an empty file", Config{Records: write(t, "r.csv", ""), Spec: spec}, []string{"header"}},
		{"truth without its columns", Config{Records: records, Spec: spec, Truth: records}, []string{"record_id and entity_id"}},
	} {
		_, err := Run(x.c)
		for _, want := range x.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not name %s", x.name, err, want)
			}
		}
	}
}

// TestComparisonsAndBlocking leaves out what joins, and proposes what no built-in key does.
func TestComparisonsAndBlocking(t *testing.T) {
	spec, err := ParseSpec([]byte("record_id: id\nnames: [{given: first, family: last}]\ncomparisons: {off: [given_name, family_name, other_names]}\nblocking: [[y, m]]\n"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := parseRecords(strings.NewReader(smallRecords), spec)
	if err != nil {
		t.Fatal(err)
	}
	if got := records[0].Blocks; len(got) != 1 || got[0] != "0\x001971\x004" || len(records[4].Blocks) != 0 {
		t.Errorf("blocks %q, %q", got, records[4].Blocks)
	}
	w, err := newWorkspace(spec, match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.load(records); err != nil || len(w.groups()) != 5 {
		t.Errorf("names join although they are off: %v, %v", w.groups(), err)
	}
}

func TestScore(t *testing.T) {
	truth := map[string]string{"1": "a", "2": "a", "3": "a", "4": "b", "5": "c"}
	f := Score(truth, [][]string{{"1", "2", "4"}, {"3"}, {"5", "unknown"}})
	if f.TruePairs != 3 || f.FoundPairs != 3 || f.RightPairs != 1 || f.Largest != 3 {
		t.Errorf("%+v", f)
	}
	if want := (4./3 + 1./3 + 1 + 1) / 5; !near(f.B3Precision, want) || !near(f.B3Recall, (4./3+1./3+2)/5) {
		t.Errorf("B-cubed %v %v", f.B3Precision, f.B3Recall)
	}
	if f := Score(truth, nil); f.Precision != 1 || f.Recall != 0 || !near(f.B3Precision, 1) {
		t.Errorf("nothing found: %+v", f)
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

// TestSpecsAreValid reads the specs that are kept for known sets.
func TestSpecsAreValid(t *testing.T) {
	paths, _ := filepath.Glob("testdata/specs/*.yaml")
	if len(paths) < 4 {
		t.Fatalf("%d specs", len(paths))
	}
	for _, p := range paths {
		s, err := ReadSpec(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		if !slices.Contains(s.columns(), s.RecordID) {
			t.Errorf("%s: the id is no column", p)
		}
	}
}

// TestSpecOfTheReadme reads the examples of the README as one spec.
func TestSpecOfTheReadme(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var spec strings.Builder
	for i, block := range strings.Split(string(raw), "```") {
		if text, ok := strings.CutPrefix(block, "yaml\n"); ok && i%2 == 1 {
			spec.WriteString(text)
		}
	}
	s, err := ParseSpec([]byte(spec.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Names) != 2 || len(s.IDs) != 4 || !s.IDs[2].Exclusive || !s.IDs[3].Certain || len(s.Blocking) != 1 {
		t.Errorf("%+v", s)
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add([]byte(smallSpec))
	f.Add([]byte("record_id: 1\nnames: 3"))
	f.Add([]byte("&a [*a]"))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		if s, err := ParseSpec(raw); err == nil {
			_, _ = parseRecords(strings.NewReader(smallRecords), s)
		}
	})
}

func FuzzRecords(f *testing.F) {
	f.Add(smallRecords)
	f.Add("id\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpec([]byte("record_id: id\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = parseRecords(strings.NewReader(text), s)
	})
}
