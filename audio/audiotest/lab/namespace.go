package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespace is a network of its own: interfaces, routes and ports that nobody else sees. It has no name and is nowhere on
// disk. It lasts while this file is open or a program runs in it, so of a test that was killed the kernel itself clears
// it away.
type namespace struct{ file *os.File }

const ownNetwork = "/proc/thread-self/ns/net"

func newNamespace() (n *namespace, err error) {
	err = onThread(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() error {
		file, err := os.Open(ownNetwork)
		n = &namespace{file}
		return err
	})
	return n, err
}

// within runs f in the namespace: the sockets that it makes belong there for good, and so do the programs that it starts.
// It must do so itself, not leave it to another goroutine. No namespace is that of this machine.
func (n *namespace) within(f func() error) error {
	if n == nil {
		return f()
	}
	return onThread(func() error { return unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET) }, f)
}

// onThread runs f on a thread that has gone elsewhere, and brings it back. Such a thread must neither go on to serve
// others nor end: the kernel would kill the programs that it once started (see Process.start).
func onThread(leave, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := os.Open(ownNetwork)
	if err != nil {
		return err
	}
	defer home.Close()
	back := func() error { return unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) }
	if err := back(); err != nil { // before it is too late: root of a user namespace may leave this machine's network only
		return err
	}
	if err := leave(); err != nil {
		return err
	}
	defer func() {
		if err := back(); err != nil {
			panic(fmt.Sprintf("bring a thread home from a network namespace: %v", err))
		}
	}()
	return f()
}

// path is where other programs of the same user find the namespace.
func (n *namespace) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd()) }

// batch gives ip or tc some lines of work there.
func (n *namespace) batch(tool string, lines ...string) error {
	cmd := exec.Command(tool, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := n.within(cmd.Start); err != nil {
		return fmt.Errorf("start %s, of Debian's iproute2: %w", tool, err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(out.String()))
	}
	return nil
}

// set writes a setting of the namespace's own, net.ipv4.ip_forward say, by its file below /proc/sys/net.
func (n *namespace) set(name, value string) error {
	return n.within(func() error { return os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o644) })
}
