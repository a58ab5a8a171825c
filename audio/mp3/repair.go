package mp3

import (
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

// Report tells what is in a file, and what Repair did to it or, from Probe, would do.
type Report struct {
	Format       pcm.Format
	Bitrate      int   // kbit/s
	Frames       int   // without the Info frame
	Samples      int64 // sample frames that a player gives out
	TrimmedBytes int64 // cut from the end: an unfinished frame, zeros or garbage, never sound
	Mended       int   // silent frames put in place of destroyed ones, or added because players refuse so short a file
	Closed       bool  // the file was whole already: nothing was done
}

// String is the report in words.
func (r Report) String() string {
	s := fmt.Sprintf("%d samples, %v, %d kbit/s", r.Samples, r.Format, r.Bitrate)
	if r.Closed {
		return s
	}
	return fmt.Sprintf("%s, was not closed: %d bytes trimmed, %d frames mended", s, r.TrimmedBytes, r.Mended)
}

// Probe reads a file as Repair does, and changes nothing.
func Probe(path string) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, fmt.Errorf("probe mp3: %w", err)
	}
	defer f.Close()
	p, err := probe(f)
	if err != nil {
		return Report{}, fmt.Errorf("probe mp3 %s: %w", path, err)
	}
	return p.report(), nil
}

func probe(f *os.File) (plan, error) {
	b, err := bodyOf(f)
	if err != nil {
		return plan{}, err
	}
	return examine(b)
}

// Repair makes a recording whole that was not closed: it cuts the end back to the last whole frame, puts silence in
// place of destroyed frames, and writes a true Info frame. A file that was closed is left as it is, and so is a file
// too short to tell what it was to become. Bytes that are sound are never changed. Cut off itself by a power cut, it
// can be run again.
func Repair(path string) (Report, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return Report{}, fmt.Errorf("repair mp3: %w", err)
	}
	report, err := repair(f)
	if err = errors.Join(err, f.Close()); err == nil && !report.Closed {
		err = disk.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return report, fmt.Errorf("repair mp3 %s: %w", path, err)
	}
	return report, nil
}

func repair(f *os.File) (Report, error) {
	b, err := bodyOf(f)
	if err != nil {
		return Report{}, err
	}
	p, err := examine(b)
	if err != nil || p.closed {
		return p.report(), err
	}
	for _, h := range p.holes {
		if _, err := b.WriteAt(h.silence(), h.off); err != nil {
			return p.report(), err
		}
	}
	if p.end < p.size {
		err = b.truncate(p.end)
	}
	if err == nil {
		_, err = b.WriteAt(p.tail, p.end)
	}
	// What the Info frame tells must be on the disk before it.
	if err = errors.Join(err, f.Sync()); err != nil {
		return p.report(), err
	}
	if p.info.MusicCRC, err = musicCRC(b, p.first(), p.info.Bytes); err != nil {
		return p.report(), err
	}
	frame, err := InfoFrame(p.info)
	if err != nil {
		return p.report(), err
	}
	_, err = b.WriteAt(frame, 0)
	return p.report(), errors.Join(err, f.Sync())
}

// musicCRC is the checksum of the bytes [off, end).
func musicCRC(r io.ReaderAt, off, end int64) (crc uint16, err error) {
	in, buf := io.NewSectionReader(r, off, end-off), make([]byte, 1<<16)
	for {
		n, err := in.Read(buf)
		crc = crc16(crc, buf[:n])
		if errors.Is(err, io.EOF) {
			return crc, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
