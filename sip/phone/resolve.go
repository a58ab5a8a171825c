package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

const defaultPort = 5060

// resolve finds where the server is, best first: a literal address; with a port, the addresses of the name; without, the
// SRV records of RFC 3263 and then the addresses of the name at port 5060.
func resolve(ctx context.Context, n number, transport string) ([]netip.AddrPort, error) {
	port := n.port
	if port == 0 {
		port = defaultPort
	}
	if addr, err := netip.ParseAddr(n.host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(addr.Unmap(), uint16(port))}, nil
	}
	if n.port == 0 {
		if found := resolveSRV(ctx, n.host, transport); len(found) > 0 {
			return found, nil
		}
	}
	return resolveHost(ctx, n.host, port)
}

// resolveSRV asks for _sip._udp.host; the resolver has sorted the records already. No record is no error.
func resolveSRV(ctx context.Context, host, transport string) []netip.AddrPort {
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "sip", transport, host)
	if err != nil {
		return nil
	}
	var found []netip.AddrPort
	for _, r := range records {
		addrs, err := resolveHost(ctx, strings.TrimSuffix(r.Target, "."), int(r.Port))
		if err == nil {
			found = append(found, addrs...)
		}
	}
	return found
}

// resolveHost lists IPv4 before IPv6: most servers that have both speak SIP on the first only.
func resolveHost(ctx context.Context, host string, port int) ([]netip.AddrPort, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("find server %s: %w", host, err)
	}
	var v4, v6 []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			v4 = append(v4, netip.AddrPortFrom(a, uint16(port)))
		} else {
			v6 = append(v6, netip.AddrPortFrom(a, uint16(port)))
		}
	}
	if len(v4)+len(v6) == 0 {
		return nil, errors.New("find server " + host + ": it has no address")
	}
	return append(v4, v6...), nil
}

// localAddress is the address that the kernel sends from on its way to the server. Nothing is sent.
func localAddress(server netip.AddrPort) (netip.Addr, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find a way to %s: %w", server.Addr(), err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
