package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// maxModel is how long an encoded model may be, and modelPart how long a part of one that is stored
// as one value: a value of tens of megabytes would have Pebble hold all of it at once.
const (
	maxModel  = 1 << 30
	modelPart = 512 << 10
)

// ErrNoModel is returned for the number of a model that is not kept.
var ErrNoModel = errors.New("state: no such model")

type modelID struct{ space, number uint32 }

// SetModel stores a model and uses it from now on. What was used before is forgotten. The caller
// does not change encoded before the step ends.
func (s *Space) SetModel(number uint32, encoded []byte) error {
	if err := s.KeepModel(number, encoded); err != nil {
		return err
	}
	return s.UseModel(number)
}

// Model returns the model in use, as it was encoded, and its number: 0 when there is none. The
// bytes are read anew each time.
func (s *Space) Model() (number uint32, encoded []byte, err error) {
	if number, err = s.modelInUse(); number == 0 || err != nil {
		return 0, nil, wrapRead("model", err)
	}
	encoded, err = s.ModelNumbered(number)
	return number, encoded, err
}

// KeepModel stores a model beside the one in use, in place of the one of the same number. The caller
// does not change encoded before the step ends. 0 is no number.
func (s *Space) KeepModel(number uint32, encoded []byte) error {
	switch {
	case number == 0:
		return fmt.Errorf("keep model: %w: 0", ErrNoModel)
	case len(encoded) > maxModel:
		return fmt.Errorf("keep model: %d bytes are more than %d", len(encoded), maxModel)
	case encoded == nil:
		encoded = []byte{}
	}
	if err := s.eraseModel(number); err != nil {
		return fmt.Errorf("keep model: %w", err)
	}
	t := s.tx
	t.models[modelID{s.number, number}] = encoded
	t.value = binary.AppendUvarint(append(t.value[:0], codecVersion), uint64(len(encoded)))
	t.key = s.partKey(t.key, number, 0)
	if err := t.set(t.key, t.value); err != nil {
		return fmt.Errorf("keep model: %w", err)
	}
	for part := uint32(1); len(encoded) > 0; part++ {
		n := min(modelPart, len(encoded))
		t.key = s.partKey(t.key, number, part)
		if err := t.set(t.key, encoded[:n]); err != nil {
			return fmt.Errorf("keep model: %w", err)
		}
		encoded = encoded[n:]
	}
	return nil
}

// UseModel uses a model that was kept, and forgets what was used before.
func (s *Space) UseModel(number uint32) error {
	was, err := s.modelInUse()
	if err != nil {
		return wrapRead("model", err)
	}
	if kept, err := s.keepsModel(number); err != nil {
		return wrapRead("model", err)
	} else if !kept {
		return fmt.Errorf("use model: %w: %d", ErrNoModel, number)
	}
	s.tx.write(s.key(nil, kindModel), binary.BigEndian.AppendUint32(nil, number))
	if was == 0 || was == number {
		return nil
	}
	return wrapDrop(s.eraseModel(was))
}

func (s *Space) keepsModel(number uint32) (bool, error) {
	if encoded, ok := s.tx.models[modelID{s.number, number}]; ok {
		return encoded != nil, nil
	}
	return s.tx.at.view(s.partKey(nil, number, 0), func([]byte) error { return nil })
}

// ModelNumbered returns a model that is kept, as it was encoded; nil when there is none.
func (s *Space) ModelNumbered(number uint32) ([]byte, error) {
	if encoded, ok := s.tx.models[modelID{s.number, number}]; ok {
		return encoded, nil
	}
	encoded, err := readModel(s.tx.store.db, s.space, number)
	return encoded, wrapRead("model", err)
}

// DropModel forgets a model. If it was in use, none is.
func (s *Space) DropModel(number uint32) error {
	was, err := s.modelInUse()
	if err != nil {
		return wrapRead("model", err)
	}
	if was == number {
		s.tx.write(s.key(nil, kindModel), nil)
	}
	return wrapDrop(s.eraseModel(number))
}

func wrapDrop(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("drop model: %w", err)
}

func (s *Space) eraseModel(number uint32) error {
	s.tx.models[modelID{s.number, number}] = nil
	prefix := s.modelKey(nil, number)
	return s.tx.batch.DeleteRange(prefix, after(prefix), nil)
}

func (s *Space) modelInUse() (uint32, error) {
	value, err := s.tx.read(s.key(nil, kindModel))
	if err != nil {
		return 0, err
	}
	return decodeModelNumber(value)
}

func decodeModelNumber(value []byte) (uint32, error) {
	switch len(value) {
	case 0:
		return 0, nil
	case 4:
		return binary.BigEndian.Uint32(value), nil
	}
	return 0, fmt.Errorf("%w: number of the model", ErrCorrupt)
}

// readModel puts the parts of a model together.
func readModel(r pebble.Reader, s space, number uint32) (encoded []byte, err error) {
	size := -1
	err = scan(r, s.modelKey(nil, number), func(_, value []byte) error {
		if size < 0 {
			d := newDecoder(value)
			n := d.uvarint()
			if err := d.end("model"); err != nil || n > maxModel {
				return fmt.Errorf("%w: length of a model", ErrCorrupt)
			}
			size, encoded = int(n), make([]byte, 0, n)
			return nil
		}
		encoded = append(encoded, value...)
		return nil
	})
	if err == nil && len(encoded) != max(0, size) {
		err = fmt.Errorf("%w: model", ErrCorrupt)
	}
	return encoded, err
}
