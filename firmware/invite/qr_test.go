package invite

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"os/exec"
	"strings"
	"testing"

	"orionbox/firmware/conf"
)

// texts are of the lengths that matter: hardly anything, a legacy invite, a full one, the longest there can be.
func texts(t *testing.T) map[string]string {
	t.Helper()
	short, err := conf.Invite{User: "1002", Password: "p", Server: "10.0.0.9", CallNo: "600"}.EncodeLegacy()
	if err != nil {
		t.Fatal(err)
	}
	full, err := alice.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"letter": "x", "digits": "0123456789", "legacy": string(short), "full": string(full),
		"long": strings.Repeat("Orion-box_", 60), "longest": strings.Repeat("a", 2953),
	}
}

// TestAnotherProgramReadsPNG: zbarimg reads what we drew.
func TestAnotherProgramReadsPNG(t *testing.T) {
	for name, text := range texts(t) {
		data, err := PNG(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, data); got != text {
			t.Errorf("%s: %q is read as %q", name, text, got)
		}
	}
}

// TestAnotherProgramReadsTerminal photographs the terminal: each character becomes what a screen shows for it.
func TestAnotherProgramReadsTerminal(t *testing.T) {
	for name, text := range texts(t) {
		var out strings.Builder
		if err := Terminal(&out, text); err != nil {
			t.Fatal(err)
		}
		photo := screen(t, out.String())
		var data bytes.Buffer
		if err := png.Encode(&data, photo); err != nil {
			t.Fatal(err)
		}
		if got := scan(t, data.Bytes()); got != text {
			t.Errorf("%s: %q is read as %q", name, text, got)
		}
		wantSameModules(t, name, text, photo)
	}
}

// wantSameModules compares the screen with the PNG, border included.
func wantSameModules(t *testing.T, name, text string, photo *image.Gray) {
	t.Helper()
	data, err := PNG(text)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	size := drawn.Bounds().Dx() / pixels
	if w, h := photo.Bounds().Dx()/pixels, photo.Bounds().Dy()/pixels; w != size || h != size+size%2 || (size-2*quiet)%4 != 1 {
		t.Fatalf("%s: the screen is %d x %d modules, the image %d", name, w, h, size)
	}
	for y := range size {
		for x := range size {
			at := image.Pt(x*pixels+pixels/2, y*pixels+pixels/2)
			dark := color.GrayModel.Convert(drawn.At(at.X, at.Y)).(color.Gray).Y == 0
			if dark != (photo.GrayAt(at.X, at.Y).Y == 0) {
				t.Fatalf("%s: module %d, %d differs", name, x, y)
			}
			border := min(x, y) < quiet || max(x, y) >= size-quiet
			if border && dark {
				t.Fatalf("%s: the white border is inked at %d, %d", name, x, y)
			}
		}
	}
}

// screen is what a terminal shows, a character as two square modules, one above the other. Anything but characters on
// lines that set and reset their colours is refused.
func screen(t *testing.T, text string) *image.Gray {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var rows [][]bool
	for _, line := range lines {
		line, begun := strings.CutPrefix(line, ink)
		line, ended := strings.CutSuffix(line, plain)
		if !begun || !ended {
			t.Fatal("a line leaves its colours to the terminal")
		}
		var upper, lower []bool
		for _, r := range line {
			if !strings.ContainsRune(" ▀▄█", r) {
				t.Fatalf("%q in the drawing", r)
			}
			upper = append(upper, r == '▀' || r == '█')
			lower = append(lower, r == '▄' || r == '█')
		}
		rows = append(rows, upper, lower)
	}
	photo := image.NewGray(image.Rect(0, 0, len(rows[0])*pixels, len(rows)*pixels))
	for y := range photo.Rect.Max.Y {
		for x := range photo.Rect.Max.X {
			if !rows[y/pixels][x/pixels] {
				photo.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	return photo
}

// scan has zbarimg read an image.
func scan(t *testing.T, data []byte) string {
	t.Helper()
	cmd := exec.Command("zbarimg", "--quiet", "--raw", "--set", "disable", "--set", "qrcode.enable", "-")
	cmd.Stdin = bytes.NewReader(data)
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("zbarimg (of zbar-tools: run .ci/deps test): %v\n%s", err, told.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// TestFullInviteFitsATerminal of 80 columns, and its PNG a phone.
func TestFullInviteFitsATerminal(t *testing.T) {
	var out strings.Builder
	if err := Terminal(&out, texts(t)["full"]); err != nil {
		t.Fatal(err)
	}
	photo := screen(t, out.String())
	if w, h := photo.Rect.Dx()/pixels, photo.Rect.Dy()/pixels/2; w > 80 || h > 40 {
		t.Errorf("%d columns, %d lines", w, h)
	}
}

func TestNothingToDraw(t *testing.T) {
	long := strings.Repeat("a", 2954)
	if data, err := PNG(long); err == nil || data != nil || strings.Contains(err.Error(), "aaa") {
		t.Errorf("PNG: %v", err)
	}
	if err := Terminal(io.Discard, long); err == nil {
		t.Error("Terminal drew too much")
	}
	if err := Terminal(full{}, "x"); !errors.Is(err, errFull) {
		t.Errorf("a full disk gives %v", err)
	}
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
