package webtest

import (
	"bytes"
	"net/http"
	"testing"
)

func TestFilesGoBothWays(t *testing.T) {
	sent := bytes.Repeat([]byte("take"), 100_000)
	url := serve(t, `<input type=file id=give><p id=got></p><a id=take href="/take">Take</a>
		<script>give.onchange = async () => got.textContent = give.files[0].name + ": " + await give.files[0].text()</script>`,
		map[string]http.HandlerFunc{"/take": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Disposition", `attachment; filename="HQ_1.mp3"`)
			w.Write(sent)
		}})
	p := Start(t).Page(t, 800, 600, false)
	p.Open(url)
	p.Upload("#give", "invite.txt", []byte("come in"))
	p.WaitText("#got", "invite.txt: come in")
	for range 2 {
		if name, content := p.Download("#take"); name != "HQ_1.mp3" || !bytes.Equal(content, sent) {
			t.Errorf("took %q of %d bytes", name, len(content))
		}
	}
}
