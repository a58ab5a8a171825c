package webadmin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// owner is an admin whose password a test knows, and how often it was tried.
type owner struct {
	mu       sync.Mutex
	password string
	tries    int
}

func (o *owner) Set() bool { o.mu.Lock(); defer o.mu.Unlock(); return o.password != "" }
func (o *owner) Check(password string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries++
	return password == o.password
}
func (o *owner) Choose(code, password string) error {
	if code != "ABCD" {
		return errors.New("that is not the code of this box")
	}
	return o.Change(password)
}
func (o *owner) Change(password string) error {
	if len(password) < 8 {
		return errors.New("choose a longer password")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.password = password
	return nil
}

func (o *owner) tried() int { o.mu.Lock(); defer o.mu.Unlock(); return o.tries }

const secret = "correct horse"

// visit is a browser at a page that runs: it keeps cookies, and does not follow where it is sent.
type visit struct {
	t     *testing.T
	site  *Site
	owner *owner
	url   string
	http  *http.Client
}

func openSite(t *testing.T, parts Parts) *visit {
	t.Helper()
	if parts.Box == nil {
		parts.Box = &box{}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{t: t, owner: &owner{password: secret}}
	v.http = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	v.site = NewSite(parts, SiteConfig{Admin: v.owner, Hosts: []string{"box.local"}}, slog.New(slog.DiscardHandler))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v.url = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	site := v.site
	go func() { ended <- site.Run(ctx, listener) }()
	t.Cleanup(func() {
		v.http.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the page ended with %v", err)
		}
	})
	return v
}

// login logs in.
func (v *visit) login() *visit {
	v.t.Helper()
	if r := v.post("/login", url.Values{"password": {secret}}); r.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("login: %s", r.Status)
	}
	return v
}

func (v *visit) do(method, path string, body io.Reader, header ...string) *http.Response {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
	}
	response, err := v.http.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close() // its place is needed: one address has not many
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response
}

func (v *visit) get(path string) (*http.Response, string) {
	v.t.Helper()
	r := v.do(http.MethodGet, path, nil, "Accept", "text/html")
	text, err := io.ReadAll(r.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return r, string(text)
}

func (v *visit) post(path string, form url.Values) *http.Response {
	v.t.Helper()
	return v.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
}

// open are the routes that need no login.
var openRoutes = map[string]bool{"GET /healthz": true, "GET /login": true, "POST /login": true, "POST /setup": true,
	"GET /static/*filepath": true, "HEAD /static/*filepath": true}

// TestEveryRouteNeedsALogin but those that are for who has none: by the list that the router itself has.
func TestEveryRouteNeedsALogin(t *testing.T) {
	v := openSite(t, Parts{Panel: &wired{}, Studio: &studio{}, Host: &host{}})
	routes := v.site.Routes()
	if len(routes) < 30 {
		t.Fatalf("only %d routes: %v", len(routes), routes)
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer(":button", "mic", "*filepath", "style.css").Replace(path)
		for _, accept := range []string{"", "text/html"} {
			r := v.do(method, path, strings.NewReader("{}"), "Accept", accept)
			refused := r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusSeeOther && r.Header.Get("Location") == "/login"
			if refused == openRoutes[route] && route != "POST /login" {
				t.Errorf("%s without a login: %s", route, r.Status)
			}
		}
	}
}

func TestLoginAndLogout(t *testing.T) {
	v := openSite(t, Parts{})
	if r, page := v.get("/"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/login" {
		t.Errorf("without a login: %s, %s", r.Status, page)
	}
	if r := v.post("/login", url.Values{"password": {"wrong"}}); r.StatusCode != http.StatusUnauthorized || len(r.Cookies()) > 0 {
		t.Errorf("a wrong password: %s, %v", r.Status, r.Cookies())
	}
	r := v.post("/login", url.Values{"password": {secret}})
	cookies := r.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || len(cookies[0].Value) < 26 {
		t.Errorf("cookies %v", cookies)
	}
	if r, page := v.get("/"); r.StatusCode != http.StatusOK || !strings.Contains(page, "<h1>Live</h1>") || strings.Contains(page, secret) {
		t.Errorf("logged in: %s, %s", r.Status, page)
	}
	v.post("/logout", nil)
	if r, _ := v.get("/"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("after the logout: %s", r.Status)
	}
	old := cookies[0]
	if r := v.do(http.MethodGet, "/api/status", nil, "Cookie", old.Name+"="+old.Value); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("with the cookie of before: %s", r.Status)
	}
}

