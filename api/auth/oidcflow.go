package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// SignInTime is how long somebody may take to sign in at a provider.
const SignInTime = 10 * time.Minute

// restProvider is how long a provider that did not answer is left in peace.
const restProvider = 5 * time.Second

// Providers sign people in by the authorization code flow of OpenID Connect Core 1.0 (section 3.1), with PKCE (RFC
// 7636). What is to be remembered meanwhile is in the browser, sealed: any server of the installation takes it up.
// They are safe for concurrent use.
type Providers struct {
	list []*provider
	seal sealer
	now  func() time.Time
}

type provider struct {
	Provider
	tokens   *Tokens      // ID tokens of this provider, for this client
	asks     *http.Client // what it says of itself
	redeems  *http.Client // codes; it is led nowhere else
	now      func() time.Time
	mu       sync.Mutex
	known    *metadata
	fault    error
	asked    time.Time
	answered time.Time
}

// NewProviders returns the providers of an installation. Of c, Issuers are not used. The secret has 32 random bytes, the
// same on all servers. Nobody is asked before somebody signs in.
func NewProviders(c TokensConfig, secret []byte, providers ...Provider) (*Providers, error) {
	seal, err := newSealer(secret, "sign-in at a provider")
	if err != nil {
		return nil, fmt.Errorf("configure providers: %w", err)
	}
	if c.Client == nil {
		c.Client = newKeyClient()
	}
	all := &Providers{seal: seal, now: c.Now}
	for n, p := range providers {
		if err := p.Validate(); err != nil {
			return nil, fmt.Errorf("configure providers: [%d]: %w", n, err)
		}
		c.Issuers = []Issuer{p.Issuer}
		tokens, err := NewTokens(c)
		if err != nil {
			return nil, err
		}
		redeems := &http.Client{Transport: c.Client.Transport, Timeout: fetchTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it redirects who redeems a code")
		}}
		all.list = append(all.list, &provider{Provider: p.WithDefaults(), tokens: tokens, asks: c.Client, redeems: redeems, now: c.Now})
	}
	return all, nil
}

// List returns the providers in the order of the configuration.
func (all *Providers) List() []Provider {
	list := make([]Provider, len(all.list))
	for i, p := range all.list {
		list[i] = p.Provider
	}
	return list
}

func (all *Providers) find(name string) (*provider, error) {
	i := slices.IndexFunc(all.list, func(p *provider) bool { return p.Name == name })
	if i < 0 {
		return nil, ErrNoProvider
	}
	return all.list[i], nil
}

// begun is what a browser keeps while somebody is at a provider.
type begun struct {
	Name     string `json:"n"`
	State    string `json:"s"`
	Nonce    string `json:"o"`
	Verifier string `json:"v"`
	Next     string `json:"x"`
	Expires  int64  `json:"e"` // Unix time in seconds
}

// Start begins a sign-in: address is where the browser goes, kept is what it keeps for SignInTime. It comes back to
// redirect, and goes on to next, which the caller has made sure of. It fails with ErrNoProvider or *SignInError.
func (all *Providers) Start(ctx context.Context, name, redirect, next string) (address, kept string, err error) {
	p, err := all.find(name)
	if err != nil {
		return "", "", err
	}
	about, err := p.about(ctx)
	if err != nil {
		return "", "", &SignInError{FaultUnavailable, err}
	}
	b := begun{
		Name: name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next,
		Expires: all.now().Add(SignInTime).Unix(),
	}
	if kept, err = all.seal.seal(b); err != nil {
		return "", "", err
	}
	return p.client(about, redirect).AuthCodeURL(b.State, oauth2.S256ChallengeOption(b.Verifier), oauth2.SetAuthURLParam("nonce", b.Nonce)), kept, nil
}

// Finish ends a sign-in by what the provider sent the browser back with, in the query of redirect. It returns what the
// person may do, and where the browser goes on to. The key expires when the provider's own session does, if the ID
// token says so (session_expiry, OpenID Connect Enterprise Extensions 1.0); exp of the ID token bounds its taking alone.
// It fails with ErrNoProvider, *SignInError, or what asks fails with, which is called once what the browser brings fits, and before
// the provider is asked.
func (all *Providers) Finish(ctx context.Context, name, redirect, kept string, query url.Values, asks func() error) (key *Key, next string, err error) {
	p, err := all.find(name)
	if err != nil {
		return nil, "", err
	}
	var b begun
	switch {
	case !all.seal.open(kept, &b):
		return nil, "", signInFault(FaultStale, "the browser keeps nothing of it")
	case b.Name != name, !same(b.State, query.Get("state")):
		return nil, "", signInFault(FaultStale, "the browser keeps another one")
	case !all.now().Before(time.Unix(b.Expires, 0)):
		return nil, "", signInFault(FaultStale, "it began more than %s ago", SignInTime)
	}
	if err := asks(); err != nil {
		return nil, "", err
	}
	about, err := p.about(ctx)
	if err != nil {
		return nil, "", &SignInError{FaultUnavailable, err}
	}
	if err := p.fromProvider(about, query); err != nil {
		return nil, "", err
	}
	text, err := p.redeem(ctx, about, redirect, query.Get("code"), b.Verifier)
	if err != nil {
		return nil, "", err
	}
	key, err = p.prove(ctx, text, b.Nonce)
	return key, b.Next, err
}

