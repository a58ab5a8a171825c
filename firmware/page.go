package firmware

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"orionbox/audio/disk"
	"orionbox/firmware/conf"
	"orionbox/webadmin"
)

// Off is the address of a page that is not to be there.
const Off = "off"

// NewAdmin is who may use the page of the box whose settings stand in a file, and whose code is in another.
func NewAdmin(confPath, codePath string) webadmin.Admin { return admin{confPath, codePath} }

// admin is who may use the page: what conn.conf says of it now, whoever wrote it.
type admin struct{ conf, code string }

// unknown stands for the hash of a file that cannot be read: nobody's password, and not none either.
const unknown = "?"

// CodePath is where the code of a box without a password is kept.
func CodePath(recordings string) string { return recordings + "/.setup-code" }

func (a admin) hash() string {
	f, err := conf.Load(a.conf)
	if err != nil {
		return unknown
	}
	return string(f.Config().Admin.PasswordHash)
}

// Tag implements webadmin.Admin.
func (a admin) Tag() string {
	sum := sha256.Sum256([]byte(a.hash()))
	return string(sum[:])
}

// Set implements webadmin.Admin.
func (a admin) Set() bool { return a.hash() != "" }

// Check implements webadmin.Admin.
func (a admin) Check(password string) bool { return webadmin.CheckPassword(a.hash(), password) }

// Choose implements webadmin.Admin.
func (a admin) Choose(code, password string) error {
	own, err := ReadCode(a.code)
	switch {
	case a.Set():
		return errors.New("a password was chosen already: log in with it")
	case err != nil:
		return fmt.Errorf("this box has no code: %w", err)
	case subtle.ConstantTimeCompare([]byte(plainCode(code)), []byte(plainCode(own))) != 1:
		return errors.New("that is not the code of this box")
	}
	return a.Change(password)
}

// Change implements webadmin.Admin.
func (a admin) Change(password string) error { return SetPassword(a.conf, a.code, password) }

// plainCode is a code without what people write between its signs.
func plainCode(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.TrimSpace(code)))
}

// SetPassword puts the hash of the page's password into conn.conf, and leaves all else there as it is. The code of a box without a
// password goes.
func SetPassword(confPath, codePath, password string) error {
	hash, err := webadmin.HashPassword(password)
	if err != nil {
		return err
	}
	f, err := conf.Load(confPath)
	if err == nil {
		err = f.Set("Admin", "password_hash", hash)
	}
	if err == nil {
		err = f.Save()
	}
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := disk.Remove(codePath); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// ReadCode is the code of a box that has no password yet.
func ReadCode(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read code: %w", err)
	}
	code := strings.TrimSpace(string(data))
	if len(plainCode(code)) != codeLength {
		return "", fmt.Errorf("read code: %s holds none", path)
	}
	return code, nil
}

const codeLength = 12 // signs of base32: 60 bits

// makeCode makes the code that the first visitor of the page has to know, if nobody has chosen a password. One that a power cut
// has spoiled is made anew.
func (b *Box) makeCode(a admin) error {
	if a.Set() {
		if err := disk.Remove(a.code); err != nil {
			return fmt.Errorf("remove code: %w", err)
		}
		return nil
	}
	return MakeCode(a.code)
}

// MakeCode makes the code of a box that has no password, if it has none.
func MakeCode(path string) error {
	if _, err := ReadCode(path); err == nil {
		return nil
	}
	text := rand.Text()[:codeLength]
	if err := disk.ReplaceAs(path, []byte(text[:4]+"-"+text[4:8]+"-"+text[8:]+"\n"), 0o600); err != nil {
		return fmt.Errorf("make code: %w", err)
	}
	return nil
}

const pageAgain = 10 * time.Second // until a page that could not be opened is tried again

// page serves the web page until ctx ends. What cannot be opened is a fault, and tried again: a box records without a page.
func (b *Box) page(ctx context.Context) error {
	set := b.cfg.Settings.Admin
	if set.Listen == Off || b.cfg.Conf == "" {
		return nil
	}
	a := admin{b.cfg.Conf, CodePath(b.cfg.Settings.AudioSettings.RecordingLocation)}
	if err := b.makeCode(a); err != nil {
		b.log.Error("make code of the box", "err", err)
	}
	b.sweep()
	parts := b.doors()
	parts.Settings, parts.Recordings = newSettings(b.cfg.Conf), b.newRecordings()
	parts.Ears, parts.Exporter = &ears{box: b}, &exporter{box: b}
	site := webadmin.NewSite(parts, webadmin.SiteConfig{Admin: a, Hosts: hosts(set.Names), Secure: set.Certificate != ""}, b.log.With("part", "page"))
	for {
		err := b.servePage(ctx, site)
		if ctx.Err() != nil {
			return nil
		}
		b.direct.NoPage(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pageAgain):
		}
	}
}

func (b *Box) servePage(ctx context.Context, site *webadmin.Site) error {
	set := b.cfg.Settings.Admin
	listener, err := net.Listen("tcp", set.Listen)
	if err != nil {
		return fmt.Errorf("open web page: %w", err)
	}
	if set.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(set.Certificate, set.Key)
		if err != nil {
			return errors.Join(fmt.Errorf("read certificate of the web page: %w", err), listener.Close())
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	b.log.Info("web page", "address", listener.Addr().String())
	b.direct.NoPage(nil)
	return site.Run(ctx, listener)
}

// hosts are the names that the computer goes by, and those of the settings.
func hosts(more []string) []string {
	names := append([]string{"orionbox.local"}, more...)
	if own, err := os.Hostname(); err == nil {
		names = append(names, own, own+".local")
	}
	return names
}
