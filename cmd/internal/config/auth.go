package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tributary/api/auth"
)

// Auth is who else than holders of keys may ask.
type Auth struct {
	JWT  []TokenIssuer  `yaml:"jwt"`
	OIDC []OIDCProvider `yaml:"oidc"`
}

// TokenIssuer is one whose tokens open what they say; see auth.Issuer.
type TokenIssuer struct {
	Issuer         string                  `yaml:"issuer"`
	Audience       string                  `yaml:"audience"`
	JWKSURL        string                  `yaml:"jwks_url"`
	JWKSFile       string                  `yaml:"jwks_file"`
	Algorithms     []string                `yaml:"algorithms"`
	Leeway         Duration                `yaml:"leeway"`
	Workspace      string                  `yaml:"workspace"`
	WorkspaceClaim string                  `yaml:"workspace_claim"`
	ScopesClaim    string                  `yaml:"scopes_claim"`
	Scopes         map[string][]auth.Scope `yaml:"scopes"`
	Purpose        auth.Purpose            `yaml:"purpose"`
	PurposeClaim   string                  `yaml:"purpose_claim"`
	Reader         auth.Reader             `yaml:"reader"`
	ReaderClaim    string                  `yaml:"reader_claim"`
	CustomerClaim  string                  `yaml:"customer_claim"`
	CustomerType   string                  `yaml:"customer_type"`
}

// Issuers are those of auth.jwt.
func (a Auth) Issuers() []auth.Issuer {
	var all []auth.Issuer
	for _, t := range a.JWT {
		all = append(all, t.issuer())
	}
	return all
}

func (t *TokenIssuer) issuer() auth.Issuer {
	return auth.Issuer{
		Issuer: t.Issuer, Audience: t.Audience, KeysURL: t.JWKSURL, KeysFile: t.JWKSFile,
		Algorithms: t.Algorithms, Leeway: time.Duration(t.Leeway),
		Workspace: t.Workspace, WorkspaceClaim: t.WorkspaceClaim, ScopesClaim: t.ScopesClaim, Scopes: t.Scopes,
		Purpose: t.Purpose, PurposeClaim: t.PurposeClaim, Reader: t.Reader, ReaderClaim: t.ReaderClaim,
		CustomerClaim: t.CustomerClaim, CustomerType: t.CustomerType,
	}
}

// OIDCProvider is one of OpenID Connect where people sign in with a browser; see auth.Provider. What its tokens allow is
// said as of an issuer's, but for the audience, which is the client id.
type OIDCProvider struct {
	TokenIssuer      `yaml:",inline"`
	Name             string   `yaml:"name"`
	Label            string   `yaml:"label"`
	ClientID         string   `yaml:"client_id"`
	ClientSecret     string   `yaml:"client_secret"`
	ClientSecretFile string   `yaml:"client_secret_file"`
	Request          []string `yaml:"request"`
}

// Providers are those of auth.oidc. It reads their secrets from files, and fails with every one that it cannot.
func (a Auth) Providers() ([]auth.Provider, error) {
	var all []auth.Provider
	var faults []error
	for n, o := range a.OIDC {
		p := auth.Provider{Name: o.Name, Label: o.Label, Issuer: o.issuer(), ClientSecret: o.ClientSecret, Request: o.Request}
		p.Audience = o.ClientID
		if o.ClientSecretFile != "" {
			text, err := os.ReadFile(o.ClientSecretFile)
			if err != nil {
				faults = append(faults, fmt.Errorf("auth.oidc[%d].client_secret_file: %w", n, err))
			}
			p.ClientSecret = strings.TrimSpace(string(text))
		}
		all = append(all, p)
	}
	return all, errors.Join(faults...)
}

func (a Auth) faults() []error {
	var faults []error
	for n, issuer := range a.Issuers() {
		faults = append(faults, prefixed(fmt.Sprintf("auth.jwt[%d]", n), issuer.Validate())...)
	}
	providers, err := a.Providers()
	if err != nil {
		faults = append(faults, err)
	}
	names := map[string]bool{}
	for n, p := range providers {
		at := fmt.Sprintf("auth.oidc[%d]", n)
		faults = append(faults, prefixed(at, p.Validate())...)
		if names[p.Name] {
			faults = append(faults, fmt.Errorf("%s.name: %q stands twice", at, p.Name))
		}
		names[p.Name] = true
		if o := a.OIDC[n]; o.Audience != "" {
			faults = append(faults, fmt.Errorf("%s.audience: is the client_id; leave it out", at))
		} else if o.ClientSecret != "" && o.ClientSecretFile != "" {
			faults = append(faults, fmt.Errorf("%s.client_secret, client_secret_file: give one of them, or neither", at))
		}
	}
	return faults
}
