package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// certificateFile holds key and certificate in one file, so that there is never one without the other.
const certificateFile = "hub.pem"

// loadCertificate gives the hub's certificate, made at the first start. Boxes know it by its fingerprint alone, which
// their invites carry: neither its names nor its dates are looked at.
func loadCertificate(dir string) (tls.Certificate, error) {
	name := filepath.Join(dir, certificateFile)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if data, err = makeCertificate(time.Now()); err == nil {
			err = writeFile(name, data)
		}
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("load the hub's certificate: %w", err)
	}
	certificate, err := tls.X509KeyPair(data, data)
	if err != nil {
		return certificate, fmt.Errorf("the hub's certificate %s is damaged (%w): bring back a copy of it, "+
			"or remove it and the hub makes a new one, but then every box needs a new invite", name, err)
	}
	return certificate, os.Chmod(name, 0o600)
}

// makeCertificate makes a key and a certificate that it signed itself, as PEM.
func makeCertificate(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Orion box hub"}, DNSNames: []string{"orionbox"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(50, 0, 0), // a box's clock may be years off
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}

func fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}
