package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"tributary/ingest/event"
)

// Issuer says whose tokens open what. Tokens are JSON Web Tokens (RFC 7519) that are signed with a key of
// the issuer's; OpenID Connect's ID tokens and OAuth's JWT access tokens (RFC 9068) are such.
type Issuer struct {
	// Issuer is the claim iss, exactly; Audience has to be in the claim aud. Both are required.
	Issuer   string
	Audience string
	// KeysURL and KeysFile say where the issuer's public keys are, as a JWK Set (RFC 7517). With
	// neither, the issuer is asked (OpenID Connect Discovery 1.0). Of the file, changes are seen.
	KeysURL  string
	KeysFile string
	// Algorithms that a token may be signed with; default RS256, ES256 and EdDSA. All of them are with
	// public keys: "none" and those with a shared secret cannot be allowed.
	Algorithms []string
	// Leeway is how far the clocks may be apart; default DefaultLeeway.
	Leeway time.Duration

	// Workspace is that of every token, or WorkspaceClaim names the claim that says it. A claim is named
	// as it is; where there is none of that name, dots lead into objects (realm_access.roles).
	Workspace      string
	WorkspaceClaim string
	// ScopesClaim holds a list, or words with spaces between; default "scope". Scopes maps its words to
	// what they allow; what is not there allows nothing. Without Scopes the words are scopes themselves.
	ScopesClaim string
	Scopes      map[string][]Scope
	// PurposeClaim and ReaderClaim name claims; Purpose and Reader stand for those that are not there.
	Purpose      Purpose
	PurposeClaim string
	Reader       Reader
	ReaderClaim  string
	// CustomerClaim names the claim that says which customer logged in, as an identifier of CustomerType
	// (default user_id): a token with it is that customer's own.
	CustomerClaim string
	CustomerType  string
}

// DefaultLeeway is how far the clocks of an issuer and ours may be apart.
const DefaultLeeway = time.Minute

// maxLeeway bounds by how much a token may live longer than its issuer said.
const maxLeeway = 10 * time.Minute

// algorithms are those with public keys that are well thought of.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

var defaultAlgorithms = []string{string(jose.RS256), string(jose.ES256), string(jose.EdDSA)}

// WithDefaults fills in what is not said.
func (i Issuer) WithDefaults() Issuer {
	if len(i.Algorithms) == 0 {
		i.Algorithms = defaultAlgorithms
	}
	if i.Leeway == 0 {
		i.Leeway = DefaultLeeway
	}
	if i.ScopesClaim == "" {
		i.ScopesClaim = "scope"
	}
	if i.PurposeClaim == "" && i.Purpose == "" {
		i.Purpose = DefaultPurpose
	}
	if i.ReaderClaim == "" && i.Reader == "" {
		i.Reader = DefaultReader
	}
	if i.CustomerClaim != "" && i.CustomerType == "" {
		i.CustomerType = event.IDUser
	}
	return i
}

// Validate reports every fault, each with its key in the configuration file.
func (i Issuer) Validate() error {
	i = i.WithDefaults()
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(i.Issuer != "", "issuer: is required: the claim iss of its tokens")
	check(i.Audience != "", "audience: is required: what its tokens have in the claim aud for this server")
	check(i.KeysURL == "" || i.KeysFile == "", "jwks_url, jwks_file: give one of them, or neither")
	check(i.KeysURL == "" || secureURL(i.KeysURL), "jwks_url: must be https; http is for loopback addresses alone")
	if i.KeysURL == "" && i.KeysFile == "" && i.Issuer != "" {
		check(secureURL(i.Issuer), "issuer: must be https to ask it for its keys (http is for loopback addresses alone); or give jwks_url or jwks_file")
	}
	for n, a := range i.Algorithms {
		check(slices.Contains(algorithms, jose.SignatureAlgorithm(a)), "algorithms[%d]: must be one of %s", n, Names(algorithms))
	}
	check(i.Leeway >= 0 && i.Leeway <= maxLeeway, "leeway: must be 0 to %s", maxLeeway)
	check((i.Workspace == "") != (i.WorkspaceClaim == ""), "workspace, workspace_claim: give one of them")
	check(i.Workspace == "" || event.ValidSource(i.Workspace), "workspace: must be %s", nameForm)
	for word, scopes := range i.Scopes {
		for n, s := range scopes {
			check(tokenScope(s), "scopes.%s[%d]: must be one of %s", word, n, Names(tokenScopes()))
		}
	}
	check(i.Purpose == "" || slices.Contains(Purposes(), i.Purpose), "purpose: must be one of %s", Names(Purposes()))
	check(i.Reader == "" || slices.Contains(Readers(), i.Reader), "reader: must be one of %s", Names(Readers()))
	return errors.Join(faults...)
}

// tokenScopes are the scopes that a token may have: all but writing, which is for keys of one source.
func tokenScopes() []Scope {
	return slices.DeleteFunc(Scopes(), func(s Scope) bool { return s == ScopeIngestWrite })
}

func tokenScope(s Scope) bool { return slices.Contains(tokenScopes(), s) }

// secureURL says whether what an address answers can be trusted: https, or this machine itself.
func secureURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && isLoopback(u.Hostname()))
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
