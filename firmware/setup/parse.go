package setup

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"orionbox/firmware/conf"
)

// Plan is what a set-up file asks for. What is empty is left as it is.
type Plan struct {
	WiFi          string
	WiFiPassword  conf.Secret // none for an open network
	Country       string      // two capitals, by which the radio keeps to the law
	Hostname      string
	Timezone      string
	Invite        *conf.Invite
	AdminPassword conf.Secret
	SSHKeys       []string
}

func (p Plan) empty() bool { return reflect.DeepEqual(p, Plan{}) }

// Fault is one thing wrong with a set-up file, and what is allowed. It never holds a secret.
type Fault struct {
	Line int    `json:"line,omitempty"` // from 1; 0 when it is about no line
	Key  string `json:"key,omitempty"`
	Text string `json:"text"`
}

// String is "line 3: country: ...".
func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	return b.String() + f.Text
}

// key is something that can be set. What take says completes "the value".
type key struct {
	name    string
	allowed string
	take    func(p *Plan, value string) error
	many    bool
}

var known = []key{
	{name: "wifi", allowed: "the network's name, at most 32 bytes", take: takeWiFi},
	{name: "wifi_password", allowed: "8 to 63 letters, digits and signs of an English keyboard, or 64 hex digits", take: takeWiFiPassword},
	{name: "country", allowed: "two letters, as DE, GB or US", take: takeCountry},
	{name: "hostname", allowed: "letters, digits and - between them, at most 63", take: takeHostname},
	{name: "invite", allowed: "the whole string you were sent, on one line", take: takeInvite},
	{name: "admin_password", allowed: "8 characters or more, at most 72 bytes", take: takeAdminPassword},
	{name: "ssh_key", allowed: "the one line of a public key, as in id_ed25519.pub", take: takeSSHKey, many: true},
	{name: "timezone", allowed: "a name of the zone database, as Europe/Berlin or UTC", take: takeTimezone},
}

func knownNames() string {
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// Parse reads a set-up file. If there are faults, nothing of the plan may be done.
func Parse(data []byte) (Plan, []Fault) {
	all, err := text(data)
	if err != nil {
		return Plan{}, []Fault{{Text: err.Error()}}
	}
	r := reader{first: map[string]int{}}
	for i, line := range lines(all) {
		r.line(i+1, line)
	}
	if r.first["wifi_password"] > 0 && r.plan.WiFiPassword != "" && r.first["wifi"] == 0 {
		r.fault(r.first["wifi_password"], "wifi_password", "there is no line wifi that says of which network")
	}
	return r.plan, r.faults
}

// reader is a file that is being read.
type reader struct {
	plan   Plan
	faults []Fault
	first  map[string]int // the line in which a key was first
}

func (r *reader) fault(line int, key, text string) {
	r.faults = append(r.faults, Fault{line, key, text})
}

func (r *reader) line(number int, line string) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return
	}
	if !utf8.ValidString(line) || strings.ContainsRune(line, utf8.RuneError) {
		r.fault(number, "", "a sign cannot be read; save the file as UTF-8")
		return
	}
	name, value, found := strings.Cut(line, "=")
	if !found {
		r.fault(number, "", "there is no = in it; write key = value, or # before a comment")
		return
	}
	k := find(name)
	if k == nil {
		r.fault(number, shown(name), "there is no such key; known: "+knownNames())
		return
	}
	if before := r.first[k.name]; before > 0 && !k.many {
		r.fault(number, k.name, fmt.Sprintf("it stands in line %d already; keep one of the two", before))
		return
	}
	r.first[k.name] = number
	r.value(number, k, unquoted(strings.TrimSpace(value)))
}

// value takes a value. An empty one is a line that was not filled in.
func (r *reader) value(number int, k *key, value string) {
	if value == "" {
		return
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		r.fault(number, k.name, "the value holds a tab or another sign that does not print; allowed: "+k.allowed)
		return
	}
	if err := k.take(&r.plan, value); err != nil {
		r.fault(number, k.name, fmt.Sprintf("the value %v; allowed: %s", err, k.allowed))
	}
}

// find takes capitals, and what people write for _.
func find(name string) *key {
	name = strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
	for i := range known {
		if known[i].name == name {
			return &known[i]
		}
	}
	return nil
}

var keyLike = regexp.MustCompile(`^[A-Za-z_ -]{1,20}$`)

// shown is a name that somebody took for a key; nothing, if it may as well be a piece of a secret that a line break cut off.
func shown(name string) string {
	name = strings.TrimSpace(name)
	if !keyLike.MatchString(name) {
		return ""
	}
	return name
}
