package webtest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
)

// mostHigh is how much of a long page a Picture shows, in windows.
const mostHigh = 2

// Picture writes a PNG for a reader: of a long page its begin alone, in 256 colours, and so a quarter of a Screenshot.
func (p *Page) Picture(path string) {
	p.t.Helper()
	shot, err := run(p, chromedp.FullScreenshot(100))
	p.must("take a picture", err)
	var height int
	p.Eval("innerHeight", &height)
	small, err := shrink(shot, mostHigh*height)
	p.must("make a picture small", err)
	p.must("keep a picture", os.MkdirAll(filepath.Dir(path), 0o755))
	p.must("keep a picture", os.WriteFile(path, small, 0o644))
}

// shrink cuts a PNG off below, and has it in few colours.
func shrink(shot []byte, height int) ([]byte, error) {
	whole, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	at := whole.Bounds()
	at.Max.Y = min(at.Max.Y, at.Min.Y+height)
	small := image.NewPaletted(at, colours(whole, at))
	draw.Draw(small, at, whole, at.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
	return out.Bytes(), err
}

// colours are those that a picture has most of.
func colours(whole image.Image, at image.Rectangle) color.Palette {
	count := map[color.RGBA]int{}
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			count[color.RGBAModel.Convert(whole.At(x, y)).(color.RGBA)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] })
	var most color.Palette
	for _, c := range all[:min(len(all), 256)] {
		most = append(most, c)
	}
	return most
}
