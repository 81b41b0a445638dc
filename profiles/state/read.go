package state

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// get returns a copy of the value of a key; nil, nil when there is none.
func get(r pebble.Reader, key []byte) ([]byte, error) {
	var copied []byte
	_, err := view(r, key, func(value []byte) error {
		copied = append(make([]byte, 0, len(value)), value...)
		return nil
	})
	return copied, err
}

// view calls f with the value of a key, which is valid until f returns; false when there is none.
func view(r pebble.Reader, key []byte, f func(value []byte) error) (bool, error) {
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = f(value)
	return true, errors.Join(err, closer.Close())
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
