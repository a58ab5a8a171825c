package mp3

import (
	"errors"
	"fmt"
	"math"
	"os"

	"orionbox/audio/disk"
	"orionbox/audio/pcm"
)

// ErrClosed tells that a file was closed before.
var ErrClosed = errors.New("mp3 file is closed")

// File is a recording that grows. One goroutine owns it.
type File struct {
	path    string
	cfg     Config
	disk    *os.File
	encoder *encoder
	dither  quantizer
	convert *converter // nil when the file has the rate of the sound
	music   uint16     // CRC of all bytes after the Info frame
	size    int64      // of the file, all written
	err     error      // of the disk or the encoder: the first stays, nothing is written after it
	closed  bool
}

// Create starts a recording in a new file, mode 0640. Its first frame and its name are on the disk when this returns.
func Create(path string, cfg Config) (*File, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	slot, err := slotFrame(cfg.header())
	if err != nil {
		return nil, err
	}
	enc, err := newEncoder(cfg)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, cfg: cfg, encoder: enc, dither: newQuantizer(), convert: newConverter(cfg)}
	if f.disk, err = disk.Create(path, slot); err != nil {
		enc.close()
		return nil, fmt.Errorf("create mp3: %w", err)
	}
	f.size = int64(len(slot))
	return f, nil
}

// WriteFrame appends sound. The frame must have the format of the Config; its Pos is not looked at.
func (f *File) WriteFrame(frame pcm.Frame) error {
	switch {
	case f.closed:
		return ErrClosed
	case f.err != nil:
		return f.err
	case frame.Format != f.cfg.Format:
		return fmt.Errorf("write mp3: frame of %v in a file for %v", frame.Format, f.cfg.Format)
	case len(frame.Data)%frame.Channels != 0:
		return fmt.Errorf("write mp3: %d samples are not whole frames of %d channels", len(frame.Data), frame.Channels)
	}
	f.err = f.write(frame.Data)
	return f.err
}

// write takes sound at the rate of the card.
func (f *File) write(samples []float32) error {
	if f.convert == nil {
		return f.encode(samples)
	}
	return f.convert.write(samples, f.encode)
}

// encode takes sound at the rate of the file.
func (f *File) encode(samples []float32) error {
	data, err := f.encoder.encode(&f.dither, samples)
	return errors.Join(err, f.append(data))
}

// append writes data and keeps count of what reached the file, also when only a part did.
func (f *File) append(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	n, err := f.disk.Write(data)
	f.music = crc16(f.music, data[:n])
	f.size += int64(n)
	if err != nil {
		return fmt.Errorf("write mp3: %w", err)
	}
	return nil
}

// Sync brings all that was written to the disk.
func (f *File) Sync() error {
	if f.closed {
		return ErrClosed
	}
	if f.err == nil {
		if err := f.disk.Sync(); err != nil {
			f.err = fmt.Errorf("sync mp3: %w", err)
		}
	}
	return f.err
}

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.size }

// String names the file and what it holds.
func (f *File) String() string { return fmt.Sprintf("%v %s", f.cfg.header(), f.path) }

// Close writes what the encoder still holds and the true Info frame, and brings both to the disk, in that order: an
// Info frame that tells a length means that all of it is there. After an error of the disk the whole frames that were
// written are kept and described; the error is returned.
func (f *File) Close() error {
	if f.closed {
		return ErrClosed
	}
	f.closed = true
	info, err := f.finish()
	if err == nil {
		err = f.writeInfo(info)
	}
	err = errors.Join(err, f.disk.Close())
	if err != nil {
		_, broken := Repair(f.path)
		return errors.Join(err, broken)
	}
	return nil
}

// finish empties converter and encoder, and tells what the file holds then.
func (f *File) finish() (Info, error) {
	if f.err == nil && f.convert != nil {
		f.err = f.convert.finish(f.encode)
	}
	data, delay, padding, err := f.encoder.finish()
	if f.err != nil {
		return Info{}, f.err
	}
	if err = errors.Join(err, f.append(data)); err != nil {
		return Info{}, fmt.Errorf("finish mp3: %w", err)
	}
	info := Info{Header: f.cfg.header(), Frames: f.frames(), Delay: delay, Padding: padding}
	if err = errors.Join(f.append(info.lengthen()), f.disk.Sync()); err != nil {
		return Info{}, fmt.Errorf("finish mp3: %w", err)
	}
	info.Bytes, info.MusicCRC = f.size, f.music
	return info, nil
}

// frames counts the frames of sound in the file. Their padding keeps the bit rate exact to a byte, so the length tells.
func (f *File) frames() int {
	h := f.cfg.header()
	perFrame := float64(SamplesPerFrame/8*h.Bitrate*1000) / float64(h.Rate)
	return int(math.Round(float64(f.size-int64(h.Size())) / perFrame))
}

func (f *File) writeInfo(info Info) error {
	frame, err := InfoFrame(info)
	if err != nil {
		return err
	}
	if _, err := f.disk.WriteAt(frame, 0); err != nil {
		return fmt.Errorf("write info frame: %w", err)
	}
	if err := f.disk.Sync(); err != nil {
		return fmt.Errorf("sync info frame: %w", err)
	}
	return nil
}
