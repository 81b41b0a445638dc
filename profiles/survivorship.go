package profiles

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tributary/identity"
)

// Strategy says which of several values of a trait survives. All of them go by what observations say now,
// which is the newest that each has said; but for StrategyOldest. An observation whose newest word is null
// has taken back what it said.
type Strategy string

// The strategies. Among equals the newest survives: by corrected time, then message id, source and
// observation id.
const (
	// StrategyNewest takes what was said last. It is the default.
	StrategyNewest Strategy = "newest"
	// StrategyOldest takes what was said first by those who have not taken it back. The versions of a
	// record all count, but of one that was deleted once only the standing version.
	StrategyOldest Strategy = "oldest"
	// StrategySourceRank takes the word of the source that stands first in Rule.Sources; sources that are
	// not named come after those that are.
	StrategySourceRank Strategy = "source_rank"
	// StrategyMostFrequent takes what most observations say, each of which has one vote for a value.
	StrategyMostFrequent Strategy = "most_frequent"
	// StrategyGreatest takes the greatest value: numbers by value, else text by its bytes, which comes
	// after all numbers.
	StrategyGreatest Strategy = "greatest"
	// StrategyLeast takes the least value in the order of StrategyGreatest.
	StrategyLeast Strategy = "least"
	// StrategyNever shows nothing.
	StrategyNever Strategy = "never"
)

// Strategies lists all strategies.
func Strategies() []Strategy {
	return []Strategy{
		StrategyNewest, StrategyOldest, StrategySourceRank, StrategyMostFrequent, StrategyGreatest, StrategyLeast, StrategyNever,
	}
}

// Rule is how the value of one trait is chosen.
type Rule struct {
	By      Strategy `yaml:"by" json:"by"`                               // empty: StrategyNewest
	Sources []string `yaml:"sources,omitempty" json:"sources,omitempty"` // best first, of StrategySourceRank alone
}

// Strategy is the one that the rule goes by.
func (r Rule) Strategy() Strategy { return cmp.Or(r.By, StrategyNewest) }

// Rules are the rules of survivorship of a workspace.
type Rules struct {
	// Default is for all names that Traits does not hold.
	Default Rule `yaml:"default,omitempty" json:"default,omitzero"`
	// Traits holds rules by the name of a trait or an identifying attribute.
	Traits map[string]Rule `yaml:"traits,omitempty" json:"traits,omitempty"`
	// Interactions bounds Profile.Interactions. Default: DefaultInteractions.
	Interactions int `yaml:"-" json:"-"`
}

// Validate reports every fault, each with its path.
func (r Rules) Validate() error {
	faults := r.Default.faults("default")
	for _, name := range slices.Sorted(maps.Keys(r.Traits)) {
		path := "traits." + name
		if name == "" || len(name) > maxName {
			faults = append(faults, fmt.Errorf("%.40s: a name must have 1 to %d bytes", path, maxName))
		}
		if r.Traits[name].By == "" {
			faults = append(faults, fmt.Errorf("%s.by: is missing; name a strategy", path))
			continue
		}
		faults = append(faults, r.Traits[name].faults(path)...)
	}
	if r.Interactions < 0 {
		faults = append(faults, errors.New("interactions: is negative"))
	}
	return errors.Join(faults...)
}

func (r Rule) faults(path string) (faults []error) {
	fault := func(field, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s.%s: %s", path, field, fmt.Sprintf(format, args...)))
	}
	if !slices.Contains(Strategies(), r.Strategy()) {
		fault("by", "is %q, must be one of %v", r.By, Strategies())
	}
	switch ranks := r.By == StrategySourceRank; {
	case ranks && len(r.Sources) == 0:
		fault("sources", "is missing; list the sources, best first")
	case !ranks && len(r.Sources) > 0:
		fault("sources", "goes with source_rank alone")
	}
	for i, source := range r.Sources {
		if source == "" || slices.Contains(r.Sources[:i], source) {
			fault(fmt.Sprintf("sources[%d]", i), "is empty or named before")
		}
	}
	return faults
}

// Over returns the rules with those of base where they say nothing.
func (r Rules) Over(base Rules) Rules {
	all := maps.Clone(base.Traits)
	if all == nil {
		all = map[string]Rule{}
	}
	maps.Copy(all, r.Traits)
	if r.Default.By == "" {
		r.Default = base.Default
	}
	r.Traits, r.Interactions = all, cmp.Or(r.Interactions, base.Interactions)
	return r
}

// Of returns the rule for a name.
func (r Rules) Of(name string) Rule {
	if rule, ok := r.Traits[name]; ok {
		return rule
	}
	return r.Default
}

// RuleBook tells the rules of a workspace as they are now. It is safe for concurrent use.
type RuleBook interface {
	Rules(workspace string) (Rules, error)
}

// Rules makes rules a RuleBook in which they are those of every workspace.
func (r Rules) Rules(string) (Rules, error) { return r, nil }

// maxAlternatives bounds Trait.Alternatives.
const maxAlternatives = 10

// claim is one observation's word on a name.
type claim struct {
	*trait      // what it says now
	of          *State
	class       class
	observation identity.ObservationID
}

func (c claim) attribute() bool { return c.class.attribute() }

