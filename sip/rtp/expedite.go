package rtp

import (
	"net"

	"golang.org/x/sys/unix"
)

// expeditedForwarding is DSCP 46 (RFC 3246) in its place in the traffic class byte: the voice queue of a switch or of
// Wi-Fi's WMM.
const expeditedForwarding = 46 << 2

// expedite asks for the voice queue. A system that refuses still carries the call, so that the answer is not looked at.
func expedite(conn *net.UDPConn, wide bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, expeditedForwarding)
		if wide {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, expeditedForwarding)
		}
	})
}

// socketAddress is what sendto takes. It is made when the far end's address changes, so that sending allocates nothing.
func socketAddress(ip [16]byte, port uint16, wide bool) unix.Sockaddr {
	if wide {
		return &unix.SockaddrInet6{Port: int(port), Addr: ip}
	}
	return &unix.SockaddrInet4{Port: int(port), Addr: [4]byte(ip[12:])}
}
