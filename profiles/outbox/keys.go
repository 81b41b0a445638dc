package outbox

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
)

// The second byte of a key says what it holds. Numbers are big-endian, so that keys sort by them.
const (
	kindEntry   = 'e' // + last seq of them: entries that follow each other
	kindPlan    = 'p' // + last seq of its span: a Plan
	kindRefused = 'r' // + seq of an entry whose row was refused
	kindSent    = 's' // seq up to which rows were acknowledged by ClickHouse
	kindClean   = 'c' // seq up to which entries were removed
	kindOpen    = 'o' // present while a sink has the queue open
	kindLineage = 'l' // name of the state that the entries are made from

	kindHorizon = 'h' // offsets below which an earlier outbox may have sent rows
	kindPin     = 'a' // offsets applied when last nothing was sent that is not certain
)

const numberedKeySize = 2 + 8

func markKey(kind byte) []byte { return []byte{Prefix, kind} }

func numberedKey(kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, numberedKeySize), Prefix, kind), n)
}

func keyNumber(key []byte) uint64 { return binary.BigEndian.Uint64(key[2:]) }

// bounds limits an iterator to the keys of one kind with numbers after < n <= to.
func bounds(kind byte, after, to uint64) *pebble.IterOptions {
	opts := &pebble.IterOptions{LowerBound: numberedKey(kind, after), UpperBound: []byte{Prefix, kind + 1}}
	if after > 0 {
		opts.LowerBound = append(opts.LowerBound, 0)
	}
	if to != ^uint64(0) {
		opts.UpperBound = numberedKey(kind, to+1)
	}
	return opts
}
