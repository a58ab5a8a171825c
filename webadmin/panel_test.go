package webadmin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// wired is a panel whose findings a test gives; with none it goes on until it is ended.
type wired struct {
	finds  []PanelFinding
	err    error
	lasted time.Duration // until the deadline that it was given
}

func (w *wired) TestPanel(ctx context.Context, tell func(any)) error {
	if deadline, ok := ctx.Deadline(); ok {
		w.lasted = time.Until(deadline)
	}
	for _, f := range w.finds {
		tell(f)
	}
	return w.err
}

func TestPanelTellsAsItGoes(t *testing.T) {
	w := &wired{finds: []PanelFinding{{Text: "press"}, {Name: "led_mic", Text: "LED mic", Fault: true}}, err: errors.New("button mic was not pressed")}
	client, _ := open(t, Parts{Panel: w})
	var got []PanelFinding
	collect := func(f PanelFinding) error { got = append(got, f); return nil }
	if err := client.TestPanel(t.Context(), 30*time.Second, collect); err == nil || err.Error() != w.err.Error() {
		t.Errorf("ended with %v", err)
	}
	if !slices.Equal(got, w.finds) {
		t.Errorf("told %+v", got)
	}
	if w.lasted > 30*time.Second || w.lasted < 20*time.Second {
		t.Errorf("it may take %v", w.lasted)
	}
	w.err = nil
	if err := client.TestPanel(t.Context(), 0, collect); err != nil {
		t.Errorf("all is found: %v", err)
	}
}

func TestPanelTestThatCannotBegin(t *testing.T) {
	var refused *Error
	busy, _ := open(t, Parts{Panel: &wired{err: &Error{http.StatusConflict, "a take runs"}}})
	none, _ := open(t, Parts{Host: &host{}})
	for client, want := range map[*Client]int{busy: http.StatusConflict, none: http.StatusNotFound} {
		err := client.TestPanel(t.Context(), 0, func(PanelFinding) error { return nil })
		if !errors.As(err, &refused) || refused.Status != want {
			t.Errorf("%v, want status %d", err, want)
		}
	}
	if err := busy.TestPanel(t.Context(), 2*time.Hour, nil); !errors.As(err, &refused) || !strings.Contains(refused.Text, "10m") {
		t.Errorf("two hours: %v", err)
	}
}

func TestPreflight(t *testing.T) {
	client, _ := open(t, Parts{Box: &box{}})
	wantJSON(t, `{"good":true}`)(client.Preflight(t.Context()))
}
