package kit

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
)

func signatureChecks() []check {
	return []check{
		{name: "webhook/signature", after: []string{"subject", "settings"},
			proves: "A delivery that the vendor signed is accepted, and verifying changes nothing of it.", run: signatureRight},
		{name: "webhook/signature_missing", after: []string{"webhook/signature"},
			proves: "A delivery without its proof is refused with ErrUnsigned, and no source runs without a secret to check by.", run: signatureMissing},
		{name: "webhook/signature_wrong", after: []string{"webhook/signature_missing"},
			proves: "A proof that is changed in any character, cut short or sent twice over, and one by another secret, is refused.", run: signatureWrong},
		{name: "webhook/signature_body", after: []string{"webhook/signature_missing"},
			proves: "A body that is changed in one byte is refused.", run: signatureBody},
		{name: "webhook/signature_stale", after: []string{"webhook/signature_body"},
			proves: "A proof that is right and older than the tolerance, or of the future, is refused with ErrStale.", run: signatureStale},
	}
}

// needsWebhook makes the decoder, or says why there is none.
func (s *suite) needsWebhook(f *findings) connector.Webhook {
	if s.Connector.NewWebhook == nil {
		f.notApplicable("the vendor calls nobody")
		return nil
	}
	w, err := s.webhook(nil)
	if err != nil {
		f.add("", "Correct Subject.Settings.", "the webhook is not made: %v", err)
		return nil
	}
	return w
}

func signatureRight(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	for _, d := range s.deliveries {
		r := s.request(d.name, d.body, Now)
		before := clone(r)
		if err := verify(w, r); err != nil {
			f.add(d.file, "Compare Deliver and Verify with the vendor's page.", "a delivery signed by Deliver is refused: %v", err)
		}
		if !bytes.Equal(r.Body, before.Body) || r.URL.String() != before.URL.String() || !equalHeaders(r.Header, before.Header) {
			f.add(d.file, "Work on copies.", "Verify changes the request")
		}
	}
}

func equalHeaders(a, b http.Header) bool {
	return len(a) == len(b) && !slices.ContainsFunc(sortedKeys(a), func(k string) bool { return !slices.Equal(a[k], b[k]) })
}

// carrier is a place in a request that carries a part of the proof.
type carrier struct {
	name   string // "header X", "parameter y"
	values func(r *connector.Request) []string
	set    func(r *connector.Request, values ...string)
}

// ordinary headers say what every request says, and prove nothing.
var ordinary = []string{"Content-Type", "Content-Length", "Host", "User-Agent", "Accept", "Accept-Encoding"}

// carriers are the headers and parameters of a delivery without which it is refused.
func (s *suite) carriers(w connector.Webhook, d delivery) []carrier {
	var all []carrier
	r := s.request(d.name, d.body, Now)
	for _, name := range sortedKeys(r.Header) {
		if !slices.Contains(ordinary, name) {
			all = append(all, carrier{
				name: "the header " + name, values: func(r *connector.Request) []string { return r.Header[name] },
				set: func(r *connector.Request, values ...string) { setOrDelete(r.Header, name, values) },
			})
		}
	}
	for _, name := range sortedKeys(r.URL.Query()) {
		all = append(all, carrier{
			name: "the parameter " + name, values: func(r *connector.Request) []string { return r.URL.Query()[name] },
			set: func(r *connector.Request, values ...string) {
				query := r.URL.Query()
				setOrDelete(query, name, values)
				r.URL.RawQuery = query.Encode()
			},
		})
	}
	return slices.DeleteFunc(all, func(c carrier) bool {
		without := clone(r)
		c.set(without)
		return verify(w, without) == nil
	})
}

func setOrDelete(m map[string][]string, name string, values []string) {
	if len(values) == 0 {
		delete(m, name)
		return
	}
	m[name] = values
}

