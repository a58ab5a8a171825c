package preflight

import (
	"fmt"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/sip/phone"
)

// The levels of a microphone in dBFS. A converter with something plugged in is never as quiet as silent, even in a quiet room;
// what is quieter than quiet while somebody plays has its gain too low.
const (
	silentDB = -80
	quietDB  = -40
)

func (m Measured) mic() Check {
	c := Check{Name: "microphone", Result: Good, Text: fmt.Sprintf("%s, peak %.0f dBFS", m.Mic.Name, m.PeakDB)}
	switch {
	case m.Mic.Away != "":
		c.Result, c.Finding, c.Text = Bad, NoDevice, m.Mic.Name+": "+m.Mic.Away
		c.Hint = "plug the interface in, or correct AudioSettings, mic (`orionbox devices`)"
	case m.Clipped:
		c.Result, c.Finding, c.Hint = Bad, TooLoud, "it clips: turn the interface's gain down"
	case m.PeakDB <= silentDB:
		c.Result, c.Finding, c.Hint = Bad, Silent, "nothing comes in: look at the cable, phantom power and the interface's gain"
	case m.PeakDB <= quietDB:
		c.Result, c.Finding, c.Hint = Warning, TooQuiet, "play something while this runs; if you did, turn the interface's gain up"
	case m.Mic.Muted:
		c.Result, c.Finding, c.Hint = Warning, Muted, "the conference does not hear it; a take does: press mic"
	}
	if m.Role != session.Artist && c.Result == Bad {
		c.Result = Warning // who does not record may still listen and cut
	}
	return c
}

// toneDB is how loud the test tone must be where it is played: half of what it is.
const toneDB = -30

func (m Measured) speakers() Check {
	c := Check{Name: "speakers", Result: Good, Text: fmt.Sprintf("%s, plays the test tone, at %.0f dBFS with all else", m.Speakers.Name, m.ToneDB)}
	switch {
	case m.Speakers.Away != "":
		c.Result, c.Finding, c.Text = Bad, NoDevice, m.Speakers.Name+": "+m.Speakers.Away
		c.Hint = "plug the interface in, or correct AudioSettings, speakers (`orionbox devices`)"
	case m.Speakers.Muted:
		c.Result, c.Finding, c.Text, c.Hint = Warning, Muted, m.Speakers.Name+", muted", "press speakers to hear the others"
	case m.NoTone != "":
		c.Result, c.Text = Skipped, m.Speakers.Name+": no test tone: "+m.NoTone
	case m.ToneDB < toneDB:
		c.Result, c.Finding, c.Text = Bad, Silent, fmt.Sprintf("%s takes sound, but the test tone came out at %.0f dBFS", m.Speakers.Name, m.ToneDB)
		c.Hint = "start the box again; if that does not help, use another interface"
	}
	return c
}

// The figures of a call that people do not mind: ITU-T G.114 has 150 ms one way, and a loss of 2 % is concealed.
const (
	mostLoss      = 2.0
	mostRoundTrip = 300 * time.Millisecond
)

func (m Measured) call() Check {
	c := Check{Name: "call", Result: Good}
	switch m.Call {
	case phone.NotConfigured, "":
		c.Result, c.Finding, c.Text = Warning, NotSetUp, "no SIP account is set up"
		c.Hint = "set user, password, server and call_no under ConnectionDetails; recording works without"
		return c
	case phone.InConference:
	default:
		c.Result, c.Finding, c.Text = Bad, NoCall, fmt.Sprintf("%s: %s", m.Call, m.CallWhy)
		c.Hint = "look at the network; with a refusal, check user, password and call_no"
		return c
	}
	c.Text = fmt.Sprintf("in the conference, %s, %.1f %% lost, round trip %d ms", m.Codec, m.Loss, m.RoundTrip.Milliseconds())
	if m.Loss > mostLoss || m.RoundTrip > mostRoundTrip {
		c.Result, c.Hint = Warning, "the network is poor: use a cable; the studio recording does not suffer"
	}
	return c
}

