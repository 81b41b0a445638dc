package state

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/schema"
)

// Schemas are what was inferred about the events of a source, by name, and Beyond how many events have
// names that are not kept: see schema.MaxNames.
type Schemas struct {
	Events map[string]*schema.Inferred
	Beyond uint64
}

// beyond is the name under which events are counted whose own is not kept.
const beyond = ""

// shapes are what a step saw, summed up by shape, and which names are kept of each source.
type shapes struct {
	seen     map[shapeID]*schema.Seen
	breaches map[eventID]*schema.Inferred
	names    map[sourceID][]string // the shortest first
	left     []eventID             // names that made room in this step
	fields   map[uint64][]schema.Field
}

type (
	sourceID struct {
		space  uint32
		source string
	}
	eventID struct {
		sourceID
		name string
	}
	shapeID struct {
		eventID
		hash uint64
	}
)

// maxShapes is how many shapes are remembered with their fields.
const maxShapes = 4096

func newShapes() shapes {
	return shapes{
		seen: map[shapeID]*schema.Seen{}, breaches: map[eventID]*schema.Inferred{},
		names: map[sourceID][]string{}, fields: map[uint64][]schema.Field{},
	}
}

func (h *shapes) endStep() {
	clear(h.seen)
	clear(h.breaches)
	h.left = h.left[:0]
	if len(h.fields) > maxShapes {
		clear(h.fields)
	}
}

// Infer adds an event of a source to what is known of its name: raw is the object that it has fields in,
// and hash its schema.Hash. It says under which name it is counted.
func (s *Space) Infer(source, name string, raw []byte, hash uint64, at time.Time, message string) (string, error) {
	h := &s.tx.shapes
	id := eventID{sourceID{s.number, source}, name}
	kept, err := s.keepName(&id)
	if err != nil {
		return "", err
	}
	if !kept {
		id.name, hash, raw = beyond, 0, nil
	}
	shape := shapeID{id, hash}
	seen := h.seen[shape]
	if seen == nil {
		seen = &schema.Seen{}
		h.seen[shape] = seen
		if _, known := h.fields[hash]; !known {
			h.fields[hash] = schema.Fields(raw)
		}
	}
	seen.Add(&schema.Seen{Count: 1, First: at.UnixMilli(), Last: at.UnixMilli(), Example: message})
	return id.name, nil
}

// Break counts the breaches of an event that Infer counted under a name.
func (s *Space) Break(source, name string, breaches []schema.Breach, policy schema.Policy, at time.Time, message string) {
	id := eventID{sourceID{s.number, source}, name}
	x := s.tx.shapes.breaches[id]
	if x == nil {
		x = &schema.Inferred{}
		s.tx.shapes.breaches[id] = x
	}
	x.Break(breaches, at.UnixMilli(), message, policy)
}

// keepName says whether a name is among those that are kept of its source. A name that makes room for a
// shorter one is counted as beyond from now on, with all that it had.
func (s *Space) keepName(id *eventID) (bool, error) {
	h := &s.tx.shapes
	names, known := h.names[id.sourceID]
	if !known {
		var err error
		if names, err = s.readNames(id.source); err != nil {
			return false, fmt.Errorf("read names of events: %w", err)
		}
		h.names[id.sourceID] = names
	}
	i, found := slices.BinarySearchFunc(names, id.name, schema.Shorter)
	if found || i >= schema.MaxNames {
		return found, nil
	}
	id.source, id.name = cloneString(id.source), cloneString(id.name)
	names = slices.Insert(names, i, id.name)
	if len(names) > schema.MaxNames {
		h.left = append(h.left, eventID{id.sourceID, names[schema.MaxNames]})
		names = names[:schema.MaxNames]
	}
	h.names[id.sourceID] = names
	return true, nil
}

func cloneString(s string) string { return string([]byte(s)) }

func (s *Space) readNames(source string) ([]string, error) {
	prefix := s.sourceKey(nil, kindSchema, source)
	var names []string
	err := scan(s.tx.store.db, prefix, func(key, _ []byte) error {
		d := decoder{data: key[len(prefix):]}
		if name := d.string(); name != beyond {
			names = append(names, name)
		}
		return nil
	})
	slices.SortFunc(names, schema.Shorter)
	return names, err
}

