package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// certificate makes a certificate that names no host, and its key, as files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestReadyAsksByTLS: the health check knows the server by the certificate of the configuration, whatever
// host that names, and takes no other.
func TestReadyAsksByTLS(t *testing.T) {
	with := func(cert, key string) []string {
		return []string{"TRIBUTARY_HTTP_TLS_CERT_FILE=" + cert, "TRIBUTARY_HTTP_TLS_KEY_FILE=" + key}
	}
	listen := "TRIBUTARY_HTTP_LISTEN=" + freeAddress(t)
	own := append(with(certificate(t)), listen)
	other := append(with(certificate(t)), listen)
	serve, log := command(t, own, "serve", "--data-dir", t.TempDir())
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = serve.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = serve.Wait()
	}()
	ready := func(env ...string) (string, error) {
		cmd, out := command(t, env, "ready")
		err := cmd.Run()
		return out.String(), err
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		out, err := ready(own...)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v\n%s\n%s", err, out, log)
		}
	}
	if out, err := ready(other...); err == nil || !strings.Contains(out, "another certificate") {
		t.Errorf("with another certificate: %v\n%s", err, out)
	}
	if out, err := ready(listen); err == nil {
		t.Errorf("without TLS: %s", out)
	}
}
