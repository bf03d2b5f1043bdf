// Certificates, keys and the administrator's token. It must not know who uses them.

package main

import (
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
	"strings"
	"time"
)

// pki names the files that the components read and holds what the kubeconfig embeds.
type pki struct {
	caFile, serverCert, serverKey, saKey, tokenFile string
	caPEM, adminCert, adminKey                      []byte
	token                                           string
}

// loadOrMakePKI makes one CA that signs the serving certificate and an admin
// client certificate, and the key that signs service account tokens. A state
// directory that already has them is reused, so that a restarted server is
// the same server to its clients.
func loadOrMakePKI(dir string) (p pki, err error) {
	file := func(n string) string { return filepath.Join(dir, n) }
	p = pki{caFile: file("ca.crt"), serverCert: file("server.crt"), serverKey: file("server.key"), saKey: file("sa.key"), tokenFile: file("tokens.csv")}
	if p.caPEM, err = os.ReadFile(p.caFile); err == nil {
		if p.adminCert, err = os.ReadFile(file("admin.crt")); err == nil {
			p.adminKey, err = os.ReadFile(file("admin.key"))
		}
		if err == nil {
			var tokens []byte
			tokens, err = os.ReadFile(p.tokenFile)
			p.token, _, _ = strings.Cut(string(tokens), ",")
		}
		return p, err
	}
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return p, err
	}

	caKey, caKeyPEM, err := newKey()
	if err != nil {
		return p, err
	}
	ca := template("kube-test-ca", nil)
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if p.caPEM, err = sign(ca, ca, caKey, caKey); err != nil {
		return p, err
	}

	serverKey, serverKeyPEM, err := newKey()
	if err != nil {
		return p, err
	}
	server := template("kube-apiserver", nil)
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	serverPEM, err := sign(server, ca, serverKey, caKey)
	if err != nil {
		return p, err
	}

	adminKey, adminKeyPEM, err := newKey()
	if err != nil {
		return p, err
	}
	admin := template("test-admin", []string{"system:masters"})
	admin.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if p.adminCert, err = sign(admin, ca, adminKey, caKey); err != nil {
		return p, err
	}
	p.adminKey = adminKeyPEM

	_, saPEM, err := newKey()
	if err != nil {
		return p, err
	}
	p.token = rand.Text()
	for _, f := range []struct {
		name string
		pem  []byte
	}{
		{"server.crt", serverPEM}, {"server.key", serverKeyPEM}, {"sa.key", saPEM}, {"ca.key", caKeyPEM},
		{"tokens.csv", []byte(p.token + ",test-admin,test-admin,system:masters\n")},
		{"admin.crt", p.adminCert}, {"admin.key", p.adminKey}, {"ca.crt", p.caPEM},
	} {
		if err = os.WriteFile(file(f.name), f.pem, 0o600); err != nil {
			return p, err
		}
	}
	return p, nil
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return nil, nil, err
	}
	return k, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

func template(cn string, org []string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: cn, Organization: org},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func sign(tmpl, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
