package journeys

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/sql/store"
)

// The bounds of a search.
const (
	DefaultHits   = 20
	MaxHits       = 100
	MaxQueryRunes = 200
	MaxWords      = 16
	// SnippetRunes is how much of a text a hit shows at most.
	SnippetRunes = 280
	// searchWithin bounds how long the analytics store may take.
	searchWithin = 5 * time.Second
)

// ErrTooLong is returned by a search that the analytics store did not finish in time.
var ErrTooLong = errors.New("journeys: the search took too long")

// QueryError says what is wrong with the words of a search; it does not repeat them.
type QueryError struct{ Reason string }

// Error implements error.
func (e *QueryError) Error() string { return "query: " + e.Reason }

// Words splits a query at white space, as Unicode has it. Every character of a word stands for itself.
func Words(query string) ([]string, error) {
	words := strings.FieldsFunc(query, unicode.IsSpace)
	switch {
	case !utf8.ValidString(query):
		return nil, &QueryError{"is no UTF-8"}
	case utf8.RuneCountInString(query) > MaxQueryRunes:
		return nil, &QueryError{fmt.Sprintf("may have %d characters", MaxQueryRunes)}
	case len(words) > MaxWords:
		return nil, &QueryError{fmt.Sprintf("may have %d words", MaxWords)}
	}
	visible := false
	for _, word := range words {
		if strings.ContainsFunc(word, unicode.IsControl) {
			return nil, &QueryError{"has a control character"}
		}
		visible = visible || fold(word) != ""
	}
	if !visible {
		return nil, &QueryError{"needs a word to search for"}
	}
	return words, nil
}

// SearchRequest asks what was said by and to one customer.
type SearchRequest struct {
	Workspace    string
	Profile      identity.ProfileID
	Observations []identity.ObservationID // of the profile
	Words        []string                 // see Words
	Cursor       string                   // SearchPage.Next of the page before; empty for the first
	Limit        int                      // default DefaultHits, at most MaxHits
	Hidden       Hidden
}

// Hidden is what a search does not look through: what its reader may not see is not to be found out by
// asking for it. The zero value hides nothing.
type Hidden struct {
	Before   time.Time // whatever happened before
	Groups   []string  // events by what stands before the dot of their names
	Contacts bool      // events of a conversation or case
	Others   bool      // all other events
}

// Hit is a text that holds at least one of the words.
type Hit struct {
	At             time.Time // corrected time, UTC
	MessageID      string
	Source         string
	Type           event.Type
	Name           string
	Channel        event.Channel
	Direction      event.Direction
	AuthorRole     event.AuthorRole
	AgentID        string
	ConversationID string
	CaseID         string
	Matched        int    // how many of the words it holds
	Snippet        string // of the text, around the first of them; at most SnippetRunes
	Cut            bool   // the text is longer
}

// SearchPage is one page of hits: first those that hold most words, then the newest.
type SearchPage struct {
	Hits []Hit
	Next string // empty: there are no more
}

// Search finds what was said in the archive, which may be some seconds behind. It is safe for concurrent use.
type Search struct {
	said    store.Query[store.SaidRow]
	cursors cursors
}

// NewSearch returns a search over an open store. The secret binds cursors and must be the same on all servers.
func NewSearch(s *store.Store, secret []byte) (*Search, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("configure search: secret: has %d bytes, needs %d", len(secret), minSecret)
	}
	said, err := store.Prepare[store.SaidRow](s, "timeline/said")
	if err != nil {
		return nil, err
	}
	return &Search{said, cursors{secret}}, nil
}

// Page returns one page. It fails with ErrCursor, ErrTooLong, or ErrArchive.
func (s *Search) Page(ctx context.Context, r SearchRequest) (*SearchPage, error) {
	before := rank{Matched: MaxWords + 1, At: store.MaxTime}
	if r.Cursor != "" {
		var err error
		if before, err = s.decode(&r); err != nil {
			return nil, err
		}
	}
	limit := DefaultHits
	if r.Limit > 0 {
		limit = min(r.Limit, MaxHits)
	}
	if len(r.Observations) == 0 {
		return &SearchPage{}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, searchWithin, ErrTooLong)
	defer cancel()
	rows, err := s.said.All(ctx, r.params(before, limit+1))
	switch {
	case err == nil:
	case errors.Is(context.Cause(ctx), ErrTooLong):
		return nil, ErrTooLong
	default:
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	page := &SearchPage{}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = s.encode(&r, rankOf(&rows[limit-1]))
	}
	folded := foldAll(r.Words)
	for i := range rows {
		page.Hits = append(page.Hits, hitOf(&rows[i], folded))
	}
	return page, nil
}

func (r *SearchRequest) params(before rank, limit int) store.Params {
	since := store.MinTime
	if r.Hidden.Before.After(since) {
		since = r.Hidden.Before
	}
	return store.Params{
		"workspace": r.Workspace, "observations": r.Observations, "observation_keys": keysOf(r.Observations), "words": r.Words,
		"since": since.UnixMilli(), "withheld_groups": append([]string{}, r.Hidden.Groups...),
		"contacts": !r.Hidden.Contacts, "others": !r.Hidden.Others,
		"before_matched": before.Matched, "before_at": before.At.UnixMilli(),
		"before_message_id": before.MessageID, "before_source": before.Source, "limit": uint32(limit),
	}
}

func hitOf(r *store.SaidRow, folded []string) Hit {
	h := Hit{
		At: r.At.UTC(), MessageID: r.MessageID, Source: r.Source, Type: event.Type(r.Type), Name: r.Name, Channel: event.Channel(r.Channel),
		Direction: event.Direction(r.Direction), AuthorRole: event.AuthorRole(r.AuthorRole), AgentID: r.AgentID,
		ConversationID: r.ConversationID, CaseID: r.CaseID, Matched: int(r.Matched),
	}
	h.Snippet, h.Cut = around(r.Text, folded)
	return h
}

// rank is the place of a hit: the greatest comes first.
type rank struct {
	Matched   uint32
	At        time.Time // to the millisecond
	MessageID string
	Source    string
}

func rankOf(r *store.SaidRow) rank { return rank{r.Matched, r.At, r.MessageID, r.Source} }

// list names the hits of these very words.
func (r *SearchRequest) list() string {
	sum := sha256.Sum256([]byte(strings.Join(r.Words, " ")))
	return "journeys.said:" + hex.EncodeToString(sum[:])
}

func (s *Search) encode(r *SearchRequest, k rank) string {
	b := binary.AppendUvarint([]byte{cursorVersion}, uint64(k.Matched))
	b = binary.AppendVarint(b, k.At.UnixMilli())
	return s.cursors.seal(r.list(), r.Workspace, r.Profile, appendName(b, k.MessageID, k.Source))
}

func (s *Search) decode(r *SearchRequest) (rank, error) {
	body, err := s.cursors.open(r.list(), r.Workspace, r.Profile, r.Cursor)
	if err != nil {
		return rank{}, err
	}
	in := keyReader{rest: body}
	k := rank{Matched: uint32(in.uvarint()), At: time.UnixMilli(in.varint()).UTC()} //nolint:gosec // sealed by ourselves
	if k.MessageID, k.Source = in.name(); in.bad {
		return rank{}, ErrCursor
	}
	return k, nil
}
