package webadmin

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// shelf is recordings of one session with one take.
type shelf struct {
	deleted []string
	drawn   bool
}

const tape = "0123456789"

type spool struct{ *bytes.Reader }

func (spool) Close() error { return nil }

func (s *shelf) Sessions(context.Context) (any, error) {
	return []map[string]any{{"name": "SESSION_1", "began": time.Unix(0, 0), "seconds": 61.0, "bytes": 10, "recordings": []map[string]any{
		{"file": "HQ_<b>_1.mp3", "kind": "take", "number": 1, "seconds": 61.0, "chunks": []map[string]any{{"number": 7, "title": "<i>", "at": 3.5}}},
	}}}, nil
}

func (s *shelf) Open(session, file string) (io.ReadSeekCloser, RecordingInfo, error) {
	if session != "SESSION_1" || file != "HQ_1.mp3" {
		return nil, RecordingInfo{}, &Error{http.StatusNotFound, "there is no such recording"}
	}
	return spool{bytes.NewReader([]byte(tape))}, RecordingInfo{File: file, Type: "audio/mpeg"}, nil
}

func (s *shelf) Zip(w io.Writer, session string, files []string) error {
	if session != "SESSION_1" {
		return &Error{http.StatusNotFound, "there is no such session"}
	}
	_, err := w.Write([]byte("PK" + strings.Join(files, "+")))
	if len(files) == 2 {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *shelf) Delete(_ string, files []string, token string) (*Undelivered, error) {
	if token != "t" {
		return &Undelivered{Files: files, Token: "t"}, nil
	}
	s.deleted = files
	return nil, nil
}

func (s *shelf) Peaks(context.Context, string, string, int) ([]Peak, bool, error) {
	return []Peak{{-127, 127}, {0, 0}}, s.drawn, nil
}

func TestRecordingsOnThePage(t *testing.T) {
	v := openSite(t, Parts{Recordings: &shelf{}}).login()
	_, page := v.get("/recordings")
	for _, want := range []string{"HQ_&lt;b&gt;_1.mp3", "Take 1, 1:01", "no producer has it", "&lt;i&gt;", `data-at="3.50"`, `<audio controls`, "1 chunk<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, "<i>") {
		t.Error("a title is not escaped")
	}
}

func TestARecordingIsPlayedFromAnyPlace(t *testing.T) {
	v := openSite(t, Parts{Recordings: &shelf{}}).login()
	r := v.do(http.MethodGet, "/recordings/file/SESSION_1/HQ_1.mp3", nil, "Range", "bytes=3-5")
	if got := body(t, r); r.StatusCode != http.StatusPartialContent || got != "345" || r.Header.Get("Content-Type") != "audio/mpeg" {
		t.Errorf("%s, %q, %v", r.Status, got, r.Header)
	}
	r = v.do(http.MethodGet, "/recordings/file/SESSION_1/HQ_1.mp3?download=1", nil)
	if got := body(t, r); got != tape || r.Header.Get("Content-Disposition") != "attachment; filename=HQ_1.mp3" {
		t.Errorf("%q, %v", got, r.Header)
	}
	for _, path := range []string{"/recordings/file/SESSION_1/none.mp3", "/recordings/file/SESSION_1/..%2f..%2fconn.conf", "/recordings/file/../conn.conf"} {
		if r, _ := v.get(path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

func TestZipIsWholeOrNone(t *testing.T) {
	v := openSite(t, Parts{Recordings: &shelf{}}).login()
	r := v.post("/recordings/zip/SESSION_1", url.Values{"file": {"a"}})
	if got := body(t, r); got != "PKa" || r.Header.Get("Content-Disposition") != "attachment; filename=SESSION_1.zip" {
		t.Errorf("%q, %v", got, r.Header)
	}
	if r := v.post("/recordings/zip/SESSION_2", nil); r.StatusCode != http.StatusNotFound {
		t.Errorf("no such session: %s", r.Status)
	}
	request, err := http.NewRequest(http.MethodPost, v.url+"/recordings/zip/SESSION_1", strings.NewReader("file=a&file=b"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if answer, err := v.http.Do(request); err == nil {
		if _, err := io.ReadAll(answer.Body); err == nil {
			t.Error("half a zip looks whole")
		}
		answer.Body.Close()
	}
}

// TestDeletingAsksTwice, and once more for what no producer has.
func TestDeletingAsksTwice(t *testing.T) {
	s := &shelf{}
	v := openSite(t, Parts{Recordings: s}).login()
	if r := v.post("/recordings/delete/SESSION_1", nil); r.StatusCode != http.StatusBadRequest {
		t.Errorf("nothing is marked: %s", r.Status)
	}
	page := body(t, v.post("/recordings/delete/SESSION_1", url.Values{"file": {"a"}}))
	if !strings.Contains(page, "Delete for ever?") || s.deleted != nil {
		t.Errorf("not asked, or deleted: %v", s.deleted)
	}
	r := v.post("/recordings/delete/SESSION_1", url.Values{"file": {"a"}, "sure": {"yes"}})
	if page := body(t, r); r.StatusCode != http.StatusConflict || !strings.Contains(page, "No producer has these") || !strings.Contains(page, `name="token" value="t"`) || s.deleted != nil {
		t.Errorf("%s, deleted %v", r.Status, s.deleted)
	}
	if page := body(t, v.post("/recordings/delete/SESSION_1", url.Values{"file": {"a"}, "sure": {"yes"}, "token": {"t"}})); !strings.Contains(page, "1 recordings of SESSION_1 are deleted") || len(s.deleted) != 1 {
		t.Errorf("deleted %v", s.deleted)
	}
}

func TestWave(t *testing.T) {
	if got := wave([]Peak{{-127, 127}, {-10, 20}}, true); !strings.Contains(got, `viewBox="0 0 2 255"`) || !strings.Contains(got, `d="M0.5 0V255M1.5 107V138"`) {
		t.Errorf("drawn as %s", got)
	}
	if got := wave(nil, false); !strings.Contains(got, "dasharray") {
		t.Errorf("being drawn as %s", got)
	}
	if got := wave(nil, true); strings.Contains(got, "<path") {
		t.Errorf("nothing is drawn as %s", got)
	}
	v := openSite(t, Parts{Recordings: &shelf{drawn: true}}).login()
	if r, page := v.get("/recordings/wave/SESSION_1/HQ_1.mp3"); r.Header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(page, "<svg") {
		t.Errorf("%v, %s", r.Header, page)
	}
}
