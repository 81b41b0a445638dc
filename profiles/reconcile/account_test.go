package reconcile

import (
	"strings"
	"testing"
)

func TestDifferencesAreSaidPlainly(t *testing.T) {
	for _, c := range []struct {
		account Account
		says    uint64
		want    string
	}{
		{Account{Received: 10, Duplicate: 3}, 7, "the same"},
		{Account{Received: 10, Duplicate: 3}, 9, "2 missing here"},
		{Account{Received: 10}, 9, "1 too many here"},
		{Account{}, maxCount, "9007199254740992 missing here"},
	} {
		if got := (Figure{Count: c.says}).against(&c.account).String(); got != c.want {
			t.Errorf("%+v against %d: %q, want %q", c.account, c.says, got, c.want)
		}
	}
}

func TestExpectedOfSeveralDays(t *testing.T) {
	day := func(says uint64, note string) Day {
		d := Day{Account: Account{Received: 10}}
		d.Expected = Figure{Count: says, Note: note}.against(&d.Account)
		return d
	}
	sum := sumExpected([]Day{day(12, "orders"), {Account: Account{Received: 99}}, day(9, "orders")})
	if sum == nil || sum.Count != 21 || sum.Days != 2 || sum.Difference != -1 || sum.Note != "orders" {
		t.Errorf("sum %+v", sum)
	}
	if sum := sumExpected([]Day{day(1, "orders"), day(1, "page views")}); sum.Note != "" {
		t.Errorf("two notes make %q", sum.Note)
	}
	if sum := sumExpected([]Day{{}}); sum != nil {
		t.Errorf("of nothing said %+v", sum)
	}
}

func TestFiguresThatNobodyCanHaveSaid(t *testing.T) {
	for field, f := range map[string]Figure{
		"count": {Count: maxCount + 1}, "note: is longer": {Note: strings.Repeat("x", MaxNote+1)}, "note: must be one line": {Note: "a\nb"}, "note": {Note: "\xff"},
	} {
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestSourceOf(t *testing.T) {
	if w, s, ok := SourceOf("expected/acme/web"); !ok || w != "acme" || s != "web" {
		t.Errorf("%q, %q, %v", w, s, ok)
	}
	for _, other := range []string{"keys", "expected/", "checkpoint/acme/web"} {
		if _, _, ok := SourceOf(other); ok {
			t.Errorf("%s is taken for a bucket of figures", other)
		}
	}
}