// flushShapes writes what the step added, an operand for each event's name.
func (t *Tx) flushShapes() error {
	h := &t.shapes
	sums := h.breaches
	for id, seen := range h.seen {
		x := sums[id.eventID]
		if x == nil {
			x = &schema.Inferred{}
			sums[id.eventID] = x
		}
		x.Add(h.fields[id.hash], seen)
	}
	for _, id := range h.left {
		if err := t.moveBeyond(id, sums); err != nil {
			return err
		}
	}
	for id, x := range sums {
		t.key = t.spaces[id.space].eventKey(t.key, kindSchema, id.source, id.name)
		t.value, _ = x.AppendBinary(t.value[:0])
		if err := t.batch.Merge(t.key, t.value, nil); err != nil {
			return err
		}
	}
	return nil
}

// moveBeyond forgets a name and counts its events, of this step and before, as beyond.
func (t *Tx) moveBeyond(id eventID, sums map[eventID]*schema.Inferred) error {
	key := t.spaces[id.space].eventKey(nil, kindSchema, id.source, id.name)
	x, err := readInferred(t.store.db, key)
	if err != nil {
		return err
	}
	if step := sums[id]; step != nil {
		x.Merge(step)
		delete(sums, id)
	}
	rest := eventID{id.sourceID, beyond}
	if sums[rest] == nil {
		sums[rest] = &schema.Inferred{}
	}
	sums[rest].Merge(x.Unnamed())
	return t.delete(key)
}

func readInferred(r pebble.Reader, key []byte) (*schema.Inferred, error) {
	x := &schema.Inferred{}
	err := view(r, key, x.UnmarshalBinary)
	return x, wrapRead("inferred schema", err)
}

// Schemas reads what was inferred about a source's events.
func (s *Store) Schemas(workspace, source string) (*Schemas, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	w := newSpace(workspace)
	prefix := w.sourceKey(nil, kindSchema, source)
	all := &Schemas{Events: map[string]*schema.Inferred{}}
	err := scan(s.db, prefix, func(key, value []byte) error {
		d := decoder{data: key[len(prefix):]}
		name, x := d.string(), &schema.Inferred{}
		if err := x.UnmarshalBinary(value); err != nil {
			return err
		}
		if name == beyond {
			all.Beyond = x.Events.Count
		} else {
			all.Events[name] = x
		}
		return nil
	})
	return all, wrapRead("inferred schemas", err)
}

// schemaFolding folds what steps added to what was inferred. Pebble calls it with any neighbours in any
// grouping, which schema.Inferred.Merge is made for.
type schemaFolding struct {
	only []byte
	sum  *schema.Inferred // nil until there is a second operand
}

func newSchemaFolding(value []byte) *schemaFolding { return &schemaFolding{only: slices.Clone(value)} }

// MergeNewer implements pebble.ValueMerger.
func (f *schemaFolding) MergeNewer(value []byte) error { return f.add(value) }

// MergeOlder implements pebble.ValueMerger.
func (f *schemaFolding) MergeOlder(value []byte) error { return f.add(value) }

func (f *schemaFolding) add(value []byte) error {
	if f.sum == nil {
		f.sum = &schema.Inferred{}
		if err := f.sum.UnmarshalBinary(f.only); err != nil {
			return fmt.Errorf("%w: inferred schema: %w", ErrCorrupt, err)
		}
	}
	var x schema.Inferred
	if err := x.UnmarshalBinary(value); err != nil {
		return fmt.Errorf("%w: inferred schema: %w", ErrCorrupt, err)
	}
	f.sum.Merge(&x)
	return nil
}

// Finish implements pebble.ValueMerger.
func (f *schemaFolding) Finish(bool) ([]byte, io.Closer, error) {
	if f.sum == nil {
		return f.only, nil, nil
	}
	value, err := f.sum.AppendBinary(f.only[:0])
	return value, nil, err
}

func (s space) sourceKey(b []byte, kind byte, source string) []byte {
	return appendString(s.key(b, kind), source)
}

func (s space) eventKey(b []byte, kind byte, source, name string) []byte {
	return appendString(s.sourceKey(b, kind, source), name)
}

// ContractVersion is a contract as a command set it; empty where one took it back.
type ContractVersion struct {
	Stamp
	Value []byte // JSON of schema.Contract
}

// maxContractVersions is how many versions of a contract are kept: those by which events are judged that
// were received before the last one. What was received before all of them is not judged.
const maxContractVersions = 64

