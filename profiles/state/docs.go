package state

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Doc is a document of the run-time configuration, such as a key's scopes.
type Doc struct {
	Key   string
	Value json.RawMessage
}

// SetDoc stores a document; a nil value removes it. Of two changes to one document the one with
// the later stamp stands, whatever order they are applied in.
func (t *Tx) SetDoc(bucket, key string, value json.RawMessage, by Stamp) error {
	k := docKey(nil, bucket, key)
	was, err := t.doc(k)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	if was.Stamp != (Stamp{}) && !was.Before(by) {
		return nil
	}
	now := stamped{by, bytes.Clone(value)}
	t.docs[string(k)] = now
	t.changed = true
	return t.set(k, now.encode())
}

func (t *Tx) doc(key []byte) (stamped, error) {
	if held, ok := t.docs[string(key)]; ok {
		return held, nil
	}
	value, err := get(t.store.db, key)
	if value == nil || err != nil {
		return stamped{}, err
	}
	return decodeStamped(value)
}

// Doc reads a document; false when there is none.
func (s *Store) Doc(bucket, key string) (json.RawMessage, bool, error) {
	if err := s.acquire(); err != nil {
		return nil, false, err
	}
	defer s.release()
	value, err := get(s.db, docKey(nil, bucket, key))
	if value == nil || err != nil {
		return nil, false, err
	}
	d, err := decodeStamped(value)
	if err != nil || len(d.value) == 0 {
		return nil, false, err
	}
	return d.value, true, nil
}

// Docs reads all documents of a bucket.
func (s *Store) Docs(bucket string) ([]Doc, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	var docs []Doc
	prefix := appendString([]byte{kindDoc}, bucket)
	err := scan(s.db, prefix, func(key, value []byte) error {
		name := decoder{data: key[len(prefix):]}
		d, err := decodeStamped(bytes.Clone(value))
		if err == nil && len(d.value) > 0 {
			docs = append(docs, Doc{Key: name.string(), Value: d.value})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	return docs, nil
}

// DocsRevision grows with every committed change of a document since Open, so that a reader that
// caches them knows when to read again.
func (s *Store) DocsRevision() uint64 { return s.docs.Load() }
