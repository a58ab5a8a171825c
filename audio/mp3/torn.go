package mp3

// torn tells whether the sound of a frame breaks off: a file system that lost its power leaves zeros up to the end of
// a block. LAME puts its name behind the sound of each frame that has room for it, so zeros there tell of a tear even
// if only the last byte of the sound is gone. Where there is no room, sound that ends in a zero byte counts as torn too:
// it costs the 24 ms of a whole frame now and then, and only at the end of a file that was cut.
func torn(frame []byte, h Header) bool {
	const name = 5 // bytes: "LAME" at any bit
	sound := mainBytes(frame, h)
	used := min(4+h.sideInfo()+sound, len(frame))
	switch {
	case sound == 0:
		return false // silence of our own: there is nothing that could be gone
	case len(frame)-used >= name:
		return zero(frame[used : used+name])
	}
	return zero(frame[used-1:])
}

// mainBytes is how many bytes of sound the side information of a frame tells: the sum of part2_3_length (ISO/IEC
// 11172-3, 2.4.1.7), for each granule and channel.
func mainBytes(frame []byte, h Header) int {
	// In bits from the start of the side information: main_data_begin 9, private 5 or 3, scfsi 4 a channel.
	side, at := frame[4:4+h.sideInfo()], 9+5+4
	if h.Channels == 2 {
		at = 9 + 3 + 8
	}
	bits := 0
	for range 2 * h.Channels {
		bits += bitField(side, at, 12)
		at += 59 // one granule of one channel
	}
	return (bits + 7) / 8
}

// bitField is n bits of data from bit at on, most significant first.
func bitField(data []byte, at, n int) (v int) {
	for i := at; i < at+n; i++ {
		v = v<<1 | int(data[i/8]>>(7-i%8)&1)
	}
	return v
}
