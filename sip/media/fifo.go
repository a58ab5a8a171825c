package media

// fifo holds samples between blocks of one length and blocks of another. It belongs to one goroutine.
type fifo struct {
	data []float32
	n    int
}

func newFifo(capacity int) fifo { return fifo{data: make([]float32, capacity)} }

// space is where to write; grow says how much was written.
func (f *fifo) space() []float32 { return f.data[f.n:] }

func (f *fifo) grow(n int) { f.n += n }

// write takes what there is room for.
func (f *fifo) write(src []float32) { f.grow(copy(f.space(), src)) }

// read fills dst, with silence where there is not enough.
func (f *fifo) read(dst []float32) {
	n := copy(dst, f.data[:f.n])
	clear(dst[n:])
	copy(f.data, f.data[n:f.n])
	f.n -= n
}
