// Package auth knows the keys that programs call Tributary with: what they look like, what they
// allow, and how they are made, found and taken back.
//
// A key is shown once, when it is made. Only its SHA-256 hash is kept: in the bucket "keys" of the
// run-time configuration, which changes by commands of the log alone.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Bucket is where keys are in the run-time configuration, by the hex of their hash.
const Bucket = "keys"

// Kind is what a key is for.
type Kind string

// The kinds of key.
const (
	KindRead  Kind = "read"
	KindWrite Kind = "write"
	KindAdmin Kind = "admin"
	// KindAgent is for who serves customers, a person's desktop or a model: it reads, and writes what an agent does.
	KindAgent Kind = "agent"
)

// kinds maps the letter inside a key to its kind.
var kinds = map[byte]Kind{'r': KindRead, 'w': KindWrite, 'a': KindAdmin, 'g': KindAgent}

const kindNames = "read, write, agent or admin"

// Scope is something that a key may do.
type Scope string

// The scopes.
const (
	ScopeProfilesRead Scope = "profiles:read"
	ScopeContextRead  Scope = "context:read"
	ScopeTimelineRead Scope = "timeline:read"
	ScopeSourcesRead  Scope = "sources:read"
	ScopeIngestWrite  Scope = "ingest:write"
	ScopeAuditRead    Scope = "audit:read"
	ScopeConsentRead  Scope = "consent:read"
	ScopeConsentWrite Scope = "consent:write"
	ScopePrivacyRead  Scope = "privacy:read"
	ScopePrivacyWrite Scope = "privacy:write"
	// ScopePrivacyExport reads everything of anybody, whatever the reader policy says.
	ScopePrivacyExport Scope = "privacy:export"
	// ScopeStreamRead listens to what changes.
	ScopeStreamRead Scope = "stream:read"
	// ScopeAgentWrite writes what an agent does: hand-offs, commitments, notes.
	ScopeAgentWrite Scope = "agent:write"
	// ScopeJourneysRead reads reports: numbers about many people, and nobody's data.
	ScopeJourneysRead Scope = "journeys:read"
	// ScopeQueryRun runs an analyst's own SQL over views.
	ScopeQueryRun Scope = "query:run"
	// ScopeIdentityWrite decides who is who, and reads what that takes.
	ScopeIdentityWrite Scope = "identity:write"
	ScopeAdmin         Scope = "admin"
)

// Scopes lists all scopes.
func Scopes() []Scope {
	return []Scope{ScopeProfilesRead, ScopeContextRead, ScopeTimelineRead, ScopeSourcesRead, ScopeIngestWrite, ScopeAuditRead, ScopeConsentRead, ScopeConsentWrite, ScopePrivacyRead, ScopePrivacyWrite, ScopePrivacyExport, ScopeStreamRead, ScopeAgentWrite, ScopeJourneysRead, ScopeQueryRun, ScopeIdentityWrite, ScopeAdmin}
}

// Administrative says whether a scope is one that administrators' keys alone can have: attempts
// without it are put on record.
func (s Scope) Administrative() bool {
	return KindFor(s) == KindAdmin
}

// KindFor returns the kind of key that a scope is for: the one that may do least of those that may have it.
func KindFor(s Scope) Kind {
	for _, kind := range []Kind{KindRead, KindWrite, KindAgent} {
		if slices.Contains(allowed[kind], s) {
			return kind
		}
	}
	return KindAdmin
}

// allowed lists the scopes that a kind may have; all of them are its default.
var allowed = map[Kind][]Scope{
	KindRead:  {ScopeProfilesRead, ScopeContextRead, ScopeTimelineRead, ScopeSourcesRead, ScopeConsentRead, ScopeStreamRead, ScopeJourneysRead, ScopeQueryRun},
	KindWrite: {ScopeIngestWrite, ScopeConsentWrite},
	KindAgent: {ScopeProfilesRead, ScopeContextRead, ScopeTimelineRead, ScopeSourcesRead, ScopeConsentRead, ScopeStreamRead, ScopeAgentWrite},
	KindAdmin: Scopes(),
}

