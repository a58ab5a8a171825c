package mp3

import "orionbox/audio/resample"

// converter takes the sound of a card that is faster than MP3 can be down to the rate of the file. LAME would do that
// itself, without a word and with audible aliasing.
type converter struct {
	stage    *resample.Resampler
	buf      []float32
	channels int
	in, out  int64 // rates, sample frames a second
	given    int64 // sample frames taken so far
	made     int64 // sample frames given out so far
}

// newConverter is nil when there is nothing to convert.
func newConverter(cfg Config) *converter {
	in, channels := cfg.Format.Rate, cfg.Format.Channels
	if in == cfg.Rate {
		return nil
	}
	return &converter{
		stage:    resample.New(in, cfg.Rate, channels),
		buf:      make([]float32, 1024*channels),
		channels: channels,
		in:       int64(in),
		out:      int64(cfg.Rate),
	}
}

// write converts src and hands on what comes out.
func (c *converter) write(src []float32, next func([]float32) error) error {
	c.given += int64(len(src) / c.channels)
	return c.push(src, len(c.buf), next)
}

// finish hands on what is still owed, so that the file has the length of the sound to the sample.
func (c *converter) finish(next func([]float32) error) error {
	silence := make([]float32, len(c.buf))
	for owed := c.owed(); owed > 0; owed = c.owed() {
		if err := c.push(silence, int(min(owed*int64(c.channels), int64(len(c.buf)))), next); err != nil {
			return err
		}
	}
	return nil
}

func (c *converter) owed() int64 { return (c.given*c.out+c.in-1)/c.in - c.made }

// push converts src, at most room samples at a time.
func (c *converter) push(src []float32, room int, next func([]float32) error) error {
	for len(src) > 0 {
		made, used := c.stage.Process(c.buf[:room], src)
		src = src[used*c.channels:]
		c.made += int64(made)
		if err := next(c.buf[:made*c.channels]); err != nil {
			return err
		}
		if made == 0 && used == 0 {
			return nil
		}
		if room < len(c.buf) && made > 0 { // finishing: the caller asks again for what is missing
			return nil
		}
	}
	return nil
}