// same compares two texts in a time that tells nothing of them.
func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// about returns what the provider says of itself, which is asked for again every 15 minutes. Where it does not answer,
// what it said before goes on.
func (p *provider) about(ctx context.Context) (*metadata, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	fresh := p.known != nil && now.Sub(p.answered) < refreshKeys
	rests := !p.asked.IsZero() && now.Sub(p.asked) < restProvider
	if !fresh && !rests {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout) // others wait for it too
		defer cancel()
		about, err := discover(ctx, p.asks, p.Issuer.Issuer)
		if err == nil && (!secureURL(about.AuthorizationURL) || !secureURL(about.TokenURL)) {
			err = errors.New("its authorization_endpoint or token_endpoint is not https")
		}
		if p.asked, p.fault = now, err; err == nil {
			p.known, p.answered = about, now
		}
	}
	if p.known == nil {
		return nil, fmt.Errorf("ask a provider about itself: %w", p.fault)
	}
	return p.known, nil
}

// client is this server as the provider knows it. Which way the secret is sent is the provider's choice (OpenID Connect
// Core 1.0, section 9): in the header, if it says nothing.
func (p *provider) client(about *metadata, redirect string) *oauth2.Config {
	style := oauth2.AuthStyleInHeader
	post := slices.Contains(about.TokenAuth, "client_secret_post") && !slices.Contains(about.TokenAuth, "client_secret_basic")
	if p.ClientSecret == "" || post {
		style = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: p.Audience, ClientSecret: p.ClientSecret, RedirectURL: redirect, Scopes: append([]string{"openid"}, p.Request...),
		Endpoint: oauth2.Endpoint{AuthURL: about.AuthorizationURL, TokenURL: about.TokenURL, AuthStyle: style},
	}
}

// fromProvider checks that it was this provider who sent the browser back (RFC 9207), and with a code.
func (p *provider) fromProvider(about *metadata, query url.Values) error {
	switch said := query["iss"]; {
	case len(said) > 0 && said[0] != p.Issuer.Issuer, len(said) == 0 && about.SaysIssuer:
		return signInFault(FaultInvalid, "another provider answers, or none says who")
	case query.Get("error") != "":
		return signInFault(FaultRefused, "the provider answers with an error")
	case query.Get("code") == "":
		return signInFault(FaultInvalid, "the provider answers without a code")
	}
	return nil
}

// redeem gets the ID token for a code.
func (p *provider) redeem(ctx context.Context, about *metadata, redirect, code, verifier string) (string, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.redeems)
	token, err := p.client(about, redirect).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError:
		return "", signInFault(FaultRefused, "the provider does not take the code: it answers %d", refused.Response.StatusCode)
	case err != nil:
		return "", signInFault(FaultUnavailable, "the provider cannot be given the code")
	}
	text, _ := token.Extra("id_token").(string)
	if text == "" {
		return "", signInFault(FaultInvalid, "the provider gives no ID token")
	}
	return text, nil
}

// prove checks an ID token (OpenID Connect Core 1.0, section 3.1.3.7) and returns what its subject may do.
func (p *provider) prove(ctx context.Context, text, nonce string) (*Key, error) {
	key, values, err := p.tokens.read(ctx, text)
	var fault *TokenError
	switch {
	case errors.Is(err, ErrClosed):
		return nil, &SignInError{FaultNoRights, err}
	case errors.As(err, &fault) && values != nil:
		return nil, &SignInError{FaultNoRights, err} // it is proven, and names no workspace, purpose or reader
	case errors.As(err, &fault):
		return nil, &SignInError{FaultInvalid, err}
	case err != nil:
		return nil, &SignInError{FaultUnavailable, err}
	}
	party, _ := values["azp"].(string)
	audiences, _ := values["aud"].([]any)
	switch {
	case !same(nonce, word(values, "nonce")):
		return nil, signInFault(FaultInvalid, "the ID token's nonce is another")
	case values["azp"] != nil && party != p.Audience, party == "" && len(audiences) > 1:
		return nil, signInFault(FaultInvalid, "the ID token is for another client")
	case len(key.Scopes) == 0:
		return nil, signInFault(FaultNoRights, "the ID token allows nothing here")
	}
	key.Expires = time.Time{}
	if end, ok := values["session_expiry"].(float64); ok {
		key.Expires = time.Unix(int64(end), 0).UTC()
		if !p.now().Before(key.Expires) {
			return nil, signInFault(FaultInvalid, "the provider's session is over")
		}
	}
	return key, nil
}