// SetContract adds a version to the contract of an event of a source; nil takes it back. Versions stand
// by their stamps, whatever order they come in.
func (s *Space) SetContract(source, name string, value []byte, by Stamp) error {
	s.hasContracts = true
	key := s.eventKey(nil, kindContract, source, name)
	encoded, err := s.tx.read(key)
	if err != nil {
		return wrapRead("contract", err)
	}
	versions, err := decodeContract(encoded)
	if err != nil {
		return err
	}
	s.tx.write(key, encodeContract(insertVersion(versions, ContractVersion{by, value})))
	return nil
}

// insertVersion puts a version where its stamp belongs, and forgets the oldest beyond the bound.
func insertVersion(versions []ContractVersion, v ContractVersion) []ContractVersion {
	i, found := slices.BinarySearchFunc(versions, v.Stamp, func(a ContractVersion, by Stamp) int {
		switch {
		case a.Before(by):
			return -1
		case by.Before(a.Stamp):
			return 1
		}
		return 0
	})
	if found {
		return versions
	}
	versions = slices.Insert(versions, i, v)
	return versions[max(0, len(versions)-maxContractVersions):]
}

// HasContracts says whether any contract was ever set in this workspace.
func (s *Space) HasContracts() bool { return s.hasContracts }

// Contract returns the versions of the contract of an event of a source, the oldest first.
func (s *Space) Contract(source, name string) ([]ContractVersion, error) {
	encoded, err := s.tx.read(s.eventKey(nil, kindContract, source, name))
	if err != nil {
		return nil, wrapRead("contract", err)
	}
	return decodeContract(encoded)
}

// Contracts reads the contracts of a source that are in force, by the event's name.
func (s *Store) Contracts(workspace, source string) (map[string][]byte, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	prefix := newSpace(workspace).sourceKey(nil, kindContract, source)
	all := map[string][]byte{}
	err := scan(s.db, prefix, func(key, value []byte) error {
		d := decoder{data: key[len(prefix):]}
		name := d.string()
		versions, err := decodeContract(value)
		if n := len(versions); n > 0 && len(versions[n-1].Value) > 0 {
			all[name] = versions[n-1].Value
		}
		return err
	})
	return all, wrapRead("contracts", err)
}

func encodeContract(versions []ContractVersion) []byte {
	b := []byte{codecVersion}
	b = binary.AppendUvarint(b, uint64(len(versions)))
	for _, v := range versions {
		b = binary.AppendVarint(b, v.At.UnixMilli())
		b = appendString(appendString(b, v.MessageID), string(v.Value))
	}
	return b
}

func decodeContract(data []byte) ([]ContractVersion, error) {
	if data == nil {
		return nil, nil
	}
	d := newDecoder(data)
	var versions []ContractVersion
	for range d.count(3) {
		v := ContractVersion{Stamp: Stamp{At: time.UnixMilli(d.varint()).UTC(), MessageID: d.string()}}
		if value := d.string(); value != "" {
			v.Value = []byte(value)
		}
		versions = append(versions, v)
	}
	return versions, d.end("contract")
}

// SchemaReport tells of a source's events and their contracts; false when nothing is known of either.
func (s *Store) SchemaReport(workspace, source string) (*schema.Report, bool, error) {
	seen, err := s.Schemas(workspace, source)
	if err != nil {
		return nil, false, err
	}
	contracts, err := s.Contracts(workspace, source)
	if err != nil || len(seen.Events) == 0 && len(contracts) == 0 {
		return nil, false, err
	}
	r, err := schema.NewReport(source, seen.Events, seen.Beyond, contracts)
	return r, true, err
}

// SchemaSources lists the sources of a workspace that have sent events or have contracts, ascending.
func (s *Store) SchemaSources(workspace string) ([]string, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	var names []string
	w := newSpace(workspace)
	for _, kind := range [...]byte{kindSchema, kindContract} {
		prefix := w.key(nil, kind)
		for from := prefix; ; { // one look for each source
			var name string
			found := false
			err := scanRange(s.db, from, after(prefix), func(key, _ []byte) error {
				d := decoder{data: key[len(prefix):]}
				name, found = d.string(), true
				return errStop
			})
			if err != nil {
				return nil, wrapRead("sources", err)
			}
			if !found {
				break
			}
			names = append(names, name)
			from = after(w.sourceKey(nil, kind, name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
