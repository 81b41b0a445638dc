package auth_test

import (
	"testing"
	"time"

	"tributary/api/auth"
)

// BenchmarkLookup is the check of a key that is known, of one that is not, and of tokens.
func BenchmarkLookup(b *testing.B) {
	keys, docs, now := newKeys()
	keys.Workspaces = auth.NewWorkspaces(docs, docs, func() time.Time { return *now }, "acme")
	secret, _, err := keys.Create(b.Context(), auth.New{Kind: auth.KindRead, Workspace: "acme"})
	if err != nil {
		b.Fatal(err)
	}
	unknown, err := auth.NewSecret(auth.KindRead)
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"key": secret, "unknown": unknown, "malformed": "x"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = keys.Lookup(b.Context(), text)
			}
		})
	}
	p := newProvider(b)
	for alg, key := range signers() {
		p.keys[string(alg)] = key
	}
	tokens, _ := p.newTokens()
	for alg, key := range signers() {
		text := p.sign(alg, string(alg), key, nil)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tokens.Lookup(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
