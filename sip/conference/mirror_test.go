package conference

import (
	"testing"

	"orionbox/audio/measure"
)

func TestEchoNumberGivesEachTheirOwn(t *testing.T) {
	m, speakers := gathering(3, -20)
	for _, s := range *m.seats.Load() {
		s.voice = place(EchoNumber, s.voice)
	}
	if n := testing.AllocsPerRun(10, func() { mixOnce(m) }); n != 0 {
		t.Errorf("%g allocations a tick", n)
	}
	for i, s := range speakers {
		if s.heard != s.says {
			t.Errorf("number %d does not hear itself", i)
		}
	}
}

func TestOtherNumbersAreRooms(t *testing.T) {
	m, speakers := gathering(1, -20)
	for _, number := range []string{"600", "43", "*43#", "*4"} {
		seat := (*m.seats.Load())[0]
		seat.voice = place(number, speakers[0])
		mixOnce(m)
		if (measure.Sound{Rate: mixRate, Samples: speakers[0].heard[:]}).Level() > -100 {
			t.Errorf("%s echoes", number)
		}
	}
}

func TestCallersOfTheEchoNumberHearThemselves(t *testing.T) {
	c := host(t, nil)
	alice, bob, carol := newPhone(t, c, "udp", "alice"), newPhone(t, c, "tcp", "bob"), newPhone(t, c, "udp", "carol")
	alice.room, bob.room = EchoNumber, EchoNumber
	alice.codec, bob.codec = "opus", "PCMU"
	for _, p := range []*phone{alice, bob, carol} {
		p.join()
	}
	alice.hears("alice")
	bob.hears("bob")
	carol.hears()
}
