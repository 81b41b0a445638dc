package match

import (
	"fmt"
	"reflect"
	"slices"

	"tributary/identity"
)

// When a new model is due: when there are so many times more observations than the last was trained
// on, or when a blocking key is shared by so many times the cap.
const (
	firstTraining  = 256
	trainingGrowth = 4
	overflowFactor = 16
	overflowGrowth = 1.1 // and so many times more observations, at least
)

// Due says whether a new model is due, by how many comparable observations the one in force was
// trained on (0 for the default one) and how many there are.
func Due(trained, now int) bool { return now >= max(firstTraining, trainingGrowth*trained) }

// Linker keeps the blocking keys and links of observations in a Store, under one model, and says who
// is alike: it implements identity.Likeness. Under a new model everything is keyed and linked anew,
// by another Linker in a store of its own.
//
// What it answers is a function of the observations and the model. It is not safe for concurrent use;
// several may read one store that does not change.
type Linker struct {
	// Prepare says what is compared of an observation, nil for nothing. It is PrepareObservation of
	// the model's schema, unless set before first use to another function of the observation.
	Prepare func(*identity.Observation) *Prepared

	model   *Model
	store   Store
	options Options
	cache   cache
	crowded bool
	entries []uint64 // reused
	links   links    // reused
}

// NewLinker returns a linker over a store that holds nothing, or what a linker of the same model
// keyed and linked.
func NewLinker(m *Model, s Store, o Options) *Linker {
	l := &Linker{model: m, store: s, options: o.withDefaults()}
	l.Reset()
	l.Prepare = m.Schema.PrepareObservation
	return l
}

// Model is the one that everything is keyed, linked and weighed by.
func (l *Linker) Model() *Model { return l.model }

// SetOptions changes what the groups are decided by. Keys and links do not depend on it.
func (l *Linker) SetOptions(o Options) {
	l.options = o.withDefaults()
}

// Crowded says that a blocking key has come to be shared by so many that a new model is due: once
// there are a tenth more observations than the last was trained on.
func (l *Linker) Crowded() bool { return l.crowded }

// Due says whether a new model is due, by its numbers or because a key is crowded.
func (l *Linker) Due(trained, now int) bool {
	return Due(trained, now) || l.crowded && float64(now) > overflowGrowth*float64(trained)
}

// Reset forgets what is remembered of observations, after changes of the store were taken back.
func (l *Linker) Reset() { l.cache = cache{size: l.options.Cached/2 + 1} }

// Put keys and links an observation that is new (was is nil), changed, or gone (now is nil). It
// returns whom it was near before, if that may have changed; with those it has to be resolved. The
// store may hold either version of it. An observation that was never put may be told to be gone, and
// one may be put twice.
func (l *Linker) Put(was, now *identity.Observation) (before []identity.ObservationID, err error) {
	old, p := l.prepare(was), l.prepare(now)
	if old != nil && p != nil && reflect.DeepEqual(old, p) {
		if _, ok, err := l.store.Find(now.ID); ok || err != nil {
			return nil, err
		}
	}
	if old != nil {
		if before, err = l.remove(was.ID, old); err != nil {
			return nil, fmt.Errorf("unlink observation: %w", err)
		}
	}
	if p != nil {
		if err := l.add(now.ID, p); err != nil {
			return nil, fmt.Errorf("link observation: %w", err)
		}
	}
	return before, nil
}

func (l *Linker) prepare(o *identity.Observation) *Prepared {
	if o == nil {
		return nil
	}
	return l.Prepare(o)
}

func (l *Linker) remove(id identity.ObservationID, was *Prepared) ([]identity.ObservationID, error) {
	ref, ok, err := l.store.Find(id)
	if !ok || err != nil {
		return nil, err
	}
	before, err := l.Near(id)
	if err != nil {
		return nil, err
	}
	l.cache.forget(ref)
	stands, ok, err := l.standing(was.content)
	if err != nil {
		return nil, err
	}
	equals, err := l.unlink(ref, was)
	if err != nil || !ok || stands != ref {
		return before, err
	}
	return before, l.succeed(equals)
}

// unlink takes the keys and links of an observation away, and returns whom it was linked with that says
// the same.
func (l *Linker) unlink(ref Ref, p *Prepared) (equals []Ref, err error) {
	for _, key := range l.model.Keys(p) {
		if err := l.store.RemoveKey(key, ref); err != nil {
			return nil, err
		}
	}
	if p.content != 0 {
		if err := l.store.RemoveKey(contentKey(p.content), ref); err != nil {
			return nil, err
		}
	}
	linked, err := l.store.Linked(ref)
	if err != nil {
		return nil, err
	}
	for _, o := range slices.Clone(linked) {
		other, err := l.prepared(o)
		if err != nil {
			return nil, err
		}
		if other != nil && p.content != 0 && other.content == p.content {
			equals = append(equals, o)
		}
		if err := l.store.Unlink(ref, o); err != nil {
			return nil, err
		}
	}
	return equals, nil
}

