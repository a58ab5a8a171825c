package mp3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Cut writes the samples [from, to) of a recording, as far as it goes, as an MP3 of its own, and tells what was written. The
// frames are copied as they are; tags and an Info frame go before them, by which players give out the very samples that
// they give out there of the whole, no more and no less.
//
//	recording   | Info | 0 | 1 | 2 | 3 | 4 | 5 | 6 | ...
//	piece       | tags | Info | 3 | 4 | 5 |
//
// The same recording, samples and tags make the same bytes on any machine. The recording may still grow; if it was left
// unclosed and is damaged, an error tells so.
func Cut(w io.Writer, path string, from, to int64, tags Tags) (Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, fmt.Errorf("cut mp3: %w", err)
	}
	info, err := cut(w, f, from, to, tags)
	if err = errors.Join(err, f.Close()); err != nil {
		return Info{}, fmt.Errorf("cut mp3 %s: %w", path, err)
	}
	return info, nil
}

func cut(w io.Writer, f *os.File, from, to int64, tags Tags) (Info, error) {
	s, err := newSource(f)
	if err != nil {
		return Info{}, err
	}
	if from < 0 || from >= min(to, s.total) {
		return Info{}, fmt.Errorf("it has no samples %d to %d, only %d in all", from, to, s.total)
	}
	p, err := newPiece(s, from, min(to, s.total))
	if err != nil {
		return Info{}, err
	}
	return p.info, p.write(w, tags)
}

// piece is what is to be written.
type piece struct {
	source
	span
	off    int64  // of the first frame to be copied
	header Header // of that frame, which the silent ones copy
	info   Info
}

// newPiece finds the frames, and reads them once for what the Info frame tells of them.
func newPiece(s source, from, to int64) (piece, error) {
	p := piece{source: s, span: spanOf(from, to, s.own, s.count)}
	var err error
	if p.off, err = s.find(p.first, p.frames); err != nil {
		return p, err
	}
	if p.header, err = s.headerAt(p.off); err != nil {
		return p, err
	}
	p.info = Info{Header: p.header, Frames: int(p.lead + p.frames + p.tail), Delay: p.delay, Padding: p.padding, Bytes: s.start}
	err = p.each(func(data []byte) error {
		p.info.Bytes += int64(len(data))
		p.info.MusicCRC = crc16(p.info.MusicCRC, data)
		return nil
	})
	return p, err
}

// each hands on all frames behind the Info frame.
func (p *piece) each(do func([]byte) error) error {
	if err := do(bytes.Repeat(p.header.silent(), int(p.lead))); err != nil {
		return err
	}
	if _, err := p.walk(p.off, p.frames, !p.closed, do); err != nil {
		return err
	}
	return do(bytes.Repeat(p.header.silent(), int(p.tail)))
}

func (p *piece) write(w io.Writer, tags Tags) error {
	tag, err := tags.Bytes()
	if err != nil {
		return err
	}
	head, err := InfoFrame(p.info)
	if err != nil {
		return err
	}
	put := func(data []byte) error {
		_, err := w.Write(data)
		return err
	}
	if err := put(append(tag, head...)); err != nil {
		return err
	}
	return p.each(put)
}
