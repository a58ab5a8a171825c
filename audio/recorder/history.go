package recorder

import "orionbox/audio/pcm"

// origin is where the samples of a frame come from.
type origin uint8

const (
	captured origin = iota
	filled          // silence: nothing was captured
	lost            // silence: what was captured never arrived
)

// history keeps the last sound of a stream in one piece of memory: the pre-roll of the next take.
type history struct {
	format pcm.Format
	data   []float32 // circular
	from   []origin  // of each sample frame
	end    int64     // index of the sample frame after the last
	have   int       // sample frames kept
}

func newHistory(f pcm.Format, length int64) history {
	return history{format: f, data: make([]float32, length*int64(f.Channels)), from: make([]origin, length)}
}

// start is the index of the oldest sample frame kept.
func (h *history) start() int64 { return h.end - int64(h.have) }

// push appends a frame, which begins where the last one ended.
func (h *history) push(f pcm.Frame, from origin) {
	size := len(h.from)
	h.end = f.End()
	if size == 0 {
		return
	}
	n := min(f.Len(), size)
	data, pos := f.Data[(f.Len()-n)*f.Channels:], h.end-int64(n)
	for n > 0 {
		at := int(pos % int64(size))
		part := min(n, size-at)
		copy(h.data[at*f.Channels:], data[:part*f.Channels])
		for i := at; i < at+part; i++ {
			h.from[i] = from
		}
		data, pos, n = data[part*f.Channels:], pos+int64(part), n-part
	}
	h.have = min(size, h.have+f.Len())
}

// each gives out what is kept, oldest first, in frames of one origin.
func (h *history) each(do func(pcm.Frame, origin)) {
	size, channels := len(h.from), h.format.Channels
	for pos := h.start(); pos < h.end; {
		at := int(pos % int64(size))
		most := min(int64(size-at), h.end-pos)
		n := 1
		for n < int(most) && h.from[at+n] == h.from[at] {
			n++
		}
		data := h.data[at*channels : (at+n)*channels]
		do(pcm.Frame{Format: h.format, Pos: pos, Filled: h.from[at] != captured, Data: data}, h.from[at])
		pos += int64(n)
	}
}
