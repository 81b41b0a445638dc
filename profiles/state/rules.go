package state

import (
	"bytes"
)

// SetRules stores the document of the workspace's rules; nil removes it. It says whether that
// changed anything: a later stamp may have been there.
func (s *Space) SetRules(encoded []byte, by Stamp) (changed bool, err error) {
	key := s.key(nil, kindRules)
	value, err := s.tx.read(key)
	if err != nil {
		return false, wrapRead("rules", err)
	}
	was, err := decodeRules(value)
	if err != nil || was.Stamp != (Stamp{}) && !was.Before(by) {
		return false, err
	}
	s.tx.write(key, stamped{by, encoded}.encode())
	return !bytes.Equal(was.value, encoded), nil
}

// Rules returns the document of the workspace's rules; nil when there is none.
func (s *Space) Rules() ([]byte, error) { return readRules(s.tx.read, s.space) }

func decodeRules(value []byte) (stamped, error) {
	if value == nil {
		return stamped{}, nil
	}
	return decodeStamped(value)
}

func readRules(read func(key []byte) ([]byte, error), s space) ([]byte, error) {
	value, err := read(s.key(nil, kindRules))
	if err != nil {
		return nil, wrapRead("rules", err)
	}
	d, err := decodeRules(value)
	if err != nil || len(d.value) == 0 {
		return nil, err
	}
	return d.value, nil
}
