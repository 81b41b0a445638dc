package unify

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/state"
)

// sight is what is compared of observations: all that the schema knows, but no identifier that a
// person or the rules blocked, nor any that the rules ignore.
type sight struct {
	schema  *match.Schema
	engine  Engine
	blocked func(identity.Identifier) (bool, error)
	fault   error // the first that blocked came back with
}

// prepare is what a Linker prepares observations by.
func (s *sight) prepare(o *identity.Observation) *match.Prepared {
	unseen := func(id identity.Identifier) bool {
		blocked, err := s.blocked(id)
		if err != nil && s.fault == nil {
			s.fault = err
		}
		return blocked || s.engine.Blocks(id) || s.engine.Ignores(id.Type)
	}
	if slices.ContainsFunc(o.Identifiers, unseen) {
		seen := *o
		seen.Identifiers = slices.DeleteFunc(slices.Clone(o.Identifiers), unseen)
		o = &seen
	}
	return s.schema.PrepareObservation(o)
}

// SchemaOf is what is compared under rules: besides what every observation may have, the identifiers
// that are evidence.
func SchemaOf(rules identity.Rules) match.Schema {
	var s match.Schema
	for _, r := range rules.Identifiers {
		if r.Role == identity.RoleEvidence {
			s.IDs = append(s.IDs, match.IDKind{Name: r.Type})
		}
	}
	return s
}

// OptionsOf are those of a linker under rules.
func OptionsOf(m identity.Matching) match.Options {
	return match.Options{MergePrecision: m.MergePrecision, ReviewPrecision: m.ReviewPrecision}
}

// compared returns what may be compared of what is stored: nothing of observations that are kept out
// of merging because their 64-bit keys collide.
func compared(o *state.Observed) *identity.Observation {
	if o == nil || o.Collided {
		return nil
	}
	return &o.Observation
}

// known tells what a model is trained on: how many observations can be compared, and a sum of hashes of
// these, of what people decided about them and of what they blocked. The sum does not depend on their
// order.
type known struct {
	Count uint64 `json:"count"`
	Sum   uint64 `json:"sum"`
}

// observation notes that an observation came in place of another; either may be nil. It says whether
// that counts: most events are of somebody who cannot be compared.
func (k *known) observation(was, now *identity.Observation) bool {
	before := *k
	if was != nil && match.Comparable(was) {
		k.Count--
		k.Sum -= hashObservation(was)
	}
	if now != nil && match.Comparable(now) {
		k.Count++
		k.Sum += hashObservation(now)
	}
	return *k != before
}

// verdict notes what a person decided about two observations in place of what was said before; ""
// for nothing.
func (k *known) verdict(was, now identity.Link) {
	if was.Verdict != "" {
		k.Sum -= hashVerdict(was)
	}
	if now.Verdict != "" {
		k.Sum += hashVerdict(now)
	}
}

// block notes that an identifier was blocked, or unblocked.
func (k *known) block(id identity.Identifier, blocked bool) {
	if blocked {
		k.Sum += hashBlock(id)
	} else {
		k.Sum -= hashBlock(id)
	}
}

func hashObservation(o *identity.Observation) uint64 {
	h := xxhash.New()
	_, _ = h.Write(o.ID[:])
	for _, i := range o.Identifiers {
		_, _ = h.WriteString(i.Type + "\x00" + i.Value + "\x00")
	}
	for _, a := range o.Attributes {
		_, _ = h.WriteString(a.Name + "\x01" + a.Value + "\x00")
	}
	return h.Sum64()
}

func hashVerdict(l identity.Link) uint64 {
	return xxhash.Sum64String(fmt.Sprintf("verdict %s %s %s", l.A, l.B, l.Verdict))
}

func hashBlock(id identity.Identifier) uint64 {
	return xxhash.Sum64String("block " + id.Type + "\x00" + id.Value)
}

// hashRules is of what rules say about what is compared: the identifiers that are evidence or ignored, and
// what is blocked. It is 0 where they say nothing of it. Other rules change how observations are grouped
// under the same model.
func hashRules(r identity.Rules) uint64 {
	said := identity.Rules{Blocked: r.Blocked}
	for _, i := range r.Identifiers {
		if i.Role == identity.RoleEvidence || i.Role == identity.RoleIgnored {
			said.Identifiers = append(said.Identifiers, identity.IdentifierRule{Type: i.Type, Role: i.Role})
		}
	}
	if len(said.Blocked) == 0 && len(said.Identifiers) == 0 {
		return 0
	}
	return xxhash.Sum64(said.Encode())
}
