package journeys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"tributary/profiles"

	"github.com/google/uuid"
)

// ErrCursor is returned for a cursor that was not given out for this workspace and profile, or by
// another version of the program.
var ErrCursor = errors.New("journeys: the cursor is not one of this list")

// Key is the place of an event in a timeline, which goes from the newest key to the oldest: by OrderedAt,
// then by Client, and then as that client saw it, by OriginalAt, Order, message id and source. See
// profiles.Arrange.
type Key struct {
	OrderedAt  time.Time // UTC, to the millisecond; and OriginalAt
	Client     uint64
	OriginalAt time.Time
	Order      int64
	MessageID  string
	Source     string
}

func keyOf(x *profiles.Interaction) Key {
	return Key{x.OrderedAt, x.Client, x.OriginalAt, x.Order, x.MessageID, x.Source}
}

// before says whether k is older than l.
func (k Key) before(l Key) bool { return k.interaction().Compare(l.interaction()) < 0 }

func (k Key) interaction() *profiles.Interaction {
	return &profiles.Interaction{
		OrderedAt: k.OrderedAt, Client: k.Client, OriginalAt: k.OriginalAt, Order: k.Order,
		MessageID: k.MessageID, Source: k.Source,
	}
}

const (
	cursorVersion = 2
	cursorMAC     = 16 // bytes of HMAC-SHA-256
	maxCursor     = 2048
)

// cursors gives out places as opaque texts, each bound to one list of one profile: a cursor of another profile
// or workspace is refused, so it cannot be used to find out about one.
type cursors struct{ secret []byte }

// timelineCursor is the list that a timeline is.
const timelineCursor = "journeys.cursor"

func (c cursors) mac(list, workspace string, profile uuid.UUID, body []byte) []byte {
	m := hmac.New(sha256.New, c.secret)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(workspace)))
	m.Write([]byte(list))
	m.Write(size[:])
	m.Write([]byte(workspace))
	m.Write(profile[:])
	m.Write(body)
	return m.Sum(nil)[:cursorMAC]
}

// seal makes a cursor of a place in a list.
func (c cursors) seal(list, workspace string, profile uuid.UUID, body []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(body, c.mac(list, workspace, profile, body)...))
}

// open returns the place that a cursor of the list names.
func (c cursors) open(list, workspace string, profile uuid.UUID, text string) ([]byte, error) {
	if len(text) > maxCursor {
		return nil, ErrCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 1+cursorMAC {
		return nil, ErrCursor
	}
	body, mac := b[:len(b)-cursorMAC], b[len(b)-cursorMAC:]
	if !hmac.Equal(mac, c.mac(list, workspace, profile, body)) || body[0] != cursorVersion {
		return nil, ErrCursor
	}
	return body[1:], nil
}

func (c cursors) encode(workspace string, profile uuid.UUID, k Key) string {
	b := []byte{cursorVersion}
	b = binary.AppendVarint(b, k.OrderedAt.UnixMilli())
	b = binary.AppendUvarint(b, k.Client)
	b = binary.AppendVarint(b, k.OriginalAt.UnixMilli())
	b = binary.AppendVarint(b, k.Order)
	return c.seal(timelineCursor, workspace, profile, appendName(b, k.MessageID, k.Source))
}

// appendName appends what ends a place: the two names of an event.
func appendName(b []byte, messageID, source string) []byte {
	b = binary.AppendUvarint(b, uint64(len(messageID)))
	return append(append(b, messageID...), source...)
}

func (c cursors) decode(workspace string, profile uuid.UUID, text string) (Key, error) {
	body, err := c.open(timelineCursor, workspace, profile, text)
	if err != nil {
		return Key{}, err
	}
	return decodeKey(body)
}

func decodeKey(b []byte) (Key, error) {
	r := keyReader{rest: b}
	k := Key{
		OrderedAt: time.UnixMilli(r.varint()).UTC(), Client: r.uvarint(),
		OriginalAt: time.UnixMilli(r.varint()).UTC(), Order: r.varint(),
	}
	k.MessageID, k.Source = r.name()
	if r.bad {
		return Key{}, ErrCursor
	}
	return k, nil
}

// keyReader reads numbers; once it cannot, it is bad and yields zeros.
type keyReader struct {
	rest []byte
	bad  bool
}

func (r *keyReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

func (r *keyReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	return v
}

func (r *keyReader) skip(n int) {
	if n <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

// name reads what appendName wrote, the rest.
func (r *keyReader) name() (messageID, source string) {
	size := r.uvarint()
	if r.bad || size > uint64(len(r.rest)) {
		r.bad = true
		return "", ""
	}
	return string(r.rest[:size]), string(r.rest[size:])
}
