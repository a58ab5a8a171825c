package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"orionbox/firmware/session"
)

// childConfig names the variable that makes this binary a hub, which may be killed.
const childConfig = "ORIONBOX_TEST_HUB"

func TestMain(m *testing.M) {
	text := os.Getenv(childConfig)
	if text == "" {
		os.Exit(m.Run())
	}
	if err := child(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// order is what a child is told to do, a line of JSON each; it answers with a line. It ends with its input.
type order struct {
	Invite string
	Revoke string
	Role   session.Role
	Status bool
}

// upLine is the first line a child says.
type upLine struct{ Address, Fingerprint string }

func child(text string) error {
	var cfg Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	s, err := New(cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		out := json.NewEncoder(os.Stdout)
		err := out.Encode(upLine{s.Addr(), s.Fingerprint()})
		for in := json.NewDecoder(os.Stdin); err == nil; {
			var o order
			if err = in.Decode(&o); err == nil {
				err = out.Encode(obey(ctx, s, o))
			}
		}
	}()
	return s.Run(ctx)
}

func obey(ctx context.Context, s *Server, o order) any {
	var reply any
	var err error
	switch {
	case o.Invite != "":
		reply, err = s.Invite(ctx, "600", o.Invite, o.Role)
	case o.Revoke != "":
		err = s.Revoke(ctx, "600", o.Revoke)
	case o.Status:
		reply, err = s.Status(ctx)
	}
	if err != nil {
		return err.Error()
	}
	return reply
}

// process is a hub in a process of its own.
type process struct {
	upLine
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startProcess(t testing.TB, cfg Config) *process {
	t.Helper()
	text, err := json.Marshal(cfg.loopback())
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childConfig+"="+string(text))
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.out = bufio.NewReader(out)
	p.read(&p.upLine)
	return p
}

func (p *process) read(into any) {
	p.t.Helper()
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		p.t.Fatalf("the hub says %q: %v", line, err)
	}
}

func (p *process) order(o order, into any) {
	p.t.Helper()
	if err := json.NewEncoder(p.in).Encode(o); err != nil {
		p.t.Fatal(err)
	}
	p.read(into)
}

func (p *process) invite(name string, role session.Role) Credential {
	p.t.Helper()
	var c Credential
	p.order(order{Invite: name, Role: role}, &c)
	return c
}

// kill ends the hub as a power cut does.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // it was killed
	}
}

// stop ends the hub as a person does.
func (p *process) stop() {
	p.t.Helper()
	done := make(chan error, 1)
	_ = p.in.Close()
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			p.t.Errorf("the hub ended with %v", err)
		}
	case <-time.After(patience):
		p.t.Error("the hub does not end")
	}
}
