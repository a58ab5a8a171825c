package mp3

/*
#cgo LDFLAGS: -lmp3lame
#include <lame/lame.h>
*/
import "C"

import (
	"bufio"
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	lame "github.com/viert/go-lame"
)

// encoder is LAME with what go-lame leaves open: no bit reservoir, no tag frame of LAME's own, parameters that were
// refused are an error, and nothing is lost between its buffer and us.
type encoder struct {
	lame *lame.Encoder
	lgf  *C.lame_global_flags
	way  *bufio.Writer
	out  memory
	pcm  []byte
}

// memory is where LAME's bytes land. It never fails, so go-lame has no error to drop; writing to the disk, which does
// fail, is the business of File.
type memory struct{ data []byte }

func (m *memory) Write(p []byte) (int, error) {
	m.data = append(m.data, p...)
	return len(p), nil
}

func newEncoder(cfg Config) (*encoder, error) {
	e := &encoder{}
	// go-lame puts a bufio.Writer between LAME and us, which it empties only at the end. It takes ours if that is large
	// enough, and ours can be emptied at any time.
	e.way = bufio.NewWriterSize(&e.out, 1<<14)
	e.lame = lame.NewEncoder(e.way)
	if err := e.reach(); err != nil {
		e.lame.Close()
		return nil, err
	}
	if err := e.configure(cfg); err != nil {
		e.lame.Close()
		return nil, fmt.Errorf("set up lame for %v: %w", cfg.header(), err)
	}
	return e, nil
}

// reach gets hold of LAME's own handle: go-lame has no setter for the reservoir. The handle is a private field, so its
// name and type are checked, and another version of go-lame fails here instead of corrupting memory.
func (e *encoder) reach() error {
	field := reflect.ValueOf(e.lame).Elem().FieldByName("lgf")
	flag := reflect.ValueOf(e.lame).Elem().FieldByName("initialized")
	if !field.IsValid() || field.Type().String() != "lame.lameglobal" || field.Kind() != reflect.Pointer ||
		!flag.IsValid() || flag.Kind() != reflect.Bool {
		return errors.New("open lame: this version of go-lame has another inside: use the version that go.mod names")
	}
	e.lgf = (*C.lame_global_flags)(unsafe.Pointer(field.Pointer()))
	if e.lgf == nil {
		return errors.New("open lame: no memory")
	}
	return nil
}

func (e *encoder) configure(cfg Config) error {
	mode := lame.MpegJointStereo
	if cfg.Format.Channels == 1 {
		mode = lame.MpegMono
	}
	e.lame.SetWriteID3TagAutomatic(false)
	err := errors.Join(
		e.lame.SetNumChannels(cfg.Format.Channels),
		e.lame.SetInSamplerate(cfg.Rate),
		e.lame.SetMode(mode),
		e.lame.SetVBR(lame.VBROff),
		e.lame.SetBrate(cfg.Bitrate),
		e.lame.SetQuality(cfg.Quality),
		e.set("output rate", C.lame_set_out_samplerate(e.lgf, C.int(cfg.Rate))),
		e.set("reservoir", C.lame_set_disable_reservoir(e.lgf, 1)),
		e.set("tag frame", C.lame_set_bWriteVbrTag(e.lgf, 0)),
	)
	if err != nil {
		return err
	}
	return e.start(cfg)
}

func (e *encoder) set(what string, result C.int) error {
	if result != 0 {
		return fmt.Errorf("set %s: lame answers %d", what, int(result))
	}
	return nil
}

// start makes LAME check and take over its parameters. An empty write does that in go-lame, which says nothing when
// they are refused: so look.
func (e *encoder) start(cfg Config) error {
	if _, err := e.lame.Write(nil); err != nil {
		return err
	}
	started := reflect.ValueOf(e.lame).Elem().FieldByName("initialized").Bool()
	rate, size := int(C.lame_get_out_samplerate(e.lgf)), int(C.lame_get_framesize(e.lgf))
	if !started || rate != cfg.Rate || size != SamplesPerFrame || e.lame.Brate() != cfg.Bitrate {
		return errors.New("lame refuses the parameters")
	}
	return nil
}

// encode takes whole sample frames and returns the bytes that came out, valid until the next call.
func (e *encoder) encode(q *quantizer, samples []float32) ([]byte, error) {
	if len(samples) == 0 { // go-lame panics on less than a sample
		return nil, nil
	}
	if n := 2 * len(samples); cap(e.pcm) < n {
		e.pcm = make([]byte, n)
	}
	buf := e.pcm[:2*len(samples)]
	q.encode(buf, samples)
	if _, err := e.lame.Write(buf); err != nil {
		return nil, fmt.Errorf("encode mp3: %w", err)
	}
	return e.taken(), nil
}

// taken empties the memory: what it returns is valid until the next call of encode.
func (e *encoder) taken() []byte {
	e.way.Flush() // into memory: cannot fail
	data := e.out.data
	e.out.data = e.out.data[:0]
	return data
}

// finish gives out what LAME still holds, and closes it.
func (e *encoder) finish() (data []byte, delay, padding int, err error) {
	if e.lame == nil {
		return nil, 0, 0, errors.New("finish mp3: closed already")
	}
	_, err = e.lame.Flush()
	delay, padding = int(C.lame_get_encoder_delay(e.lgf)), int(C.lame_get_encoder_padding(e.lgf))
	e.close()
	return e.taken(), delay, padding, err
}

func (e *encoder) close() {
	if e.lame != nil {
		e.lame.Close()
	}
	e.lame, e.lgf = nil, nil
}
