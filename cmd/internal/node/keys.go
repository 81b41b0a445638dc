package node

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api"
	"tributary/api/audit"
	"tributary/api/auth"
)

// openKeys makes what knows keys and workspaces, and what reads the audit trail. The workspaces that the
// configuration names need not be made.
func (n *Node) openKeys() (err error) {
	declared := []string{n.config.Workspace}
	for _, i := range n.config.Auth.Issuers() {
		if i.Workspace != "" {
			declared = append(declared, i.Workspace)
		}
	}
	for _, p := range n.config.Auth.OIDC {
		if p.Workspace != "" {
			declared = append(declared, p.Workspace)
		}
	}
	for _, s := range n.config.Sources {
		if s.Workspace != "" {
			declared = append(declared, s.Workspace)
		}
	}
	n.authKeys = auth.NewKeys(n.state, n.commands, time.Now)
	n.authKeys.Workspaces = auth.NewWorkspaces(n.state, n.commands, time.Now, declared...)
	n.trail, err = audit.New(n.stores.read)
	return err
}

// tokens says what bearers of tokens may do; nil where no issuer is configured.
func (n *Node) tokens() (api.Tokens, error) {
	issuers := n.config.Auth.Issuers()
	if len(issuers) == 0 {
		return nil, nil
	}
	c, err := n.tokensConfig()
	if err != nil {
		return nil, err
	}
	c.Issuers = issuers
	return auth.NewTokens(c)
}

func (n *Node) tokensConfig() (auth.TokensConfig, error) {
	secret, err := hkdf.Key(sha256.New, n.folder.key, nil, "token subjects", sha256.Size)
	return auth.TokensConfig{Workspaces: n.authKeys.Workspaces, Secret: secret, Now: time.Now, Logger: n.logger}, err
}

// issuers are those whose tokens are taken, and the words that a client may ask them for.
func (n *Node) issuers() (urls, scopes []string) {
	for _, i := range n.config.Auth.Issuers() {
		urls = append(urls, i.Issuer)
		scopes = slices.AppendSeq(scopes, maps.Keys(i.Scopes))
		if len(i.Scopes) == 0 { // they are scopes themselves
			for _, s := range auth.SessionScopes() {
				scopes = append(scopes, string(s))
			}
		}
	}
	slices.Sort(scopes)
	return urls, slices.Compact(scopes)
}

// sessions makes and checks the tokens of agent sessions.
func (n *Node) sessions() (*auth.Sessions, error) {
	secret, err := hkdf.Key(sha256.New, n.folder.key, nil, "agent sessions", sha256.Size)
	if err != nil {
		return nil, err
	}
	return auth.NewSessions(n.authKeys, secret)
}

// signIns makes and checks what browsers keep while somebody is signed in, and signs people in at providers; those are
// nil where none is configured.
func (n *Node) signIns() (*auth.SignIns, api.Providers, error) {
	secret, err := hkdf.Key(sha256.New, n.folder.key, nil, "browser sessions", sha256.Size)
	if err != nil {
		return nil, nil, err
	}
	list, err := n.config.Auth.Providers()
	if err != nil {
		return nil, nil, err
	}
	issuers := n.config.Auth.Issuers()
	for _, p := range list {
		issuers = append(issuers, p.Issuer)
	}
	signIns, err := auth.NewSignIns(n.authKeys, secret, issuers...)
	if err != nil || len(list) == 0 {
		return signIns, nil, err
	}
	c, err := n.tokensConfig()
	if err != nil {
		return nil, nil, err
	}
	providers, err := auth.NewProviders(c, secret, list...)
	return signIns, providers, err
}

// keepUseEvery is how often it is written down which keys were used: once a day each at most.
const keepUseEvery = time.Minute

// keepUse writes down on which days keys are used.
func (n *Node) keepUse(ctx context.Context) error {
	ticker := time.NewTicker(keepUseEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := n.authKeys.KeepUse(ctx); err != nil && ctx.Err() == nil {
			n.logger.WarnContext(ctx, "when keys were used cannot be written down", "error", err)
		}
	}
}

// routes are those that a server answers on its public address, each with what it asks of a key.
type routes struct {
	readers []api.Rule
	intake  gin.RoutesInfo // write keys alone, or a vendor's signature
}
