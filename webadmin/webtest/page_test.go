package webtest

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestVerbs(t *testing.T) {
	p := open(t, `<h1>Name</h1><form onsubmit="said.textContent = 'Hello ' + who.value + ', ' + how.value; return false">
		<input id=who value=nobody><select id=how><option value=loud>L<option value=soft>S</select><button>Go</button></form>
		<p id=said></p><script>onkeydown = e => document.title = (e.ctrlKey ? 'ctrl ' : '') + e.key</script>`)
	if got := p.Text("h1"); got != "Name" {
		t.Errorf("heading %q", got)
	}
	p.Type("#who", `Zoë "<&`)
	p.Choose("#how", "soft")
	p.Click("button")
	p.WaitText("#said", `Hello Zoë "<&, soft`)
	p.Type("#who", "")
	if got := p.Value("#who"); got != "" {
		t.Errorf("an emptied field holds %q", got)
	}
	p.Type("#who", "Ann")
	p.Press("Enter")
	p.WaitText("#said", "Hello Ann")
	p.Press("Control+k")
	p.WaitFor("document.title == 'ctrl k'")
	p.Press("Shift+Tab")
	p.WaitFor("document.activeElement == document.body || document.activeElement.id != 'who'")
	var sum int
	p.Eval("Promise.resolve(1 + 2)", &sum)
	if sum != 3 {
		t.Errorf("1 + 2 is %d", sum)
	}
}

func TestWhatIsWaitedForMayComeLater(t *testing.T) {
	p := open(t, `<p id=late hidden>here</p><script>setTimeout(() => late.hidden = false, 100)</script>`)
	p.Wait("#late")
}

func TestPictureIsAsWideAsTheWindowAndAsHighAsThePage(t *testing.T) {
	url := serve(t, `<body style="margin:0"><div style="height:2000px">tall</div>`, nil)
	b := Start(t)
	for _, size := range []struct{ width, height int }{{390, 844}, {1280, 800}} {
		p := b.Page(t, size.width, size.height, false)
		p.Open(url)
		path := filepath.Join(t.TempDir(), "new", "page.png")
		p.Screenshot(path)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		picture, err := png.DecodeConfig(file)
		if err != nil || picture.Width != size.width || picture.Height != 2000 {
			t.Errorf("a picture of %d by %d, want %d by 2000: %v", picture.Width, picture.Height, size.width, err)
		}
	}
}

func TestPhoneAndScheme(t *testing.T) {
	url := serve(t, `<p>hello`, nil)
	b := Start(t)
	for _, try := range []struct {
		width       int
		dark        bool
		finger, ask string
	}{{390, true, "coarse", "dark"}, {1280, false, "fine", "light"}} {
		p := b.Page(t, try.width, 800, try.dark)
		p.Open(url)
		p.WaitFor(fmt.Sprintf("innerWidth == %d && matchMedia('(prefers-color-scheme: %s)').matches && matchMedia('(prefers-reduced-motion)').matches",
			try.width, try.ask))
		p.WaitFor(fmt.Sprintf("matchMedia('(pointer: %s)').matches", try.finger))
	}
}

func TestPageWithoutScripts(t *testing.T) {
	url := serve(t, `<p id=a>plain</p><noscript><p id=b>no script</p></noscript><script>a.textContent = 'script'</script>`, nil)
	p := Start(t).Page(t, 800, 600, false)
	p.NoScript()
	p.Open(url)
	p.Wait("#b")
	p.WaitFor("Promise.resolve(true)")
	if got := p.Text("#a"); got != "plain" {
		t.Errorf("the page says %q", got)
	}
}

func TestSoundPlays(t *testing.T) {
	p := open(t, `<audio id=a controls></audio><button onclick="a.play()">Play</button>`)
	p.WaitFor("document.createElement('audio').canPlayType('audio/mpeg') != ''")
	p.Eval(`{ // a second of silence: 8 kHz, 8 bits
		const wav = new Uint8Array(44 + 8000).fill(128), v = new DataView(wav.buffer), text = (at, s) => [...s].forEach((c, i) => v.setUint8(at + i, c.charCodeAt()));
		text(0, "RIFF"); v.setUint32(4, 8036, true); text(8, "WAVEfmt "); v.setUint32(16, 16, true); v.setUint16(20, 1, true); v.setUint16(22, 1, true);
		v.setUint32(24, 8000, true); v.setUint32(28, 8000, true); v.setUint16(32, 1, true); v.setUint16(34, 8, true); text(36, "data"); v.setUint32(40, 8000, true);
		a.src = URL.createObjectURL(new Blob([wav], {type: "audio/wav"})); undefined }`, nil)
	p.Click("button")
	p.WaitFor("a.ended && a.currentTime >= 1")
}
