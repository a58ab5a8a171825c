package upkeep

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func is(text string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

// unpack is what is in a bundle, by name.
func unpack(t *testing.T, packed []byte) map[string]string {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	archive := tar.NewReader(plain)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = string(data)
	}
}

func TestBundleIsSafeBoundedAndWithoutSecrets(t *testing.T) {
	long := strings.Repeat("a line with sesame-sesame in it\n", 1<<19) // 16 MB
	pieces := []Piece{
		{"log.txt", is("user said sesame-sesame\n")},
		{"../../etc/passwd", is("x")},
		{"", is("PIN 7531, sent")},
		{"failed.txt", func(context.Context) ([]byte, error) { return []byte("half"), errors.New("no sesame-sesame") }},
		{"a.txt", is(long)}, {"b.txt", is(long)}, {"c.txt", is(long)}, {"d.txt", is(long)},
	}
	var packed bytes.Buffer
	if err := Bundle(t.Context(), &packed, "../box of Ünal\n", time.Unix(1e9, 0), pieces, NewScrubber([]string{"sesame-sesame", "7531"})); err != nil {
		t.Fatal(err)
	}
	all := 0
	safe := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)
	found := unpack(t, packed.Bytes())
	for name, text := range found {
		all += len(text)
		if !safe.MatchString(name) {
			t.Errorf("a name that is not safe: %q", name)
		}
		if strings.Contains(text, "sesame") || strings.Contains(text, "7531") {
			t.Errorf("%s has a secret", name)
		}
		if len(text) > mostPiece {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
	if len(found) != len(pieces) || all > mostBundle {
		t.Errorf("%d pieces of %d bytes", len(found), all)
	}
	if text := found["box-of--nal/failed.txt"]; !strings.HasPrefix(text, "half\nthis could not be found out: no ***") {
		t.Errorf("what failed: %q", text)
	}
	if text := found["box-of--nal/a.txt"]; !strings.HasPrefix(text, cutHere+"a line") || !strings.HasSuffix(text, "in it\n") {
		t.Errorf("what is too long begins with %.60q", text)
	}
}

func TestBundleEndsWithItsReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Bundle(ctx, io.Discard, "x", time.Now(), []Piece{{"a", is("a")}}, Scrubber{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestReadTail(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.jsonl")
	line := strings.Repeat("x", 1023) + "\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, 9<<10)), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := ReadTail(path)
	if err != nil || len(data) > mostPiece+len(cutHere) || !strings.HasPrefix(string(data), cutHere+"xxx") {
		t.Errorf("%d bytes, %.40q, %v", len(data), data, err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", ".", "none"} {
		if data, err := ReadTail(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s: %.20q", name, data)
		}
	}
}

func TestLastSession(t *testing.T) {
	root := t.TempDir()
	if _, err := LastSession(root, "journal.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, name := range []string{"SESSION_20260101_120000/journal.jsonl", "SESSION_20260301_120000/journal.jsonl", "SESSION_20260401_120000/else", "received/journal.jsonl"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if dir, err := LastSession(root, "journal.jsonl"); err != nil || filepath.Base(dir) != "SESSION_20260301_120000" {
		t.Errorf("%q, %v", dir, err)
	}
}

func TestFactsOfTheComputer(t *testing.T) {
	links, err := Links()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Name == "lo" || l.Name == "" {
			t.Errorf("%+v is no way to anywhere", l)
		}
	}
	d, err := DiskOf(t.TempDir())
	if err != nil || d.Size <= 0 || d.Free > d.Size {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := DiskOf("/nowhere"); err == nil {
		t.Error("a disk under nothing")
	}
	address := net.IPNet{IP: net.IPv4(192, 168, 1, 7), Mask: net.CIDRMask(24, 32)}
	l := newLink(net.Interface{Name: "eth0", Flags: net.FlagUp, HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}, []net.Addr{&address})
	text := string(PrintComputer([]Link{l}, []Disk{d}))
	if !l.Up || rank(l) != 0 || !strings.Contains(text, "eth0") || !strings.Contains(text, "192.168.1.7/24") || !strings.Contains(text, d.Folder) {
		t.Errorf("%+v, %s", l, text)
	}
}
