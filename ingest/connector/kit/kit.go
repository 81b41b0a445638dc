package kit

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Now is the moment at which the suite happens: deliveries come, and APIs are asked.
var Now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// Result is what one check found.
type Result struct {
	// Name is "<part>/<check>", such as "webhook/signature_wrong"; Proves is one sentence.
	Name   string `json:"name"`
	Proves string `json:"proves"`
	// NotApplicable says why there is nothing to check. Blocked names the check that must pass before
	// this one says anything.
	NotApplicable string    `json:"not_applicable,omitempty"`
	Blocked       string    `json:"blocked,omitempty"`
	Findings      []Finding `json:"findings,omitempty"`
	// More is how many findings are left out of the list.
	More int `json:"more,omitempty"`
}

// Passed says that the check was made and found nothing.
func (r Result) Passed() bool {
	return r.NotApplicable == "" && r.Blocked == "" && len(r.Findings) == 0
}

// Finding is something wrong.
type Finding struct {
	// Fixture is what it showed with; empty if with no single one.
	Fixture string `json:"fixture,omitempty"`
	// What is wrong, and what to Do about it.
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
}

// String is the finding in one line.
func (f Finding) String() string {
	text := f.What
	if f.Fixture != "" {
		text = f.Fixture + ": " + text
	}
	if f.Do != "" {
		text += ". " + f.Do
	}
	return text
}

// maxFindings bounds what one check lists: the rest is mostly the same again.
const maxFindings = 12

// check is one proof.
type check struct {
	name, proves string
	// after names checks without which this one says nothing.
	after []string
	run   func(ctx context.Context, s *suite, f *findings)
}

// findings collects what a check finds.
type findings struct {
	Result
	seen map[string]bool
}

func (f *findings) add(fixture, do, what string, args ...any) {
	found := Finding{Fixture: fixture, What: fmt.Sprintf(what, args...), Do: do}
	switch {
	case f.seen[found.String()]:
	case len(f.Findings) >= maxFindings:
		f.More++
	default:
		f.Findings = append(f.Findings, found)
	}
	f.seen[found.String()] = true
}

func (f *findings) notApplicable(why string) { f.NotApplicable = why }

// Check puts a subject to all checks, in an order in which causes come before what follows from them.
// It needs no network but loopback and takes some seconds; ctx ends it early, which is a finding.
func Check(ctx context.Context, s Subject) []Result {
	all := newSuite(s)
	var results []Result
	for _, c := range all.checks() {
		results = append(results, all.result(ctx, c, results))
	}
	return results
}

// result runs one check, unless what it relies on failed before.
func (s *suite) result(ctx context.Context, c check, before []Result) Result {
	f := &findings{Result: Result{Name: c.name, Proves: c.proves}, seen: map[string]bool{}}
	for _, r := range before {
		if slices.Contains(c.after, r.Name) && (r.Blocked != "" || len(r.Findings) > 0) {
			f.Blocked = r.Name
			return f.Result
		}
	}
	if err := guard(func() error { c.run(ctx, s, f); return nil }); err != nil {
		f.add("", "", "the check itself ended: %v", err)
	}
	if err := ctx.Err(); err != nil {
		f.add("", "Give it more time.", "the check was not finished: %v", err)
	}
	return f.Result
}

// T is what Run needs of *testing.T, so that no program that holds a Subject holds package testing.
type T[Sub any] interface {
	Helper()
	Context() context.Context
	Log(args ...any)
	Error(args ...any)
	Run(name string, test func(Sub)) bool
}

// Run puts a subject to all checks, each a subtest. With the flag -update it first writes the golden
// files, below testdata.
func Run[Sub T[Sub]](t Sub, s Subject) {
	t.Helper()
	all := newSuite(s)
	if *update {
		if err := all.updateGolden("testdata"); err != nil {
			t.Error("write golden files:", err)
			return
		}
	}
	var results []Result
	for _, c := range all.checks() {
		t.Run(c.name, func(t Sub) {
			r := all.result(t.Context(), c, results)
			results = append(results, r)
			report(t, r)
		})
	}
}

// report makes a result one of a test. A check that is blocked is logged: what blocks it has failed.
func report[Sub T[Sub]](t Sub, r Result) {
	switch {
	case r.NotApplicable != "":
		t.Log("not applicable: " + r.NotApplicable)
	case r.Blocked != "":
		t.Log("not checked: " + r.Blocked + " must pass first")
	}
	for _, found := range r.Findings {
		t.Error(found.String())
	}
	if r.More > 0 {
		t.Error("and", r.More, "more of the kind")
	}
}

// Print writes results for a person, and says whether all is well.
func Print(w io.Writer, results []Result) bool {
	var passed, failed, blocked, inapplicable int
	for _, r := range results {
		switch {
		case r.NotApplicable != "":
			fmt.Fprintf(w, "-     %s\n      not applicable: %s\n", r.Name, r.NotApplicable)
			inapplicable++
		case r.Blocked != "":
			fmt.Fprintf(w, "?     %s\n      not checked: %s must pass first\n", r.Name, r.Blocked)
			blocked++
		case len(r.Findings) > 0:
			fmt.Fprintf(w, "FAIL  %s\n      %s\n", r.Name, r.Proves)
			printFindings(w, r)
			failed++
		default:
			fmt.Fprintf(w, "ok    %s\n", r.Name)
			passed++
		}
	}
	fmt.Fprintf(w, "%d of %d checks passed", passed, len(results))
	for _, rest := range []struct {
		n         int
		one, many string
	}{{failed, "failed", "failed"}, {blocked, "was not made", "were not made"}, {inapplicable, "does not apply", "do not apply"}} {
		switch {
		case rest.n == 1:
			fmt.Fprintf(w, ", 1 %s", rest.one)
		case rest.n > 1:
			fmt.Fprintf(w, ", %d %s", rest.n, rest.many)
		}
	}
	fmt.Fprintln(w)
	return failed+blocked == 0
}

func printFindings(w io.Writer, r Result) {
	for _, found := range r.Findings {
		fmt.Fprintf(w, "      * %s\n", strings.ReplaceAll(found.String(), "\n", "\n        "))
	}
	if r.More > 0 {
		fmt.Fprintf(w, "      * and %d more of the kind\n", r.More)
	}
}