// add keys and links an observation, unless another says the same and comes before it.
func (l *Linker) add(id identity.ObservationID, p *Prepared) error {
	ref, err := l.store.Number(id)
	if err != nil {
		return err
	}
	l.cache.put(ref, p)
	stands, ok, err := l.standing(p.content)
	if err != nil {
		return err
	}
	var equals []Ref
	if ok && stands != ref {
		first, err := l.prepared(stands)
		if err != nil {
			return err
		}
		if first != nil && first.ID < p.ID {
			return l.store.Link(ref, stands)
		}
		if equals, err = l.unlink(stands, p); err != nil { // what says the same has the same keys
			return err
		}
		equals = append(equals, stands)
	}
	if err := l.link(ref, p); err != nil {
		return err
	}
	return l.follow(ref, equals)
}

// link keys an observation and links it with all that it hangs together with.
func (l *Linker) link(ref Ref, p *Prepared) error {
	keys := l.model.Keys(p)
	partners, err := l.partners(ref, p, keys)
	if err != nil {
		return err
	}
	probe := probe{m: l.model}
	probe.set(p)
	for _, o := range partners {
		other, err := l.prepared(o)
		if err != nil {
			return err
		}
		if other != nil && probe.linked(other, &other.outline, p.ID < other.ID) {
			if err := l.store.Link(ref, o); err != nil {
				return err
			}
		}
	}
	if p.content != 0 {
		keys = append(keys, contentKey(p.content))
	}
	for _, key := range keys {
		if err := l.store.AddKey(key, ref); err != nil {
			return err
		}
	}
	return nil
}

// partners are whom to compare an observation with: all that share enough keys.
func (l *Linker) partners(ref Ref, p *Prepared, keys []uint64) ([]Ref, error) {
	few := p.few()
	l.entries = l.entries[:0]
	for _, key := range keys {
		if err := l.sharing(ref, key, few); err != nil {
			return nil, err
		}
		if twin := key ^ aloneBit; l.model.common(key) {
			if err := l.sharing(ref, twin, few); err != nil {
				return nil, err
			}
		}
	}
	found := candidates(l.entries)
	out := make([]Ref, len(found))
	for i, o := range found {
		out[i] = Ref(o)
	}
	return out, nil
}

// sharing notes who else has a key.
func (l *Linker) sharing(ref Ref, key uint64, few bool) error {
	sharing, err := l.store.Sharing(key)
	if err != nil {
		return err
	}
	if len(sharing) > overflowFactor*bucketCap {
		l.crowded = true
	}
	for _, o := range sharing {
		if o != ref {
			l.entries = append(l.entries, shared(uint32(o), key, few))
		}
	}
	return nil
}

// prepared returns an observation as it is compared; nil when it is gone or is not compared.
func (l *Linker) prepared(ref Ref) (*Prepared, error) {
	if p := l.cache.get(ref); p != nil {
		return p, nil
	}
	o, err := l.store.Observation(ref)
	if err != nil {
		return nil, err
	}
	p := l.prepare(o)
	if p != nil {
		l.cache.put(ref, p)
	}
	return p, nil
}

// preparedOf is prepared, by id.
func (l *Linker) preparedOf(id identity.ObservationID) (*Prepared, error) {
	ref, ok, err := l.store.Find(id)
	if !ok || err != nil {
		return nil, err
	}
	return l.prepared(ref)
}

// Near implements identity.Likeness.
func (l *Linker) Near(id identity.ObservationID) ([]identity.ObservationID, error) {
	ref, ok, err := l.store.Find(id)
	if !ok || err != nil {
		return nil, err
	}
	linked, err := l.store.Linked(ref)
	if err != nil {
		return nil, err
	}
	near := make([]identity.ObservationID, 0, len(linked))
	for _, o := range linked {
		if p := l.cache.get(o); p != nil {
			near = append(near, p.id())
			continue
		}
		other, err := l.store.Observation(o)
		if err != nil {
			return nil, err
		}
		if other != nil {
			near = append(near, other.ID)
		}
	}
	return near, nil
}

// id is that of an observation that was prepared.
func (p *Prepared) id() (id identity.ObservationID) {
	copy(id[:], p.ID)
	return id
}
