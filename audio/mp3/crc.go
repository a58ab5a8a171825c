package mp3

// crc16 goes on with the checksum that LAME writes: polynomial 0x8005, bits reversed ("CRC-16/ARC").
func crc16(crc uint16, data []byte) uint16 {
	for _, b := range data {
		crc = crc>>8 ^ crcTable[byte(crc)^b]
	}
	return crc
}

var crcTable = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i)
		for range 8 {
			bit := crc & 1
			crc = crc>>1 ^ bit*0xa001
		}
		table[i] = crc
	}
	return table
}()
