package webadmin

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

// hashCost is bcrypt's: some 60 ms of a Raspberry Pi 4 for each try.
const hashCost = 10

const (
	leastPassword = 8  // characters
	mostPassword  = 72 // bytes: bcrypt reads no more
)

// AllowPassword refuses what is no password for the page. Its errors are for the person who chose it.
func AllowPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < leastPassword:
		return fmt.Errorf("choose a password of at least %d characters", leastPassword)
	case len(password) > mostPassword:
		return fmt.Errorf("choose a password of at most %d bytes", mostPassword)
	case strings.TrimSpace(password) == "":
		return errors.New("choose a password that is not only spaces")
	}
	return nil
}

// HashPassword is what conn.conf keeps of a password that is allowed (bcrypt).
func HashPassword(password string) (string, error) {
	if err := AllowPassword(password); err != nil {
		return "", err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	return string(hash), err
}

// CheckPassword tells whether a password is the one that was hashed; never, if the hash is none of bcrypt.
func CheckPassword(hash, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}
