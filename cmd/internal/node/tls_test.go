package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/cmd/internal/config"
)

// authority signs certificates of tests.
type authority struct {
	testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t testing.TB) *authority {
	a := &authority{TB: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("authority", 1, nil)
	return a
}

// issue makes a certificate, signed by the authority or, the first, by itself.
func (a *authority) issue(name string, serial int64, parent *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: parent == nil,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signer, signing := template, key
	if parent != nil {
		signer, signing = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signing)
	if err != nil {
		a.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.Fatal(err)
	}
	return cert, key
}

// write puts a new certificate and its key into files.
func (a *authority) write(serial int64) (certFile, keyFile string) {
	a.Helper()
	cert, key := a.issue("server", serial, a)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.Fatal(err)
	}
	return a.file("cert.pem", "CERTIFICATE", cert.Raw), a.file("key.pem", "EC PRIVATE KEY", der)
}

func (a *authority) file(name, kind string, der []byte) string {
	a.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.Fatal(err)
	}
	return path
}

// client trusts the authority, and brings a certificate of its own if it is to.
func (a *authority) client(known bool) *http.Client {
	c := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	c.RootCAs.AddCert(a.cert)
	if known {
		cert, key := a.issue("client", 99, a)
		c.Certificates = []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true, ForceAttemptHTTP2: true}, Timeout: time.Minute}
}

func TestServesWithTLSAndTakesNewCertificates(t *testing.T) {
	a := newAuthority(t)
	certFile, keyFile := a.write(2)
	p := start(t, t.TempDir(), func(c *config.Config) {
		c.HTTP.TLS.CertFile, c.HTTP.TLS.KeyFile = certFile, keyFile
	})
	client := a.client(false)
	type told struct {
		strict string
		major  int
		serial int64
	}
	ask := func() told {
		t.Helper()
		response, err := client.Get("https://" + p.config.HTTP.Listen + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return told{response.Header.Get("Strict-Transport-Security"), response.ProtoMajor, response.TLS.PeerCertificates[0].SerialNumber.Int64()}
	}
	if first := ask(); first.strict != strictTransport || first.major != 2 {
		t.Errorf("answers by HTTP/%d, Strict-Transport-Security is %q", first.major, first.strict)
	}
	// A half that does not fit changes nothing.
	if err := os.WriteFile(certFile, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(lookEvery) // so that it is looked at
	if got := ask().serial; got != 2 {
		t.Errorf("certificate %d is in force beside a broken file", got)
	}
	a.write(3)
	for deadline := time.Now().Add(2 * time.Minute); ask().serial != 3; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not in force")
		}
	}
	if response, err := http.Get("http://" + p.config.HTTP.Listen + "/healthz"); err == nil {
		_ = response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("a request without TLS is answered with %d", response.StatusCode)
		}
	}
}

func TestClientsNeedACertificateWhereTheConfigurationSaysSo(t *testing.T) {
	a := newAuthority(t)
	certFile, keyFile := a.write(2)
	ca := a.file("ca.pem", "CERTIFICATE", a.cert.Raw)
	p := start(t, t.TempDir(), func(c *config.Config) {
		c.HTTP.TLS = config.TLS{CertFile: certFile, KeyFile: keyFile, ClientCAFile: ca, MinVersion: "1.3"}
	})
	address := "https://" + p.config.HTTP.Listen + "/healthz"
	response, err := a.client(true).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.TLS.Version != tls.VersionTLS13 {
		t.Errorf("version %x is spoken", response.TLS.Version)
	}
	stranger := newAuthority(t)
	other := stranger.client(true)
	other.Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(a.cert)
	old := a.client(true)
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS12
	for what, client := range map[string]*http.Client{"no certificate": a.client(false), "another authority's": other, "TLS 1.2": old} {
		if response, err := client.Get(address); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s: is answered", what)
		}
	}
}

func TestWhoListensOpenlyWithoutTLSIsWarned(t *testing.T) {
	for _, tt := range []struct {
		listen string
		warned bool
	}{{"0.0.0.0:0", true}, {"127.0.0.1:0", false}, {"[::1]:8080", false}, {":8080", true}, {"localhost:1", false}} {
		var logged strings.Builder
		n := &Node{logger: slog.New(slog.NewTextHandler(&logged, nil))}
		n.config.HTTP.Listen = tt.listen
		if _, err := n.secureListener(nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(logged.String(), "without TLS") != tt.warned {
			t.Errorf("%s: logs %q", tt.listen, logged.String())
		}
	}
}
