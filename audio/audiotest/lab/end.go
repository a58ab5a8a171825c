package lab

import (
	"context"
	"net"
	"os/exec"
	"syscall"
	"testing"
)

// End is one end of a link: a machine of its own as far as the network goes, with the disk and all else shared. No End is
// this machine itself, at 127.0.0.1, so that what takes one also runs without a link.
type End struct {
	addr string
	net  *namespace
}

// Addr is the end's IP address.
func (e *End) Addr() string {
	if e == nil {
		return "127.0.0.1"
	}
	return e.addr
}

func (e *End) namespace() *namespace {
	if e == nil {
		return nil
	}
	return e.net
}

// Command is a program that will run in the end, killed by the kernel if the test process ends before it.
func (e *End) Command(name string, args ...string) *exec.Cmd {
	if e != nil {
		name, args = "nsenter", append([]string{"--net=" + e.net.path(), "--", name}, args...)
	}
	cmd := exec.Command(name, args...) // nsenter becomes the program: same process id, same parent
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Start is like the function Start, for a program of the lab that runs in the end.
func (e *End) Start(t testing.TB, tree string, folder Folder, env []string, args ...string) *Process {
	t.Helper()
	return start(t, e, tree, folder, env, args)
}

// Listen opens a socket of this process in the end, on "" for its address and "0" for any port.
func (e *End) Listen(network, port string) (l net.Listener, err error) {
	err = e.namespace().within(func() error {
		l, err = net.Listen(network, net.JoinHostPort(e.Addr(), port))
		return err
	})
	return l, err
}

// ListenPacket is Listen for "udp".
func (e *End) ListenPacket(network, port string) (c net.PacketConn, err error) {
	err = e.namespace().within(func() error {
		c, err = net.ListenPacket(network, net.JoinHostPort(e.Addr(), port))
		return err
	})
	return c, err
}

// Dial connects this process from the end to an address, "IP:port".
func (e *End) Dial(network, address string) (net.Conn, error) {
	return e.DialContext(context.Background(), network, address)
}

// DialContext is Dial for those who take such a function, http.Transport say. A host's name is not looked up in the end.
func (e *End) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = e.namespace().within(func() error {
		var d net.Dialer
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, err
}
