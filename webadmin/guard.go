package webadmin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// policy lets a page load from the box alone, and nothing inline run (CSP level 3).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers keep a browser from doing with the page what nobody meant.
var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin",                                  // without a referrer a form has no origin either, and over plain HTTP nothing else tells whose it is
	"Permissions-Policy":           "camera=(self), microphone=(), geolocation=()", // the camera reads an invite's QR code
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

// guard refuses what another page could have made a browser do: a name for the box that is not its own (DNS rebinding), and a
// request of another origin that changes something.
func guard(cfg SiteConfig) gin.HandlerFunc {
	own := http.NewCrossOriginProtection()
	return func(c *gin.Context) {
		for name, value := range headers {
			c.Header(name, value)
		}
		if cfg.Secure {
			c.Header("Strict-Transport-Security", "max-age=31536000")
			c.Header("Cross-Origin-Opener-Policy", "same-origin") // which browsers take by TLS alone
		}
		switch {
		case !isOwn(c.Request.Host, cfg.Hosts):
			fail(c, &Error{http.StatusMisdirectedRequest, "this box is not called so; open it by its address, or by its own name"})
		case own.Check(c.Request) != nil:
			fail(c, &Error{http.StatusForbidden, "refused: another page asked for this"})
		}
	}
}

// isOwn tells whether a Host header names the box: any address does, for no other site is called by one.
func isOwn(host string, names []string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
}

// quota bounds the body of every request; what needs more asks for it.
func quota() gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength > maxBody {
			c.Header("Connection", "close")
			fail(c, &Error{http.StatusRequestEntityTooLarge, "that is too much"})
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	}
}
