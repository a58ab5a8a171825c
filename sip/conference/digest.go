package conference

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"strings"
	"sync"
	"time"
)

// verdict is what a request's credentials are worth.
type verdict int

const (
	// absent: none for this realm; challenge.
	absent verdict = iota
	// outdated: right, but under a nonce that is old, used before or of an earlier run; challenge anew with stale=true,
	// and the far end tries again by itself (RFC 7616 section 3.3).
	outdated
	// wrong: user or password are not known. Which of the two is never said.
	wrong
	// right: the user is who they say.
	right
)

// algorithm is a hash that digests may be made with.
type algorithm struct {
	name string
	hash func() hash.Hash
}

// algorithms are those known, the stronger one first (RFC 8760 section 2.4).
var algorithms = []algorithm{{"SHA-256", sha256.New}, {"MD5", md5.New}}

// oldAgents begin the User-Agent of telephones that give up at a challenge with SHA-256 even if one with MD5 stands
// beside it, where RFC 7616 section 3.7 has them take the one they know. They are offered MD5 alone.
var oldAgents = []string{"baresip v0.", "baresip v1.", "baresip v2.", "baresip v3.", "Asterisk PBX 1", "FreeSWITCH-mod_sofia/1."}

// offered are the algorithms for a telephone with that User-Agent.
func offered(agent string) []algorithm {
	for _, old := range oldAgents {
		if strings.HasPrefix(agent, old) {
			return algorithms[1:]
		}
	}
	return algorithms
}

// authority challenges and verifies users by digest (RFC 7616, qop=auth).
//
// A nonce carries its own time of birth and a keyed hash, so challenging costs no memory and a flood of requests none
// either. Only nonces that somebody has used with the right password are remembered, with the count of their use, so
// that nothing overheard can be played back.
type authority struct {
	realm    string
	users    map[string]string
	lifetime time.Duration
	now      func() time.Time
	// key signs nonces; nobody is the password of users that do not exist: random, so it never fits.
	key, nobody [32]byte

	mu   sync.Mutex
	used map[string]uint32
}

func newAuthority(realm string, users map[string]string, lifetime time.Duration, now func() time.Time) *authority {
	a := &authority{realm: realm, users: maps.Clone(users), lifetime: lifetime, now: now, used: make(map[string]uint32)}
	rand.Read(a.key[:])
	rand.Read(a.nobody[:])
	return a
}

// challenges are the values of the WWW-Authenticate headers, one an algorithm.
func (a *authority) challenges(offer []algorithm, stale bool) []string {
	nonce := a.mint()
	var values []string
	for _, algorithm := range offer {
		v := "Digest realm=" + quote(a.realm) + `, nonce="` + nonce + `", algorithm=` + algorithm.name + `, qop="auth"`
		if stale {
			v += ", stale=true"
		}
		values = append(values, v)
	}
	return values
}

// verify judges the credentials of a request with that method. Unknown users cost as much as known ones.
func (a *authority) verify(method string, c credentials) verdict {
	if c.realm != a.realm || !strings.EqualFold(c.qop, "auth") {
		return absent
	}
	sum, known := hashOf(c.algorithm)
	if !known {
		return absent
	}
	password, exists := a.users[c.user]
	if !exists {
		password = string(a.nobody[:])
	}
	want := response(sum, method, password, c)
	fits := subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(c.response))) == 1
	switch {
	case !fits || !exists:
		return wrong
	case !a.fresh(c.nonce) || !a.count(c.nonce, c.count):
		return outdated
	}
	return right
}

// hashOf is the algorithm of that name; none named means MD5 (RFC 7616 section 3.3).
func hashOf(name string) (func() hash.Hash, bool) {
	if name == "" {
		name = "MD5"
	}
	for _, algorithm := range algorithms {
		if strings.EqualFold(name, algorithm.name) {
			return algorithm.hash, true
		}
	}
	return nil, false
}

// response is what the far end must have sent (RFC 7616 section 3.4.1).
func response(sum func() hash.Hash, method, password string, c credentials) string {
	digest := func(parts ...string) string {
		h := sum()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	a1 := digest(c.user, c.realm, password)
	a2 := digest(method, c.uri)
	return digest(a1, c.nonce, c.countText, c.cnonce, c.qop, a2)
}

// A nonce is base64 of: time of birth (8 bytes, ns since 1970), chance (8), keyed hash of both (16).
const (
	nonceSeed = 16
	nonceSize = nonceSeed + 16
)

func (a *authority) mint() string {
	raw := make([]byte, nonceSeed, nonceSize)
	binary.BigEndian.PutUint64(raw, uint64(a.now().UnixNano()))
	rand.Read(raw[8:])
	return base64.RawURLEncoding.EncodeToString(append(raw, a.sign(raw)...))
}

func (a *authority) sign(seed []byte) []byte {
	h := hmac.New(sha256.New, a.key[:])
	h.Write(seed)
	return h.Sum(nil)[:nonceSize-nonceSeed]
}

// fresh tells whether the nonce is one of ours, and young enough to be used.
func (a *authority) fresh(nonce string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(raw) != nonceSize || !hmac.Equal(a.sign(raw[:nonceSeed]), raw[nonceSeed:]) {
		return false
	}
	born := time.Unix(0, int64(binary.BigEndian.Uint64(raw)))
	return a.now().Sub(born) < a.lifetime
}

// maxNonces bounds how many used nonces are remembered. Only users with the right password can fill the memory; while
// it is full of nonces that are alive, new ones are refused rather than old ones made good again.
const maxNonces = 10_000

// count notes the use of a nonce and tells whether it is a new one: each must count higher than those before.
func (a *authority) count(nonce string, n uint32) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n <= a.used[nonce] {
		return false
	}
	if _, seen := a.used[nonce]; !seen && len(a.used) >= maxNonces {
		a.forget()
		if len(a.used) >= maxNonces {
			return false
		}
	}
	a.used[nonce] = n
	return true
}

// forget drops nonces past their life; a.mu is held.
func (a *authority) forget() {
	maps.DeleteFunc(a.used, func(nonce string, _ uint32) bool {
		return !a.fresh(nonce)
	})
}
