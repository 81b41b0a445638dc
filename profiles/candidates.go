package profiles

import (
	"errors"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/ingest/event"
)

// maxCandidates bounds how many candidates are looked into; a value that more people share says
// nothing.
const maxCandidates = 20

// maxCandidateMembers bounds how many observations of a candidate are looked into.
const maxCandidateMembers = 50

// decides are the attributes that one may ask a person for. Of names there are many ways to write one.
var decides = map[string]bool{event.AttrBirthDate: true, event.AttrPostcode: true}

// ambiguous describes the candidates of a finding, as an error.
func (v view) ambiguous(f finding, version uint64) error {
	if len(f.profiles) == 0 {
		return ErrNotFound
	}
	result := &AmbiguousError{Split: f.split, Total: len(f.profiles), IdentityVersion: version}
	values := map[string][]map[string]bool{} // by identifier type, one set of values per candidate
	for _, id := range f.profiles[:min(len(f.profiles), maxCandidates)] {
		c, held, err := v.candidate(id)
		if err != nil {
			return err
		}
		result.Candidates = append(result.Candidates, c)
		for typ, set := range held {
			values[typ] = append(values[typ], set)
		}
	}
	for typ, sets := range values {
		if disjoint(sets) && len(f.profiles) <= maxCandidates { // of those not looked into nothing is known
			result.DecidedBy = append(result.DecidedBy, typ)
		}
	}
	slices.Sort(result.DecidedBy)
	return result
}

func (v view) candidate(id identity.ProfileID) (Candidate, map[string]map[string]bool, error) {
	c := Candidate{Profile: id}
	held := map[string]map[string]bool{}
	members, err := v.Members(id)
	if err != nil {
		return c, nil, fmt.Errorf("read members: %w", err)
	}
	c.Observations = len(members)
	var seen State
	for _, o := range members[:min(len(members), maxCandidateMembers)] {
		observation, err1 := v.Observation(o)
		state, err2 := v.State(o)
		if err := errors.Join(err1, err2); err != nil {
			return c, nil, fmt.Errorf("read candidate: %w", err)
		}
		if state != nil {
			seen.see(state.events, state.first, state.last)
		}
		if observation == nil {
			continue
		}
		for _, i := range observation.Identifiers {
			if held[i.Type] == nil {
				held[i.Type] = map[string]bool{}
			}
			held[i.Type][i.Value] = true
		}
		for _, a := range observation.Attributes {
			if !decides[a.Name] {
				continue
			}
			if held[a.Name] == nil {
				held[a.Name] = map[string]bool{}
			}
			held[a.Name][a.Value] = true
		}
	}
	c.Events, c.FirstSeen, c.LastSeen = seen.events, seen.FirstSeen(), seen.LastSeen()
	return c, held, nil
}

// disjoint says whether at least one value is there and no two candidates share one.
func disjoint(sets []map[string]bool) bool {
	seen := map[string]bool{}
	for _, set := range sets {
		for value := range set {
			if seen[value] {
				return false
			}
			seen[value] = true
		}
	}
	return len(seen) > 0
}
