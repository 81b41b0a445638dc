package explain

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/unify"
)

// Forecast is what rules would make of the whole history. It is written as JSON as it stands.
type Forecast struct {
	IdentityVersion uint64 `json:"identity_version"`
	// Model is the number of the model that weighs; 0 if the weights are those that ship with the program.
	Model uint32 `json:"model"`
	// Retrained: the rules have other things compared, so a model was made for the forecast alone. The
	// one that comes with the rules is made of what is there then.
	Retrained bool `json:"retrained"`
	Pending
	Observations int     `json:"observations"`
	Before       Figures `json:"before"`
	After        Figures `json:"after"`
	Merges       int     `json:"merges"` // profiles made of several
	Splits       int     `json:"splits"` // profiles that become several, or lose some
	Moved        int     `json:"moved"`  // observations that change profiles by that
	// Worst are the changes that move most, at most twenty. Splits and merges that belong together are
	// two.
	Worst     []Change    `json:"worst"`
	Metric    *MetricPair `json:"metric,omitempty"`
	Untrusted []string    `json:"untrusted"`
}

// Figures are those of one way to tell who is who.
type Figures struct {
	Profiles   int `json:"profiles"`
	Unassigned int `json:"unassigned"` // observations in no profile
	Largest    int `json:"largest"`    // observations of the largest profile
	// LargestProfile is that one; of equally large ones the first.
	LargestProfile identity.ProfileID `json:"largest_profile"`
}

// Progress is how far a preview has come.
type Progress struct {
	Observations int     `json:"observations"`
	Share        float64 `json:"share"` // of all, estimated
	Merges       int     `json:"merges"`
	Splits       int     `json:"splits"`
}

// Trial is what a preview tries.
type Trial struct {
	Rules identity.Rules
	// Metric is the one to compare too; empty: none.
	Metric Metric
	// Bound is how many observations may hang together. Default: identity.DefaultPreviewBound.
	Bound int
	// Progress is called now and then, from the same goroutine; nil: never.
	Progress func(Progress)
}

// progressEvery is how often Trial.Progress is called.
const progressEvery = time.Second