func TestFirstVisitSetsThePassword(t *testing.T) {
	v := openSite(t, Parts{})
	v.owner.password = ""
	if _, page := v.get("/login"); !strings.Contains(page, "Code of the box") {
		t.Errorf("the first page:\n%s", page)
	}
	if r := v.post("/login", url.Values{"password": {""}}); r.StatusCode != http.StatusConflict {
		t.Errorf("logged in without a password: %s", r.Status)
	}
	for why, form := range map[string]url.Values{
		"the code":  {"code": {"EFGH"}, "password": {secret}, "again": {secret}},
		"twice":     {"code": {"ABCD"}, "password": {secret}, "again": {"another one"}},
		"too short": {"code": {"ABCD"}, "password": {"short"}, "again": {"short"}},
	} {
		if r := v.post("/setup", form); r.StatusCode != http.StatusBadRequest || v.owner.Set() {
			t.Errorf("%s: %s", why, r.Status)
		}
	}
	if r := v.post("/setup", url.Values{"code": {"ABCD"}, "password": {secret}, "again": {secret}}); r.StatusCode != http.StatusSeeOther || !v.owner.Set() {
		t.Errorf("set: %s", r.Status)
	}
	if r, _ := v.get("/"); r.StatusCode != http.StatusOK {
		t.Errorf("after it: %s", r.Status)
	}
}

// TestGuessing lets somebody try twenty passwords: most are not even looked at.
func TestGuessing(t *testing.T) {
	v := openSite(t, Parts{})
	for n := range 20 {
		if r := v.post("/login", url.Values{"password": {fmt.Sprint("guess ", n)}}); r.StatusCode != http.StatusUnauthorized {
			t.Errorf("guess %d: %s", n, r.Status)
		}
	}
	if n := v.owner.tried(); n != triesAtOnce {
		t.Errorf("%d of 20 passwords were looked at, want %d", n, triesAtOnce)
	}
	if r := v.post("/login", url.Values{"password": {secret}}); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("and the right one from there at once: %s", r.Status)
	}
}

func TestLimitsPassWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogins(time.Now)
		home, away := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		for range triesAtOnce {
			if !l.may(home) {
				t.Fatal("a person may mistype")
			}
		}
		if l.may(home) || !l.may(away) {
			t.Error("who guesses waits, nobody else does")
		}
		time.Sleep(triesEvery)
		if !l.may(home) || l.may(home) {
			t.Error("one more after a while")
		}
		a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
		for range triesAtOnce {
			l.may(a)
		}
		if l.may(b) {
			t.Error("a whole network of IPv6 is one person")
		}
		token := l.enter(home)
		time.Sleep(sessionIdle - time.Second)
		if !l.knows(token) {
			t.Error("a session ended early")
		}
		time.Sleep(sessionIdle + time.Second)
		if l.knows(token) {
			t.Error("a session that nobody used goes on")
		}
	})
}

// TestAllGuessersTogether are held back though each comes from elsewhere.
func TestAllGuessersTogether(t *testing.T) {
	l := newLogins(time.Now)
	looked := 0
	for n := range 5000 {
		if l.may(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})) {
			looked++
		}
	}
	if looked > allAtOnce+2 || len(l.tries) > mostTried {
		t.Errorf("%d passwords were looked at, %d addresses remembered", looked, len(l.tries))
	}
}

func TestOthersPagesAreRefused(t *testing.T) {
	v := openSite(t, Parts{}).login()
	press := func(header ...string) int {
		return v.do(http.MethodPost, "/api/press/record", nil, header...).StatusCode
	}
	if got := press(); got != http.StatusOK {
		t.Errorf("a program's press: %d", got)
	}
	for what, header := range map[string][]string{
		"cross-site":                 {"Sec-Fetch-Site", "cross-site"},
		"another origin":             {"Origin", "http://evil.example"},
		"another port of this":       {"Origin", "http://127.0.0.1:1"},
		"a page without an origin":   {"Origin", "null"},
		"the same site, not the box": {"Sec-Fetch-Site", "same-site"},
	} {
		if got := press(header...); got != http.StatusForbidden {
			t.Errorf("%s: %d", what, got)
		}
	}
	for _, name := range []string{"evil.example", "evil.example:8080", "box.local.evil.example", ""} {
		if r := v.do(http.MethodGet, "/api/status", nil, "Host", name); name != "" && r.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("called %q: %s", name, r.Status)
		}
	}
	for _, name := range []string{"box.local", "BOX.local:80", "localhost", "[::1]:8080", "192.0.2.7"} {
		if r := v.do(http.MethodGet, "/healthz", nil, "Host", name); r.StatusCode != http.StatusOK {
			t.Errorf("called %q: %s", name, r.Status)
		}
	}
}

