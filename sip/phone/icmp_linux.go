package phone

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// reportErrors asks the kernel to tell of packets that could not be delivered (ip(7), IP_RECVERR), which it does not do
// for a socket that talks to more than one address, and returns the function that reads what it told.
func reportErrors(conn *net.UDPConn, v6 bool) func(func(netip.AddrPort, error)) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return func(func(netip.AddrPort, error)) {}
	}
	level, option := syscall.IPPROTO_IP, syscall.IP_RECVERR
	if v6 {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR
	}
	// Without the option errors are only learnt by time-out: no reason to fail.
	_ = raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), level, option, 1) })
	return func(tell func(netip.AddrPort, error)) {
		_ = raw.Control(func(fd uintptr) { readErrors(int(fd), tell) })
	}
}

// readErrors empties the error queue. Each entry names the address that the packet was meant for, and in its control
// message, struct sock_extended_err begins with the errno.
func readErrors(fd int, tell func(netip.AddrPort, error)) {
	var packet [64]byte
	var control [512]byte
	for range 64 {
		_, n, _, to, err := syscall.Recvmsg(fd, packet[:], control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
		if err != nil {
			return
		}
		tell(address(to), errnoOf(control[:n]))
	}
}

func errnoOf(control []byte) error {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 || len(messages[0].Data) < 4 {
		return syscall.ECONNREFUSED
	}
	// The machine's own byte order: both of ours (amd64, arm64) are little endian.
	d := messages[0].Data
	return syscall.Errno(uint32(d[0]) | uint32(d[1])<<8 | uint32(d[2])<<16 | uint32(d[3])<<24)
}

func address(sa syscall.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// isRefused tells whether an error of a send belongs to an earlier packet.
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
