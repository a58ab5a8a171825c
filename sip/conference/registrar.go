package conference

import (
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// minExpires is the shortest registration taken, in seconds; a shorter one is answered 423.
	minExpires = 60
	// maxExpires is the longest given, and what a request that names none gets, in seconds.
	maxExpires = 3600
	// maxBindings bounds how many addresses one user may register at a time.
	maxBindings = 10
)

// binding is one address at which a user is registered (RFC 3261 section 10).
type binding struct {
	uri    string
	callID string
	seq    uint32
	until  time.Time
}

// registration is one REGISTER, as far as the registrar cares.
type registration struct {
	user   string
	callID string
	seq    uint32
	// all means "Contact: *": drop every binding.
	all      bool
	contacts []contact
}

// contact is an address with the seconds it asks for; negative means that it names none.
type contact struct {
	uri     string
	expires int
}

// registrar knows who is registered where. The conference itself calls nobody: it is for boxes and telephones that
// want to register before they call, and for status.
type registrar struct {
	now func() time.Time

	mu    sync.Mutex
	users map[string][]binding
}

// register carries a REGISTER out, wholly or not at all (RFC 3261 section 10.3), and returns the SIP status with the
// bindings that then stand.
func (r *registrar) register(g registration) (status int, bindings []binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	list := slices.DeleteFunc(slices.Clone(r.users[g.user]), func(b binding) bool { return !now.Before(b.until) })
	if g.all {
		g.contacts = nil
		for _, b := range list {
			g.contacts = append(g.contacts, contact{uri: b.uri})
		}
	}
	for _, c := range g.contacts {
		if c.expires > 0 && c.expires < minExpires {
			return 423, nil
		}
		at := slices.IndexFunc(list, func(b binding) bool { return strings.EqualFold(b.uri, c.uri) })
		if at >= 0 {
			if old := list[at]; old.callID == g.callID && g.seq <= old.seq {
				return 500, nil // out of order (step 7)
			}
			list = slices.Delete(list, at, at+1)
		}
		if c.expires != 0 {
			list = append(list, binding{c.uri, g.callID, g.seq, now.Add(granted(c.expires))})
		}
	}
	if len(list) > maxBindings {
		return 403, nil
	}
	r.keep(g.user, list)
	return 200, slices.Clone(list)
}

// granted is how long a registration lasts that asks for so many seconds.
func granted(expires int) time.Duration {
	if expires < 0 || expires > maxExpires {
		expires = maxExpires
	}
	return time.Duration(expires) * time.Second
}

func (r *registrar) keep(user string, list []binding) {
	if r.users == nil {
		r.users = make(map[string][]binding)
	}
	if len(list) == 0 {
		delete(r.users, user)
		return
	}
	r.users[user] = list
}

// registered are the users with a binding that stands, in order.
func (r *registrar) registered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	var names []string
	for user, list := range r.users {
		if slices.ContainsFunc(list, func(b binding) bool { return now.Before(b.until) }) {
			names = append(names, user)
		}
	}
	slices.Sort(names)
	return names
}
