package state

import (
	"bytes"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// get returns a copy of the value of a key; nil, nil when there is none.
func get(r pebble.Reader, key []byte) ([]byte, error) {
	var copied []byte
	err := view(r, key, func(value []byte) error {
		copied = append(make([]byte, 0, len(value)), value...)
		return nil
	})
	return copied, err
}

// view calls f with the value of a key, which is valid until f returns, unless there is none.
func view(r pebble.Reader, key []byte, f func(value []byte) error) error {
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = f(value)
	return errors.Join(err, closer.Close())
}

// scan calls f for every key that begins with prefix, ascending, until f fails. Key and value are
// valid until f returns.
func scan(r pebble.Reader, prefix []byte, f func(key, value []byte) error) error {
	return scanRange(r, prefix, after(prefix), f)
}

func scanRange(r pebble.Reader, from, to []byte, f func(key, value []byte) error) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	for valid := it.First(); valid; valid = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			err = f(it.Key(), value)
		}
		if errors.Is(err, errStop) {
			break
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return it.Close()
}

// errStop ends a scan early, without an error.
var errStop = errors.New("stop")

// scanIDs returns the ids at the ends of the keys that begin with prefix, ascending.
func scanIDs(r pebble.Reader, prefix []byte) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := scan(r, prefix, func(key, _ []byte) error {
		ids = append(ids, lastID(key))
		return nil
	})
	return ids, err
}

// hasAny says whether any key begins with prefix.
func hasAny(r pebble.Reader, prefix []byte) (bool, error) {
	found := false
	err := scan(r, prefix, func(_, _ []byte) error {
		found = true
		return errStop
	})
	return found, err
}

// cursor is one iterator for all reads of a step or a snapshot, opened at the first: one for all costs less
// than one for each.
type cursor struct {
	db pebble.Reader
	// mostlyThere: what is looked up is mostly found, as by readers, and the filters of the lowest level are
	// not asked. Most of what is new to the writer's step is nowhere.
	mostlyThere bool
	// durable leaves out what is in memory only.
	durable bool
	it      *pebble.Iterator
	limit   []byte // of each
}

func (c *cursor) open() (err error) {
	if c.it == nil {
		c.it, err = c.db.NewIter(&pebble.IterOptions{UseL6Filters: !c.mostlyThere, OnlyReadGuaranteedDurable: c.durable})
	}
	return err
}

// places is where the writer looks for what is nearly always nowhere.
type places struct {
	fresh       *fresh
	all, tables *cursor
}

// of returns where to look for what fresh knows by a key.
func (p places) of(key uint64) *cursor {
	if p.fresh.has(key) {
		return p.all
	}
	return p.tables
}

// end closes the iterator, if there is one.
func (c *cursor) end() error {
	if c.it == nil {
		return nil
	}
	err := c.it.Close()
	c.it = nil
	return err
}

// view calls f with the value of a key, which is valid until f returns; false when there is none.
func (c *cursor) view(key []byte, f func(value []byte) error) (bool, error) {
	if err := c.open(); err != nil {
		return false, err
	}
	if !c.it.SeekPrefixGE(key) || !bytes.Equal(c.it.Key(), key) {
		return false, c.it.Error()
	}
	value, err := c.it.ValueAndErr()
	if err == nil {
		err = f(value)
	}
	return true, err
}

// get returns a copy of the value of a key; nil, nil when there is none.
func (c *cursor) get(key []byte) (copied []byte, err error) {
	_, err = c.view(key, func(value []byte) error {
		copied = append(make([]byte, 0, len(value)), value...)
		return nil
	})
	return copied, err
}

// ids returns the ids at the ends of the keys that begin with prefix, ascending.
func (c *cursor) ids(prefix []byte) (ids []uuid.UUID, err error) {
	err = c.each(prefix, func(key []byte) error {
		ids = append(ids, lastID(key))
		return nil
	})
	return ids, err
}

// each calls f for every key that begins with prefix, ascending, until f fails. A key is valid until f
// returns, and f does not use the cursor. It stops in front of what follows: to stand on a key whose value is merged,
// as those of schemas, is to fold all that was added to it.
func (c *cursor) each(prefix []byte, f func(key []byte) error) error {
	if err := c.open(); err != nil {
		return err
	}
	c.limit = appendAfter(c.limit[:0], prefix)
	for at := c.it.SeekGEWithLimit(prefix, c.limit); at == pebble.IterValid && bytes.HasPrefix(c.it.Key(), prefix); at = c.it.NextWithLimit(c.limit) {
		if err := f(c.it.Key()); errors.Is(err, errStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return c.it.Error()
}

// any says whether any key begins with prefix.
func (c *cursor) any(prefix []byte) (found bool, err error) {
	err = c.each(prefix, func([]byte) error {
		found = true
		return errStop
	})
	return found, err
}
