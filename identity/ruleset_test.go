package identity_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/identity"

	"pgregory.net/rapid"
)

func TestParseRules(t *testing.T) {
	r, err := identity.ParseRules([]byte(`
strategy: isolate_shared_devices
identifiers:
  - {type: crm.contact_id, role: certain, limit: 2, window: 30d}
  - {type: email, limit: 3}
compound: [{name: both, of: [phone, email]}]
blocked: [{type: email, pattern: '.*@test\.example'}, {value: kiosk}]
matching: {enabled: false, merge_precision: 0.95}
generic: {spread: 10}
`))
	if err != nil {
		t.Fatal(err)
	}
	off := false
	want := identity.Rules{
		Strategy: identity.StrategyIsolateSharedDevices,
		Identifiers: []identity.IdentifierRule{
			{Type: "crm.contact_id", Role: identity.RoleCertain, Limit: 2, Window: identity.Window(720 * time.Hour)},
			{Type: "email", Limit: 3},
		},
		Compound: []identity.Compound{{Name: "both", Of: []string{"phone", "email"}}},
		Blocked:  []identity.Block{{Type: "email", Pattern: `.*@test\.example`}, {Value: "kiosk"}},
		Matching: identity.Matching{Enabled: &off, MergePrecision: .95},
		Generic:  identity.Generic{Spread: 10},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v\nwant %+v", r, want)
	}
}

func TestNoRulesAreTheDefault(t *testing.T) {
	for _, text := range []string{"", "# nothing", "{}", "null"} {
		r, err := identity.ParseRules([]byte(text))
		if err != nil || !reflect.DeepEqual(r, identity.Rules{}) {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

// TestRulesTellAllFaults wants every fault at once, by its path.
func TestRulesTellAllFaults(t *testing.T) {
	_, err := identity.ParseRules([]byte(`
strategy: hope
colour: blue
identifiers:
  - {type: user_id, role: exclusive, limit: 2}
  - {type: user_id}
  - {type: nothing, rol: certain, role: king, limit: -1}
  - {type: email, window: 1h}
  - {type: phone, role: ignored, limit: 2, window: -1h}
  - {type: web.session_id}
compound:
  - {name: Big, of: [email]}
  - {name: a, of: [name, birth_date]}
  - {name: a, of: [email, phone]}
  - {name: b, of: [shoe, email]}
  - {name: c, of: [chat.conversation_id, email]}
blocked: [{type: email}, {value: a, pattern: b}, {pattern: '('}, {type: shoe, value: a}]
contact: never
visits: all
matching: {merge_precision: 1, review_precision: 0.001, review: 1}
generic: {spread: -1, holders: -1}
`))
	if err == nil {
		t.Fatal("no fault")
	}
	for _, path := range []string{
		"strategy:", "colour:", "identifiers[0].limit:", "identifiers[1].type:", "identifiers[2].rol:", "identifiers[2].type:",
		"identifiers[2].role:", "identifiers[2].limit:", "identifiers[3].window:", "identifiers[4].limit:", "identifiers[4].window:", "identifiers[5].type:",
		"compound[0].name:", "compound[0].of:", "compound[1].of:", "compound[2].name:", "compound[2].of[1]:", "compound[3].of[0]:", "compound[4].of[0]:",
		"blocked[0]:", "blocked[1]:", "blocked[2].pattern:", "blocked[3].type:", "contact:", "visits:",
		"matching.merge_precision:", "matching.review_precision:", "matching.review:", "generic.spread:", "generic.holders:",
	} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%s is not told in\n%v", path, err)
		}
	}
}

func TestRulesRefuse(t *testing.T) {
	for _, c := range []struct{ text, fault string }{
		{"- a", "rules:"},
		{"strategy: {a: b}", "strategy: has keys below it"},
		{"identifiers: [{type: email, limit: many}]", "rules:"},
		{"identifiers: [{type: email, limit: 1, window: soon}]", "is no span of time"},
		{"{}\n---\n{}", "second document"},
		{"strategy: a\nstrategy: b", "rules:"},
		{"matching: {review_precision: 0.95}", "is above merge_precision"},
		{"blocked: &a [*a]", "anchors"},
		{strings.Repeat("#", 2<<20), "bytes"},
	} {
		if _, err := identity.ParseRules([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%.40q: %v", c.text, err)
		}
	}
}

func TestRulesHaveOneEncoding(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"", "strategy: known_customer_first"},
		{"blocked: [{value: a}, {value: b}, {value: a}]", "blocked: [{value: b}, {value: a}]"},
		{"identifiers: [{type: email, limit: 1, window: 1d}]", `{"identifiers":[{"window":"24h0m0s","limit":1,"type":"email"}]}`},
		{"matching: {enabled: true}", "matching: {enabled: true, merge_precision: 0}"},
	} {
		a, b := parsed(t, c.a), parsed(t, c.b)
		if string(a.Encode()) != string(b.Encode()) {
			t.Errorf("%s and %s: %s and %s", c.a, c.b, a.Encode(), b.Encode())
		}
		if again := parsed(t, string(a.Encode())); string(again.Encode()) != string(a.Encode()) {
			t.Errorf("%s became %s", a.Encode(), again.Encode())
		}
	}
	one, other := parsed(t, "identifiers: [{type: email}, {type: phone}]"), parsed(t, "identifiers: [{type: phone}, {type: email}]")
	if string(one.Encode()) == string(other.Encode()) {
		t.Error("the order of priority is lost")
	}
}

