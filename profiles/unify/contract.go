package unify

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"tributary/ingest/schema"
	"tributary/profiles/state"
)

// reasonSchema is why an event is quarantined that breaks its contract.
const reasonSchema = "schema"

// maxJudges bounds how many events of sources have their contracts compiled at once.
const maxJudges = 4096

type (
	judgeID struct {
		space        *state.Space
		source, name string
	}
	// term is a time in which one contract is in force: from the stamp to that of the next.
	term struct {
		from  state.Stamp
		judge *schema.Judge // nil: none
	}
)

// terms returns which contracts were in force when for an event of a source, the oldest first.
func (a *applier) terms(space *state.Space, source, name string) ([]term, error) {
	id := judgeID{space, source, name}
	if terms, known := a.judges[id]; known {
		return terms, nil
	}
	own, err := space.Contract(source, name)
	if err != nil {
		return nil, err
	}
	whole, err := space.Contract(source, schema.AnyEvent)
	if err != nil {
		return nil, err
	}
	terms, err := termsOf(own, whole)
	if err != nil {
		return nil, fmt.Errorf("contract of %q: %w", source, err)
	}
	if len(a.judges) >= maxJudges {
		a.dismiss()
	}
	a.judges[id] = terms
	if n := len(terms); n > 0 && terms[n-1].judge != nil {
		a.foresight.add(foreseenID{space.Name(), source, name}, terms[n-1].judge)
	}
	return terms, nil
}

// termsOf puts the versions of an event's contract and those of its source side by side.
func termsOf(own, whole []state.ContractVersion) ([]term, error) {
	starts := make([]state.Stamp, 0, len(own)+len(whole))
	for _, v := range slices.Concat(own, whole) {
		starts = append(starts, v.Stamp)
	}
	slices.SortFunc(starts, func(a, b state.Stamp) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
	terms := make([]term, 0, len(starts))
	for _, from := range starts {
		judge, err := judgeAt(own, whole, from)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term{from, judge})
	}
	return terms, nil
}

func judgeAt(own, whole []state.ContractVersion, at state.Stamp) (*schema.Judge, error) {
	var found [2]*schema.Contract
	for i, versions := range [2][]state.ContractVersion{own, whole} {
		var value []byte
		for _, v := range versions {
			if !at.Before(v.Stamp) {
				value = v.Value
			}
		}
		if value == nil {
			continue
		}
		found[i] = &schema.Contract{}
		if err := json.Unmarshal(value, found[i]); err != nil {
			return nil, err
		}
	}
	return schema.NewJudge(found[0], found[1])
}

// dismiss forgets the compiled contracts.
func (a *applier) dismiss() {
	clear(a.judges)
	a.foresight.Store(nil)
}

// foresight is the latest contracts that the applier compiled. Readers judge by them, in parallel; where
// another was in force the applier judges again. The map is never changed, but replaced.
type foresight struct {
	atomic.Pointer[map[foreseenID]*schema.Judge]
}

type foreseenID struct{ workspace, source, name string }

func (f *foresight) add(id foreseenID, judge *schema.Judge) {
	all := map[foreseenID]*schema.Judge{}
	if known := f.Load(); known != nil {
		maps.Copy(all, *known)
	}
	all[id] = judge
	f.Store(&all)
}

func (f *foresight) judge(r *record) {
	known := f.Load()
	if known == nil || r.event == nil {
		return
	}
	if judge := (*known)[foreseenID{r.Workspace, r.Source, schema.EventName(r.event)}]; judge != nil {
		r.foreseen, r.breaches = judge, judge.Breaches(r.event)
	}
}

// verdict is what an event's contract says of it.
type verdict struct {
	policy   schema.Policy
	breaches []schema.Breach
}

// judge judges an event by the contract that was in force when it was received; one that is replayed by
// that of now.
func (a *applier) judge(space *state.Space, r *record) (verdict, error) {
	if !space.HasContracts() {
		return verdict{}, nil
	}
	at := r.ReceivedAt
	if r.by != nil {
		at = r.by.ReceivedAt
	}
	terms, err := a.terms(space, r.Source, schema.EventName(r.event))
	if err != nil {
		return verdict{}, err
	}
	judge := inForce(terms, at)
	if judge == nil {
		return verdict{}, nil
	}
	if judge != r.foreseen {
		r.foreseen, r.breaches = judge, judge.Breaches(r.event)
	}
	return verdict{judge.Policy, r.breaches}, nil
}

func inForce(terms []term, at time.Time) *schema.Judge {
	for _, t := range slices.Backward(terms) {
		if !t.from.At.After(at) {
			return t.judge
		}
	}
	return nil
}

// fault is why an event is put aside, or nil when it is not.
func (v verdict) fault(r *record) *fault {
	if len(v.breaches) == 0 || v.policy != schema.Quarantine {
		return nil
	}
	_, section := schema.Section(r.event)
	first := v.breaches[0]
	f := &fault{
		stage: stageUnify, reason: reasonSchema, field: schema.FieldName(section, first.Path),
		detail: fmt.Sprintf("%s (%s)", first.Kind, first.Keyword),
	}
	if n := len(v.breaches) - 1; n > 0 {
		f.detail += fmt.Sprintf(", and %d more", n)
	}
	return f
}

// infer adds an event to what is known of its kind, with its breaches.
func (a *applier) infer(space *state.Space, r *record, v verdict) error {
	if r.inferred {
		return nil
	}
	raw, _ := schema.Section(r.event)
	name, err := space.Infer(r.Source, schema.EventName(r.event), raw, r.shape, r.ReceivedAt, r.MessageID)
	if err == nil && len(v.breaches) > 0 {
		space.Break(r.Source, name, v.breaches, v.policy, r.ReceivedAt, r.MessageID)
	}
	return err
}

// kept returns the record as it is stored: without what its contract does not allow. The record itself
// stays as it is, for the step may be done again.
func (v verdict) kept(r *record) *record {
	if v.policy != schema.Drop {
		return r
	}
	paths := schema.Droppable(v.breaches)
	if len(paths) == 0 {
		return r
	}
	kept := *r
	kept.event, kept.columns.Dropped = schema.Without(r.event, paths), paths
	return &kept
}

// setContract carries out SchemaSet and SchemaRemove.
func (a *applier) setContract(space *state.Space, source, name string, c *schema.Contract, by state.Stamp) error {
	if name == "" {
		name = schema.AnyEvent
	}
	var value []byte
	if c != nil {
		var err error
		if value, err = json.Marshal(c); err != nil {
			return err
		}
	}
	a.dismiss()
	return space.SetContract(source, name, value, by)
}
