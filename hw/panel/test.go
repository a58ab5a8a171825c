package panel

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orionbox/hw/button"
	"orionbox/hw/led"
)

// Finding is what came out of a Test, as it comes.
type Finding struct {
	Name  string `json:"name"` // as in Faults: led_record, button_record, chip; empty for what is said at the beginning and the end
	Text  string `json:"text"` // for the one who wires the panel
	Fault bool   `json:"fault,omitempty"`
}

// litFor is how long a Test lights each LED.
const litFor = time.Second

// Test is for the one who wires the panel: it lights each LED in turn, and names each button as it is pressed, and each line
// that cannot be had. It ends when all LEDs were lit and all buttons pressed, or with ctx; then its error names the buttons that
// were not. Nobody else may take Events or Show meanwhile.
func (p *Panel) Test(ctx context.Context, tell func(Finding)) error {
	t := &tester{Panel: p, tell: tell, where: p.Where(), shown: map[string]bool{}}
	for key := range t.where {
		if name, ok := strings.CutPrefix(key, ButtonPrefix); ok {
			t.unseen = append(t.unseen, name)
		} else {
			t.leds = append(t.leds, strings.TrimPrefix(key, LEDPrefix))
		}
	}
	for _, names := range [][]string{t.unseen, t.leds} {
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(slices.Index(p.cfg.Order, a)-slices.Index(p.cfg.Order, b), strings.Compare(a, b))
		})
	}
	defer func() { p.ShowAll(t.only("")) }()
	return t.run(ctx)
}

type tester struct {
	*Panel
	tell   func(Finding)
	where  map[string]string
	leds   []string
	unseen []string // buttons that nobody has pressed yet
	lit    int      // steps taken: which LED is lit
	shown  map[string]bool
}

func (t *tester) run(ctx context.Context) error {
	if len(t.where) == 0 {
		return fmt.Errorf("test panel: no button or LED has a line: give them one in [Hardware], or set chip to %s", Sim)
	}
	t.tell(Finding{Text: fmt.Sprintf("the LEDs are lit in turn: %s; press each of the buttons: %s", listed(t.leds), listed(t.unseen))})
	ticker := time.NewTicker(litFor)
	defer ticker.Stop()
	for t.step(); !t.done(); {
		select {
		case e, ok := <-t.Events():
			if !ok {
				return fmt.Errorf("test panel: it was closed")
			}
			t.pressed(e)
		case <-ticker.C:
			t.step()
		case <-ctx.Done():
			return t.missing()
		}
	}
	t.news()
	if err := t.missing(); err != nil {
		return err
	}
	t.tell(Finding{Text: "all LEDs were lit, all buttons were pressed"})
	return nil
}

func listed(names []string) string { return cmp.Or(strings.Join(names, ", "), "there are none") }

func (t *tester) done() bool { return t.lit > len(t.leds) && len(t.unseen) == 0 }

// step lights the next LED, and that alone.
func (t *tester) step() {
	t.news()
	t.lit++
	if len(t.leds) == 0 {
		return
	}
	name := t.leds[(t.lit-1)%len(t.leds)]
	t.ShowAll(t.only(name))
	switch place := t.where[LEDPrefix+name]; {
	case t.lit > len(t.leds):
	case !t.bank.works(name):
		t.tell(Finding{Name: LEDPrefix + name, Text: fmt.Sprintf("LED %s cannot be lit: %s", name, place), Fault: true})
	default:
		t.tell(Finding{Name: LEDPrefix + name, Text: fmt.Sprintf("LED %s is lit: %s", name, place)})
	}
}

// only is all LEDs dark but one.
func (t *tester) only(name string) map[string]led.Pattern {
	patterns := map[string]led.Pattern{}
	for other := range t.cfg.LEDs {
		patterns[other] = led.Off
	}
	if name != "" {
		patterns[name] = led.On
	}
	return patterns
}

func (t *tester) pressed(e Event) {
	if e.Gesture == button.Stuck || e.Gesture == button.Freed {
		t.news()
		return
	}
	t.unseen = slices.DeleteFunc(t.unseen, func(name string) bool { return name == e.Button })
	place := t.where[ButtonPrefix+e.Button]
	if place == "" {
		place = "without a line"
	}
	t.tell(Finding{Name: ButtonPrefix + e.Button, Text: fmt.Sprintf("button %s, %s: %s", e.Button, e.Gesture, place)})
}

// news tells of faults that were not told of.
func (t *tester) news() {
	now := map[string]bool{}
	for _, f := range t.Faults() {
		text := f.Text + ": " + f.Hint
		if now[text] = true; !t.shown[text] {
			t.tell(Finding{Name: f.Name, Text: text, Fault: true})
		}
	}
	t.shown = maps.Clone(now)
}

// missing is an error if a button was never seen, or a part does not work.
func (t *tester) missing() error {
	var wrong []string
	for _, name := range t.unseen {
		wrong = append(wrong, fmt.Sprintf("button %s was not pressed (%s)", name, t.where[ButtonPrefix+name]))
	}
	for _, f := range t.Faults() {
		wrong = append(wrong, f.Text)
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("test panel: %s", strings.Join(wrong, "; "))
}
