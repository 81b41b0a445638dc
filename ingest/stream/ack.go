package stream

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
)

// AfterHeader is the header in which whoever takes records in gives their acknowledgement.
const AfterHeader = "Tributary-After"

// ErrAcknowledgement is returned for what is no acknowledgement, or one of another workspace.
var ErrAcknowledgement = errors.New("stream: no acknowledgement of this workspace")

const (
	ackVersion   = 1
	ackWorkspace = 8 // bytes of the workspace's hash
	maxAckPlaces = 16
)

// Acknowledge names what was appended for a workspace: who reads with it reads what it wrote. It tells the last position
// in each partition, and is no secret: a made-up one names a position that the reader then waits for in vain.
func Acknowledge(workspace string, at []Position) string {
	last := make([]Position, 0, 2) // a lane each
	for _, p := range at {
		i := slices.IndexFunc(last, func(q Position) bool { return q.Partition == p.Partition })
		switch {
		case i < 0:
			last = append(last, p)
		case last[i].Offset < p.Offset:
			last[i] = p
		}
	}
	slices.SortFunc(last, func(a, b Position) int { return int(int64(a.Partition) - int64(b.Partition)) })
	var buf [64]byte
	sum := sha256.Sum256([]byte(workspace))
	b := append(append(buf[:0], ackVersion), sum[:ackWorkspace]...)
	for _, p := range last[:min(len(last), maxAckPlaces)] {
		b = binary.AppendUvarint(b, uint64(p.Partition))
		b = binary.AppendUvarint(b, p.Offset)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Acknowledged returns the positions of an acknowledgement of a workspace, or ErrAcknowledgement.
func Acknowledged(workspace, text string) ([]Position, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	sum := sha256.Sum256([]byte(workspace))
	if err != nil || len(b) <= 1+ackWorkspace || b[0] != ackVersion || string(b[1:1+ackWorkspace]) != string(sum[:ackWorkspace]) {
		return nil, ErrAcknowledgement
	}
	var at []Position
	for b = b[1+ackWorkspace:]; len(b) > 0; {
		partition, n := binary.Uvarint(b)
		if n <= 0 || partition > 1<<32-1 || len(at) == maxAckPlaces {
			return nil, ErrAcknowledgement
		}
		offset, m := binary.Uvarint(b[n:])
		if m <= 0 || offset > 1<<63-1 {
			return nil, ErrAcknowledgement
		}
		at = append(at, Position{Partition: Partition(partition), Offset: offset})
		b = b[n+m:]
	}
	return at, nil
}
