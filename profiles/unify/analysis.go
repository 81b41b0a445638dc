package unify

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tributary/ingest/stream"
	"tributary/profiles/analysis"
	"tributary/profiles/computed"
	"tributary/profiles/define"
	"tributary/profiles/state"
)

// What a workspace's definitions make of its customers. Every stored event adds to the values of its
// observation (state.Space.Values), which reads nothing. What it may change of who is in a segment is
// judged soon after (segments.go).

// analysed is what a workspace analyses by. There is one of each workspace that declares anything.
type analysed struct {
	space    *state.Space
	program  *define.Program
	progress *analysis.Progress
	// asked is the part of progress that segments go by.
	asked *analysis.Progress
	// ordered are the numbers of segments in the order of their names.
	ordered []int
	values  computed.Values // memory of judging
	in      []bool          // too
	dirty   bool
	fresh   bool // the definitions came in this step: what leads on from them waits for the next
}

// analysisOf returns what a workspace analyses by; nil if it declares nothing.
func (a *applier) analysisOf(space *state.Space) (*analysed, error) {
	if an, known := a.analyses[space]; known {
		return an, nil
	}
	an, err := readAnalysis(space)
	if err != nil {
		return nil, err
	}
	a.analyses[space] = an
	if an != nil {
		a.analysing = append(a.analysing, an)
	}
	return an, nil
}

func readAnalysis(space *state.Space) (*analysed, error) {
	encoded, err := space.Analysis()
	if err != nil || encoded == nil {
		return nil, err
	}
	an := &analysed{space: space}
	if an.progress, err = analysis.ReadProgress(encoded); err != nil {
		return nil, err
	}
	text, err := space.Definitions()
	if err != nil {
		return nil, err
	}
	program, err := define.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	an.use(program)
	if !an.progress.Listed {
		an.listAll()
	}
	return an, nil
}

func (an *analysed) use(p *define.Program) {
	an.program, an.ordered = p, nil
	var computed []string
	names := p.Segments.Names()
	for i := range names {
		computed = append(computed, p.Segments.Computed(i)...)
		an.ordered = append(an.ordered, i)
	}
	slices.SortFunc(an.ordered, func(i, j int) int { return strings.Compare(names[i], names[j]) })
	an.asked = an.progress.Only(computed)
}

// analyse adds an event to what is computed of its observation, and notes whether anybody is to be judged.
func (a *applier) analyse(space *state.Space, r *record) error {
	an, err := a.analysisOf(space)
	if an == nil || err != nil {
		return err
	}
	concerned := an.program.Segments.Concerned(r.event)
	for _, g := range an.progress.Generations {
		program := g.Program()
		if !program.Concerns(r.event) {
			continue
		}
		v := space.Values(g.Number, r.observation.ID)
		program.Observe(r.event, v)
		concerned = concerned || !v.Empty() && an.asked.Has(g.Number)
	}
	if r.by != nil {
		an.take(r.Position)
	}
	if concerned {
		a.reconsider(space, r, r.observation.ID)
	}
	return nil
}

// take notes that a replayed event is no longer history, though it stands among it.
func (an *analysed) take(at stream.Position) {
	for _, g := range an.progress.Generations {
		if g.History.Before(at) {
			an.space.MarkTaken(g.Number, at)
			g.History.Taken, an.dirty = true, true
		}
	}
}

// define puts a document of definitions in force.
func (a *applier) define(space *state.Space, r *record, c ProfilesDefinitions, by state.Stamp) error {
	changed, err := space.SetDefinitions([]byte(c.Document), by)
	if err != nil || !changed {
		return err
	}
	program, err := define.Compile([]byte(c.Document))
	if err != nil {
		return fmt.Errorf("read definitions: %w", err) // it was validated
	}
	an, err := a.analysisOf(space)
	if err != nil {
		return err
	}
	if an == nil {
		an = &analysed{space: space, program: &define.Program{}, progress: &analysis.Progress{Listed: true}}
		a.analyses[space] = an
		a.analysing = append(a.analysing, an)
	}
	publish := !reflect.DeepEqual(an.program.Survivorship, program.Survivorship)
	was := an.progress.Everybody
	if was == nil {
		was = &analysis.Everybody{}
	}
	ends := map[stream.Partition]uint64(nil)
	if a.History != nil {
		ends = a.reached(r)
	}
	dropped, err := an.progress.Adopt(&program.Definitions, ends)
	if err != nil {
		return err
	}
	for _, generation := range dropped {
		if err := errors.Join(space.DropValues(generation), space.DropTaken(generation)); err != nil {
			return err
		}
	}
	an.use(program)
	an.progress.Everybody = &analysis.Everybody{
		At: r.Position, Publish: publish || was.Publish, Rows: choreRows, List: was.List, Listed: was.Listed,
	}
	an.dirty, an.fresh = true, true
	return nil
}

// reached is the offsets before which all is applied, but for the given record, which is being.
func (a *applier) reached(r *record) map[stream.Partition]uint64 {
	ends := a.State.Offsets()
	if r.by != nil {
		r = r.by
	}
	for _, t := range a.taken {
		ends[t.Partition] = t.Offset + 1
		if t == r {
			break
		}
	}
	return ends
}

// setTraits sets values from outside.
func (a *applier) setTraits(space *state.Space, r *record, c TraitSet, by state.Stamp) error {
	for _, v := range c.Values {
		if erasedBefore(space, by, v.Observation) {
			continue
		}
		changed, err := space.PutTrait(v.Observation, c.Trait, v.Value, by)
		if err != nil {
			return err
		}
		if changed {
			a.reconsider(space, r, v.Observation)
		}
	}
	_, err := a.analysisOf(space)
	return err
}

// saveAnalyses writes how far they are.
func (a *applier) saveAnalyses() error {
	for _, an := range a.analysing {
		an.fresh = false
		if !an.dirty {
			continue
		}
		an.dirty = false
		encoded, err := an.progress.Encode()
		if err != nil {
			return fmt.Errorf("write progress of definitions: %w", err)
		}
		an.space.SetAnalysis(encoded)
	}
	return nil
}

// openAnalyses opens the workspaces that have definitions.
func (a *applier) openAnalyses() error {
	names, err := a.State.Analysed()
	if err != nil {
		return err
	}
	for _, name := range names {
		space, err := a.tx.Workspace(name)
		if err != nil {
			return err
		}
		if _, err := a.analysisOf(space); err != nil {
			return err
		}
	}
	return nil
}

// forgetAnalyses drops what was read for the step.
func (a *applier) forgetAnalyses() {
	clear(a.analyses)
	a.analysing, a.segmented = a.analysing[:0], a.segmented[:0]
}
