package kit_test

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tributary/ingest/connector/kit"
)

// mutant is the right connector with one defect, and the check that is there to catch it.
type mutant struct {
	name, caught string
	change       func(a *acme)
}

// TestMutants: each check catches the defects that it is meant for, and nobody else does. Checks that
// rely on one that failed are not made.
func TestMutants(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range slices.Concat(settingMutants, signatureMutants, decodingMutants, pullMutants, faultMutants) {
		caught[m.caught] = true
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			a := right()
			m.change(&a)
			s := half(subjectOf(a), m.caught)
			if !strings.HasSuffix(m.caught, "golden") {
				s.Fixtures = ownGolden(t, s)
			}
			var failed []string
			var findings []string
			for _, r := range kit.Check(t.Context(), s) {
				if len(r.Findings) > 0 {
					failed = append(failed, r.Name)
				}
				for _, found := range r.Findings {
					findings = append(findings, r.Name+": "+found.String())
				}
			}
			if !slices.Equal(failed, []string{m.caught}) {
				t.Errorf("caught by %q, want %s alone\n%s", failed, m.caught, strings.Join(findings, "\n"))
			}
			t.Log(strings.Join(findings, "\n"))
		})
	}
	for _, r := range kit.Check(t.Context(), subjectOf(right())) {
		if !caught[r.Name] {
			t.Errorf("no mutant shows that %s can fail", r.Name)
		}
	}
}

// half is a subject without what a check has nothing to do with, so that not all is checked for all.
func half(s kit.Subject, check string) kit.Subject {
	switch {
	case strings.HasPrefix(check, "pull/"):
		s.Connector.NewWebhook, s.Deliver, s.Connector.Makes = nil, nil, slices.Clip(s.Connector.Makes[3:])
	case strings.HasPrefix(check, "webhook/"):
		s.Connector.NewPuller, s.API, s.Deletes, s.Connector.Makes = nil, nil, false, slices.Clip(s.Connector.Makes[:3])
	}
	return s
}

// ownGolden is the subject's fixtures with the golden files that it would write itself: they prove
// nothing about it, and leave that to the other checks.
func ownGolden(t *testing.T, s kit.Subject) fs.FS {
	files := fstest.MapFS{}
	err := fs.WalkDir(s.Fixtures, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(s.Fixtures, name)
		files[strings.TrimPrefix(name, "testdata/")] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	golden, _ := kit.Golden(context.Background(), s) // some mutants make none
	for name, text := range golden {
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// TestRight: the suite passes a connector that is right, and says which checks do not apply to half of it.
func TestRight(t *testing.T) {
	kit.Run(t, subjectOf(right()))
	for there, gone := range map[string]string{"webhook/": "pull/", "pull/": "webhook/"} {
		s := half(subjectOf(right()), there)
		for _, r := range kit.Check(t.Context(), s) {
			applies := !strings.HasPrefix(r.Name, gone) && (r.Name != "deletion" || s.Deletes)
			if applies != r.Passed() || applies != (r.NotApplicable == "") {
				t.Errorf("without %s: %+v", gone, r)
			}
		}
	}
}

// TestPrint: what a person reads names each finding and what to do.
func TestPrint(t *testing.T) {
	var text strings.Builder
	well := kit.Print(&text, []kit.Result{
		{Name: "webhook/signature"},
		{Name: "webhook/signature_missing", Proves: "It is refused.", More: 2, Findings: []kit.Finding{{Fixture: "webhook/a.json", What: "it is accepted", Do: "Refuse it."}}},
		{Name: "webhook/signature_wrong", Blocked: "webhook/signature_missing"},
		{Name: "pull/all", NotApplicable: "the vendor is not asked"},
	})
	const want = `ok    webhook/signature
FAIL  webhook/signature_missing
      It is refused.
      * webhook/a.json: it is accepted. Refuse it.
      * and 2 more of the kind
?     webhook/signature_wrong
      not checked: webhook/signature_missing must pass first
-     pull/all
      not applicable: the vendor is not asked
1 of 4 checks passed, 1 failed, 1 was not made, 1 does not apply
`
	if text.String() != want || well {
		t.Errorf("%v\n%s", well, text.String())
	}
	if !kit.Print(&text, []kit.Result{{Name: "a"}, {Name: "b", NotApplicable: "c"}}) {
		t.Error("what does not apply is no failure")
	}
}

// TestEnded: a check that could not be finished says so.
func TestEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range kit.Check(ctx, subjectOf(right())) {
		if r.Passed() {
			t.Errorf("%s passes without time", r.Name)
		}
	}
}
