package wav

import (
	"errors"
	"fmt"
	"os"

	"orionbox/audio/disk"
	"orionbox/audio/pcm"
)

// File is a recording that grows. One goroutine owns it.
type File struct {
	path   string
	shape  shape
	disk   *os.File
	buf    []byte
	size   int64 // bytes of sound written
	err    error // of the disk: the first stays, and nothing is written after it
	closed bool
}

// Create starts a recording of 16-bit samples in a new file, mode 0640. Its header and its name are on the disk when
// this returns.
func Create(path string, format pcm.Format) (*File, error) { return create(path, recording(format)) }

// CreateBroadcast is Create for samples of any width, with a bext chunk that tells b. Repair does not know such a file.
func CreateBroadcast(path string, format pcm.Format, width pcm.Width, b Broadcast) (*File, error) {
	return create(path, shape{Format: format, width: width, bext: b.chunk()})
}

func create(path string, s shape) (*File, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	file, err := disk.Create(path, s.header(0))
	if err != nil {
		return nil, fmt.Errorf("create wav: %w", err)
	}
	return &File{path: path, shape: s, disk: file}, nil
}

// WriteFrame appends sound, rounded to the width of the file: voice has more noise than any dither, and silence stays
// silence. The frame must have the format of the file; its Pos is not looked at.
func (f *File) WriteFrame(frame pcm.Frame) error {
	switch {
	case f.closed:
		return ErrClosed
	case f.err != nil:
		return f.err
	case frame.Format != f.shape.Format:
		return fmt.Errorf("write wav: frame of %v in a file of %v", frame.Format, f.shape.Format)
	case len(frame.Data)%frame.Channels != 0:
		return fmt.Errorf("write wav: %d samples are not whole frames of %d channels", len(frame.Data), frame.Channels)
	}
	size := len(frame.Data) * int(f.shape.width)
	if cap(f.buf) < size {
		f.buf = make([]byte, size)
	}
	buf := f.buf[:size]
	f.shape.width.Encode(buf, frame.Data)
	n, err := f.disk.Write(buf)
	f.size += int64(n)
	if err != nil {
		f.err = fmt.Errorf("write wav: %w", err)
	}
	return f.err
}

// Sync makes the header true and brings all that was written to the disk. Should the power go in between, Repair
// reads the length from the file itself.
func (f *File) Sync() error {
	if f.closed {
		return ErrClosed
	}
	if f.err == nil {
		f.err = f.settle()
	}
	return f.err
}

func (f *File) settle() error {
	if _, err := f.disk.WriteAt(f.shape.header(f.size), 0); err != nil {
		return fmt.Errorf("write wav header: %w", err)
	}
	if f.size%2 == 1 { // more sound would go over the padding
		if _, err := f.disk.WriteAt([]byte{0}, f.Size()-1); err != nil {
			return fmt.Errorf("pad wav: %w", err)
		}
	}
	if err := f.disk.Sync(); err != nil {
		return fmt.Errorf("sync wav: %w", err)
	}
	return nil
}

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.shape.fileSize(f.size) }

// String names the file and what it holds.
func (f *File) String() string { return fmt.Sprintf("wav %v %s", f.shape.Format, f.path) }

// Close makes the header true and brings all to the disk. After an error of the disk the whole samples that were
// written are kept and described; the error is returned.
func (f *File) Close() error {
	if f.closed {
		return ErrClosed
	}
	broken := f.err
	f.closed = true
	if broken != nil {
		f.size -= f.size % f.shape.block()
		broken = errors.Join(broken, f.disk.Truncate(f.Size()))
	}
	return errors.Join(broken, f.settle(), f.disk.Close())
}