func signatureMissing(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	for _, d := range s.deliveries {
		bare := s.request(d.name, d.body, Now)
		bare.Header, bare.URL.RawQuery = http.Header{}, ""
		if kind := s.request(d.name, d.body, Now).Header.Get("Content-Type"); kind != "" {
			bare.Header.Set("Content-Type", kind)
		}
		if err := verify(w, bare); !errors.Is(err, connector.ErrUnsigned) {
			f.add(d.file, "Return connector.ErrUnsigned.", "without any header and parameter Verify says: %v", orAccepted(err))
			continue
		}
		for _, c := range s.carriers(w, d) {
			for what, values := range map[string][]string{"absent": nil, "empty": {""}} {
				r := s.request(d.name, d.body, Now)
				c.set(r, values...)
				if err := verify(w, r); !refusal(err) {
					f.add(d.file, "Return connector.ErrUnsigned.", "with %s %s Verify says: %v", c.name, what, orAccepted(err))
				}
			}
		}
	}
	s.withoutSecret(f)
}

// refusal says whether an error is one that Verify may return.
func refusal(err error) bool {
	return errors.Is(err, connector.ErrUnsigned) || errors.Is(err, connector.ErrSignature) || errors.Is(err, connector.ErrStale)
}

func orAccepted(err error) any {
	if err == nil {
		return "accepted"
	}
	return err
}

// withoutSecret sees that a webhook is not made when the secrets it checks by are left out: it would
// accept what anybody signs with nothing.
func (s *suite) withoutSecret(f *findings) {
	proving := s.provingSecrets()
	if len(proving) == 0 {
		return // signature_wrong says so
	}
	changes := map[string]string{}
	for _, name := range proving {
		changes[name] = ""
	}
	w, err := s.webhook(changes)
	if err == nil && w != nil {
		f.add("", "Make the setting required, or return an error from NewWebhook.",
			"without %s a webhook is made all the same", strings.Join(proving, ", "))
	}
}

// provingSecrets are the secrets of the settings that, changed, make a delivery refused.
func (s *suite) provingSecrets() []string {
	var proving []string
	for _, setting := range s.Connector.Settings {
		value := s.Settings[setting.Name]
		if setting.Kind != connector.KindSecret || value == "" {
			continue
		}
		for _, other := range similar(value) {
			w, err := s.webhook(map[string]string{setting.Name: other})
			if err != nil {
				continue // it has a form that this change breaks
			}
			if d := s.deliveries[0]; verify(w, s.request(d.name, d.body, Now)) != nil {
				proving = append(proving, setting.Name)
			}
			break
		}
	}
	return proving
}

// similar is a text changed in one character, at several places in turn from the middle on.
func similar(text string) []string {
	var all []string
	for i := range len(text) {
		at := (len(text)/2 + i) % len(text)
		all = append(all, flip(text, at))
	}
	return all
}

// flip changes one character into another of its kind: digits and letters stay hexadecimal, and the
// upper bits of base64 change, so that what comes out is well formed and means something else.
func flip(text string, at int) string {
	c := text[at]
	switch {
	case c >= '0' && c <= '9':
		c = '0' + (c-'0'+5)%10
	case c >= 'a' && c <= 'f':
		c = "efabab"[c-'a']
	case c >= 'A' && c <= 'F':
		c = "EFEFAB"[c-'A']
	case c >= 'g' && c <= 'z':
		c = 'g' + (c-'g'+10)%20
	case c >= 'G' && c <= 'Z':
		c = 'G' + (c-'G'+10)%20
	default:
		c = 'x'
	}
	return text[:at] + string(c) + text[at+1:]
}

func signatureWrong(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	if len(s.provingSecrets()) == 0 {
		f.add("", "Check the proof by a setting of kind secret.", "no secret of the settings makes a difference to Verify")
	}
	for _, d := range s.deliveries {
		carriers := s.carriers(w, d)
		if len(carriers) == 0 && !s.bodyCarries(w, d) {
			f.add(d.file, "Refuse what does not carry a proof.", "there is no header and no parameter that Verify needs")
		}
		for _, c := range carriers {
			s.tamper(w, d, c, f)
		}
	}
}

// bodyCarries says that the proof stands in the body itself: without it a delivery is refused.
func (s *suite) bodyCarries(w connector.Webhook, d delivery) bool {
	r := s.request(d.name, d.body, Now)
	r.Body = []byte("{}")
	return verify(w, r) != nil
}

