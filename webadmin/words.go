package webadmin

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// words are how the templates say figures.
var words = template.FuncMap{
	"tabs":    func() []tab { return tabs },
	"buttons": buttons,
	"clock":   clockTime,
	"same":    strings.EqualFold,
	"day":     func(at time.Time) string { return at.Local().Format("Mon 2 Jan 2006, 15:04") },
	"mb":      func(bytes float64) string { return fmt.Sprintf("%.1f MB", bytes/1e6) },
	"percent": percent,
	"meter":   meter,
	"long":    long,
	"takes":   takes,
	"pattern": pattern,
	"days":    days,
	"degrees": func(celsius *float64) string { return fmt.Sprintf("%.0f °C", *celsius) },
	"gb":      func(bytes int64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/1e9) },
	"at":      func(t time.Time) string { return atTime(t, "15:04:05") },
	"cut":     func(t time.Time) string { return atTime(t, "15:04:05.0") },
	"dB":      func(level float64) string { return fmt.Sprintf("%.0f dBFS", level) },
}

// panelButton is a button of the page.
type panelButton struct{ Name, Text string }

// panelButtons are those that a page offers; status is the page itself.
var panelButtons = []panelButton{{"record", "Record"}, {"segment", "Segment"}, {"mic", "Mute microphone"}, {"speakers", "Mute speakers"}}

// buttons are those that a role may press: only artists record, and who listens cuts nothing.
func buttons(role string) []panelButton {
	return slices.DeleteFunc(slices.Clone(panelButtons), func(b panelButton) bool {
		return b.Name == "record" && role != "ARTIST" || b.Name == "segment" && role == "LISTENER"
	})
}

// clockTime is a length as minutes and seconds.
func clockTime(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d >= time.Hour {
		return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// atTime is a moment by the clock of the box, with its day if that is another.
func atTime(t time.Time, form string) string {
	if t = t.Local(); t.Format(time.DateOnly) != time.Now().Format(time.DateOnly) {
		form = "2 Jan " + form
	}
	return t.Format(form)
}

func percent(part, of float64) int {
	if of <= 0 {
		return 0
	}
	return int(min(100*part/of, 100))
}

// meter is a level of -60 to 0 dBFS as 0 to 60.
func meter(level float64) int { return int(min(max(level+60, 0), 60)) }

// takes is how many takes.
func takes(n int) string {
	if n == 1 {
		return "1 take"
	}
	return fmt.Sprintf("%d takes", n)
}

// long is a length of minutes in words.
func long(minutes float64) string {
	if minutes >= 120 {
		return fmt.Sprintf("%.0f hours", minutes/60)
	}
	return fmt.Sprintf("%.0f minutes", minutes)
}

// patternWords say what an LED does to who does not see it.
var patternWords = map[string]string{
	"off": "dark", "on": "lit", "slow": "blinks slowly", "fast": "blinks fast", "double": "flashes twice", "wink": "lit, with a gap", "halted": "flashes seldom",
}

func pattern(name string) string {
	if text, ok := patternWords[name]; ok {
		return text
	}
	return "dark"
}

// days is how long the box runs.
func days(seconds float64) string {
	d := time.Duration(seconds) * time.Second
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours())/24)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
