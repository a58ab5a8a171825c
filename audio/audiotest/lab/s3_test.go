package lab

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestStoreKeepsWhatItTookAcrossAKill(t *testing.T) {
	link := NewLink(t, LinkConfig{Rate: 50_000_000})
	s := StartS3(t, link.B())
	content := bytes.Repeat([]byte("take"), 500_000)
	if status, text := s.request(t, link.A(), "PUT", "HQ_1.mp3", s.SecretKey, content); status != http.StatusOK {
		t.Fatalf("PUT: %d: %s", status, text)
	}
	s.Kill()
	s.Start()
	if status, got := s.request(t, link.A(), "GET", "HQ_1.mp3", s.SecretKey, nil, "Range", "bytes=1000-1003"); status != http.StatusPartialContent || string(got) != "take" {
		t.Errorf("GET of a range after a kill: %d: %q", status, got)
	}
	if status, _ := s.request(t, link.A(), "GET", "HQ_1.mp3", "wrong", nil); status != http.StatusForbidden {
		t.Errorf("GET with a wrong secret: %d", status)
	}
	if status, _ := s.request(t, link.A(), "GET", "HQ_2.mp3", s.SecretKey, nil); status != http.StatusNotFound {
		t.Errorf("GET of what is not there: %d", status)
	}
}

// request does one request of S3, from an end, signed as Amazon's "Signature Version 4" wants it, the body left out.
func (s *S3) request(t *testing.T, from *End, method, key, secret string, body []byte, headers ...string) (status int, content []byte) {
	t.Helper()
	r, err := http.NewRequest(method, s.Endpoint+"/"+s.Bucket+"/"+key, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	s.sign(r, secret, time.Now().UTC())
	client := http.Client{Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}, Timeout: 20 * time.Second}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if content, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, content
}

// sign signs a request by its query, as for a link that is passed on.
func (s *S3) sign(r *http.Request, secret string, now time.Time) {
	day, moment := now.Format("20060102"), now.Format("20060102T150405Z")
	scope := day + "/" + s.Region + "/s3/aws4_request"
	r.URL.RawQuery = url.Values{"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {s.AccessKey + "/" + scope},
		"X-Amz-Date": {moment}, "X-Amz-Expires": {"60"}, "X-Amz-SignedHeaders": {"host"}}.Encode()
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, "host:" + r.URL.Host, "", "host", "UNSIGNED-PAYLOAD"}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, s.Region, "s3", "aws4_request"} {
		key = keyed(key, part)
	}
	signature := keyed(key, "AWS4-HMAC-SHA256\n"+moment+"\n"+scope+"\n"+hex.EncodeToString(digest[:]))
	r.URL.RawQuery += fmt.Sprintf("&X-Amz-Signature=%x", signature)
}

func keyed(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}
