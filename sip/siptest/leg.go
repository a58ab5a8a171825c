package siptest

import (
	"strconv"
	"strings"
	"time"
)

// Leg is a call as the server sees it, from its own count and from what the telephone reports by RTCP every 5 s.
type Leg struct {
	Received, Lost int           // packets from the telephone, and those of them that never came
	Jitter         time.Duration // of their arrival
	Sent, FarLost  int           // packets to the telephone, and those of them that never came, by its own report
	FarJitter      time.Duration
	RoundTrip      time.Duration // of the packets, in ms; 0 = none measured, or less than that
}

// Legs are the calls that last, oldest first.
func (a *Asterisk) Legs() []Leg {
	a.t.Helper()
	var legs []Leg
	for line := range strings.Lines(a.CLI("pjsip show channelstats")) {
		if leg, ok := readLeg(strings.Fields(line)); ok {
			legs = append(legs, leg)
		}
	}
	return legs
}

// readLeg reads the last nine columns: count, lost, percent and jitter received, the same sent, and the round trip. Those
// before may be missing, and headings have words in place of numbers.
func readLeg(columns []string) (leg Leg, ok bool) {
	if len(columns) < 12 {
		return leg, false
	}
	columns = columns[len(columns)-9:]
	for i, into := range []*int{0: &leg.Received, 1: &leg.Lost, 4: &leg.Sent, 5: &leg.FarLost} {
		if into != nil {
			if *into, ok = count(columns[i]); !ok {
				return leg, false
			}
		}
	}
	for i, into := range []*time.Duration{3: &leg.Jitter, 7: &leg.FarJitter, 8: &leg.RoundTrip} {
		if into != nil {
			seconds, err := strconv.ParseFloat(columns[i], 64)
			if err != nil {
				return leg, false
			}
			*into = time.Duration(seconds * float64(time.Second))
		}
	}
	return leg, true
}

// count reads a number of packets, which from 100,000 on is in thousands: "123K".
func count(text string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "K"))
	if strings.HasSuffix(text, "K") {
		n *= 1000
	}
	return n, err == nil
}
