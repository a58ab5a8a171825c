package codec

import (
	"encoding/binary"
	"slices"
)

// ffmpeg takes opus in Ogg only (RFC 3533, RFC 7845): as much of it as a test needs, a packet a page.

func oggOpus(packets [][]byte, samples int) []byte {
	head := append([]byte("OpusHead"), 1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)
	tags := append([]byte("OpusTags"), make([]byte, 8)...)
	out := oggPage(nil, 2, 0, 0, head)
	out = oggPage(out, 0, 0, 1, tags)
	for i, packet := range packets {
		flags := byte(0)
		if i == len(packets)-1 {
			flags = 4
		}
		out = oggPage(out, flags, uint64((i+1)*samples), uint32(i+2), packet)
	}
	return out
}

func oggPage(out []byte, flags byte, granule uint64, number uint32, packet []byte) []byte {
	page := append([]byte("OggS"), 0, flags)
	page = binary.LittleEndian.AppendUint64(page, granule)
	page = binary.LittleEndian.AppendUint32(page, 1)
	page = binary.LittleEndian.AppendUint32(page, number)
	page = append(page, 0, 0, 0, 0, byte(len(packet)/255+1))
	page = append(page, slices.Repeat([]byte{255}, len(packet)/255)...)
	page = append(page, byte(len(packet)%255))
	page = append(page, packet...)
	binary.LittleEndian.PutUint32(page[22:], oggSum(page))
	return append(out, page...)
}

// oggSum is the CRC of RFC 3533 section 6: polynomial 0x04c11db7, not reflected, from zero.
func oggSum(page []byte) (sum uint32) {
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			top := sum >> 31
			sum = sum<<1 ^ top*0x04c11db7
		}
	}
	return sum
}

// oggPackets are the packets of all pages, the two headers left out.
func oggPackets(file []byte) (packets [][]byte) {
	var packet []byte
	for len(file) >= 27 {
		segments := file[27 : 27+int(file[26])]
		body := file[27+len(segments):]
		for _, n := range segments {
			packet = append(packet, body[:n]...)
			body = body[n:]
			if n < 255 {
				packets = append(packets, packet)
				packet = nil
			}
		}
		file = body
	}
	return packets[2:]
}
