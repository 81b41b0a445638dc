package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const whole = `
rules:
  default:
    "default": {meta: show, identity: show, contact: show, identifier: show, trait: show, computed: show, segment: show, consent: show,
      account: show, money: show, conversation: show, content: show, satisfaction: show, behaviour: show, provenance: show}
`

func parse(t testing.TB, document string) *Policy {
	t.Helper()
	p, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryFaultIsNamedWithItsPath(t *testing.T) {
	_, err := Parse([]byte(`
colour: red
verification: {valid_for: soon, identified_for: -120000d, trusted_sources: ["*"], own_lookup: {robot: verified, human: sure}, own_types: user_id}
narrower: {support: [fun]}
classes: [meta, "Not This"]
traits: {health_note: nothing}
rules:
  default:
    "default": {meta: reveal, colour: show, identity: {needs: matched}, contact: {do: show, below: mask}, money: {do: mask, needs: matched, below: show},
      trait: {do: show, max_age: -3d, limit: 0, until: x, consent: "*"}}
    robot: {}
  fun: {}
`))
	if !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
	for _, path := range []string{
		"colour:", "verification.valid_for:", "verification.identified_for:", "verification.trusted_sources:", "verification.own_lookup.robot:", "verification.own_lookup.human:",
		"verification.own_types:", "narrower.support[0]:", "classes[0]:", "classes[1]:", "traits.health_note:", "rules.default.default.meta:",
		"rules.default.default.colour:", "rules.default.default.identity:", "rules.default.default.contact.below:", "rules.default.default.money.below:",
		"rules.default.default.trait.max_age:", "rules.default.default.trait.limit:", "rules.default.default.trait.until:", "rules.default.default.trait.consent:", "rules.default.robot:", "rules.fun:",
	} {
		if !strings.Contains(err.Error(), "\n"+path) && !strings.Contains(err.Error(), ": "+path) {
			t.Errorf("%s is not named in:\n%v", path, err)
		}
	}
}

func TestACombinationWithoutARuleIsAFault(t *testing.T) {
	_, err := Parse([]byte(strings.Replace(whole, "money: show, ", "", 1)))
	for _, purpose := range Purposes() {
		for _, reader := range Readers() {
			if path := fmt.Sprintf("rules.%s.%s.money: there is no rule", purpose, reader); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s is not named in %v", path, err)
			}
		}
	}
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	for _, document := range []string{"", "[]", "a: [", "rules: 3", "rules: {default: 3}", "rules: {default: {default: 3}}", strings.Repeat("#", maxDocument+1)} {
		if _, err := Parse([]byte(document)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.20q: %v", document, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add(defaultYAML)
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := Parse(document)
		if (p == nil) == (err == nil) {
			t.Fatal(p, err)
		}
	})
}

// TestTheStricterWordCounts: of purpose and reader together the word on both counts, else the stricter one.
func TestTheStricterWordCounts(t *testing.T) {
	p := parse(t, whole+`
    human: {money: mask, content: {do: show, needs: matched}, trait: {do: show, max_age: 90d}}
  support:
    default: {money: withhold, content: {do: show, needs: verified, below: mask}, trait: {do: mask, max_age: 30d}}
    own_ai: {money: show}
`)
	for _, c := range []struct {
		purpose, reader, class string
		want                   Rule
	}{
		{"billing", "system", "money", Rule{}},
		{"billing", "human", "money", Rule{Do: Mask, Below: Mask}},
		{"support", "human", "money", Rule{Do: Withhold, Below: Withhold}},
		{"support", "own_ai", "money", Rule{}},
		{"support", "human", "content", Rule{Needs: Verified, Below: Withhold}},
		{"support", "system", "content", Rule{Needs: Verified, Below: Mask}},
		{"support", "human", "trait", Rule{Do: Mask, Below: Mask, MaxAge: 30 * 24 * time.Hour}},
		{"support", "human", "unheard_of", Rule{Do: Withhold, Below: Withhold}},
		{"nothing", "human", "meta", Rule{Do: Withhold, Below: Withhold}},
	} {
		if got := p.Rule(c.purpose, c.reader, c.class); got != c.want {
			t.Errorf("%s %s %s: %+v, want %+v", c.purpose, c.reader, c.class, got, c.want)
		}
	}
}

