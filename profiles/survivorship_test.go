package profiles

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"
)

func TestEachStrategy(t *testing.T) {
	again := said(1, "crm", 5, `{"plan":"start","score":9}`)
	again.State.Merge(said(1, "crm", 40, `{"plan":"free","score":10}`).State)
	members := []Member{
		again,
		said(2, "web", 10, `{"plan":"pro","score":"9"}`),
		said(3, "billing", 20, `{"plan":"pro","score":-3}`),
		said(4, "shop", 30, `{"plan":"team","score":null}`),
	}
	for _, tt := range []struct {
		rule Rule
		want string
	}{
		{Rule{}, `plan="free" of crm at 40, others 3: "team" "pro"; score=10 of crm at 40, others 3: null -3 "9"`},
		{Rule{By: StrategyOldest}, `plan="start" of crm at 5, others 3: "pro" "team"; score=9 of crm at 5, others 2: "9" -3`},
		{ranked("billing", "web"), `plan="pro" of billing at 20, others 2: "free" "team"; score=-3 of billing at 20, others 3: "9" 10 null`},
		{Rule{By: StrategyMostFrequent}, `plan="pro" of billing at 20, others 2: "free" "team"; score=10 of crm at 40, others 2: -3 "9"`},
		{Rule{By: StrategyGreatest}, `plan="team" of shop at 30, others 3: "pro" "free"; score="9" of web at 10, others 2: 10 -3`},
		{Rule{By: StrategyLeast}, `plan="free" of crm at 40, others 3: "pro" "team"; score=-3 of billing at 20, others 2: 10 "9"`},
		{Rule{By: StrategyNever}, ``},
		{ranked("shop"), `plan="team" of shop at 30, others 3: "free" "pro"`},
	} {
		t.Run(string(tt.rule.Strategy()), func(t *testing.T) {
			var got []string
			for _, x := range Fold(s2id(1), members, Rules{Default: tt.rule}).Traits {
				s := fmt.Sprintf("%s=%s of %s at %d, others %d:", x.Name, x.Value, x.Source, x.At.Sub(epoch)/time.Second, x.Others)
				for _, a := range x.Alternatives {
					s += " " + string(a.Value)
				}
				if x.Rule != tt.rule.Strategy() {
					t.Errorf("survived by %s", x.Rule)
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestTheFirstOfARecord(t *testing.T) {
	version := func(version string, second int, traits string, deleted bool) *event.Event {
		return &event.Event{
			Source: "crm", MessageID: version, Type: event.TypeIdentify, At: epoch.Add(time.Duration(second) * time.Second), ReceivedAt: epoch,
			Record: &event.Record{ID: "r1", Version: version, Deleted: deleted}, Traits: json.RawMessage(traits),
		}
	}
	v1, v2 := version("1", 1, `{"plan":"free","fax":"1"}`, false), version("2", 2, `{"plan":"pro"}`, false)
	v3, v4 := version("3", 3, ``, true), version("4", 4, `{"plan":"team"}`, false)
	for _, tt := range []struct {
		name   string
		events []*event.Event
		want   string
	}{
		{"earlier version", []*event.Event{v1, v2}, `plan="free"`},
		{"earlier version that comes late", []*event.Event{v2, v1}, `plan="free"`},
		{"deleted", []*event.Event{v1, v2, v3}, ``},
		{"deleted and made again", []*event.Event{v1, v2, v3, v4}, `plan="team"`},
		{"deletion comes last", []*event.Event{v1, v4, v2, v3}, `plan="team"`},
	} {
		var s State
		for _, e := range tt.events {
			s.Apply(e, stream.Position{})
		}
		var got []string
		for _, x := range Fold(s2id(1), []Member{{State: &s}}, Rules{Default: Rule{By: StrategyOldest}}).Traits {
			got = append(got, x.Name+"="+string(x.Value))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if tt.name == "deleted" && (strings.Contains(string(encode(&s)), "free") || strings.Contains(string(encode(&s)), "pro")) {
			t.Error("a deleted record keeps its content")
		}
	}
}

// drawSurvivorship draws a rule for each of the names that genEvent gives, or leaves it to a default.
func drawSurvivorship(t *rapid.T) Rules {
	rule := rapid.Custom(func(t *rapid.T) Rule {
		r := Rule{By: rapid.SampledFrom(Strategies()).Draw(t, "by")}
		if r.By == StrategySourceRank {
			r.Sources = rapid.Permutation([]string{"crm", "web", "helpdesk"}).Draw(t, "sources")[:2]
		}
		return r
	})
	r := Rules{Default: rule.Draw(t, "default"), Traits: rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "aa", "name", "city"}), rule, 0, 4).Draw(t, "traits")}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSurvivorshipDoesNotDependOnArrival shuffles events, has them come in groups that are merged by way
// of the codec in any order, and lists the members in any order.
func TestSurvivorshipDoesNotDependOnArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawSurvivorship(t)
		n := rapid.IntRange(1, 80).Draw(t, "events")
		events := make([]*event.Event, n)
		owner := make([]byte, n)
		for i := range events {
			events[i] = genEvent(i).Draw(t, "event")
			events[i].Traits = draw(t, events[i])
			owner[i] = rapid.Byte().Draw(t, "observation") % 5
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		straight := make([]int, n)
		for i := range straight {
			straight[i] = i
		}
		want := Fold(s2id(0), membersOf(events, owner, straight, nil), rules)
		whole := membersOf(events, owner, r.Perm(n), r)
		r.Shuffle(len(whole), func(i, j int) { whole[i], whole[j] = whole[j], whole[i] })
		if got := Fold(s2id(0), whole, rules); !reflect.DeepEqual(got, want) {
			t.Fatalf("another order of arrival gives %+v, want %+v", got.Traits, want.Traits)
		}
		// A split and a merge later it is the same, and each part what it was.
		cut := r.IntN(len(whole) + 1)
		Fold(s2id(0), whole[:cut], rules)
		Fold(s2id(1), whole[cut:], rules)
		if got := Fold(s2id(0), whole, rules); !reflect.DeepEqual(got, want) {
			t.Fatal("a split left a trace")
		}
	})
}

// draw gives an event traits of all kinds of value, null among them.
func draw(t *rapid.T, e *event.Event) json.RawMessage {
	if e.Type != event.TypeIdentify {
		return nil
	}
	values := rapid.SampledFrom([]string{"null", "1", "2.5", "10", `"10"`, `"b"`, "true", `{"x":1}`})
	traits := map[string]json.RawMessage{}
	for name, value := range rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c", "aa"}), values, 0, 4).Draw(t, "values") {
		traits[name] = json.RawMessage(value)
	}
	text, _ := json.Marshal(traits)
	return text
}

// membersOf applies events in an order; with r, in groups that are merged by way of the codec.
func membersOf(events []*event.Event, owner []byte, order []int, r *rand.Rand) []Member {
	groups := map[byte][][]byte{}
	for _, i := range order {
		var s State
		list := groups[owner[i]]
		if last := len(list) - 1; last >= 0 && (r == nil || r.IntN(3) > 0) {
			_ = s.UnmarshalBinary(list[last])
			list = list[:last]
		}
		s.Apply(events[i], stream.Position{Offset: uint64(i)})
		groups[owner[i]] = append(list, encode(&s))
	}
	var members []Member
	for id := range byte(5) {
		list := groups[id]
		if len(list) == 0 {
			continue
		}
		for len(list) > 1 {
			i := r.IntN(len(list) - 1)
			merged, _ := MergeEncoded(nil, list[i+1], list[i])
			list = append(append(list[:i:i], merged), list[i+2:]...)
		}
		s := new(State)
		_ = s.UnmarshalBinary(list[0])
		members = append(members, Member{Assignment: identity.Assignment{Observation: s2id(id), Profile: s2id(0)}, State: s})
	}
	return members
}

func TestRulesNameEveryFault(t *testing.T) {
	err := Rules{
		Default: Rule{By: "luck"}, Interactions: -1,
		Traits: map[string]Rule{
			"plan": ranked("crm", "crm"), "tier": ranked(), "city": {By: StrategyNewest, Sources: []string{""}}, "fax": {}, "": {By: StrategyNever},
		},
	}.Validate()
	for _, want := range []string{
		"default.by: is \"luck\"", "traits.plan.sources[1]:", "traits.tier.sources: is missing", "traits.city.sources: goes with",
		"traits.city.sources[0]:", "traits.fax.by: is missing", "traits.: a name", "interactions:",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestRulesAsADocument(t *testing.T) {
	const text = "default:\n  by: newest\ntraits:\n  plan:\n    by: source_rank\n    sources:\n    - billing\n    - crm\n"
	var r, back Rules
	if err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(&r); err != nil || r.Validate() != nil {
		t.Fatal(err, r.Validate())
	}
	written, err := yaml.Marshal(r)
	if err != nil || string(written) != text {
		t.Errorf("written as %s, %v", written, err)
	}
	encoded, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(encoded, &back)
	}
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("%s is read as %+v, %v", encoded, back, err)
	}
	over := Rules{Traits: map[string]Rule{"plan": {By: StrategyNever}}}.Over(Rules{Default: ranked("crm"), Traits: map[string]Rule{"city": ranked("crm")}})
	if over.Default.By != StrategySourceRank || over.Of("plan").By != StrategyNever || over.Of("city").By != StrategySourceRank {
		t.Errorf("rules over others are %+v", over)
	}
}
