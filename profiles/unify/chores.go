package unify

import (
	"encoding/json"
	"fmt"
	"time"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// Chores are what is too much for one step: to key and link all observations under a new model, to
// decide about all of them again under a new model or new rules, and to decide about components that
// are over the bound. They are done in pieces between records, each in the batch of its step, and how
// far they are stands in the state: a restart goes on where it was. While there are any, the
// workspace is not settled.

// choreChunk is how many observations one piece takes.
const choreChunk = 32

// chores are those of one workspace, and what says whether there is one to begin.
type chores struct {
	force     force
	known     known
	parts     *parts
	relink    *relink
	resolve   *again
	oversized *again
	// moved is how many observations ever went from one profile to another.
	moved uint64

	dirty bool
	// done are those that the present round of resolve has met beyond where it is.
	done map[identity.ObservationID]bool
}

// force says which model is in force, what it was trained on, and under which rules.
type force struct {
	Model uint32 `json:"model"`
	known
	Rules uint64 `json:"rules"` // hash of what they say about what is compared
	// Lacks: what came since is not linked under it, or was linked as other rules see it.
	Lacks bool `json:"lacks,omitempty"`
}

// parts is a model that has not arrived whole.
type parts struct {
	Model uint32 `json:"model"`
	ID    string `json:"id"`
	Next  int    `json:"next"`
}

// relink keys and links everything under another model.
type relink struct {
	again
	Model uint32 `json:"model"`
	// Trained is what that model was trained on, and Rules are those of then.
	Trained known  `json:"trained"`
	Rules   uint64 `json:"rules"`
}

// again goes through all observations, in the order of their ids.
type again struct {
	After identity.ObservationID `json:"after"` // where it is
	Place place                  `json:"place"`
	// fresh: it began in this step, and waits for the next. What this step stored before it began is
	// not found among the observations until it is committed.
	fresh bool
}

// place is the record that led to a chore. The rows that come of it stand there, behind those of the
// record itself.
type place struct {
	Partition stream.Partition `json:"partition"`
	Offset    uint64           `json:"offset"`
	Source    string           `json:"source"`
	Received  time.Time        `json:"received"`
	Rows      uint32           `json:"rows"`
}

// The first ordinals of rows at the place of a record that led to chores. A record's own are fewer.
const (
	choreRows     = 1 << 24
	oversizedRows = 1 << 28
)

func placeOf(r *record, rows uint32) place {
	return place{r.Partition, r.Offset, r.Source, r.ReceivedAt, rows}
}

func (p *place) record(workspace string) *record {
	r := &record{rows: p.Rows}
	r.Position = stream.Position{Partition: p.Partition, Offset: p.Offset}
	r.Workspace, r.Source, r.ReceivedAt = workspace, p.Source, p.Received
	return r
}

// Names of the documents in the state.
const (
	taskForce     = "force"
	taskKnown     = "known"
	taskParts     = "parts"
	taskRelink    = "relink"
	taskResolve   = "resolve"
	taskOversized = "oversized"
	taskMoved     = "moved"
)

func readChores(from Tasks) (c chores, err error) {
	for name, to := range map[string]any{
		taskForce: &c.force, taskKnown: &c.known, taskParts: &c.parts,
		taskRelink: &c.relink, taskResolve: &c.resolve, taskOversized: &c.oversized, taskMoved: &c.moved,
	} {
		value, err := from.Task(name)
		if err != nil {
			return c, fmt.Errorf("read chores: %w", err)
		}
		if value == nil {
			continue
		}
		if err := json.Unmarshal(value, to); err != nil {
			return c, fmt.Errorf("read chores: %s: %w", name, err)
		}
	}
	return c, nil
}

// save writes what changed since the last time.
func (c *chores) save(space *state.Space) error {
	if !c.dirty {
		return nil
	}
	c.dirty = false
	for _, a := range []*again{c.resolve, c.oversized} {
		if a != nil {
			a.fresh = false
		}
	}
	if c.relink != nil {
		c.relink.fresh = false
	}
	for name, v := range map[string]any{
		taskForce: c.force, taskKnown: c.known, taskParts: c.parts,
		taskRelink: c.relink, taskResolve: c.resolve, taskOversized: c.oversized, taskMoved: c.moved,
	} {
		value, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("write chores: %s: %w", name, err)
		}
		if string(value) == "null" {
			space.DeleteTask(name)
		} else {
			space.SetTask(name, value)
		}
	}
	return nil
}

// pending says whether there is something to do.
func (c *chores) pending() bool { return c.relink != nil || c.resolve != nil || c.oversized != nil }

// settled says that nothing is pending and the model was trained on just what there is, under the
// rules of now, unless these want nothing weighed: who is who is then a function of the set of records.
func (c *chores) settled(rules uint64, weighs bool) bool {
	learnt := c.force.known == c.known && c.force.Rules == rules && !c.force.Lacks
	return !c.pending() && (!weighs || learnt || c.known == known{})
}

// newest is the highest number of a model that is in force or on its way.
func (c *chores) newest() uint32 {
	if c.relink != nil {
		return c.relink.Model
	}
	return c.force.Model
}
