package conf

import (
	"net/url"
	"slices"
	"strings"
)

// hiddenValue stands where a value is not to be seen.
const hiddenValue = "***"

// Secrets are all values that must not be seen, for what looks for them in texts that leave the box: those of the keys that
// are secret, the digits that call_no sends, and what is inside an invite or an address. None is empty; they have no order.
func (c Config) Secrets() []string {
	return tidy(slices.Concat([]string{
		string(c.ConnectionDetails.Password), string(c.ConnectionDetails.ConnString), string(c.ChatSettings.Token), string(c.Admin.PasswordHash),
	}, callDigits(c.ConnectionDetails.CallNo), addressSecrets(string(c.Hub.NATSURL))))
}

// Secrets are those of the Config, and what stands in the file for such a key, in whichever section, though it was refused.
func (f *File) Secrets() []string {
	all := f.cfg.Secrets()
	for _, s := range f.doc.sections {
		for _, o := range s.options {
			value, _ := plain(o.raw())
			switch k := keyNamed(o.key); {
			case k.Secret && o.key == "nats_url":
				all = append(all, addressSecrets(value)...)
			case k.Secret && o.key == "conn_string":
				all = append(append(all, o.raw(), value), inviteSecrets(value)...)
			case k.Secret:
				all = append(append(all, o.raw(), value), o.parts...)
			case o.key == "call_no":
				all = append(all, callDigits(value)...)
			}
		}
	}
	return tidy(all)
}

// keyNamed is the key of that name, in the first section that has one.
func keyNamed(name string) Key {
	for _, g := range known {
		if k, ok := findKey(g.name, name); ok {
			return k.Key
		}
	}
	return Key{}
}

func tidy(all []string) []string {
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" || s == unset })
}

// callDigits are what is sent once the call is up, each group of it.
func callDigits(callNo string) []string {
	_, digits, _ := strings.Cut(callNo, ",")
	var all []string
	for _, group := range append(strings.Split(digits, ","), strings.ReplaceAll(digits, ",", "")) {
		all = append(all, group, strings.Trim(group, "#*"))
	}
	return all
}

// inviteSecrets are those inside an invite, even if others that are written out win over them.
func inviteSecrets(coded string) []string {
	in, err := ParseInvite(coded)
	if err != nil {
		return nil
	}
	return append(callDigits(in.CallNo), string(in.Password), string(in.Token))
}

// addressSecrets are a list of addresses, and the user and password in each.
func addressSecrets(list string) []string {
	all := []string{list}
	for _, address := range strings.Split(list, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.User == nil {
			continue
		}
		password, both := u.User.Password()
		all = append(all, strings.TrimSpace(address), u.User.String(), password)
		if !both {
			all = append(all, u.User.Username()) // a token alone
		}
	}
	return all
}

// Redacted is the file for others to read: what the box knows and is no secret stands as it was written; all else, such as
// comments, in which people keep the password of last year, is `***`.
func (f *File) Redacted() string {
	of := map[int]*option{}
	headers := map[int]string{}
	for _, s := range f.doc.sections {
		headers[s.line] = s.name
		for _, o := range s.options {
			for i := o.line; i <= o.last; i++ {
				of[i] = o
			}
		}
	}
	var text strings.Builder
	for i, l := range f.doc.lines {
		name, header := headers[i]
		switch o := of[i]; {
		case l.blank():
		case header:
			text.WriteString("[" + name + "]")
		case o != nil && o.line == i:
			text.WriteString(o.key + " = " + o.redacted())
		case l.comment():
			text.WriteString("# " + hiddenValue)
		default:
			text.WriteString("  " + hiddenValue)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// redacted is the value if it may be seen.
func (o *option) redacted() string {
	value, set := plain(o.raw())
	k, ok := findKey(o.section.known, o.key)
	if o.section.known == defaultSection {
		k.Key = keyNamed(o.key)
		ok = k.Name != ""
	}
	number, digits, _ := strings.Cut(value, ",")
	switch {
	case !set:
		return ""
	case !ok || k.Secret || o.last != o.line:
		return hiddenValue
	case o.key == "call_no" && digits != "":
		return number + "," + hiddenValue
	}
	return k.Show(value)
}
