package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"tributary/ingest/event"
)

// TokenError says what is wrong with a token. It repeats nothing of the token.
type TokenError struct {
	Claim string // the claim or header at fault, such as exp; empty: the token as a whole
	Fault string
}

// Error implements error.
func (e *TokenError) Error() string {
	if e.Claim == "" {
		return "the token " + e.Fault
	}
	return "the token's " + e.Claim + " " + e.Fault
}

// IsToken says whether a text has the form of a token, three parts with dots between, which no key has.
func IsToken(text string) bool { return strings.Count(text, ".") == 2 }

// maxToken bounds what is decoded, in bytes.
const maxToken = 16 << 10

// Tokens says what the bearers of tokens may do. It is safe for concurrent use.
type Tokens struct {
	config  TokensConfig
	issuers []*issuer
}

// TokensConfig is what Tokens are made of.
type TokensConfig struct {
	Issuers []Issuer
	// Workspaces are those that a token may be for.
	Workspaces *Workspaces
	// Secret is the key of the hashes by which subjects of tokens are named in the audit trail.
	Secret []byte
	Now    func() time.Time
	Logger *slog.Logger
	// Client asks issuers for their keys; nil: one that follows redirects to https alone.
	Client *http.Client
}

type issuer struct {
	Issuer
	keys *keySet
}

// NewTokens returns the tokens of some issuers. Nobody is asked for keys before the first token comes.
func NewTokens(c TokensConfig) (*Tokens, error) {
	if len(c.Secret) < sha256.Size {
		return nil, errors.New("configure tokens: secret: is too short")
	}
	if c.Client == nil {
		c.Client = newKeyClient()
	}
	t := &Tokens{config: c}
	for n, i := range c.Issuers {
		if err := i.Validate(); err != nil {
			return nil, fmt.Errorf("configure tokens: issuers[%d]: %w", n, err)
		}
		i = i.WithDefaults()
		t.issuers = append(t.issuers, &issuer{i, &keySet{fetch: i.fetcher(c.Client), logger: c.Logger, now: c.Now}})
	}
	return t, nil
}

// Lookup checks a token and returns what its bearer may do. It fails with *TokenError, with ErrClosed, or
// because the issuer's keys cannot be had.
func (t *Tokens) Lookup(ctx context.Context, text string) (*Key, error) {
	key, _, err := t.read(ctx, text)
	return key, err
}

// read is Lookup, and returns the token's claims as well.
func (t *Tokens) read(ctx context.Context, text string) (*Key, map[string]any, error) {
	if len(text) > maxToken {
		return nil, nil, &TokenError{Fault: fmt.Sprintf("is larger than %d bytes", maxToken)}
	}
	token, err := jwt.ParseSigned(text, algorithms)
	var alg *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &alg):
		return nil, nil, &TokenError{"alg", "is not one that is allowed"}
	case err != nil || len(token.Headers) != 1:
		return nil, nil, &TokenError{Fault: "is not a signed JSON Web Token"}
	}
	var unproven jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&unproven); err != nil {
		return nil, nil, &TokenError{Fault: "has claims that cannot be read"}
	}
	i, err := t.issuer(&unproven)
	if err != nil {
		return nil, nil, err
	}
	claims, values, err := i.prove(ctx, token)
	if err != nil {
		return nil, nil, err
	}
	if err := i.check(claims, t.config.Now()); err != nil {
		return nil, nil, err
	}
	key, err := t.key(i, claims, values)
	return key, values, err
}

// issuer finds whose the token says it is, and for whom.
func (t *Tokens) issuer(c *jwt.Claims) (*issuer, error) {
	fault := "iss"
	for _, i := range t.issuers {
		if i.Issuer.Issuer != c.Issuer {
			continue
		}
		fault = "aud"
		if c.Audience.Contains(i.Audience) {
			return i, nil
		}
	}
	return nil, &TokenError{fault, "is none that is configured"}
}