// Preview compares who is who with who it would be under other rules, over the whole history, as of one
// moment. It changes nothing. It needs the memory of identity.Engine.Preview, and where the rules have
// other things compared, about 3 kB for each observation that says enough to be compared.
//
// It fails with every fault of the trial, identity.ErrTooLarge, ctx's error or that of the store.
func (s *Service) Preview(ctx context.Context, workspace string, t Trial) (forecast *Forecast, err error) {
	if err := t.Metric.Validate(); err != nil {
		return nil, err
	}
	engine, err := s.engine.With(t.Rules)
	if err != nil {
		return nil, err
	}
	m, err := s.open(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	forecast = &Forecast{Model: m.status.Model, Pending: m.pending(), Untrusted: []string{"worst[].causes"}}
	if forecast.IdentityVersion, err = m.IdentityVersion(); err != nil {
		return nil, err
	}
	likeness, retrained, err := m.under(ctx, engine)
	if err != nil {
		return nil, err
	}
	forecast.Retrained = retrained
	c := &comparer{moment: m, forecast: forecast, trial: t, reported: time.Now()}
	if err := engine.Preview(ctx, m.Facts(), likeness, m, m.all(), t.Bound, c.add); err != nil {
		return nil, err
	}
	c.at = uuid.Max
	c.report()
	forecast.Worst = each(c.worst, newChange)
	if t.Metric != "" {
		forecast.Metric = &MetricPair{t.Metric, c.before.of(t.Metric), c.after.of(t.Metric)}
	}
	return forecast, nil
}

// under returns what is alike under other rules. Where they have the same compared, that is what is
// linked already; else everything is compared anew, in memory, by a model that is made of it. Where they
// weigh nothing, it is nil.
func (m *moment) under(ctx context.Context, e *identity.Engine) (identity.Likeness, bool, error) {
	if !*e.Matching().Enabled {
		return nil, false, nil
	}
	schema := unify.SchemaOf(e.Rules())
	if reflect.DeepEqual(schema, m.model.Schema) && sameSeen(m.engine.Rules(), e.Rules()) {
		return m.linkerOver(m.model, m.Matching(m.status.Model), e), false, nil
	}
	see := m.linkerOver(match.DefaultModel(schema), nil, e)
	var prepared []*match.Prepared
	err := m.EachObservation(uuid.Nil, func(o *identity.Observation) error {
		if p := see.Prepare(o); p != nil {
			prepared = append(prepared, p)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, false, err
	}
	links, err := m.AllLinks()
	if err != nil {
		return nil, false, err
	}
	labels := make([]match.Label, len(links))
	for i, l := range links {
		labels[i] = match.Label{A: l.A, B: l.B, Same: l.Verdict == identity.MustMerge}
	}
	model, store := match.TrainAndLink(schema, m.status.Model, prepared, m.Facts().Observation, labels...)
	return m.linkerOver(model, store, e), true, nil
}

// sameSeen says whether two documents of rules let the same identifiers be compared.
func sameSeen(a, b identity.Rules) bool {
	ignored := func(r identity.Rules) (types []string) {
		for _, i := range r.Identifiers {
			if i.Role == identity.RoleIgnored {
				types = append(types, i.Type)
			}
		}
		slices.Sort(types)
		return types
	}
	return slices.Equal(ignored(a), ignored(b)) && slices.Equal(a.Blocked, b.Blocked)
}

// idsAtOnce is how many ids are read at once.
const idsAtOnce = 1024

// all yields the ids of all observations, ascending.
func (m *moment) all() iter.Seq2[identity.ObservationID, error] {
	return func(yield func(identity.ObservationID, error) bool) {
		last := uuid.Nil
		for {
			ids, err := m.ObservationsFrom(last, idsAtOnce)
			if err != nil {
				yield(last, fmt.Errorf("read observations: %w", err))
				return
			}
			for _, id := range ids {
				if last = id; !yield(id, nil) {
					return
				}
			}
			if len(ids) < idsAtOnce {
				return
			}
		}
	}
}

// comparer adds up what a preview finds.
type comparer struct {
	*moment
	forecast      *Forecast
	trial         Trial
	worst         []identity.Change // those that move most first
	before, after tally
	at            identity.ObservationID
	reported      time.Time
}

// add takes a part of the workspace, as it is and as it would be.
func (c *comparer) add(part *identity.Compared) error {
	was, now := groupsOf(part.Before), groupsOf(part.After)
	f := c.forecast
	f.Observations += len(part.Before)
	f.Before.add(part.Before, was)
	f.After.add(part.After, now)
	for _, change := range part.Changes {
		if change.Kind == identity.ChangeMerge {
			f.Merges++
		} else {
			f.Splits++
		}
		f.Moved += change.Moved
		c.note(change)
	}
	if c.trial.Metric != "" {
		if err := c.measure(part, was, now); err != nil {
			return err
		}
	}
	c.at = part.Before[0].Observation
	if time.Since(c.reported) >= progressEvery {
		c.report()
	}
	return nil
}

// note keeps a change among the worst.
func (c *comparer) note(change identity.Change) {
	at, _ := slices.BinarySearchFunc(c.worst, change, identity.Worse)
	if at < maxListed {
		c.worst = slices.Insert(c.worst, at, change)
		c.worst = first(c.worst)
	}
}

// report tells how far it has come. Ids are hashes, so that the last one tells the share.
func (c *comparer) report() {
	c.reported = time.Now()
	if c.trial.Progress == nil {
		return
	}
	share := (float64(c.at[0])*256 + float64(c.at[1])) / (1<<16 - 1)
	c.trial.Progress(Progress{c.forecast.Observations, share, c.forecast.Merges, c.forecast.Splits})
}

// groupsOf lists the observations of each profile, in the order in which the profiles come.
func groupsOf(all []identity.Assignment) [][]identity.ObservationID {
	at := map[identity.ProfileID]int{}
	var groups [][]identity.ObservationID
	for i := range all {
		a := &all[i]
		if a.Standing == identity.StandingUnassigned {
			continue
		}
		n, ok := at[a.Profile]
		if !ok {
			n = len(groups)
			at[a.Profile] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], a.Observation)
	}
	return groups
}

func (f *Figures) add(all []identity.Assignment, groups [][]identity.ObservationID) {
	f.Profiles += len(groups)
	for _, g := range groups {
		f.Unassigned -= len(g)
		if len(g) > f.Largest {
			f.Largest = len(g)
			i := slices.IndexFunc(all, func(a identity.Assignment) bool { return a.Observation == g[0] })
			f.LargestProfile = all[i].Profile
		}
	}
	f.Unassigned += len(all)
}
