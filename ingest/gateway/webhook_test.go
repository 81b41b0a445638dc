package gateway

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"tributary/ingest/connector"
	"tributary/ingest/connector/source"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// doorbell is a vendor that signs its bodies, whatever is in them.
var doorbell = connector.Connector{
	Name: "doorbell", Settings: []connector.Setting{{Name: "webhook_secret", Kind: connector.KindSecret}},
	NewWebhook: func(c connector.Config) (connector.Webhook, error) { return bell{c}, nil },
}

type bell struct{ connector.Config }

func ringSignature(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (b bell) Verify(r *connector.Request) error {
	switch got := r.Header.Get("Signature"); {
	case got == "":
		return connector.ErrUnsigned
	case !hmac.Equal([]byte(got), []byte(ringSignature(b.Secret("webhook_secret"), r.Body))):
		return connector.ErrSignature
	}
	return nil
}

func (b bell) Decode(r *connector.Request) (connector.Batch, error) {
	var batch connector.Batch
	switch body := string(r.Body); {
	case body == "nonsense":
		return batch, errors.New("is not a ring")
	case strings.HasPrefix(body, "ack "):
		batch.Reply = &connector.Reply{Status: http.StatusAccepted, ContentType: "text/xml", Body: []byte("<ok/>")}
	}
	batch.Add(event.Event{MessageID: "ring", Name: b.Free("rung"), Properties: connector.JSON(map[string]string{"url": r.URL.String()})})
	return batch, nil
}

func newBell(t *testing.T, full bool) *rig {
	t.Helper()
	s, err := source.New(&doorbell, source.Options{
		Name: "door", Workspace: "acme", Settings: map[string]string{"webhook_secret": "s3cret"},
		Secrets: func(s string) (string, error) { return s, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	through := func(l Log) Log { return l }
	if full {
		through = func(Log) Log { return failing{stream.ErrFull} }
	}
	return newRig(t, Config{}, through, func(server *http.Server, g *Gateway) {
		g.RegisterWebhooks(server.Handler.(*gin.Engine), []*source.Source{s})
	})
}

func ring(t *testing.T, r *rig, body string, headers ...string) answer {
	t.Helper()
	return r.post(t, "/v1/webhooks/door", body, append([]string{"Authorization", "", "Content-Type", "application/x-www-form-urlencoded",
		"Signature", ringSignature([]byte("s3cret"), []byte(body))}, headers...)...)
}

func TestDelivery(t *testing.T) {
	r := newBell(t, false)
	if a := ring(t, r, "a=1&b=\xff"); a.status != http.StatusOK || a.body != `{"accepted":1}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := ring(t, r, "ack now"); a.status != http.StatusAccepted || a.body != "<ok/>" || a.header.Get("Content-Type") != "text/xml" {
		t.Errorf("the vendor's own answer: %d %s", a.status, a.body)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("zipped"))
	_ = z.Close()
	if a := ring(t, r, zipped.String(), "Content-Encoding", "gzip", "Signature", ringSignature([]byte("s3cret"), []byte("zipped"))); a.status != http.StatusOK {
		t.Errorf("compressed: %d %s", a.status, a.body)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if a := r.do(t, method, "/v1/webhooks/door", nil); a.status != http.StatusOK {
			t.Errorf("%s: %d", method, a.status)
		}
	}
}

func TestDeliveryRefused(t *testing.T) {
	r := newBell(t, false)
	big := strings.Repeat("x", MaxDeliveryBytes+1)
	for name, c := range map[string]struct {
		answer answer
		status int
		says   string
	}{
		"unsigned":       {ring(t, r, "x", "Signature", ""), http.StatusUnauthorized, "the signature is missing"},
		"wrong":          {ring(t, r, "x", "Signature", "00"), http.StatusUnauthorized, "the signature does not match"},
		"unreadable":     {ring(t, r, "nonsense"), http.StatusBadRequest, "is not a ring"},
		"too large":      {ring(t, r, big), http.StatusRequestEntityTooLarge, "8388608 bytes"},
		"unknown":        {r.post(t, "/v1/webhooks/nobody", "x"), http.StatusNotFound, "No source of this name"},
		"another method": {r.do(t, http.MethodPut, "/v1/webhooks/door", nil), http.StatusMethodNotAllowed, "POST"},
	} {
		if c.answer.status != c.status || !strings.Contains(c.answer.body, c.says) {
			t.Errorf("%s: %d %s", name, c.answer.status, c.answer.body)
		}
		if name != "another method" {
			c.answer.fields(t)
		}
	}
}

func TestDeliveryWhileTheLogIsFull(t *testing.T) {
	if a := ring(t, newBell(t, true), "x"); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
}

// TestSlowDeliveriesLeaveRoom: whoever announces large deliveries and sends nothing takes half of the memory
// at most; events with a key are taken all the same.
func TestSlowDeliveriesLeaveRoom(t *testing.T) {
	s, err := source.New(&doorbell, source.Options{
		Name: "door", Workspace: "acme", Settings: map[string]string{"webhook_secret": "s3cret"},
		Secrets: func(s string) (string, error) { return s, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	const memory = 4 * LeastMemoryBytes
	r := newRig(t, Config{MemoryBytes: memory}, func(l Log) Log { return l }, func(server *http.Server, g *Gateway) {
		g.RegisterWebhooks(server.Handler.(*gin.Engine), []*source.Source{s})
	})
	answers := make(chan answer)
	var slow []*io.PipeWriter
	for range memory/(2*MaxDeliveryBytes) + 1 { // as many as would fill all of it, and one more
		body, writer := io.Pipe()
		slow = append(slow, writer)
		go func() { answers <- r.do(t, http.MethodPost, "/v1/webhooks/door", body) }()
	}
	for range len(slow) - memory/2/(2*MaxDeliveryBytes) { // those beyond the share
		if a := <-answers; a.status != http.StatusServiceUnavailable {
			t.Errorf("a delivery beyond the share: %d %s", a.status, a.body)
		}
	}
	if a := r.post(t, "/v1/track", good); a.status != http.StatusOK {
		t.Errorf("an event beside slow deliveries: %d %s", a.status, a.body)
	}
	for _, writer := range slow {
		_ = writer.Close()
	}
	for range memory / 2 / (2 * MaxDeliveryBytes) {
		if a := <-answers; a.status != http.StatusUnauthorized {
			t.Errorf("a slow delivery that came to its end: %d %s", a.status, a.body)
		}
	}
	for length, want := range map[int64]int{MaxDeliveryBytes: 2 * MaxDeliveryBytes, -1: 2 * MaxDeliveryBytes, 100: 200 + itemOverhead} {
		if got := bodyRoom(length, false, MaxDeliveryBytes); got != want || got > LeastMemoryBytes {
			t.Errorf("%d bytes take room for %d, want %d", length, got, want)
		}
	}
}