func TestHeaders(t *testing.T) {
	v := openSite(t, Parts{}).login()
	for _, path := range []string{"/", "/login", "/static/live.js", "/api/status", "/none"} {
		r, _ := v.get(path)
		for name, want := range headers {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error("something inline may run")
	}
}

// TestBodiesThatAreTooLong are refused before they are read.
func TestBodiesThatAreTooLong(t *testing.T) {
	v := openSite(t, Parts{}).login()
	var read atomic.Int64
	for _, path := range []string{"/login", "/api/press/record", "/settings"} {
		body := &endless{left: 1 << 30, read: &read}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+path, body)
		if err != nil {
			t.Fatal(err)
		}
		request.ContentLength = 1 << 30
		r, err := v.http.Do(request)
		if err != nil { // the connection was cut under it, which is as good
			continue
		}
		if r.StatusCode < 400 {
			t.Errorf("%s took a gigabyte: %s", path, r.Status)
		}
		r.Body.Close()
	}
	if n := read.Load(); n > 64<<20 {
		t.Errorf("%d bytes were sent before it was refused", n)
	}
	if r := v.do(http.MethodPost, "/login", &endless{left: 10 << 20, read: &read}, "Content-Type", "application/x-www-form-urlencoded"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a body of unknown length: %s", r.Status)
	}
}

// endless is a body of so many bytes.
type endless struct {
	left int
	read *atomic.Int64 // also after the answer, by whoever still sends
}

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.left)
	if n == 0 {
		return 0, io.EOF
	}
	for i := range n {
		p[i] = 'a'
	}
	e.left -= n
	e.read.Add(int64(n))
	return n, nil
}

func TestNamesThatLeaveTheFolder(t *testing.T) {
	v := openSite(t, Parts{})
	for _, path := range []string{"/static/../site.go", "/static/..%2fsite.go", "/static/%2e%2e/site.go", "/static//etc/passwd", "/static/", "/static/style.css%00", `/static/..\site.go`} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode == http.StatusOK || strings.Contains(string(text), "package ") {
			t.Errorf("%s: %s, %v", path, answer.Status, err)
		}
		conn.Close()
	}
}

// TestManySlowConnections take no place from who is in earnest: of one address no more than some are held, and those not for long.
func TestManySlowConnections(t *testing.T) {
	v := openSite(t, Parts{}).login()
	address := strings.TrimPrefix(v.url, "http://")
	var slow []net.Conn
	for range 500 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			continue
		}
		_, _ = conn.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")) // and no more
		slow = append(slow, conn)
	}
	held := 0
	for _, conn := range slow {
		if err := conn.SetReadDeadline(time.Now().Add(headerLimit + 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, context.DeadlineExceeded) {
			held++
		}
		conn.Close()
	}
	if held > 0 {
		t.Errorf("%d slow connections are held", held)
	}
	if r, _ := v.get("/"); r.StatusCode != http.StatusOK {
		t.Errorf("after them: %s", r.Status)
	}
}

func TestLimitedCounts(t *testing.T) {
	l := newLimited(nil)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range mostConnsOf {
		if !l.enter(a) {
			t.Fatal("there is room")
		}
	}
	if l.enter(a) || !l.enter(b) {
		t.Error("one address takes the places of others")
	}
	l.leave(a)
	if !l.enter(a) {
		t.Error("a place that was given back is not free")
	}
	for n := range mostConns {
		l.enter(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}))
	}
	if l.all != mostConns {
		t.Errorf("%d connections", l.all)
	}
}

// TestEvents sends an open page what it must show, and then what has changed alone.
func TestEvents(t *testing.T) {
	v := openSite(t, Parts{}).login()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.http.Do(request)
	if err != nil || r.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v, %v", err, r)
	}
	defer r.Body.Close()
	seen := map[string]int{}
	lines := bufio.NewScanner(r.Body)
	for len(seen) < len(sections)+1 && lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			seen[name]++
		}
	}
	for _, name := range append([]string{"beat"}, sections...) {
		if seen[name] != 1 {
			t.Errorf("%s came %d times", name, seen[name])
		}
	}
}

func TestChanged(t *testing.T) {
	shown := map[string]string{"take": "<p>1</p>"}
	text := changed(sections, shown, map[string]string{"take": "<p>1</p>", "call": "<b>\n\n</b>"})
	if text != "event: call\ndata: \"\\u003cb\\u003e\\n\\n\\u003c/b\\u003e\"\n\n" {
		t.Errorf("sent %q", text)
	}
	if text := changed(sections, shown, map[string]string{"take": "<p>1</p>", "call": "<b>\n\n</b>"}); text != "" {
		t.Errorf("sent once more %q", text)
	}
}

func TestMetrics(t *testing.T) {
	v := openSite(t, Parts{})
	r := v.do(http.MethodGet, "/metrics", nil, "Authorization", "Basic YWRtaW46Y29ycmVjdCBob3JzZQ==")
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(text), "orionbox_in_conference 1\n") || !strings.Contains(string(text), "orionbox_up 1\n") {
		t.Errorf("%s, %v:\n%s", r.Status, err, text)
	}
	if r := v.do(http.MethodPost, "/api/press/record", nil, "Authorization", "Basic YWRtaW46Y29ycmVjdCBob3JzZQ=="); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("a press by what a browser sends by itself: %s", r.Status)
	}
}
