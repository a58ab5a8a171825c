package webadmin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"
)

// Admin is who may use the page: one person, with one password.
type Admin interface {
	// Set tells whether a password was chosen yet.
	Set() bool
	// Check tells whether it is this one. It takes its time.
	Check(password string) bool
	// Tag is another for each password that was ever chosen: who logged in by an earlier one is out.
	Tag() string
	// Choose sets the first password, for whoever knows the code of the box. Its errors are for that person.
	Choose(code, password string) error
	// Change sets another password. Its errors are for the person who chose it.
	Change(password string) error
}

const (
	cookieName  = "orionbox"
	sessionIdle = 12 * time.Hour // after which one who has gone away has to log in again
	mostLogins  = 64             // sessions; the oldest makes room
)

// A person may mistype a few times; who guesses waits.
const (
	triesAtOnce = 5
	triesEvery  = 20 * time.Second // from one address, after those
	allAtOnce   = 20               // from all addresses together
	allEvery    = 2 * time.Second
	mostTried   = 4096 // addresses that are remembered
)

// key is what stands for a cookie or a password.
type key [sha256.Size]byte

// login is a session: when it was seen last, and by which password it began.
type login struct {
	seen time.Time
	tag  string
}

// logins are those who have logged in, by the hash of what their cookie says, and those who tried.
type logins struct {
	now   func() time.Time
	mu    sync.Mutex
	in    map[key]login
	basic map[key]login // of those who name the password each time
	salt  [16]byte      // of the keys: what stands in memory tells no password
	tries map[netip.Addr]*rate.Limiter
	all   *rate.Limiter
	check sync.Mutex // one password at a time: each takes a core for a while
}

func newLogins(now func() time.Time) *logins {
	l := &logins{now: now, in: map[key]login{}, basic: map[key]login{}, tries: map[netip.Addr]*rate.Limiter{},
		all: rate.NewLimiter(rate.Every(allEvery), allAtOnce)}
	_, _ = rand.Read(l.salt[:]) // which never fails (crypto/rand)
	return l
}

func (l *logins) key(secret string) key {
	mac := hmac.New(sha256.New, l.salt[:])
	mac.Write([]byte(secret)) // which never fails (hash.Hash)
	return key(mac.Sum(nil))
}

// may tells whether an address may try a password now.
func (l *logins) may(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	return l.limit(from).AllowN(now, 1) && l.all.AllowN(now, 1)
}

// waits tells whether an address has tried too often to be believed even if it is right.
func (l *logins) waits(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit(from).TokensAt(l.now()) < 1
}

// limit is that of the person at an address.
func (l *logins) limit(from netip.Addr) *rate.Limiter {
	from = person(from)
	limit := l.tries[from]
	if limit == nil {
		if len(l.tries) >= mostTried {
			clear(l.tries) // who fills it has to pay for all by the common limit
		}
		limit = rate.NewLimiter(rate.Every(triesEvery), triesAtOnce)
		l.tries[from] = limit
	}
	return limit
}

// person is what one person has of addresses: of IPv6 a whole network (RFC 6177).
func person(at netip.Addr) netip.Addr {
	if at.Is6() {
		p, _ := at.Prefix(64) // which an address without a zone always has
		return p.Addr()
	}
	return at
}

// enter begins a session by the password of a tag, and returns what its cookie says.
func (l *logins) enter(from netip.Addr, tag string) string {
	token := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, person(from))
	l.keep(l.in, token, tag)
	return token
}

// keep remembers a session; the oldest makes room.
func (l *logins) keep(in map[key]login, secret, tag string) {
	for len(in) >= mostLogins {
		var oldest key
		var at time.Time
		for k, one := range in {
			if at.IsZero() || one.seen.Before(at) {
				oldest, at = k, one.seen
			}
		}
		delete(in, oldest)
	}
	in[l.key(secret)] = login{l.now(), tag}
}

// knows tells whether a cookie is that of a session which goes on.
func (l *logins) knows(token, tag string) bool { return l.seen(l.in, token, tag, true) }

// holds tells the same, and does not count as a sign of life.
func (l *logins) holds(token, tag string) bool { return l.seen(l.in, token, tag, false) }

func (l *logins) seen(in map[key]login, secret, tag string, renew bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.key(secret)
	one, ok := in[k]
	now := l.now()
	if !ok || one.tag != tag || now.Sub(one.seen) > sessionIdle {
		delete(in, k)
		return false
	}
	if renew {
		in[k] = login{now, tag}
	}
	return true
}

func (l *logins) leave(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.in, l.key(token))
}

// leaveAll ends all sessions: the password is another.
func (l *logins) leaveAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.in)
	clear(l.basic)
}

// needsLogin lets through who has logged in. A program is told so; a person is shown where. Who is in may take their time.
func (s *Site) needsLogin(c *gin.Context) {
	if s.cookie(c) || s.basic(c) {
		patience := http.NewResponseController(c.Writer)
		_ = errors.Join(patience.SetReadDeadline(time.Time{}), patience.SetWriteDeadline(time.Time{})) // else they hurry
		return
	}
	if c.Request.Method == http.MethodGet && strings.Contains(c.GetHeader("Accept"), "text/html") {
		c.Redirect(http.StatusSeeOther, "/login")
		c.Abort()
		return
	}
	fail(c, &Error{http.StatusUnauthorized, "log in first"})
}

func (s *Site) cookie(c *gin.Context) bool {
	token, err := c.Cookie(cookieName)
	return err == nil && s.logins.knows(token, s.cfg.Admin.Tag())
}

// basic lets a program in that names the password with each request (RFC 7617), as Prometheus does. Only what reads: a browser
// sends such a thing by itself. One that was right is remembered, for to check it takes its time; from an address that guesses it
// is not believed either.
func (s *Site) basic(c *gin.Context) bool {
	_, password, ok := c.Request.BasicAuth()
	if !ok || c.Request.Method != http.MethodGet || s.logins.waits(from(c)) {
		return false
	}
	tag := s.cfg.Admin.Tag()
	if s.logins.seen(s.logins.basic, password, tag, true) {
		return true
	}
	if !s.tryPassword(c, password) {
		return false
	}
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	s.logins.keep(s.logins.basic, password, tag)
	return true
}

// tryPassword tells whether a password is right, if its sender may try one.
func (s *Site) tryPassword(c *gin.Context, password string) bool {
	if !s.logins.may(from(c)) {
		return false
	}
	s.logins.check.Lock()
	defer s.logins.check.Unlock()
	return s.cfg.Admin.Check(password)
}

// from is the address that a request comes from. What a proxy says of it is not believed: anybody may say so.
func from(c *gin.Context) netip.Addr {
	if ap, err := netip.ParseAddrPort(c.Request.RemoteAddr); err == nil {
		return ap.Addr().Unmap()
	}
	return netip.Addr{}
}

func (s *Site) setCookie(c *gin.Context, token string, age int) {
	http.SetCookie(c.Writer, &http.Cookie{Name: cookieName, Value: token, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.cfg.Secure,
		SameSite: http.SameSiteStrictMode})
}
