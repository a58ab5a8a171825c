package lab

import (
	"embed"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// S3 is a running object store that speaks S3: OpenStack Swift, with parts of at least 5 MiB as Amazon has them. What it
// has said yes to is on disk and outlives Kill.
type S3 struct {
	Endpoint             string // "http://127.0.0.1:port"; buckets are in the path: endpoint/bucket/key
	Region               string
	AccessKey, SecretKey string
	Bucket               string // exists, and is empty at first

	t       testing.TB
	at      *End
	folder  Folder
	port    Ports
	process *Process
}

//go:embed swift
var swiftFiles embed.FS

// StartS3 starts a store of the test's own, in an end of a link or, with nil, on this machine, and returns when it takes
// requests. It ends with the test.
func StartS3(t testing.TB, at *End) *S3 {
	t.Helper()
	s := &S3{Region: "us-east-1", AccessKey: "lab:key", SecretKey: "secret", Bucket: "takes",
		t: t, at: at, folder: NewFolder(t, Storage, "swift"), port: NewPorts(t)}
	s.Endpoint = fmt.Sprintf("http://%s:%d", at.Addr(), s.port)
	fill := strings.NewReplacer("@DIR@", s.folder.Inside, "@SECRET@", s.SecretKey)
	names, _ := swiftFiles.ReadDir("swift")
	for _, name := range names {
		text, _ := swiftFiles.ReadFile("swift/" + name.Name())
		s.folder.Write(t, name.Name(), fill.Replace(string(text)))
	}
	s.folder.Write(t, "node/disk/.keep", "")
	s.Start()
	return s
}

// Start starts a killed store again, at the same address, with all that it kept.
func (s *S3) Start() {
	s.t.Helper()
	s.process = s.at.Start(s.t, Storage, s.folder, nil,
		"/usr/bin/python3", s.folder.Inside+"/serve.py", s.folder.Inside, s.at.Addr(), fmt.Sprint(int(s.port)))
	var err error
	failed := s.process.await(30*time.Second, func() bool { err = s.makeBucket(); return err == nil })
	if failed != nil {
		s.t.Fatalf("wait for the bucket: %v: %v", failed, err)
	}
}

// Kill ends the store as a power cut would.
func (s *S3) Kill() { s.process.Kill() }

// makeBucket asks for the bucket by the store's own protocol, which needs no signature.
func (s *S3) makeBucket() error {
	pass, err := s.ask("GET", s.Endpoint+"/auth/v1.0", "X-Auth-User", s.AccessKey, "X-Auth-Key", s.SecretKey)
	if err != nil {
		return err
	}
	_, err = s.ask("PUT", pass.Get("X-Storage-Url")+"/"+s.Bucket, "X-Auth-Token", pass.Get("X-Auth-Token"))
	return err
}

func (s *S3) ask(method, url string, headers ...string) (http.Header, error) {
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DialContext: s.at.DialContext, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s", method, url, answer.Status)
	}
	return answer.Header, nil
}