// TestStricterNeverAllowsMore: at every level the joined rule allows no more than either.
func TestStricterNeverAllowsMore(t *testing.T) {
	rule := rapid.Custom(func(t *rapid.T) Rule {
		r := Rule{Do: Action(rapid.IntRange(0, 2).Draw(t, "do")), Needs: Level(rapid.IntRange(0, 2).Draw(t, "needs"))}
		r.Below = r.Do
		if r.Needs > Claimed {
			r.Below = Action(rapid.IntRange(int(r.Do), 2).Draw(t, "below"))
		}
		r.Consent = rapid.SampledFrom([]string{"", "marketing", "profiling", "marketing profiling"}).Draw(t, "consent")
		return r
	})
	at := func(r Rule, l Level) Action {
		if l < r.Needs {
			return r.Below
		}
		return r.Do
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rule.Draw(t, "a"), rule.Draw(t, "b")
		both := stricter(a, b)
		for l := Claimed; l <= Verified; l++ {
			if at(both, l) < max(at(a, l), at(b, l)) {
				t.Fatalf("at %s %+v allows more than %+v or %+v", l, both, a, b)
			}
		}
		for _, purpose := range strings.Fields(a.Consent + " " + b.Consent) {
			if !slices.Contains(strings.Fields(both.Consent), purpose) {
				t.Fatalf("%+v asks for less consent than %+v or %+v", both, a, b)
			}
		}
	})
}

// TestTheBuiltInPolicyIsSafe: what must never come to be by an edit of the document.
func TestTheBuiltInPolicyIsSafe(t *testing.T) {
	p := Default()
	for _, purpose := range Purposes() {
		for _, class := range []string{ClassContact, ClassIdentifier, ClassContent, ClassMoney, ClassTrait} {
			if r := p.Rule(purpose, "third_party_ai", class); r.Do != Withhold {
				t.Errorf("%s: a third party's AI gets %s: %+v", purpose, class, r)
			}
		}
		if r := p.Rule(purpose, "third_party_ai", ClassIdentity); r.Do < Mask {
			t.Errorf("%s: a third party's AI gets names: %+v", purpose, r)
		}
		for _, reader := range []string{"human", "own_ai", "third_party_ai"} {
			for _, class := range []string{ClassContact, ClassMoney, ClassContent} {
				if r := p.Rule(purpose, reader, class); r.Do == Show && (r.Needs == Claimed || r.Below == Show) {
					t.Errorf("%s: a claimed caller is enough for %s to get %s", purpose, reader, class)
				}
			}
		}
	}
	for _, reader := range Readers() {
		for _, class := range []string{ClassIdentity, ClassContact, ClassIdentifier} {
			if r := p.Rule("analytics", reader, class); r.Do != Withhold {
				t.Errorf("analytics, %s: gets %s: %+v", reader, class, r)
			}
		}
	}
}

func TestReadmeShowsTheBuiltInPolicy(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := Table(Default()); !strings.Contains(string(readme), table) {
		t.Errorf("README.md should hold\n%s", table)
	}
}

type (
	inner struct {
		N    int    `json:"n,omitempty" policy:"money"`
		Text string `json:"text" policy:"self"`
	}
	named struct {
		name  string
		At    time.Time       `json:"at,omitzero" policy:"meta"`
		Value json.RawMessage `json:"value" policy:"self"`
		From  string          `json:"from" policy:"provenance"`
	}
	embedded struct {
		ID int `json:"id" policy:"meta"`
	}
	outer struct {
		embedded
		Name   string           `json:"name" policy:"identity"`
		Mail   *string          `json:"mail,omitempty" policy:"contact"`
		Day    time.Time        `json:"day,omitzero" policy:"meta"`
		Inner  *inner           `json:"inner" policy:"content"`
		List   []inner          `json:"list" policy:"content"`
		Map    map[string]named `json:"map" policy:"-"`
		Any    any              `json:"any,omitempty" policy:"content"`
		hidden int
		Away   int `json:"-"`
	}
)

func (n named) PolicyClass() string { return "trait:" + n.name }

var someone = rapid.Custom(func(t *rapid.T) outer {
	o := outer{Name: rapid.String().Draw(t, "name"), embedded: embedded{rapid.Int().Draw(t, "id")}, hidden: 1, Away: 2}
	if rapid.Bool().Draw(t, "has mail") {
		mail := rapid.String().Draw(t, "mail")
		o.Mail, o.Day, o.Inner = &mail, now, &inner{N: rapid.Int().Draw(t, "n"), Text: rapid.String().Draw(t, "text")}
	}
	if n := rapid.IntRange(-1, 3).Draw(t, "elements"); n >= 0 {
		o.List, o.Map = []inner{}, map[string]named{}
		for i := range n {
			o.List = append(o.List, inner{N: i, Text: "<&>\u2028"})
			o.Map[rapid.String().Draw(t, "key")] = named{name: "x", Value: json.RawMessage(`{"a":1.0}`), From: "crm"}
		}
		o.Any = o.List
	}
	return o
})

