package webadmin

import "net/http"

// Portal answers every request with the way to a page, whichever site it was for. A phone that joins the box's own Wi-Fi asks a site
// of its maker's whether there is an internet, and shows its owner what it is led to. Nothing of the request is in the answer, and
// the connection is closed: phones ask again and again.
func Portal(page string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Location", page)
		h.Set("Cache-Control", "no-store") // at home the same site is another
		h.Set("Connection", "close")
		w.WriteHeader(http.StatusFound)
	})
}
