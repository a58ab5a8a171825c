package device

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gen2brain/malgo"

	"orionbox/audio/pcm"
)

// periods is how many blocks the driver's buffer holds. Go's scheduler may keep a callback waiting for some 30 ms when
// the machine is busy: that much must fit. For playback it is latency, for capture only room.
var periods = map[kind]uint32{capture: 8, playback: 4}

// card is a sound card, opened one way.
type card struct {
	pulse
	name   string
	format pcm.Format
	width  pcm.Width
	block  func([]float32)
	buf    []float32                  // one block, as float32
	broken atomic.Pointer[panicError] // what the block function panicked with; it is not called again

	context *malgo.AllocatedContext
	device  *malgo.Device
	once    sync.Once
	err     error // of Close
}

type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("sound callback failed: %v", e.value) }

// openCard finds the card by cfg.Name and starts it.
func openCard(cfg Config, k kind, block func([]float32)) (Device, error) {
	found, err := find(cfg.Name, k)
	if err != nil {
		return nil, err
	}
	return startCard(cfg, k, found, block)
}

// startCard opens and starts what was found, or releases all it took.
func startCard(cfg Config, k kind, at target, block func([]float32)) (Device, error) {
	context, err := malgo.InitContext([]malgo.Backend{at.backend},
		malgo.ContextConfig{ThreadPriority: malgo.ThreadPriorityRealtime}, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrOpen, backendName(at.backend), err)
	}
	c := &card{name: at.name, format: cfg.Format, width: cfg.Width, block: block, context: context}
	c.buf = make([]float32, cfg.blockLen()*cfg.Format.Channels)
	if err := c.start(cfg, k, at); err != nil {
		return nil, errors.Join(cannotOpen(err), c.release())
	}
	return c, nil
}

// cannotOpen tells a device that is not there from one that refuses.
func cannotOpen(err error) error {
	for _, gone := range []error{malgo.ErrNoDevice, malgo.ErrDoesNotExist} {
		if errors.Is(err, gone) {
			return fmt.Errorf("%w: %w", ErrNotFound, err)
		}
	}
	return fmt.Errorf("%w: %w (is it in use by another program, and can it do this rate?)", ErrOpen, err)
}

var sampleFormat = map[pcm.Width]malgo.FormatType{2: malgo.FormatS16, 3: malgo.FormatS24, 4: malgo.FormatS32}

func (c *card) start(cfg Config, k kind, at target) error {
	config := malgo.DefaultDeviceConfig(malgo.Capture)
	side := &config.Capture
	callbacks := malgo.DeviceCallbacks{Data: func(_, in []byte, _ uint32) { c.onCapture(in) }}
	if k == playback {
		config = malgo.DefaultDeviceConfig(malgo.Playback)
		side = &config.Playback
		callbacks.Data = func(out, _ []byte, _ uint32) { c.onPlayback(out) }
	}
	config.SampleRate = uint32(cfg.Format.Rate)
	config.PeriodSizeInFrames = uint32(cfg.blockLen())
	config.Periods = periods[k]
	side.Format = sampleFormat[cfg.Width]
	side.Channels = uint32(cfg.Format.Channels)
	if at.id != "" { // C keeps a copy; until then the Go memory must not move
		var id malgo.DeviceID
		copy(id[:len(id)-1], at.id)
		var pin runtime.Pinner
		defer pin.Unpin()
		pin.Pin(&id)
		side.DeviceID = unsafe.Pointer(&id)
	}
	device, err := malgo.InitDevice(c.context.Context, config, callbacks)
	if err != nil {
		return err
	}
	c.device = device
	c.beat()
	return device.Start()
}

// onCapture is called on the card's thread with memory of C's. Real-time.
func (c *card) onCapture(in []byte) {
	if c.broken.Load() != nil {
		return
	}
	defer c.guard()
	for len(in) > 0 {
		n := c.width.Decode(c.buf, in)
		if n == 0 {
			return
		}
		c.block(c.buf[:n])
		in = in[n*int(c.width):]
	}
	c.beat()
}

// onPlayback is onCapture's other direction. Real-time. miniaudio silenced out before.
func (c *card) onPlayback(out []byte) {
	if c.broken.Load() != nil {
		return
	}
	defer c.guard()
	for len(out) > 0 {
		n := min(len(out)/int(c.width), len(c.buf))
		if n == 0 {
			return
		}
		c.block(c.buf[:n])
		out = out[c.width.Encode(out, c.buf[:n]):]
	}
	c.beat()
}

// guard keeps a panic from unwinding through C, which would end the program with a recording open. The device falls
// silent instead: its age grows, its watcher closes it, and Close tells what happened.
func (c *card) guard() {
	if v := recover(); v != nil {
		c.broken.Store(&panicError{v})
	}
}

func (c *card) Name() string       { return c.name }
func (c *card) Format() pcm.Format { return c.format }
func (c *card) String() string     { return fmt.Sprintf("card(%s, %v)", c.name, c.format) }

func (c *card) Close() error {
	c.once.Do(func() {
		c.err = c.release()
		if broken := c.broken.Load(); broken != nil {
			c.err = errors.Join(c.err, broken)
		}
		if c.err != nil {
			c.err = fmt.Errorf("close %s: %w", c.name, c.err)
		}
	})
	return c.err
}

// release gives everything back. A device is always stopped before it is freed: freeing an unplugged one that still
// runs hangs or crashes. That stopping fails for a device that is gone is no news.
func (c *card) release() error {
	if c.device != nil {
		_ = c.device.Stop()
		c.device.Uninit()
	}
	err := c.context.Uninit()
	c.context.Free()
	return err
}
