package setup

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"orionbox/firmware/conf"
	"orionbox/firmware/invite"
	"orionbox/webadmin"
)

// edit is conn.conf with what the plan sets in it, not yet saved.
type edit struct {
	what string
	file *conf.File
}

// edit sets what the plan has for conn.conf; nil if that is nothing. A password that is the box's already keeps its hash.
func (c Config) edit(p Plan) (*edit, error) {
	if p.Invite == nil && p.AdminPassword == "" {
		return nil, nil
	}
	f, err := conf.LoadOrNew(c.Conf)
	if err != nil {
		return nil, err
	}
	var set []string
	if p.Invite != nil {
		if _, err := invite.Join(f, *p.Invite); err != nil {
			return nil, err
		}
		set = append(set, "the invite")
	}
	if p.AdminPassword != "" {
		if err := setPassword(f, string(p.AdminPassword)); err != nil {
			return nil, err
		}
		set = append(set, "the password of the web page")
	}
	return &edit{"put " + strings.Join(set, " and ") + " into " + c.Conf, f}, nil
}

func setPassword(f *conf.File, password string) error {
	if webadmin.CheckPassword(string(f.Config().Admin.PasswordHash), password) {
		return nil
	}
	hash, err := webadmin.HashPassword(password)
	if err != nil {
		return err
	}
	return f.Set("Admin", "password_hash", hash)
}

// save writes conn.conf. One that is new belongs to whom its folder belongs to: root sets up what the box's user reads. It is given
// away while it is empty, since one that says something keeps its owner.
func (e *edit) save() error {
	path := e.file.Path()
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, secret)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Close(), Own(path)); err != nil {
			return err
		}
	}
	return errors.Join(clearHalf(path), e.file.Save())
}