func appendClaims(claims []claim, m *Member, classes ...class) []claim {
	for _, c := range classes {
		list := m.State.traits[c]
		for i := range list {
			claims = append(claims, claim{trait: &list[i], of: m.State, class: c, observation: m.id()})
		}
	}
	return claims
}

// null says that the observation took back what it had said.
func (c claim) null() bool { return !c.attribute() && c.value == null }

// older orders claims by age, the oldest first.
func (c claim) older(d claim) int {
	return cmp.Or(c.compare(*d.trait), bytes.Compare(d.observation[:], c.observation[:]))
}

// survivors applies the rules name by name. A trait whose survivor is null was taken back, and is
// left out.
func survivors(claims []claim, rules Rules) []Trait {
	slices.SortStableFunc(claims, func(a, b claim) int { return strings.Compare(a.name, b.name) })
	var list []Trait
	for len(claims) > 0 {
		n := 1
		for n < len(claims) && claims[n].name == claims[0].name {
			n++
		}
		rule := rules.Of(claims[0].name)
		if t, ok := survivor(rule.rank(claims[:n:n])); ok {
			t.Rule = rule.Strategy()
			list = append(list, t)
		}
		claims = claims[n:]
	}
	return list
}

// rank puts the claims on one name in order, the best first, and leaves out those that do not count.
func (r Rule) rank(claims []claim) []claim {
	newest := func(a, b claim) int { return b.older(a) }
	switch r.Strategy() {
	case StrategyNever:
		return nil
	case StrategySourceRank:
		slices.SortFunc(claims, func(a, b claim) int {
			return cmp.Or(cmp.Compare(r.place(a.by.source), r.place(b.by.source)), newest(a, b))
		})
	case StrategyOldest:
		claims = slices.DeleteFunc(claims, claim.null)
		for i := range claims {
			if first := claims[i].of.firstOf(claims[i].class, claims[i].name); first != nil {
				claims[i].trait = first
			}
		}
		slices.SortFunc(claims, claim.older)
	case StrategyMostFrequent:
		claims = slices.DeleteFunc(claims, claim.null)
		votes := votes(claims)
		slices.SortFunc(claims, func(a, b claim) int { return cmp.Or(votes[b.value]-votes[a.value], newest(a, b)) })
	case StrategyGreatest, StrategyLeast:
		claims = slices.DeleteFunc(claims, claim.null)
		sign := 1
		if r.By == StrategyGreatest {
			sign = -1
		}
		slices.SortFunc(claims, func(a, b claim) int { return cmp.Or(sign*a.size().compare(b.size()), newest(a, b)) })
	default:
		slices.SortFunc(claims, newest)
	}
	return claims
}

func (r Rule) place(source string) int {
	if i := slices.Index(r.Sources, source); i >= 0 {
		return i
	}
	return len(r.Sources)
}

// votes counts how many observations say each value. One may say it twice: freely, and as a record.
func votes(claims []claim) map[string]int {
	type vote struct {
		value       string
		observation identity.ObservationID
	}
	cast := make(map[vote]bool, len(claims))
	n := map[string]int{}
	for _, c := range claims {
		if v := (vote{c.value, c.observation}); !cast[v] {
			cast[v] = true
			n[c.value]++
		}
	}
	return n
}

// size is what values are ordered by: numbers, and after them text.
type size struct {
	number float64
	text   string
}

func (a size) compare(b size) int {
	return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
}

func (c claim) size() size {
	if c.attribute() {
		return size{math.Inf(1), c.value}
	}
	var value any
	if json.Unmarshal([]byte(c.value), &value) != nil {
		return size{math.Inf(1), c.value}
	}
	switch v := value.(type) {
	case float64:
		return size{number: v}
	case string:
		return size{math.Inf(1), v}
	}
	return size{math.Inf(1), c.value}
}

// survivor is the first of claims that were ranked; not if it is null.
func survivor(ranked []claim) (Trait, bool) {
	if len(ranked) == 0 || ranked[0].null() {
		return Trait{}, false
	}
	best := ranked[0]
	t := Trait{
		Name: best.name, Value: best.json(), Source: best.by.source, Observation: best.observation, MessageID: best.by.msg,
		At: best.by.time(), ReceivedAt: received(best.trait),
	}
	told := []string{best.value}
	for _, c := range ranked[1:] {
		if c.value == best.value {
			continue
		}
		t.Others++
		if len(t.Alternatives) < maxAlternatives && !slices.Contains(told, c.value) {
			told = append(told, c.value)
			t.Alternatives = append(t.Alternatives, Alternative{
				Name: c.name, Value: c.json(), Source: c.by.source, Observation: c.observation, MessageID: c.by.msg, At: c.by.time(), ReceivedAt: received(c.trait),
			})
		}
	}
	return t, true
}

func received(t *trait) time.Time { return time.UnixMilli(t.received).UTC() }

// json is the value as valid JSON in UTF-8, whatever was stored.
func (c claim) json() json.RawMessage {
	if !c.attribute() {
		if value := bytes.ToValidUTF8([]byte(c.value), []byte("\uFFFD")); json.Valid(value) {
			return value
		}
	}
	value, _ := json.Marshal(c.value) // of a string, never fails
	return value
}
