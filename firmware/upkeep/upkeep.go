// Package upkeep owns what keeps a box in order and is no part of a session: the facts of its computer, secrets out of what it
// shows, the bundle that is sent to somebody who helps, and making it as new.
package upkeep

import (
	"cmp"
	"net"
	"slices"

	"golang.org/x/sys/unix"
)

// Link is a network interface.
type Link struct {
	Name      string
	Up        bool
	Hardware  string   // address, empty if it has none
	Addresses []string // with their prefix, as 192.168.1.7/24
}

// Links are the interfaces of this computer but for the one to itself, those that are up first. What cannot be read of one is
// missing.
func Links() ([]Link, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var links []Link
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, _ := i.Addrs() // one that went away meanwhile has none
		links = append(links, newLink(i, addresses))
	}
	slices.SortStableFunc(links, func(a, b Link) int { return cmp.Compare(rank(a), rank(b)) })
	return links, nil
}

func newLink(i net.Interface, addresses []net.Addr) Link {
	l := Link{Name: i.Name, Up: i.Flags&net.FlagUp != 0, Hardware: i.HardwareAddr.String()}
	for _, a := range addresses {
		l.Addresses = append(l.Addresses, a.String())
	}
	return l
}

// rank is the place of a link: those with an address, those that are up, the rest.
func rank(l Link) int {
	switch {
	case l.Up && len(l.Addresses) > 0:
		return 0
	case l.Up:
		return 1
	}
	return 2
}

// Disk is the one that a folder is on. Bytes.
type Disk struct {
	Folder      string
	Size, Free  int64 // Free is for a user who is not root
	Files, Left uint64
}

// DiskOf looks at the disk under a folder.
func DiskOf(folder string) (Disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return Disk{Folder: folder}, err
	}
	unit := float64(s.Frsize)
	return Disk{folder, int64(float64(s.Blocks) * unit), int64(float64(s.Bavail) * unit), s.Files, s.Ffree}, nil
}
