package state

import (
	"tributary/identity"
)

// Left implements profiles.HotLineage.
func (h *Snapshot) Left(id identity.ProfileID, since uint64) (left []identity.ObservationID, err error) {
	err = scan(h.db, h.idKey(nil, kindFormer, id), func(key, value []byte) error {
		d := newDecoder(value)
		if d.uvarint() > since {
			left = append(left, lastID(key))
		}
		return d.end("former member")
	})
	return left, wrapRead("former members", err)
}