const tamperDo = "Compare the whole proof, in the vendor's form, with hmac.Equal."

// tamper changes what one carrier holds, in every way.
func (s *suite) tamper(w connector.Webhook, d delivery, c carrier, f *findings) {
	signed := s.request(d.name, d.body, Now)
	values := c.values(signed)
	if len(values) == 0 || values[0] == "" {
		return
	}
	right := values[0]
	try := func(r *connector.Request, what string, args ...any) {
		switch err := verify(w, r); {
		case err == nil:
			f.add(d.file, tamperDo, what+" is accepted", args...)
		case !refusal(err):
			f.add(d.file, "Return ErrUnsigned, ErrSignature or ErrStale.", what+": %v", append(args, err)...)
		}
	}
	with := func(values ...string) *connector.Request {
		r := clone(signed)
		c.set(r, values...)
		return r
	}
	for at := range len(right) {
		try(with(flip(right, at)), "%s with character %d changed", c.name, at+1)
	}
	for length := len(strings.TrimRight(right, "=")) - 1; length > 0; length-- {
		try(with(right[:length]), "%s cut to %d characters", c.name, length)
	}
	wrong := flip(right, len(right)/2)
	try(with(wrong, wrong), "%s twice, both wrong,", c.name)
	if err := verify(w, with(wrong, right)); err != nil && !refusal(err) {
		f.add(d.file, "", "%s twice, wrong and right: %v", c.name, err)
	}
}

// forge is a body changed in its middle.
func forge(body []byte) []byte {
	if len(body) == 0 {
		return []byte("x")
	}
	return []byte(flip(string(body), len(body)/2))
}

func signatureBody(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	if s.TokenOnly {
		f.notApplicable("the vendor shows a token and signs no body (Subject.TokenOnly)")
		return
	}
	for _, d := range s.deliveries {
		signed := s.request(d.name, d.body, Now)
		for at := 0; at < len(d.body); at += max(1, len(d.body)/512) {
			r := clone(signed)
			r.Body = []byte(flip(string(r.Body), at))
			if err := verify(w, r); err == nil {
				f.add(d.file, "Sign the body as it came, to the last byte; if the vendor signs none, set Subject.TokenOnly.",
					"a body whose byte %d is changed is accepted", at+1)
				break
			}
		}
		for _, c := range s.carriers(w, d) {
			r := clone(signed)
			c.set(r, append(c.values(signed), c.values(signed)...)...)
			r.Body = forge(r.Body)
			if verify(w, r) == nil {
				f.add(d.file, tamperDo, "%s twice, with another body, is accepted", c.name)
			}
		}
	}
}

func signatureStale(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	if s.Tolerance == 0 {
		f.notApplicable("the vendor signs no time (Subject.Tolerance is 0)")
		return
	}
	const do = "Compare the signed time with Request.Received; see Subject.Tolerance."
	received := func(d delivery, after time.Duration) *connector.Request {
		r := s.request(d.name, d.body, Now)
		r.Received = Now.Add(after)
		return r
	}
	for _, d := range s.deliveries {
		for _, after := range []time.Duration{s.Tolerance + 2*time.Second, 24 * time.Hour * 365, -s.Tolerance - 2*time.Second, -24 * time.Hour * 365} {
			if err := verify(w, received(d, after)); !errors.Is(err, connector.ErrStale) {
				f.add(d.file, do, "received %v after it was signed, Verify says: %v", after, orAccepted(err))
			}
		}
		for _, after := range []time.Duration{s.Tolerance - 2*time.Second, 0} {
			if err := verify(w, received(d, after)); err != nil {
				f.add(d.file, do, "received %v after it was signed, within the tolerance, it is refused: %v", after, err)
			}
		}
		if r := received(d, s.Tolerance+time.Hour); !s.TokenOnly {
			r.Body = forge(r.Body)
			if err := verify(w, r); err == nil || errors.Is(err, connector.ErrStale) {
				f.add(d.file, "Check the proof first, then its time.", "stale and forged, Verify says: %v", orAccepted(err))
			}
		}
	}
}
