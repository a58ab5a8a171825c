package hub

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
)

// errOtherCertificate is a hub that is not the one of the invite, or not any more.
var errOtherCertificate = errors.New("the certificate is not the one that the invite names")

// TLSConfig is how a box speaks to its hub, whatever it has to say: it trusts the one certificate of which it has the fingerprint, SHA-256 in hex, and no other; without one it
// trusts whom this machine trusts.
func TLSConfig(fingerprint string) (*tls.Config, error) {
	if fingerprint == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	}
	pinned, err := hex.DecodeString(fingerprint)
	if err != nil || len(pinned) != sha256.Size {
		return nil, errors.New("the fingerprint must be 64 hex digits; take it from the invite")
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // the pin stands in place of names and authorities
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errOtherCertificate
			}
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			if subtle.ConstantTimeCompare(sum[:], pinned) != 1 {
				return errOtherCertificate
			}
			return nil
		},
	}, nil
}

// badCertificate tells an error of the certificate from one of the way.
func badCertificate(err error) bool {
	var untrusted *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.Is(err, errOtherCertificate) || errors.As(err, &untrusted) || errors.As(err, &authority)
}
