package declarative

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

// Signature is how a delivery proves where it is from; exactly one.
type Signature struct {
	HMAC   *HMAC        `yaml:"hmac"`
	Bearer string       `yaml:"bearer"` // the setting with the token of Authorization: Bearer
	Basic  *Basic       `yaml:"basic"`
	Header *SecretParam `yaml:"header"`
	// None says that the vendor proves nothing, and why that is bearable: whoever knows the address may
	// send. It becomes a part of the connector's summary.
	None string `yaml:"none"`
}

// HMAC is a keyed hash of the body.
type HMAC struct {
	Secret    string `yaml:"secret"`    // the setting
	Algorithm string `yaml:"algorithm"` // sha256 (default), sha1 or sha512
	Header    string `yaml:"header"`
	Encoding  string `yaml:"encoding"` // hex (default) or base64
	Prefix    string `yaml:"prefix"`   // before the value, such as "sha256="
	// Signed is the text that is signed, of {body} and {timestamp}; default "{body}".
	Signed string `yaml:"signed"`
	// Separator stands between several signatures while a secret is replaced, such as ",".
	Separator string     `yaml:"separator"`
	Timestamp *Timestamp `yaml:"timestamp"`
}

// Timestamp is when it was signed: seconds since 1970, milliseconds, or ISO 8601.
type Timestamp struct {
	Header    string        `yaml:"header"`
	Tolerance time.Duration `yaml:"tolerance"` // default 5m
}

// Basic is HTTP's basic authentication: the settings with the name and the password.
type Basic struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

// SecretParam is a header, or a parameter of the query, with a setting's secret as value.
type SecretParam struct {
	Name   string `yaml:"name"`
	Secret string `yaml:"secret"`
	Prefix string `yaml:"prefix"` // before the secret, such as "Token "
}

var algorithms = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

func (c *checker) signature(at string, s *Signature) {
	given := 0
	for _, one := range []bool{s.HMAC != nil, s.Bearer != "", s.Basic != nil, s.Header != nil, s.None != ""} {
		if one {
			given++
		}
	}
	if given != 1 {
		c.fault(at, "must be one of hmac, bearer, basic, header, and none with the reason why none is bearable")
	}
	if s.HMAC != nil {
		c.hmac(at+".hmac", s.HMAC)
	}
	if s.Bearer != "" {
		c.setting(at+".bearer", s.Bearer, connector.KindSecret)
	}
	if s.Basic != nil {
		c.setting(at+".basic.user", s.Basic.User)
		c.setting(at+".basic.password", s.Basic.Password, connector.KindSecret)
	}
	if s.Header != nil {
		c.setting(at+".header.secret", s.Header.Secret, connector.KindSecret)
		if s.Header.Name == "" {
			c.fault(at+".header.name", "must be given")
		}
	}
}

func (c *checker) hmac(at string, h *HMAC) {
	for _, d := range []struct {
		value *string
		usual string
	}{{&h.Algorithm, "sha256"}, {&h.Encoding, "hex"}, {&h.Signed, "{body}"}} {
		if *d.value == "" {
			*d.value = d.usual
		}
	}
	c.setting(at+".secret", h.Secret, connector.KindSecret)
	if h.Header == "" {
		c.fault(at+".header", "must be given")
	}
	if algorithms[h.Algorithm] == nil {
		c.fault(at+".algorithm", "must be sha256, sha1 or sha512")
	}
	if h.Encoding != "hex" && h.Encoding != "base64" {
		c.fault(at+".encoding", "must be hex or base64")
	}
	if !strings.Contains(h.Signed, "{body}") {
		c.fault(at+".signed", "must have {body} in it")
	}
	if stamped := strings.Contains(h.Signed, "{timestamp}"); stamped != (h.Timestamp != nil) {
		c.fault(at+".timestamp", "must be given if {timestamp} is signed, and only then: what is not signed proves nothing")
	}
	if t := h.Timestamp; t != nil {
		if t.Header == "" {
			c.fault(at+".timestamp.header", "must be given")
		}
		if t.Tolerance == 0 {
			t.Tolerance = 5 * time.Minute
		}
	}
}

// secrets are the settings that prove a delivery.
func (s *Signature) secrets() []string {
	switch {
	case s.HMAC != nil:
		return []string{s.HMAC.Secret}
	case s.Bearer != "":
		return []string{s.Bearer}
	case s.Basic != nil:
		return []string{s.Basic.User, s.Basic.Password}
	case s.Header != nil:
		return []string{s.Header.Secret}
	}
	return nil
}

// verify checks a delivery. Without the secret's value nothing is proven.
func (s *Signature) verify(cfg *connector.Config, r *connector.Request) error {
	switch {
	case s.HMAC != nil:
		return s.HMAC.verify(cfg.Secret(s.HMAC.Secret), r)
	case s.Bearer != "":
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return same(token, cfg.Text(s.Bearer))
	case s.Header != nil:
		given, _ := strings.CutPrefix(r.Header.Get(s.Header.Name), s.Header.Prefix)
		return same(given, cfg.Text(s.Header.Secret))
	case s.Basic != nil:
		given := http.Request{Header: r.Header}
		user, password, _ := given.BasicAuth()
		if password == "" {
			return connector.ErrUnsigned
		}
		wrongUser := same(user, cfg.Text(s.Basic.User))
		if err := same(password, cfg.Text(s.Basic.Password)); err != nil || wrongUser != nil {
			return connector.ErrSignature
		}
	}
	return nil
}

func same(given, want string) error {
	switch {
	case given == "":
		return connector.ErrUnsigned
	case want == "" || !field.Same(given, want):
		return connector.ErrSignature
	}
	return nil
}

func (h *HMAC) verify(secret []byte, r *connector.Request) error {
	given, stamp := r.Header.Get(h.Header), ""
	if h.Timestamp != nil {
		if stamp = r.Header.Get(h.Timestamp.Header); stamp == "" {
			return connector.ErrUnsigned
		}
	}
	if given == "" {
		return connector.ErrUnsigned
	}
	want := h.sign(secret, stamp, r.Body)
	signatures := []string{given}
	if h.Separator != "" {
		signatures = strings.Split(given, h.Separator)
	}
	right := false
	for _, one := range signatures {
		right = field.Same(strings.TrimSpace(one), want) || right
	}
	if !right || len(secret) == 0 {
		return connector.ErrSignature
	}
	if h.Timestamp == nil {
		return nil
	}
	if at, err := stampTime(stamp); err != nil || !field.Fresh(at, r.Received, h.Timestamp.Tolerance) {
		return connector.ErrStale
	}
	return nil
}

// sign is what the header holds.
func (h *HMAC) sign(secret []byte, stamp string, body []byte) string {
	mac := hmac.New(algorithms[h.Algorithm], secret)
	before, after, _ := strings.Cut(h.Signed, "{body}")
	mac.Write([]byte(strings.ReplaceAll(before, "{timestamp}", stamp)))
	mac.Write(body)
	mac.Write([]byte(strings.ReplaceAll(after, "{timestamp}", stamp)))
	if h.Encoding == "base64" {
		return h.Prefix + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return h.Prefix + hex.EncodeToString(mac.Sum(nil))
}

var errStamp = errors.New("is no time")
