package webadmin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPortalLeadsEverybodyToThePage(t *testing.T) {
	const page = "http://10.42.0.1:8080/"
	portal := Portal(page)
	for _, target := range []string{"http://captive.apple.com/hotspot-detect.html", "http://connectivitycheck.gstatic.com/generate_204",
		"http://www.msftconnecttest.com/connecttest.txt", "http://elsewhere.example//evil.example/%0d%0aSet-Cookie:x=1"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			w := httptest.NewRecorder()
			portal.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader("x")))
			h := w.Result().Header
			if w.Code != http.StatusFound || h.Get("Location") != page || h.Get("Cache-Control") != "no-store" || w.Body.Len() > 0 || len(h) != 3 {
				t.Errorf("%s %s: %d, %v, %q", method, target, w.Code, h, w.Body)
			}
		}
	}
}
