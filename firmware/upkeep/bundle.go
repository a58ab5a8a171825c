package upkeep

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

const (
	mostBundle = 20 << 20 // bytes in all, before they are packed
	mostPiece  = 8 << 20  // of one file: the rest is left out at its beginning, since what went wrong stands at the end
)

// Piece is a file of a bundle. An error becomes its content: a bundle is for when things fail.
type Piece struct {
	Name string // of letters, digits, dots and dashes
	Make func(context.Context) ([]byte, error)
}

// Bundle writes the pieces as a .tar.gz, one after the other, in a folder of that name, and each without the secrets. It needs
// the memory of one piece.
func Bundle(ctx context.Context, w io.Writer, folder string, now time.Time, pieces []Piece, secrets Scrubber) error {
	packed := gzip.NewWriter(w)
	archive := tar.NewWriter(packed)
	left := mostBundle
	for _, p := range pieces {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
		data := p.text(ctx, min(left, mostPiece), secrets)
		left -= len(data)
		header := &tar.Header{Name: safeName(folder) + "/" + safeName(p.Name), Mode: 0o600, Size: int64(len(data)), ModTime: now, Typeflag: tar.TypeReg}
		err := archive.WriteHeader(header)
		if err == nil {
			_, err = archive.Write(data)
		}
		if err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
	}
	if err := errors.Join(archive.Close(), packed.Close()); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// text is the content, at most so many bytes of it.
func (p Piece) text(ctx context.Context, most int, secrets Scrubber) []byte {
	data, err := p.Make(ctx)
	if err != nil {
		data = append(data, "\nthis could not be found out: "+err.Error()+"\n"...)
	}
	return tail([]byte(secrets.Scrub(string(data))), most)
}

const cutHere = "(more stood before)\n"

// tail is the last whole lines that have room.
func tail(data []byte, most int) []byte {
	if len(data) <= most {
		return data
	}
	if most < len(cutHere) {
		return nil
	}
	data = data[len(data)-(most-len(cutHere)):]
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		data = data[i+1:]
	} else {
		data = nil
	}
	return append([]byte(cutHere), data...)
}

// safeName makes a name one that leads nowhere, whoever unpacks it, and shows on any system.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, name)
	name = strings.Trim(name, ".-")
	if name == "" {
		return "unnamed"
	}
	return name[:min(len(name), 100)]
}

// ReadTail is the last bytes of a file, whole lines of it, and nothing of what a link leads to.
func ReadTail(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: not a file", path)
	}
	from := max(0, info.Size()-mostPiece)
	data, err := io.ReadAll(io.NewSectionReader(f, from, mostPiece))
	if i := bytes.IndexByte(data, '\n'); from > 0 && i >= 0 {
		data = append([]byte(cutHere), data[i+1:]...)
	}
	return data, err
}

// LastSession is the folder of the newest session below root, by its name; fs.ErrNotExist if there is none.
func LastSession(root, journal string) (string, error) {
	entries, err := os.ReadDir(root) // in the order of their names, which is that of time
	if err != nil {
		return "", err
	}
	for i := len(entries) - 1; i >= 0; i-- {
		name := entries[i].Name()
		if !entries[i].IsDir() || !strings.HasPrefix(name, "SESSION_") {
			continue
		}
		if _, err := os.Lstat(filepath.Join(root, name, journal)); err == nil {
			return filepath.Join(root, name), nil
		}
	}
	return "", fmt.Errorf("find a session in %s: %w", root, fs.ErrNotExist)
}

// PrintComputer writes the facts of disks and network.
func PrintComputer(links []Link, disks []Disk) []byte {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "INTERFACE\tUP\tHARDWARE\tADDRESSES")
	for _, l := range links {
		fmt.Fprintf(table, "%s\t%t\t%s\t%s\n", l.Name, l.Up, l.Hardware, strings.Join(l.Addresses, " "))
	}
	fmt.Fprintln(table, "\nFOLDER\tSIZE (MB)\tFREE (MB)\tFILES\tFILES LEFT")
	for _, d := range disks {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\n", d.Folder, d.Size/1e6, d.Free/1e6, d.Files, d.Left)
	}
	_ = table.Flush() // into memory
	return text.Bytes()
}
