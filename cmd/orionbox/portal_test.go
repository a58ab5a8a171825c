package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestPortalTakesTheSocketOver hands a socket over as systemd does.
func TestPortalTakesTheSocketOver(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log := &logBuffer{}
	cmd := exec.Command("sh", "-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" portal --to http://10.42.0.1:8080`, program)
	cmd.ExtraFiles, cmd.Stderr = []*os.File{file}, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/generate_204", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "connectivitycheck.gstatic.com"
	reply, err := client.Do(request) // waits in the socket until the portal takes it
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusFound || reply.Header.Get("Location") != "http://10.42.0.1:8080" {
		t.Errorf("%s, %v", reply.Status, reply.Header)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, log)
	}
}

func TestPortalWantsASocketAndAPage(t *testing.T) {
	for _, args := range [][]string{{"portal"}, {"portal", "--listen", "127.0.0.1:0", "--to", "orionbox"}, {"portal", "--listen", "127.0.0.1:0", "--to", "file:///etc/passwd"}} {
		root := newRoot()
		root.SetArgs(args)
		if err := root.Execute(); exitCode(err) != exitUsage {
			t.Errorf("%v: %v", args, err)
		}
	}
}
