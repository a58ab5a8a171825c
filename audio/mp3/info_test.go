package mp3

import (
	"bytes"
	"testing"

	lame "github.com/viert/go-lame"
	"orionbox/audio/pcm"
)

// byLAME is a file and its tag frame as LAME itself makes them.
func byLAME(t *testing.T, cfg Config, samples []float32) (file, tag []byte) {
	t.Helper()
	var out bytes.Buffer
	e := lame.NewEncoder(&out)
	defer e.Close()
	for _, err := range []error{
		e.SetNumChannels(cfg.Format.Channels), e.SetInSamplerate(cfg.Format.Rate), e.SetVBR(lame.VBROff),
		e.SetBrate(cfg.Bitrate), e.SetQuality(cfg.Quality),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if cfg.Format.Channels == 1 {
		e.SetMode(lame.MpegMono)
	}
	raw := make([]byte, 2*len(samples))
	pcm.Width(2).Encode(raw, samples)
	if _, err := e.Write(raw); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), e.LameTagFrame()
}

// Our Info frame must say what LAME's says, but for the fields that describe the encoder's settings.
func TestInfoFrameAgreesWithLAME(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 44100, Channels: 1}, {Rate: 44100, Channels: 2}, {Rate: 48000, Channels: 1}, stereo48} {
		cfg := Config{Format: f, Bitrate: 320, Quality: 7}
		const n = 100123
		file, tag := byLAME(t, cfg, tone(f, 440, n))
		theirs, ok := ParseInfo(tag)
		if !ok || theirs.Samples() != n {
			t.Fatalf("%v: cannot read LAME's tag: %+v", f, theirs)
		}
		found, err := scan(bytes.NewReader(file[len(tag):]), int64(len(tag)), theirs.Header)
		if err != nil || len(found) != 1 {
			t.Fatalf("%v: scan: %v %v", f, found, err)
		}
		ours := Info{
			Header: theirs.Header, Frames: found.frames(), Bytes: int64(len(file)), MusicCRC: crc16(0, file[len(tag):]),
			Delay: encoderDelay, Padding: theirs.Padding,
		}
		if ours != theirs {
			t.Errorf("%v: ours   %+v\n%v: LAME's %+v", f, ours, f, theirs)
		}
		compareTags(t, ours, tag)
	}
}

func compareTags(t *testing.T, ours Info, tag []byte) {
	t.Helper()
	frame, err := InfoFrame(ours)
	if err != nil || len(frame) != len(tag) {
		t.Fatalf("%d bytes, LAME makes %d: %v", len(frame), len(tag), err)
	}
	at := 4 + ours.Header.sideInfo()
	a, b := frame[at:at+tagSize], tag[at:at+tagSize]
	for i := tagTOC; i < tagTOC+100; i++ { // LAME may point at the next frame
		if d := int(a[i]) - int(b[i]); d < -2-256/ours.Frames || d > 2 {
			t.Errorf("table at %d %%: %d, LAME has %d", i-tagTOC, a[i], b[i])
		}
	}
	for _, field := range [][2]int{{0, tagTOC}, {tagEncoder, tagMethod + 1}, {tagRate, tagDelay + 3}, {tagLength, tagCRC}} {
		if !bytes.Equal(a[field[0]:field[1]], b[field[0]:field[1]]) {
			t.Errorf("bytes %v: % x, LAME has % x", field, a[field[0]:field[1]], b[field[0]:field[1]])
		}
	}
	if !bytes.Equal(frame[:2], tag[:2]) || !bytes.Equal(frame[4:at], tag[4:at]) {
		t.Errorf("frame begins % x, LAME's % x", frame[:at], tag[:at])
	}
}

func TestInfoFrameIsReadBack(t *testing.T) {
	for _, h := range []Header{{Bitrate: 320, Rate: 48000, Channels: 2}, {Bitrate: 64, Rate: 44100, Channels: 1}} {
		want := Info{Header: h, Frames: 1 << 20, Bytes: 1 << 30, Delay: 4095, Padding: 1234, MusicCRC: 0xabcd}
		frame, err := InfoFrame(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := ParseInfo(frame); !ok || got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		for i := range 4 + h.sideInfo() + tagSize {
			torn := bytes.Clone(frame)
			torn[i] ^= 0x10
			if got, ok := ParseInfo(torn); ok {
				t.Fatalf("byte %d is wrong and nobody notices: %+v", i, got)
			}
		}
	}
	if _, err := InfoFrame(Info{Header: Header{Bitrate: 320, Rate: 48000, Channels: 2}, Padding: 4096}); err == nil {
		t.Error("padding of 13 bits was accepted")
	}
}

func TestCRC16(t *testing.T) {
	if got := crc16(0, []byte("123456789")); got != 0xbb3d { // the check value of CRC-16/ARC
		t.Errorf("%#x", got)
	}
}
