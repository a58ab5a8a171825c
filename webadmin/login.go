package webadmin

import (
	"crypto/rand"
	"crypto/sha256"
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

// logins are those who have logged in, by the hash of what their cookie says, and those who tried.
type logins struct {
	now   func() time.Time
	mu    sync.Mutex
	in    map[[sha256.Size]byte]time.Time // last seen
	tries map[netip.Addr]*rate.Limiter
	all   *rate.Limiter
	check sync.Mutex // one password at a time: each takes a core for a while
}

func newLogins(now func() time.Time) *logins {
	return &logins{now: now, in: map[[sha256.Size]byte]time.Time{}, tries: map[netip.Addr]*rate.Limiter{},
		all: rate.NewLimiter(rate.Every(allEvery), allAtOnce)}
}

// may tells whether an address may try a password now.
func (l *logins) may(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from.Is6() {
		p, _ := from.Prefix(64) // which is what one person has
		from = p.Addr()
	}
	limit := l.tries[from]
	if limit == nil {
		if len(l.tries) >= mostTried {
			clear(l.tries) // who fills it has to pay for all by the common limit
		}
		limit = rate.NewLimiter(rate.Every(triesEvery), triesAtOnce)
		l.tries[from] = limit
	}
	now := l.now()
	return limit.AllowN(now, 1) && l.all.AllowN(now, 1)
}

// enter begins a session and returns what its cookie says.
func (l *logins) enter(from netip.Addr) string {
	token := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, from)
	for len(l.in) >= mostLogins {
		l.forgetOldest()
	}
	l.in[sha256.Sum256([]byte(token))] = l.now()
	return token
}

func (l *logins) forgetOldest() {
	var oldest [sha256.Size]byte
	var at time.Time
	for key, seen := range l.in {
		if at.IsZero() || seen.Before(at) {
			oldest, at = key, seen
		}
	}
	delete(l.in, oldest)
}

// knows tells whether a cookie is that of a session that goes on.
func (l *logins) knows(token string) bool {
	key := sha256.Sum256([]byte(token))
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, ok := l.in[key]
	now := l.now()
	if !ok || now.Sub(seen) > sessionIdle {
		delete(l.in, key)
		return false
	}
	l.in[key] = now
	return true
}

func (l *logins) leave(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.in, sha256.Sum256([]byte(token)))
}

// leaveAll ends all sessions: the password is another.
func (l *logins) leaveAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.in)
}

// needsLogin lets through who has logged in. A program is told so; a person is shown where.
func (s *Site) needsLogin(c *gin.Context) {
	if token, err := c.Cookie(cookieName); err == nil && s.logins.knows(token) {
		return
	}
	if s.basic(c) {
		return
	}
	if c.Request.Method == http.MethodGet && strings.Contains(c.GetHeader("Accept"), "text/html") {
		c.Redirect(http.StatusSeeOther, "/login")
		c.Abort()
		return
	}
	fail(c, &Error{http.StatusUnauthorized, "log in first"})
}

// basic lets a program in that names the password with each request (RFC 7617), as Prometheus does. Only what reads: a browser
// sends such a thing by itself.
func (s *Site) basic(c *gin.Context) bool {
	_, password, ok := c.Request.BasicAuth()
	if !ok || c.Request.Method != http.MethodGet {
		return false
	}
	return s.logins.knows("basic "+password) || s.tryPassword(c, password) && s.keepBasic(password)
}

// keepBasic remembers that a password was right, so that it need not be tried each time.
func (s *Site) keepBasic(password string) bool {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	s.logins.in[sha256.Sum256([]byte("basic "+password))] = s.logins.now()
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