func parsed(t *testing.T, text string) identity.Rules {
	t.Helper()
	r, err := identity.ParseRules([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// TestExampleOfRules keeps the example true: it parses, names everything, and its encoding says the
// same.
func TestExampleOfRules(t *testing.T) {
	text, err := os.ReadFile("testdata/rules/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := parsed(t, string(text))
	if again := parsed(t, string(r.Encode())); string(again.Encode()) != string(r.Encode()) {
		t.Errorf("%s\nbecame %s", r.Encode(), again.Encode())
	}
	if _, err := newEngine(t, identity.Config{}).With(r); err != nil {
		t.Error(err)
	}
	for i := range reflect.TypeFor[identity.Rules]().NumField() {
		if reflect.ValueOf(r).Field(i).IsZero() {
			t.Errorf("the example says nothing of %s", reflect.TypeFor[identity.Rules]().Field(i).Name)
		}
	}
	for _, s := range identity.Strategies() {
		if !strings.Contains(string(text), string(s)) {
			t.Errorf("the example does not name %s", s)
		}
	}
}

func TestStrategiesAreKnobs(t *testing.T) {
	for _, s := range identity.Strategies() {
		r := parsed(t, "strategy: "+string(s)).Expanded()
		if r.Matching.Enabled == nil || r.Matching.MergePrecision != .9 || r.Matching.ReviewPrecision != .5 || r.Contact == "" || r.Visits == "" {
			t.Errorf("%s: %+v", s, r)
		}
		if err := r.Validate(); err != nil {
			t.Errorf("%s written out: %v", s, err)
		}
		if again := r.Expanded(); !reflect.DeepEqual(r, again) {
			t.Errorf("%s: %+v became %+v", s, r, again)
		}
	}
	r := parsed(t, "{strategy: mailbox_is_person, identifiers: [{type: email, limit: 2}]}").Expanded()
	if got := r.Identifiers; len(got) != 1 || got[0].Role != identity.RoleCertain || got[0].Limit != 2 {
		t.Errorf("a limit loses the strategy's role: %+v", got)
	}
	r = parsed(t, "{strategy: mailbox_is_person, identifiers: [{type: email, role: evidence}]}").Expanded()
	if got := r.Identifiers[0].Role; got != identity.RoleEvidence {
		t.Errorf("a knob does not override the strategy: %s", got)
	}
	if m := parsed(t, "matching: {merge_precision: 0.3}").Expanded().Matching; m.ReviewPrecision != .3 {
		t.Errorf("review at %v", m.ReviewPrecision)
	}
}

func FuzzParseRules(f *testing.F) {
	text, err := os.ReadFile("testdata/rules/example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"strategy":"exact_contact","blocked":[{"pattern":"a.*"}]}`))
	e := newEngine(f, identity.Config{})
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := identity.ParseRules(text)
		if err != nil {
			return
		}
		if _, err := e.With(r); err != nil {
			t.Fatalf("parsed, and refused: %v", err)
		}
		again, err := identity.ParseRules(r.Encode())
		if err != nil || string(again.Encode()) != string(r.Encode()) {
			t.Fatalf("%s became %s, %v", r.Encode(), again.Encode(), err)
		}
	})
}

// TestRulesChangeNoObservation: which observation an event belongs to is not a matter of rules.
func TestRulesChangeNoObservation(t *testing.T) {
	base := newEngine(t, identity.Config{})
	rapid.Check(t, func(t *rapid.T) {
		e, err := base.With(drawRules(t))
		if err != nil {
			t.Fatal(err)
		}
		ev := drawEvent(t, 1)
		want, dropped := base.Observe(ev)
		got, alsoDropped := e.Observe(ev)
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(dropped, alsoDropped) {
			t.Fatalf("%+v, without rules %+v", got, want)
		}
		if back, err := e.With(identity.Rules{}); err != nil || !reflect.DeepEqual(back.Matching(), base.Matching()) {
			t.Fatalf("not taken back: %v", err)
		}
	})
}