// TestWhatIsShownIsAsEncodingJSONWritesIt: where everything is shown, Apply writes what encoding/json does.
func TestWhatIsShownIsAsEncodingJSONWritesIt(t *testing.T) {
	r := Reader{Policy: parse(t, whole), Purpose: "support", Kind: "human", Now: now}
	rapid.Check(t, func(t *rapid.T) {
		o := someone.Draw(t, "o")
		want, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Apply(o)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.JSON) != string(want) {
			t.Fatalf("writes\n%s, want\n%s", got.JSON, want)
		}
		if len(got.Withheld)+len(got.Masked) > 0 {
			t.Fatalf("something is not shown: %+v", got)
		}
		filtered, _, err := Filter(&r, &o)
		if err != nil || !reflect.DeepEqual(*filtered, o) {
			t.Fatalf("filters to %+v (%v)", filtered, err)
		}
	})
}

// TestFilteredIsAsItIsWritten: what is filtered is written as what was not is, and that stays as it was.
func TestFilteredIsAsItIsWritten(t *testing.T) {
	r := Reader{Policy: parse(t, whole+`
  support:
    human: {identity: withhold, contact: withhold, content: withhold, trait: {do: show, max_age: 30d, limit: 2}}
`), Purpose: "support", Kind: "human", Now: now}
	rapid.Check(t, func(t *rapid.T) {
		o := someone.Draw(t, "o")
		before, want := fmt.Sprintf("%#v", o), must(r.Apply(o)).JSON
		all, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		filtered, _, err := Filter(&r, &o)
		if err != nil {
			t.Fatal(err)
		}
		if got := must(r.Apply(*filtered)).JSON; string(got) != string(want) {
			t.Fatalf("writes\n%s, want\n%s", got, want)
		}
		if now, err := json.Marshal(o); err != nil || string(now) != string(all) || fmt.Sprintf("%#v", o) != before {
			t.Fatalf("leaves\n%s of\n%s (%v)", now, all, err)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestWithheldIsAbsentAndSaid(t *testing.T) {
	p := parse(t, "classes: [sensitive]\ntraits: {health_note: sensitive, salary: money}\n"+strings.Replace(whole, "meta: show,", "meta: show, sensitive: withhold,", 1)+`
  support:
    human: {identity: mask, contact: {do: show, needs: matched, below: mask}, content: withhold, money: {do: show, needs: verified},
      trait: {do: show, max_age: 30d, limit: 2}}
`)
	mail := "ada@example.com"
	o := outer{Name: "Ada", Mail: &mail, Inner: &inner{N: 5, Text: "said"}, List: []inner{{Text: "said"}}, Map: map[string]named{}}
	for i, name := range []string{"health_note", "salary", "old", "first", "second", "third"} {
		at := now.Add(-time.Duration(i) * time.Hour)
		if name == "old" {
			at = now.AddDate(0, 0, -31)
		}
		o.Map[name] = named{name: name, At: at, Value: json.RawMessage(`"` + name + `"`), From: "crm"}
	}
	r := Reader{Policy: p, Purpose: "support", Kind: "human", Now: now}
	got, err := r.Apply(o)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":0,"name":"A***","mail":"a***@example.com","map":{` +
		`"first":{"at":"2026-03-01T09:00:00Z","value":"first","from":"crm"},"second":{"at":"2026-03-01T08:00:00Z","value":"second","from":"crm"}}}`
	if string(got.JSON) != want {
		t.Errorf("answers\n%s, want\n%s", got.JSON, want)
	}
	if want := []Withheld{
		{Class: "content", Fields: []string{"inner", "list"}, Count: 2, Because: BecausePurpose},
		{Class: "money", Fields: []string{"map[]"}, Count: 1, Because: BecauseVerification, Needs: "verified"},
		{Class: "sensitive", Fields: []string{"map[]"}, Count: 1, Because: BecausePurpose},
		{Class: "trait", Fields: []string{"map[]"}, Count: 1, Because: BecauseAge},
		{Class: "trait", Fields: []string{"map[]"}, Count: 1, Because: BecauseLimit},
	}; !reflect.DeepEqual(got.Withheld, want) {
		t.Errorf("withholds\n%+v, want\n%+v", got.Withheld, want)
	}
	if want := []string{"mail", "name"}; !slices.Equal(got.Masked, want) || !slices.Equal(got.ShownMasked, want) {
		t.Errorf("masks %v and %v", got.Masked, got.ShownMasked)
	}
	if want := []string{"map[][first].from", "map[][first].value", "map[][second].from", "map[][second].value"}; !slices.Equal(got.Shown, want) {
		t.Errorf("shows %v", got.Shown)
	}
	filtered, before, err := Filter(&r, &o)
	if err != nil || filtered.Name != "A***" || filtered.Inner != nil || len(filtered.List) != 0 || len(filtered.Map) != 2 || o.Name != "Ada" {
		t.Errorf("filters to %+v of %+v (%v)", filtered, o, err)
	}
	if fmt.Sprint(before.Withheld) != fmt.Sprint(got.Withheld) {
		t.Errorf("withholds %+v, when it is written %+v", before.Withheld, got.Withheld)
	}
}

// TestWhatNeedsConsentIsWithheldWithoutIt: a contact point by what was said for it, the rest by what the person said.
func TestWhatNeedsConsentIsWithheldWithoutIt(t *testing.T) {
	p := parse(t, whole+`
  marketing:
    default: {contact: {do: show, consent: marketing}, trait: {do: show, consent: profiling}, money: {do: mask, consent: marketing}}
    human: {money: {do: show, needs: matched, consent: profiling}}
`)
	mail := "ada@example.com"
	o := outer{Mail: &mail, Inner: &inner{N: 5}, Map: map[string]named{
		"bo": {name: "email", Value: json.RawMessage(`"bo@example.com"`)}, "ada": {name: "email", Value: json.RawMessage(`"ada@example.com"`)},
		"colour": {name: "colour", Value: json.RawMessage(`{"shade":"red","email":"bo@example.com"}`)},
	}}
	for _, c := range []struct {
		agreed, want string // "purpose text", or "purpose" for the rest
	}{
		{"", `{"id":0,"name":"","inner":{"text":""},"list":null,"map":{}}`},
		{"marketing ada@example.com", `{"id":0,"name":"","mail":"ada@example.com","inner":{"text":""},"list":null,"map":{"ada":{"value":"ada@example.com","from":""}}}`},
		{"marketing,profiling", `{"id":0,"name":"","inner":{"n":5,"text":""},"list":null,"map":{"colour":{"value":{"shade":"red"},"from":""}}}`},
	} {
		said := strings.Split(c.agreed, ",")
		r := Reader{Policy: p, Purpose: "marketing", Kind: "system", Now: now, Agreed: func(purpose, text string) bool {
			return slices.Contains(said, strings.TrimSpace(purpose+" "+text))
		}}
		got, err := r.Apply(o)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.JSON) != c.want {
			t.Errorf("%q shows\n%s, want\n%s", c.agreed, got.JSON, c.want)
		}
		if !slices.ContainsFunc(got.Withheld, func(w Withheld) bool { return w.Because == BecauseConsent }) {
			t.Errorf("%q withholds %+v", c.agreed, got.Withheld)
		}
		filtered, _, err := Filter(&r, &o)
		if err != nil || len(filtered.Map) != strings.Count(c.want, `"from"`) || (filtered.Mail == nil) != !strings.Contains(c.want, `"mail"`) {
			t.Errorf("%q filters to %+v (%v)", c.agreed, filtered, err)
		}
	}
	r := Reader{Policy: p, Purpose: "marketing", Kind: "system", Now: now}
	if got, err := r.Apply(o); err != nil || strings.Contains(string(got.JSON), "@example.com") {
		t.Errorf("where nothing is known of consent: %s (%v)", got.JSON, err)
	}
}

func TestMasks(t *testing.T) {
	for _, c := range []struct {
		class string
		value any
		want  any // nil: withheld
	}{
		{ClassContact, "ada.marsh@example.com", "a***@example.com"},
		{ClassContact, "@example.com", "***@example.com"},
		{ClassContact, "+1 555 0123", "***23"},
		{ClassContact, "+44 7700 900123", "***23"},
		{ClassContact, "12 Marsh Street", nil},
		{ClassContact, "Ada <ada@example.com>, x@y z", nil},
		{ClassIdentity, "Ada", "A***"},
		{ClassIdentity, "Élodie", "É***"},
		{ClassIdentity, "1980-01-02", nil},
		{ClassIdentifier, "cus_000123456", "***456"},
		{ClassIdentifier, "u-1", "***"},
		{ClassIdentifier, "ada@example.com", "***"},
		{ClassMoney, "1234.56", "1000"},
		{ClassMoney, "-0.0456", "-0.04"},
		{ClassMoney, "EUR", "EUR"},
		{ClassMoney, "gold plan", nil},
		{ClassMoney, 987.0, 900.0},
		{ClassMoney, 0, 0},
		{ClassMoney, uint64(42), uint64(40)},
		{ClassContent, "anything", nil},
		{ClassTrait, true, true},
		{ClassTrait, json.RawMessage(`"text"`), nil},
		{ClassTrait, json.RawMessage(`1234`), json.RawMessage(`1000`)},
		{ClassTrait, json.RawMessage(`{"a":1}`), nil},
		{ClassContact, json.RawMessage(`"bo@example.com"`), json.RawMessage(`"b***@example.com"`)},
		{ClassConversation, now, now.Truncate(24 * time.Hour)},
	} {
		got, ok := masked(reflect.ValueOf(c.value), c.class)
		if ok != (c.want != nil) || ok && !reflect.DeepEqual(got.Interface(), c.want) {
			t.Errorf("%s %v: %v %v, want %v", c.class, c.value, got, ok, c.want)
		}
	}
}

// TestMasksTellLittle: what a mask shows of a text is at most a letter, a domain, two digits or three
// characters, and masking it again changes nothing.
func TestMasksTellLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SampledFrom([]string{ClassContact, ClassIdentity, ClassIdentifier}).Draw(t, "class")
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`\+?[0-9 ]{3,15}`), rapid.StringMatching(`[a-z.*]{0,9}@[a-z]{1,8}\.com`)).Draw(t, "s")
		once, ok := maskText(s, class)
		if !ok || s == "" {
			return
		}
		again, ok := maskText(once, class)
		if !ok || again != once {
			t.Fatalf("%q is masked as %q, and that as %q", s, once, again)
		}
		head, tail, ok := strings.Cut(once, blank)
		if !ok || len([]rune(head)) > 1 || class != ClassContact && len([]rune(tail)) > 3 || class == ClassContact && tail != "" && tail[0] != '@' && len(tail) > 2 {
			t.Fatalf("%q is masked as %q", s, once)
		}
	})
}