// Key is what is kept of a key. It is safe to show: the secret cannot be found from it.
type Key struct {
	ID        string  `json:"id"` // the first 16 hex digits of the hash
	Kind      Kind    `json:"kind"`
	Workspace string  `json:"workspace"`
	Scopes    []Scope `json:"scopes"`
	// Purpose and Reader say what a key that reads is for, and who sees what it is answered.
	Purpose Purpose `json:"purpose,omitempty"`
	Reader  Reader  `json:"reader,omitempty"`
	// Source is what events of a write key come from, and Lane is where they go: "live" or "bulk".
	Source string `json:"source,omitempty"`
	Lane   string `json:"lane,omitempty"`
	// RatePerSecond is how many requests of a key that reads, or events of a write key, are answered in a
	// second; 0: as many as the configuration says.
	RatePerSecond float64 `json:"rate_per_second,omitempty"`
	// Origins lists the web origins that a write key may be used from; empty: no browser may.
	Origins []string  `json:"origins,omitempty"`
	Note    string    `json:"note,omitempty"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Revoked time.Time `json:"revoked,omitzero"` // zero: it is not

	// Chain is the id of the first key of those that were made by rotation, Replaces and ReplacedBy are
	// those before and after this one.
	Chain      string `json:"chain,omitempty"`
	Replaces   string `json:"replaces,omitempty"`
	ReplacedBy string `json:"replaced_by,omitempty"`

	// LastUsed is filled in when keys are listed; see Keys.LastUsed.
	LastUsed time.Time `json:"last_used,omitzero"`

	hash string // of the key's text; empty: it was not looked up by that

	// Of a token, not of a key that is kept:
	subject  string           // "jwt:<hash of issuer>:<hash of subject>", "key:<id>:session:<uuid>"
	Customer event.Identifier `json:"-"` // the customer whose own token it is, if it is one
	Session  *Session         `json:"-"` // what an agent session is bound to, if it is one
	issued   string           // by whom the token is, and for whom: see Issuer.name

	// SignedIn is until when a browser is signed in, where it was one that asked; zero: it was none.
	SignedIn time.Time `json:"-"`
}

// Actor is how the key is named in the audit trail.
func (k *Key) Actor() string {
	if k.subject != "" {
		return k.subject
	}
	return "key:" + k.ID
}

// Payer is on whose account requests are counted: of all sessions that one key made, that key.
func (k *Key) Payer() string {
	if k.Session != nil {
		return "key:" + k.ID
	}
	return k.Actor()
}

// May says whether the key has a scope.
func (k *Key) May(s Scope) bool { return slices.Contains(k.Scopes, s) }

// Valid says whether the key can be used at a time.
func (k *Key) Valid(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// StreamLane is where events of a write key go.
func (k *Key) StreamLane() stream.Lane {
	if k.Lane == stream.LaneBulk.String() {
		return stream.LaneBulk
	}
	return stream.LaneLive
}

// Validate reports every fault, each with its field.
func (k *Key) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	scopes, known := allowed[k.Kind]
	check(known, "kind: must be "+kindNames)
	check(event.ValidSource(k.Workspace), "workspace: must be "+nameForm)
	check(len(k.Scopes) > 0 || !known, "scopes: is required")
	for i, s := range k.Scopes {
		check(!known || slices.Contains(scopes, s), "scopes[%d]: is not for a %s key", i, k.Kind)
	}
	write := k.Kind == KindWrite
	check(!write || event.ValidSource(k.Source), "source: must be "+nameForm)
	check(write || k.Source == "", "source: is for write keys alone")
	check(write || k.Lane == "", "lane: is for write keys alone")
	check(k.Lane == "" || k.Lane == stream.LaneLive.String() || k.Lane == stream.LaneBulk.String(), "lane: must be live or bulk")
	check(write || len(k.Origins) == 0, "origins: is for write keys alone")
	for i, o := range k.Origins {
		check(o == "*" || isOrigin(o), "origins[%d]: must be *, or scheme, host and port as browsers send them, such as https://www.example.com", i)
	}
	k.checkReader(check)
	check(k.RatePerSecond >= 0 && k.RatePerSecond <= maxRate, "rate_per_second: must be 0 to %d", maxRate)
	check(len(k.Note) <= maxNote, "note: is longer than %d bytes", maxNote)
	return errors.Join(faults...)
}

const (
	maxNote = 256 // bytes
	maxRate = 1_000_000
)

// nameForm is what event.ValidSource takes: a key of any other name could send nothing.
const nameForm = "1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit"

// isOrigin says whether s is an origin in the form that browsers send: no path, no default port
// and nothing in capitals, for what they send is compared as it is.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || strings.Contains(u.Host, "*") {
		return false
	}
	standard := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	return s == u.Scheme+"://"+strings.ToLower(u.Host) && u.Port() != standard
}

const (
	secretBytes = 32 // of randomness
	secretChars = 43 // that many base62 digits hold them
	prefixChars = len("trb_r_")
	base62      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewSecret makes the text of a new key: "trb_<letter of kind>_<43 base62 digits>".
func NewSecret(kind Kind) (string, error) {
	var letter byte
	for l, k := range kinds {
		if k == kind {
			letter = l
		}
	}
	if letter == 0 {
		return "", errors.New("make key: kind: must be " + kindNames)
	}
	random := make([]byte, secretBytes)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	digits := make([]byte, secretChars)
	n, base, digit := new(big.Int).SetBytes(random), big.NewInt(int64(len(base62))), new(big.Int)
	for i := range digits {
		n.DivMod(n, base, digit)
		digits[len(digits)-1-i] = base62[digit.Int64()]
	}
	return fmt.Sprintf("trb_%c_%s", letter, digits), nil
}

// kindOf says what kind of key a text is, and whether it has the form of a key.
func kindOf(secret string) (Kind, bool) {
	if len(secret) != prefixChars+secretChars || secret[:4] != "trb_" || secret[5] != '_' {
		return "", false
	}
	kind, known := kinds[secret[4]]
	for i := prefixChars; i < len(secret) && known; i++ {
		known = strings.IndexByte(base62, secret[i]) >= 0
	}
	return kind, known
}

// Hash is the hex of the SHA-256 hash of a key's text: where it is kept.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

const idLength = 16

// idOf is the id of the key with a hash.
func idOf(hash string) string { return hash[:idLength] }
