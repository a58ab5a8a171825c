package rtp

import "testing"

func TestKeyIsSentAsTheRFCHasIt(t *testing.T) {
	k := NewKey(160)
	code, _ := EventCode('#')
	k.Press(code)
	var events []Event
	steps, pause, firsts := 0, 0, 0
	for k.Down() {
		e, first, send := k.Step()
		steps++
		if first {
			firsts++
		}
		if !send {
			pause++
			continue
		}
		if pause > 0 {
			t.Fatal("sent after the pause began")
		}
		events = append(events, e)
	}
	ends := 0
	for i, e := range events {
		if e.Code != 11 || e.Duration != uint16(min(i+1, toneSteps)*160) {
			t.Errorf("packet %d: %+v", i, e)
		}
		if e.End {
			ends++
		} else if ends > 0 {
			t.Error("went on after its end")
		}
	}
	if ends != 3 || firsts != 1 || pause*20 < 50 {
		t.Errorf("%d ends, %d first packets, pause %d ms", ends, firsts, pause*20)
	}
	if k.Press(1); !k.Down() {
		t.Error("a second press does nothing")
	}
}

func TestEventBytes(t *testing.T) {
	var b [eventSize]byte
	Event{Code: 5, End: true, Volume: 10, Duration: 0x1234}.put(b[:])
	if b != [4]byte{5, 0x8a, 0x12, 0x34} {
		t.Errorf("% x", b)
	}
	e, ok := ParseEvent(b[:])
	if !ok || e != (Event{5, true, 10, 0x1234}) {
		t.Errorf("%+v %v", e, ok)
	}
	if _, ok := ParseEvent(b[:3]); ok {
		t.Error("a short payload is an event")
	}
}

func TestKeys(t *testing.T) {
	for code, digit := range digits {
		if got, ok := EventCode(digit); !ok || int(got) != code {
			t.Errorf("%c is %d", digit, got)
		}
		if got, ok := (Event{Code: uint8(code)}).Digit(); !ok || got != digit {
			t.Errorf("%d is %c", code, got)
		}
	}
	if got, ok := EventCode('b'); !ok || got != 13 {
		t.Errorf("b is %d", got)
	}
	if _, ok := EventCode('x'); ok {
		t.Error("x is a key")
	}
	if _, ok := (Event{Code: 17}).Digit(); ok {
		t.Error("17 is a key")
	}
}

func TestEarTellsEachKeyOnce(t *testing.T) {
	type p struct {
		ssrc, stamp uint32
		e           Event
	}
	one, two := uint8(1), uint8(2)
	for _, c := range []struct {
		name    string
		packets []p
		want    string
	}{
		{"all packets", []p{{1, 100, Event{one, false, 0, 160}}, {1, 100, Event{one, false, 0, 320}}, {1, 100, Event{one, true, 0, 320}}, {1, 100, Event{one, true, 0, 320}}}, "1"},
		{"only the last", []p{{1, 100, Event{one, true, 0, 320}}}, "1"},
		{"the same key twice", []p{{1, 100, Event{one, true, 0, 320}}, {1, 900, Event{one, false, 0, 160}}}, "11"},
		{"an end that comes late", []p{{1, 100, Event{one, false, 0, 160}}, {1, 900, Event{two, false, 0, 160}}, {1, 100, Event{one, true, 0, 320}}, {1, 900, Event{two, true, 0, 320}}}, "12"},
		{"over the wrap of time", []p{{1, 1<<32 - 100, Event{one, true, 0, 320}}, {1, 700, Event{two, true, 0, 320}}}, "12"},
		{"another source", []p{{1, 900, Event{one, true, 0, 320}}, {2, 100, Event{two, true, 0, 320}}}, "12"},
		{"held long", []p{{1, 100, Event{one, false, 0, 0xffff}}, {1, 100 + 0xffff, Event{one, false, 0, 160}}, {1, 100 + 0xffff, Event{one, true, 0, 320}}}, "1"},
		{"no key", []p{{1, 100, Event{40, true, 0, 320}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ear Ear
			var got string
			for _, q := range c.packets {
				var b [eventSize]byte
				q.e.put(b[:])
				if digit, ok := ear.Hear(Packet{SSRC: q.ssrc, Timestamp: q.stamp, Payload: b[:]}); ok {
					got += string(digit)
				}
			}
			if got != c.want {
				t.Errorf("heard %q, want %q", got, c.want)
			}
		})
	}
}
