package firmware

import (
	"net"
	"net/netip"
)

// reachable is the host:port by which others reach what listens on addr: where that is every address, it is the first of
// the machine's own that others can reach, a private IPv4 one before all, since most studios are a local network.
func reachable(addr string, own []netip.Addr) string {
	listen, port, err := net.SplitHostPort(addr)
	if ip, bad := netip.ParseAddr(listen); err != nil || bad == nil && !ip.IsUnspecified() || bad != nil && listen != "" {
		return addr
	}
	best, at := 0, "127.0.0.1" // of a machine without a network
	for _, ip := range own {
		if worth := worthOf(ip); worth > best {
			best, at = worth, ip.String()
		}
	}
	return net.JoinHostPort(at, port)
}

func worthOf(ip netip.Addr) int {
	switch {
	case !ip.IsGlobalUnicast() || ip.IsLoopback():
		return 0
	case ip.Is4() && ip.IsPrivate():
		return 3
	case ip.Is4():
		return 2
	}
	return 1
}

// ownAddresses are those of the machine's interfaces that are up, in the order of the system.
func ownAddresses() []netip.Addr {
	var own []netip.Addr
	interfaces, _ := net.Interfaces() // without them there is none to tell of
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				own = append(own, prefix.Addr().Unmap())
			}
		}
	}
	return own
}
