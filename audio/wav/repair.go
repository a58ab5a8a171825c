package wav

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"orionbox/audio/disk"
	"orionbox/audio/pcm"
)

// ErrForeign tells that a file is not one that Create began; Repair leaves such a file as it is.
var ErrForeign = errors.New("not a recording of this program")

// Report tells what is in a file, and what Repair did to it.
type Report struct {
	Format       pcm.Format
	Samples      int64 // sample frames
	TrimmedBytes int64 // cut from the end: part of a sample, or blocks that were never written
	Closed       bool  // the file was whole already: nothing was done
}

// String is the report in words.
func (r Report) String() string {
	s := fmt.Sprintf("%d samples, %v", r.Samples, r.Format)
	if r.Closed {
		return s
	}
	return fmt.Sprintf("%s, was not closed: %d bytes trimmed", s, r.TrimmedBytes)
}

// Repair makes the header of a recording true that was not closed, and cuts off what is no whole sample. A file too
// short to tell its format is left as it is. Cut off itself by a power cut, it can be run again.
func Repair(path string) (Report, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return Report{}, fmt.Errorf("repair wav: %w", err)
	}
	report, end, err := examine(f)
	if err == nil && !report.Closed {
		err = settle(f, report.Format, end)
	}
	if err = errors.Join(err, f.Close()); err == nil && !report.Closed {
		err = disk.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return report, fmt.Errorf("repair wav %s: %w", path, err)
	}
	return report, nil
}

func settle(f *os.File, format pcm.Format, end int64) error {
	err := f.Truncate(end)
	if err == nil {
		_, err = f.WriteAt(recording(format).header(end-headerSize), 0)
	}
	return errors.Join(err, f.Sync())
}

// examine finds out what a file needs and where its sound is to end, in bytes.
func examine(f *os.File) (Report, int64, error) {
	stat, err := f.Stat()
	if err != nil {
		return Report{}, 0, err
	}
	size := stat.Size()
	head := make([]byte, headerSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Report{}, 0, err
	}
	if n < atData { // no sound, and the format may be cut
		return Report{Closed: true}, size, nil
	}
	l, err := ownLayout(head, size)
	if err != nil {
		return Report{}, 0, err
	}
	if l.closed(size) {
		return Report{Format: l.format, Samples: l.size / l.block(), Closed: true}, size, nil
	}
	end, err := soundEnd(f, l, size)
	if err != nil {
		return Report{}, 0, err
	}
	report := Report{Format: l.format, Samples: (end - headerSize) / l.block(), TrimmedBytes: max(0, size-end)}
	return report, end, nil
}

// ownLayout reads a header that Create wrote. Its last eight bytes may be missing.
func ownLayout(head []byte, size int64) (layout, error) {
	copy(head[atData:], "data")
	l, err := parse(bytes.NewReader(head), max(size, headerSize))
	if err != nil {
		return l, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	own := recording(l.format).header(0)
	reserve := string(head[atDS64:atDS64+4]) == "JUNK" || string(head[atDS64:atDS64+4]) == "ds64"
	if l.off != headerSize || !reserve || !bytes.Equal(own[atFmt:atData], head[atFmt:atData]) {
		return l, fmt.Errorf("%w: its header has another layout", ErrForeign)
	}
	return l, nil
}

// closed tells whether the header is true. More than it tells at the end of a whole file are chunks that somebody
// appended, if it counts them.
func (l layout) closed(size int64) bool {
	return l.riff == size && l.told == l.size && l.off+l.told <= size
}

// soundEnd is where the sound ends: at the end of the file, less what is no whole sample, and less blocks of zeros
// beyond what was last synced, which a file system leaves for what never reached the disk.
func soundEnd(f *os.File, l layout, size int64) (int64, error) {
	const blockSize = 4096
	end := size
	synced := headerSize + l.told
	buf := make([]byte, blockSize)
	for start := (end - 1) / blockSize * blockSize; start >= synced && start > 0; start -= blockSize {
		n, err := f.ReadAt(buf[:end-start], start)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if len(bytes.Trim(buf[:n], "\x00")) != 0 {
			break
		}
		end = start
	}
	return max(headerSize, end-(end-headerSize)%l.block()), nil
}
