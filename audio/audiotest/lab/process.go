package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a program of the lab while it runs.
type Process struct {
	name string
	log  string
	at   *End
	cmd  *exec.Cmd
	done chan struct{}
}

// Start runs a program of the tree with its output appended to the file log in folder, which is shown if the test
// fails. It is killed at the end of the test, and by the kernel if the test process ends before.
func Start(t testing.TB, tree string, folder Folder, env []string, args ...string) *Process {
	t.Helper()
	return start(t, nil, tree, folder, env, args)
}

func start(t testing.TB, at *End, tree string, folder Folder, env, args []string) *Process {
	t.Helper()
	p := &Process{name: args[0], log: folder.Path("output"), at: at, cmd: inTree(t, tree, env, args), done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.start(); err != nil {
		t.Fatalf("start %s: %v%s", p.name, err, hint(err))
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("output of %s:\n%s", p.name, tail(p.log, 60))
		}
	})
	return p
}

// Run runs a short program of the tree, a control command say, and returns all that it printed.
func Run(t testing.TB, tree string, env []string, args ...string) (string, error) {
	t.Helper()
	out, err := inTree(t, tree, env, args).CombinedOutput()
	return string(out), err
}

// inTree is a command that will run inside the tree. Only root may chroot; anybody is root in a user namespace.
func inTree(t testing.TB, tree string, env, args []string) *exec.Cmd {
	cmd := &exec.Cmd{Path: args[0], Args: args, Dir: "/"}
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: Root(t, tree), Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

// start runs the command from a thread that stays: the kernel's parent-death signal follows the thread, not the
// process, that started it.
func (p *Process) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.at.namespace().within(p.cmd.Start)
		started <- err
		if err == nil {
			p.cmd.Wait()
			close(p.done)
		}
	}()
	return <-started
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the program and its children at once, as a power cut would.
func (p *Process) Kill() {
	select {
	case <-p.done:
	default:
		syscall.Kill(-p.PID(), syscall.SIGKILL)
		<-p.done
	}
}

// Stop asks the program to end and waits for it; one that takes over 5 s is killed.
func (p *Process) Stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		p.Kill()
	}
}

// Wait polls cond until it holds; it fails the test if the program ends or the time runs out before.
func (p *Process) Wait(t testing.TB, what string, limit time.Duration, cond func() bool) {
	t.Helper()
	if err := p.await(limit, cond); err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

func (p *Process) await(limit time.Duration, cond func() bool) error {
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended: %v", p.name, p.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("not within %v", limit)
		case <-tick.C:
		}
	}
	return nil
}

// Output is what the program has printed so far.
func (p *Process) Output() string {
	out, _ := os.ReadFile(p.log)
	return string(out)
}

func hint(err error) string {
	if os.IsPermission(err) {
		return "\nwho is not root needs user namespaces: sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns"
	}
	return ""
}

func tail(path string, lines int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
