package lab

import (
	"fmt"
	"net"
	"testing"
)

// Ports is a block of PortsInBlock port numbers on 127.0.0.1 that no other test uses, in this process or another,
// starting with an even one. It lies below the range the kernel gives out by itself.
type Ports int

// PortsInBlock is the size of a block.
const PortsInBlock = 200

const firstPort, lastPort = 20000, 32000

// NewPorts takes a block until the test ends. A name in the kernel's table of abstract sockets, which is gone with its
// process, marks it as taken; a block whose first ports a stranger holds is passed over.
func NewPorts(t testing.TB) Ports {
	t.Helper()
	for base := firstPort; base+PortsInBlock <= lastPort; base += PortsInBlock {
		mark, err := net.Listen("unix", fmt.Sprintf("@orionbox-test-ports-%d", base))
		if err != nil {
			continue
		}
		if !free(base) {
			mark.Close()
			continue
		}
		t.Cleanup(func() { mark.Close() })
		return Ports(base)
	}
	t.Fatalf("take ports: none free between %d and %d", firstPort, lastPort)
	return 0
}

// free tells whether the first ports of a block, where servers listen, can be bound. Of the rest, meant for RTP, a
// program looks for free ones itself.
func free(base int) bool {
	for port := base; port < base+8; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		l.Close()
		u, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		u.Close()
	}
	return true
}
