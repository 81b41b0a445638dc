package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// refreshKeys is how old an issuer's keys may get: one that was withdrawn opens nothing after that.
	refreshKeys = 15 * time.Minute
	// retryKeys is how long an issuer is left in peace after it was asked, whatever unknown keys tokens
	// name meanwhile.
	retryKeys = 30 * time.Second
	// fetchTimeout bounds one asking.
	fetchTimeout = 5 * time.Second
	maxKeySet    = 1 << 20 // bytes
	leastRSABits = 2048
)

// errNoKey is returned for a key that the issuer has not.
var errNoKey = errors.New("no such key")

// keySet is the public keys of an issuer, in memory. Where the issuer cannot be asked, those that are
// known go on.
type keySet struct {
	fetch  func(context.Context) (*jose.JSONWebKeySet, error)
	logger *slog.Logger
	now    func() time.Time

	asking sync.Mutex // held by the one who asks the issuer

	mu    sync.RWMutex
	keys  []jose.JSONWebKey
	asked time.Time // when the issuer was last asked
	got   time.Time // when it last answered
}

// find returns the key that a token names, and any that fits if it names none and there is but one.
func (s *keySet) find(ctx context.Context, kid string, alg jose.SignatureAlgorithm) (*jose.JSONWebKey, error) {
	key, due, known := s.look(kid, alg)
	if key != nil && !due {
		return key, nil
	}
	if err := s.ask(ctx, key == nil); err != nil && !known {
		return nil, err
	}
	if key, _, _ = s.look(kid, alg); key == nil {
		return nil, errNoKey
	}
	return key, nil
}

// look says as well whether the keys should be asked for again, and whether any are known.
func (s *keySet) look(kid string, alg jose.SignatureAlgorithm) (key *jose.JSONWebKey, due, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	due = s.now().Sub(s.got) >= refreshKeys
	for i := range s.keys {
		k := &s.keys[i]
		if !fits(k, alg) || (kid != "" && k.KeyID != kid) {
			continue
		}
		if kid == "" && key != nil {
			return nil, due, true
		}
		key = k
	}
	return key, due, len(s.keys) > 0
}

// fits says whether a key is one that signatures of an algorithm are checked with.
func fits(k *jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	if !k.Valid() || !k.IsPublic() || (k.Use != "" && k.Use != "sig") || (k.Algorithm != "" && k.Algorithm != string(alg)) {
		return false
	}
	switch public := k.Key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(string(alg), "RS") || strings.HasPrefix(string(alg), "PS")) && public.N.BitLen() >= leastRSABits
	case *ecdsa.PublicKey:
		return curves[alg] == public.Curve.Params().BitSize
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}

var curves = map[jose.SignatureAlgorithm]int{jose.ES256: 256, jose.ES384: 384, jose.ES512: 521}

// ask asks the issuer, unless it was asked a moment ago. Who needs a key that is not known waits for
// somebody else's asking; who has one does not.
func (s *keySet) ask(ctx context.Context, wait bool) error {
	if wait {
		s.asking.Lock()
	} else if !s.asking.TryLock() {
		return nil
	}
	defer s.asking.Unlock()
	s.mu.RLock()
	rest := !s.asked.IsZero() && s.now().Sub(s.asked) < retryKeys
	s.mu.RUnlock()
	if rest {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout) // others wait for it too
	defer cancel()
	set, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = s.now()
	if err != nil {
		s.logger.WarnContext(ctx, "the keys of a token issuer cannot be read", "error", err)
		return fmt.Errorf("read the keys of a token issuer: %w", err)
	}
	s.keys, s.got = set.Keys, s.asked
	return nil
}

// fetcher returns how the keys of an issuer are read.
func (i *Issuer) fetcher(client *http.Client) func(context.Context) (*jose.JSONWebKeySet, error) {
	switch {
	case i.KeysFile != "":
		return func(context.Context) (*jose.JSONWebKeySet, error) {
			text, err := os.ReadFile(i.KeysFile)
			if err != nil {
				return nil, err
			}
			return parseKeySet(text)
		}
	case i.KeysURL != "":
		return func(ctx context.Context) (*jose.JSONWebKeySet, error) { return getKeySet(ctx, client, i.KeysURL) }
	}
	return func(ctx context.Context) (*jose.JSONWebKeySet, error) {
		provider, err := discover(ctx, client, i.Issuer)
		if err != nil {
			return nil, err
		}
		return getKeySet(ctx, client, provider.KeysURL)
	}
}

func parseKeySet(text []byte) (*jose.JSONWebKeySet, error) {
	set := new(jose.JSONWebKeySet)
	if err := json.Unmarshal(text, set); err != nil {
		return nil, errors.New("it is not a JWK Set")
	}
	return set, nil
}

func getKeySet(ctx context.Context, client *http.Client, address string) (*jose.JSONWebKeySet, error) {
	text, err := get(ctx, client, address)
	if err != nil {
		return nil, err
	}
	return parseKeySet(text)
}

// metadata is what a provider says of itself
// (https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata).
type metadata struct {
	Issuer           string   `json:"issuer"`
	KeysURL          string   `json:"jwks_uri"`
	AuthorizationURL string   `json:"authorization_endpoint"`
	TokenURL         string   `json:"token_endpoint"`
	TokenAuth        []string `json:"token_endpoint_auth_methods_supported"`
	// SaysIssuer: it names itself where it sends a browser back (RFC 9207).
	SaysIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// discover asks an issuer what it says of itself.
func discover(ctx context.Context, client *http.Client, issuer string) (*metadata, error) {
	text, err := get(ctx, client, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	m := new(metadata)
	switch err := json.Unmarshal(text, m); {
	case err != nil:
		return nil, errors.New("its openid-configuration is not JSON")
	case m.Issuer != issuer:
		return nil, errors.New("its openid-configuration names another issuer")
	case !secureURL(m.KeysURL):
		return nil, errors.New("its jwks_uri is not https")
	}
	return m, nil
}

func get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet+1))
	if err == nil && len(text) > maxKeySet {
		err = fmt.Errorf("its answer has more than %d bytes", maxKeySet)
	}
	return text, err
}

// newKeyClient returns a client that is led nowhere but to where keys may come from.
func newKeyClient() *http.Client {
	return &http.Client{
		Timeout: fetchTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || !secureURL(r.URL.String()) {
				return errors.New("it redirects to where keys may not come from")
			}
			return nil
		},
	}
}