// prove checks the signature.
func (i *issuer) prove(ctx context.Context, token *jwt.JSONWebToken) (*jwt.Claims, map[string]any, error) {
	header := token.Headers[0]
	if !slices.Contains(i.Algorithms, header.Algorithm) {
		return nil, nil, &TokenError{"alg", "is not one that is allowed"}
	}
	key, err := i.keys.find(ctx, header.KeyID, jose.SignatureAlgorithm(header.Algorithm))
	if errors.Is(err, errNoKey) {
		return nil, nil, &TokenError{"kid", "names no key that its issuer has for this algorithm"}
	}
	if err != nil {
		return nil, nil, err
	}
	var claims jwt.Claims
	var values map[string]any
	if err := token.Claims(key.Key, &claims, &values); err != nil {
		return nil, nil, &TokenError{"signature", "is not its issuer's"}
	}
	return &claims, values, nil
}

// check looks at whom the token is for and when.
func (i *issuer) check(c *jwt.Claims, now time.Time) error {
	if c.Expiry == nil {
		return &TokenError{"exp", "is missing"}
	}
	if c.Subject == "" {
		return &TokenError{"sub", "is missing"}
	}
	err := c.ValidateWithLeeway(jwt.Expected{Issuer: i.Issuer.Issuer, AnyAudience: jwt.Audience{i.Audience}, Time: now}, i.Leeway)
	switch {
	case errors.Is(err, jwt.ErrExpired):
		return &TokenError{"exp", "is over"}
	case errors.Is(err, jwt.ErrNotValidYet):
		return &TokenError{"nbf", "is in the future"}
	case errors.Is(err, jwt.ErrIssuedInTheFuture):
		return &TokenError{"iat", "is in the future"}
	case err != nil:
		return &TokenError{Fault: "is not for this server"}
	}
	return nil
}

// key is what the token's bearer may do.
func (t *Tokens) key(i *issuer, c *jwt.Claims, values map[string]any) (*Key, error) {
	subject := "jwt:" + t.hash(c.Issuer) + ":" + t.hash(c.Issuer+"\x00"+c.Subject)
	key := &Key{
		ID: subject, subject: subject, issued: i.name(), Kind: KindRead, Scopes: i.scopes(values), Expires: c.Expiry.Time(),
		Workspace: i.Workspace, Purpose: i.Purpose, Reader: i.Reader,
	}
	if i.WorkspaceClaim != "" {
		key.Workspace = word(values, i.WorkspaceClaim)
	}
	if purpose := word(values, i.PurposeClaim); purpose != "" {
		key.Purpose = Purpose(purpose)
	}
	if reader := word(values, i.ReaderClaim); reader != "" {
		key.Reader = Reader(reader)
	}
	if !slices.Contains(Purposes(), key.Purpose) {
		return nil, &TokenError{i.PurposeClaim, "is no purpose"}
	}
	if !slices.Contains(Readers(), key.Reader) {
		return nil, &TokenError{i.ReaderClaim, "is no kind of reader"}
	}
	if i.CustomerClaim != "" {
		key.Customer = event.Identifier{Type: i.CustomerType, Value: word(values, i.CustomerClaim)}
		if key.Customer.Value == "" {
			return nil, &TokenError{i.CustomerClaim, "is missing"}
		}
	}
	switch space, err := t.config.Workspaces.Get(key.Workspace); {
	case errors.Is(err, ErrNoWorkspace):
		return nil, &TokenError{i.WorkspaceClaim, "names no workspace"}
	case err != nil:
		return nil, err
	case !space.Closed.IsZero():
		return key, ErrClosed
	}
	return key, nil
}

// scopes are what the words of the claim allow.
func (i *issuer) scopes(values map[string]any) []Scope {
	var all []Scope
	for _, word := range words(values, i.ScopesClaim) {
		if len(i.Scopes) > 0 {
			all = append(all, i.Scopes[word]...)
		} else if s := Scope(word); tokenScope(s) {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hash names what is kept for ever without telling it.
func (t *Tokens) hash(text string) string {
	mac := hmac.New(sha256.New, t.config.Secret)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// claim finds a claim by its name, or by a path into objects.
func claim(values map[string]any, name string) any {
	if v, ok := values[name]; ok || name == "" {
		return v
	}
	first, rest, more := strings.Cut(name, ".")
	if inner, ok := values[first].(map[string]any); ok && more {
		return claim(inner, rest)
	}
	return nil
}

// word is a claim that is one text.
func word(values map[string]any, name string) string {
	text, _ := claim(values, name).(string)
	return text
}

// words are those of a claim: a list of texts, or a text with spaces between them (RFC 8693, section 4.2).
func words(values map[string]any, name string) []string {
	switch v := claim(values, name).(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var all []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}
