package kafkatest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

// makeCertificates writes a CA, what it signed for brokers and for a client, and a CA of strangers.
func (c *Cluster) makeCertificates() error {
	c.CAFile, c.StrangerFile = c.file("ca.pem"), c.file("stranger.pem")
	c.CertFile, c.KeyFile = c.file("client.pem"), c.file("client.key")
	ca, err := newIdentity("ca", nil)
	if err != nil {
		return err
	}
	stranger, err := newIdentity("stranger", nil)
	if err != nil {
		return err
	}
	broker, err := newIdentity("broker", ca)
	if err != nil {
		return err
	}
	client, err := newIdentity("client", ca)
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		c.CAFile: ca.certPEM, c.StrangerFile: stranger.certPEM, c.CertFile: client.certPEM, c.KeyFile: client.keyPEM,
		c.file("broker.pem"): bytes.Join([][]byte{broker.keyPEM, broker.certPEM, ca.certPEM}, nil),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// identity is a certificate with its key.
type identity struct {
	cert            *x509.Certificate
	key             *ecdsa.PrivateKey
	certPEM, keyPEM []byte
}

// newIdentity makes one that is valid for a day, signed by the given CA, or a CA.
func newIdentity(name string, ca *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	cert := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(host())}, IsCA: ca == nil, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signer := &identity{cert: cert, key: key}
	if ca != nil {
		signer = ca
	} else {
		cert.KeyUsage, cert.ExtKeyUsage = x509.KeyUsageCertSign, nil
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &identity{
		cert: cert, key: key,
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}, nil
}
