package sdp

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

var (
	opus   = Format{PayloadType: 96, Name: "opus", ClockRate: 48000, Channels: 2, Fmtp: "useinbandfec=1"}
	g722   = Format{PayloadType: 9, Name: "G722", ClockRate: 8000, Channels: 1}
	pcmu   = Format{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1}
	pcma   = Format{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1}
	events = Format{PayloadType: 101, Name: "telephone-event", ClockRate: 8000, Channels: 1, Fmtp: "0-16"}
)

func local() Description {
	return Description{
		Address: netip.MustParseAddr("192.0.2.1"), Port: 4000, RTCPPort: 4001, Direction: SendRecv, Ptime: 20,
		Formats: []Format{opus, g722, pcmu, pcma, events}, SessionID: 17, Version: 3,
	}
}

func TestMarshalAndParseAreInverse(t *testing.T) {
	for _, edit := range []func(*Description){
		func(*Description) {},
		func(d *Description) { d.Address = netip.MustParseAddr("2001:db8::1") },
		func(d *Description) { d.RTCPPort = 5555 },
		func(d *Description) { d.Direction = Inactive },
		func(d *Description) { d.Formats = []Format{pcmu} },
		func(d *Description) { d.Ptime = 0 },
	} {
		want := local()
		edit(&want)
		data, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(data)
		if err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
}

func TestMarshalRefusesWhatCannotBeWritten(t *testing.T) {
	for name, d := range map[string]Description{
		"no address": {Port: 4000, Formats: []Format{pcmu}},
		"no format":  {Address: netip.MustParseAddr("192.0.2.1"), Port: 4000},
		"bad port":   {Address: netip.MustParseAddr("192.0.2.1"), Port: 70000, Formats: []Format{pcmu}},
	} {
		if data, err := d.Marshal(); err == nil {
			t.Errorf("%s: wrote\n%s", name, data)
		}
	}
}

const head = "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"

// TestTorture reads what servers really send, and what they should not.
func TestTorture(t *testing.T) {
	for _, c := range []struct {
		name, text string
		bad        error // nil: readable
		check      func(Description) bool
	}{
		{"static types need no rtpmap", head + "m=audio 4000 RTP/AVP 0 8 9\r\n", nil,
			func(d Description) bool {
				return reflect.DeepEqual(d.Formats, []Format{pcmu, pcma, g722}) && d.RTCPPort == 4001 && d.Direction == SendRecv
			}},
		{"line feeds only, blank line, NUL", strings.ReplaceAll(head, "\r\n", "\n") + "m=audio 4000 RTP/AVP 0\n\n\x00", nil,
			func(d Description) bool { return d.Port == 4000 }},
		{"stream address wins", head + "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.77\r\n", nil,
			func(d Description) bool { return d.Address == netip.MustParseAddr("192.0.2.77") }},
		{"ipv6", strings.ReplaceAll(head, "IP4 192.0.2.9", "IP6 2001:db8::9") + "m=audio 4000 RTP/AVP 0\r\n", nil,
			func(d Description) bool { return d.Address == netip.MustParseAddr("2001:db8::9") }},
		{"session direction", head + "a=sendonly\r\nm=audio 4000 RTP/AVP 0\r\n", nil,
			func(d Description) bool { return d.Direction == SendOnly && d.Held() }},
		{"hold of old", strings.ReplaceAll(head, "c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0") + "m=audio 4000 RTP/AVP 0\r\n", nil,
			func(d Description) bool { return d.Held() }},
		{"refused", head + "m=audio 0 RTP/AVP 0\r\n", nil, func(d Description) bool { return d.Port == 0 }},
		{"rtcp elsewhere", head + "m=audio 4000 RTP/AVP 0\r\na=rtcp:5001 IN IP4 192.0.2.9\r\n", nil,
			func(d Description) bool { return d.RTCPPort == 5001 }},
		{"rtcp-mux", head + "m=audio 4000 RTP/AVPF 0\r\na=rtcp-mux\r\n", nil, func(d Description) bool { return d.RTCPPort == 4000 }},
		{"ptime with a fraction", head + "m=audio 4000 RTP/AVP 0\r\na=ptime:20.0\r\n", nil, func(d Description) bool { return d.Ptime == 20 }},
		{"unknown dynamic type is left out", head + "m=audio 4000 RTP/AVP 120 0\r\n", nil,
			func(d Description) bool { return len(d.Formats) == 1 }},
		{"bad rtpmap is left out", head + "m=audio 4000 RTP/AVP 96 0\r\na=rtpmap:96 opus\r\n", nil,
			func(d Description) bool { return len(d.Formats) == 1 }},
		{"rtpmap may redefine", head + "m=audio 4000 RTP/AVP 18\r\na=rtpmap:18 PCMU/8000\r\n", nil,
			func(d Description) bool { return d.Formats[0].Name == "PCMU" }},
		{"port range", head + "m=audio 4000/2 RTP/AVP 0\r\n", nil, func(d Description) bool { return d.Port == 4000 }},
		{"video first", head + "m=video 5000 RTP/AVP 99\r\nm=audio 4000 RTP/AVP 0\r\n", nil,
			func(d Description) bool { return d.Port == 4000 && len(d.before) == 1 }},
		{"encrypted and plain", head + "m=audio 5000 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n", nil,
			func(d Description) bool { return d.Port == 4000 }},
		{"only encrypted", head + "m=audio 5000 RTP/SAVP 0\r\n", ErrNoAudio, nil},
		{"only video", head + "m=video 5000 RTP/AVP 99\r\n", ErrNoAudio, nil},
		{"no media", head, ErrNoAudio, nil},
		{"host name", strings.ReplaceAll(head, "c=IN IP4 192.0.2.9", "c=IN IP4 pbx.example") + "m=audio 4000 RTP/AVP 0\r\n", errAny, nil},
		{"no address", "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", errAny, nil},
		{"port too high", head + "m=audio 70000 RTP/AVP 0\r\n", errAny, nil},
		{"empty", "", errAny, nil},
		{"no sdp", "hello", errAny, nil},
	} {
		d, err := Parse([]byte(c.text))
		switch {
		case c.bad == nil && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.bad == errAny && err == nil, c.bad != nil && c.bad != errAny && !errors.Is(err, c.bad):
			t.Errorf("%s: error %v, want %v", c.name, err, c.bad)
		case c.check != nil && err == nil && !c.check(d):
			t.Errorf("%s: read as %+v", c.name, d)
		}
	}
}

var errAny = errors.New("any error")

func TestAnswerKeepsTheOfferersOrderAndPayloadTypes(t *testing.T) {
	theirs := opus
	theirs.PayloadType, theirs.Name, theirs.Fmtp = 107, "OPUS", "stereo=1"
	offer := Description{Address: netip.MustParseAddr("192.0.2.9"), Port: 9000, Ptime: 30,
		Formats: []Format{pcma, {PayloadType: 18, Name: "G729", ClockRate: 8000, Channels: 1}, theirs, events}}
	got, err := Answer(offer, local())
	if err != nil {
		t.Fatal(err)
	}
	ours := opus
	ours.PayloadType = 107
	if want := []Format{pcma, ours, events}; !reflect.DeepEqual(got.Formats, want) {
		t.Errorf("formats %+v, want %+v", got.Formats, want)
	}
	if f, ok := got.Audio(); !ok || f.Name != "PCMA" || got.Port != 4000 || got.Ptime != 20 {
		t.Errorf("answer %+v", got)
	}
	if pt, ok := got.Events(); !ok || pt != 101 {
		t.Errorf("events %d %v", pt, ok)
	}
}

func TestAnswerMirrorsTheDirection(t *testing.T) {
	for _, c := range [][3]string{
		{SendRecv, SendRecv, SendRecv}, {"", "", SendRecv}, {SendOnly, SendRecv, RecvOnly}, {RecvOnly, SendRecv, SendOnly},
		{Inactive, SendRecv, Inactive}, {SendRecv, SendOnly, SendOnly}, {SendOnly, SendOnly, Inactive}, {SendRecv, RecvOnly, RecvOnly},
	} {
		offer, ours := local(), local()
		offer.Direction, ours.Direction = c[0], c[1]
		if got, err := Answer(offer, ours); err != nil || got.Direction != c[2] {
			t.Errorf("offer %q, local %q: %q (%v), want %q", c[0], c[1], got.Direction, err, c[2])
		}
	}
}

func TestAnswerWithNothingInCommon(t *testing.T) {
	offer := local()
	offer.Formats = []Format{{PayloadType: 18, Name: "G729", ClockRate: 8000}, events}
	if _, err := Answer(offer, local()); !errors.Is(err, ErrNoCommonCodec) {
		t.Errorf("error %v", err)
	}
}

func TestAnswerRefusesOtherMediaInTheirPlaces(t *testing.T) {
	offer, err := Parse([]byte(head + "m=video 5000 RTP/AVP 99\r\nm=audio 4000 RTP/AVP 0\r\nm=text 6000 RTP/AVP 98\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := Answer(offer, local())
	if err != nil {
		t.Fatal(err)
	}
	data, err := answer.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	video, audio, text := strings.Index(string(data), "m=video 0 RTP/AVP 99"),
		strings.Index(string(data), "m=audio 4000 RTP/AVP 0\r"), strings.Index(string(data), "m=text 0 RTP/AVP 98")
	if video < 0 || audio < video || text < audio {
		t.Errorf("answer is\n%s", data)
	}
}

func FuzzParse(f *testing.F) {
	data, err := local().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(head + "m=video 5000 RTP/AVP 99\r\nm=audio 4000/2 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\na=rtcp:5001\r\n"))
	f.Add([]byte(head + "m=audio 0 RTP/AVP 0\r\na=ptime:20.5\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil || len(d.Formats) == 0 {
			return
		}
		answer, err := Answer(d, local())
		if err != nil {
			return
		}
		text, err := answer.Marshal()
		if err != nil {
			t.Fatalf("answer cannot be written: %v", err)
		}
		if _, err := Parse(text); err != nil {
			t.Fatalf("answer cannot be read: %v\n%s", err, text)
		}
	})
}
