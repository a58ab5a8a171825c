package webtest

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, body string, more map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Try</title>`, body)
	})
	for pattern, handler := range more {
		mux.HandleFunc(pattern, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func open(t *testing.T, body string) *Page {
	t.Helper()
	url := serve(t, body, nil)
	p := Start(t).Page(t, 800, 600, false)
	p.Open(url + "/")
	return p
}

func TestBrowserDiesWithTheTest(t *testing.T) {
	if os.Getenv("WEBTEST_VICTIM") != "" {
		open(t, "hello")
		fmt.Println("up")
		select {}
	}
	victim := exec.Command(os.Args[0], "-test.run=TestBrowserDiesWithTheTest")
	victim.Env = append(os.Environ(), "WEBTEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "up"; {
	}
	born := descendants(victim.Process.Pid)
	victim.Process.Kill()
	victim.Wait()
	if len(born) < 3 {
		t.Errorf("only %v began: not a browser", born)
	}
	deadline := time.After(10 * time.Second)
	for slices.ContainsFunc(born, func(pid int) bool { return parent(pid) != 0 }) {
		select {
		case <-deadline:
			t.Fatalf("some of %v live on", born)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func descendants(of int) (all []int) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		var pid int
		fmt.Sscanf(filepath.Base(name), "%d", &pid)
		if parent(pid) == of {
			all = append(append(all, pid), descendants(pid)...)
		}
	}
	return all
}

func parent(pid int) (of int) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, tail, _ := strings.Cut(string(stat), ") ")
	var state string
	if fmt.Sscanf(tail, "%s %d", &state, &of); state == "Z" {
		return 0
	}
	return of
}
