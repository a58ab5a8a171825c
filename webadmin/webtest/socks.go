package webtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// The answers of RFC 1928, section 6, in its field REP.
const (
	succeeded = iota
	_
	notAllowed
	_
	_
	connectionRefused
)

// greet takes a greeting without a password and the wish to connect: RFC 1928, sections 3 and 4.
func greet(conn net.Conn) (host string, port uint16, err error) {
	if _, err := read(conn, 1); err != nil { // the version
		return "", 0, err
	}
	if _, err := readCounted(conn); err != nil { // ways to log in
		return "", 0, err
	}
	if _, err := conn.Write([]byte{5, 0}); err != nil {
		return "", 0, err
	}
	wish, err := read(conn, 4)
	if err != nil {
		return "", 0, err
	}
	if wish[1] != 1 {
		return "", 0, errors.New("a wish other than to connect")
	}
	if host, err = readHost(conn, wish[3]); err != nil {
		return "", 0, err
	}
	tail, err := read(conn, 2)
	if err != nil {
		return "", 0, err
	}
	return host, binary.BigEndian.Uint16(tail), nil
}

func readHost(conn net.Conn, kind byte) (string, error) {
	switch kind {
	case 1:
		ip, err := read(conn, net.IPv4len)
		return net.IP(ip).String(), err
	case 3:
		name, err := readCounted(conn)
		return string(name), err
	case 4:
		ip, err := read(conn, net.IPv6len)
		return net.IP(ip).String(), err
	}
	return "", fmt.Errorf("an address of kind %d", kind)
}

func readCounted(conn net.Conn) ([]byte, error) {
	n, err := read(conn, 1)
	if err != nil {
		return nil, err
	}
	return read(conn, int(n[0]))
}

func read(conn net.Conn, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(conn, b)
	return b, err
}