func (m Measured) echo() Check {
	c := Check{Name: "echo", Result: Good}
	switch {
	case m.NoEcho != "":
		c.Result, c.Text = Skipped, "no echo call: "+m.NoEcho
	case m.EchoErr != nil:
		c.Result, c.Finding, c.Text = Bad, NoEcho, m.EchoErr.Error()
		c.Hint = "check echo_no under ConnectionDetails, and the account"
	case m.Echo.Received == 0:
		c.Result, c.Finding, c.Text = Bad, NoEcho, fmt.Sprintf("%s answers, but no sound comes from there", m.Echo.Number)
		c.Hint = "look for a firewall or NAT that blocks RTP between here and the server"
	case !m.Echo.Heard:
		c.Result, c.Finding, c.Text = Bad, NoEcho, fmt.Sprintf("%s answers, but what was sent does not come back (%s, %.0f %% lost)", m.Echo.Number, m.Echo.Codec, m.Echo.Loss)
		c.Hint = "look whether that number echoes (at an old FreePBX it talks for long first), and for a firewall that blocks RTP"
	default:
		c.Text = fmt.Sprintf("%s gives back what was sent, %+.0f dB, after %d ms, %s", m.Echo.Number, m.Echo.LevelDB, m.Echo.RoundTrip.Milliseconds(), m.Echo.Codec)
	}
	return c
}

// enough is how many minutes of a take should fit before a session.
const enough = 60

func (m Measured) storage() Check {
	c := Check{Name: "storage", Result: Good, Text: fmt.Sprintf("room for %.0f minutes of a take", m.Minutes)}
	switch {
	case m.Storage == session.StorageFull:
		c.Result, c.Finding, c.Hint = Bad, Full, "deliver or delete recordings, or use a larger disk"
	case m.Storage == session.StorageLow, m.Minutes < enough:
		c.Result, c.Finding, c.Hint = Warning, Low, "deliver or delete recordings, or use a larger disk"
	}
	return c
}

// mostErrorMS is how well the session clock should be known: the boxes cut within 5 ms of each other.
const mostErrorMS = 5

func (m Measured) clock() Check {
	c := Check{Name: "clock", Result: Good}
	switch {
	case m.Alone:
		c.Text = "this box's own"
	case !m.Synced:
		c.Result, c.Finding, c.Text, c.Hint = Warning, NotSynced, "the session clock is not known yet", "wait for the hub; tracks are put in step afterwards"
	default:
		c.Text = fmt.Sprintf("the session clock is known to %.2f ms", m.ErrorMS)
		if m.ErrorMS > mostErrorMS {
			c.Result, c.Finding, c.Hint = Warning, NotSynced, "the network is uneven: use a cable"
		}
	}
	if !m.WallTime && c.Result == Good {
		c.Result, c.Finding = Warning, NotSynced
		c.Text += "; the date has not been set"
		c.Hint = "give the box the network, or a clock with a battery: names of files may have a wrong date"
	}
	return c
}

func (m Measured) hub() Check {
	switch {
	case m.Alone:
		return Check{Name: "hub", Result: Skipped, Text: "none is set up: this box is alone"}
	case m.Hub == hub.StateConnected && m.HubWhy == "":
		return Check{Name: "hub", Result: Good, Text: "connected"}
	case m.Hub == hub.StateConnected:
		return Check{Name: "hub", Result: Warning, Finding: NoHub, Text: m.HubWhy, Hint: "look at the hub: `orionbox hub status` there"}
	}
	return Check{Name: "hub", Result: Bad, Finding: NoHub, Text: fmt.Sprintf("%s: %s", m.Hub, m.HubWhy),
		Hint: "look whether the producer's box is on; recording and the call go on without"}
}

func (m Measured) computer() Check {
	c := Check{Name: "box", Result: Good, Text: "power, temperature and panel are well, as far as it can tell"}
	switch {
	case m.LowPower:
		c.Result, c.Finding, c.Text = Bad, LowPower, "the power supply is too weak"
		c.Hint = "use the one made for this computer, and a short cable"
	case m.Hot != 0:
		c.Result, c.Finding, c.Text, c.Hint = Warning, TooHot, fmt.Sprintf("the processor is at %.0f degrees", m.Hot), "give it air and shade"
	case m.Panel != "":
		c.Result, c.Finding, c.Text, c.Hint = Warning, Broken, m.Panel, "`orionbox panel test` helps to find it"
	}
	return c
}
