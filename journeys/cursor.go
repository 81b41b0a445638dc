package journeys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"tributary/profiles"

	"github.com/google/uuid"
)

// ErrCursor is returned for a cursor that was not given out for this workspace and profile, or by
// another version of the program.
var ErrCursor = errors.New("journeys: the cursor is not one of this timeline")

// Key is the place of an event in a timeline. Timelines go from the newest key to the oldest; ties
// of time are broken by message id, then source, compared as bytes.
type Key struct {
	At        time.Time // corrected time, UTC, to the millisecond
	MessageID string
	Source    string
}

func keyOf(x *profiles.Interaction) Key {
	return Key{At: x.At, MessageID: x.MessageID, Source: x.Source}
}

// before says whether k is older than l.
func (k Key) before(l Key) bool {
	if c := k.At.Compare(l.At); c != 0 {
		return c < 0
	}
	if c := strings.Compare(k.MessageID, l.MessageID); c != 0 {
		return c < 0
	}
	return k.Source < l.Source
}

const (
	cursorVersion = 1
	cursorMAC     = 16 // bytes of HMAC-SHA-256
	maxCursor     = 2048
)

// cursors gives out keys as opaque texts, each bound to one timeline: a cursor of another profile
// or workspace is refused, so it cannot be used to find out about one.
type cursors struct{ secret []byte }

func (c cursors) mac(workspace string, profile uuid.UUID, body []byte) []byte {
	m := hmac.New(sha256.New, c.secret)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(workspace)))
	m.Write([]byte("journeys.cursor"))
	m.Write(size[:])
	m.Write([]byte(workspace))
	m.Write(profile[:])
	m.Write(body)
	return m.Sum(nil)[:cursorMAC]
}

func (c cursors) encode(workspace string, profile uuid.UUID, k Key) string {
	b := []byte{cursorVersion}
	b = binary.AppendVarint(b, k.At.UnixMilli())
	b = binary.AppendUvarint(b, uint64(len(k.MessageID)))
	b = append(append(b, k.MessageID...), k.Source...)
	return base64.RawURLEncoding.EncodeToString(append(b, c.mac(workspace, profile, b)...))
}

func (c cursors) decode(workspace string, profile uuid.UUID, text string) (Key, error) {
	if len(text) > maxCursor {
		return Key{}, ErrCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 1+cursorMAC {
		return Key{}, ErrCursor
	}
	body, mac := b[:len(b)-cursorMAC], b[len(b)-cursorMAC:]
	if !hmac.Equal(mac, c.mac(workspace, profile, body)) || body[0] != cursorVersion {
		return Key{}, ErrCursor
	}
	return decodeKey(body[1:])
}

func decodeKey(b []byte) (Key, error) {
	at, n := binary.Varint(b)
	if n <= 0 {
		return Key{}, ErrCursor
	}
	b = b[n:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return Key{}, ErrCursor
	}
	b = b[n:]
	return Key{At: time.UnixMilli(at).UTC(), MessageID: string(b[:size]), Source: string(b[size:])}, nil
}