func TestATypeWithoutClassesIsRefused(t *testing.T) {
	type bare struct {
		Name string `json:"name"`
	}
	type wrong struct {
		Name string `json:"name" policy:"-"`
		Misc string `json:"misc" policy:"secret"`
		Bare []bare `json:"bare" policy:"-"`
	}
	err := Check(wrong{})
	for _, part := range []string{"wrong.Name", `"secret"`, "bare.Name"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not named: %v", part, err)
		}
	}
	r := Reader{Policy: parse(t, whole), Purpose: "support", Kind: "human", Now: now}
	if result, err := r.Apply(bare{"Ada"}); err == nil {
		t.Errorf("a field without a class goes out: %s", result.JSON)
	}
	if err := Check(outer{}); err != nil {
		t.Error(err)
	}
}

func TestBookFailsClosed(t *testing.T) {
	docs := &memory{docs: map[string]json.RawMessage{}}
	book := NewBook(docs)
	if p, err := book.For("acme"); err != nil || p != Default() {
		t.Fatal(p, err)
	}
	text, _ := json.Marshal(whole)
	docs.put("acme", text)
	p, err := book.For("acme")
	if err != nil || p == Default() {
		t.Fatal(p, err)
	}
	if again, _ := book.For("acme"); again != p {
		t.Error("is read again though nothing changed")
	}
	if other, _ := book.For("other"); other != Default() {
		t.Error("another workspace has its own policy")
	}
	for _, damaged := range []string{`{}`, `"rules: 3"`} {
		docs.put("acme", json.RawMessage(damaged))
		if _, err := book.For("acme"); err == nil {
			t.Errorf("%s is a policy", damaged)
		}
	}
}

type memory struct {
	docs     map[string]json.RawMessage
	revision uint64
}

func (m *memory) put(key string, value json.RawMessage) { m.docs[key] = value; m.revision++ }

func (m *memory) Doc(_, key string) (json.RawMessage, bool, error) {
	value, ok := m.docs[key]
	return value, ok, nil
}

func (m *memory) DocsRevision() uint64 { return m.revision }

func TestPurposesOnlyNarrow(t *testing.T) {
	p := parse(t, "narrower: {operations: [support]}\n"+strings.TrimSpace(whole))
	for _, c := range []struct {
		own, asked string
		want       bool
	}{{"support", "support", true}, {"operations", "support", true}, {"support", "operations", false}, {"operations", "sales", false}} {
		if got := p.MayNarrow(c.own, c.asked); got != c.want {
			t.Errorf("%s to %s: %v", c.own, c.asked, got)
		}
	}
	if !slices.Contains(p.Classes(), ClassMoney) {
		t.Error(p.Classes())
	}
}
