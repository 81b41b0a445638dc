package privacy_test

import (
	"bytes"
	"errors"
	"testing"

	"tributary/profiles/privacy"
)

// TestSealed: what is sealed is read again by the same key, as what it was sealed as, and not changed; the same is
// sealed alike.
func TestSealed(t *testing.T) {
	h, plain := hasher(t, 1), []byte("who is who")
	sealed := h.Seal(plain, "w", "model")
	if bytes.Contains(sealed, plain[:4]) || !bytes.Equal(sealed, h.Seal(plain, "w", "model")) {
		t.Errorf("sealed as %q", sealed)
	}
	if again, err := h.Unseal(sealed, "w", "model"); err != nil || !bytes.Equal(again, plain) {
		t.Errorf("unsealed as %q, %v", again, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)/2] ^= 1
	for name, c := range map[string]struct {
		by     *privacy.Hasher
		sealed []byte
		about  []string
	}{
		"another key":       {hasher(t, 2), sealed, []string{"w", "model"}},
		"another workspace": {h, sealed, []string{"v", "model"}},
		"told otherwise":    {h, sealed, []string{"wmodel"}},
		"changed":           {h, changed, []string{"w", "model"}},
		"cut":               {h, sealed[:12], []string{"w", "model"}},
		"never sealed":      {h, plain, []string{"w", "model"}},
		"empty":             {h, nil, []string{"w", "model"}},
	} {
		if _, err := c.by.Unseal(c.sealed, c.about...); !errors.Is(err, privacy.ErrSeal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
