package sdp

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	pion "github.com/pion/sdp/v3"
)

// static are the payload types of RFC 3551 table 4 that need no rtpmap.
var static = map[uint8]Format{
	0:  {PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
	3:  {PayloadType: 3, Name: "GSM", ClockRate: 8000, Channels: 1},
	8:  {PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1},
	9:  {PayloadType: 9, Name: "G722", ClockRate: 8000, Channels: 1},
	13: {PayloadType: 13, Name: "CN", ClockRate: 8000, Channels: 1},
	18: {PayloadType: 18, Name: "G729", ClockRate: 8000, Channels: 1},
}

// Parse reads application/sdp. Of several audio streams the first that is plain RTP counts; ErrNoAudio if there is none.
// A stream with port 0 (refused) is no error: Port tells.
func Parse(data []byte) (Description, error) {
	var s pion.SessionDescription
	if err := s.UnmarshalString(lines(data)); err != nil {
		return Description{}, fmt.Errorf("read sdp: %w", err)
	}
	at := slices.IndexFunc(s.MediaDescriptions, plainAudio)
	if at < 0 {
		return Description{}, fmt.Errorf("read sdp: %w", ErrNoAudio)
	}
	m := s.MediaDescriptions[at]
	address, err := connection(&s, m)
	if err != nil {
		return Description{}, fmt.Errorf("read sdp: %w", err)
	}
	d := Description{
		Address: address, Port: m.MediaName.Port.Value,
		SessionID: s.Origin.SessionID, Version: s.Origin.SessionVersion,
		Formats:   formats(m),
		Direction: direction(&s, m),
		before:    others(s.MediaDescriptions[:at]),
		after:     others(s.MediaDescriptions[at+1:]),
	}
	if d.Port < 0 || d.Port > 65535 {
		return Description{}, fmt.Errorf("read sdp: port %d", d.Port)
	}
	d.RTCPPort = rtcpPort(m, d.Port)
	if v, ok := m.Attribute("ptime"); ok {
		// Some write "20.0"; whatever is no number counts as not said.
		ms, _, _ := strings.Cut(strings.TrimSpace(v), ".")
		if n, err := strconv.Atoi(ms); err == nil && n > 0 && n <= 1000 {
			d.Ptime = n
		}
	}
	return d, nil
}

// lines drops what strict parsers stumble over: NULs at the end, blank lines, white space around a line.
func lines(data []byte) string {
	var kept []string
	for line := range strings.Lines(strings.ReplaceAll(string(data), "\r", "\n")) {
		if line = strings.Trim(line, " \t\n\x00"); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\r\n") + "\r\n"
}

// plainAudio tells whether the stream is RTP that is not encrypted: RTP/AVP or RTP/AVPF.
func plainAudio(m *pion.MediaDescription) bool {
	proto := strings.Join(m.MediaName.Protos, "/")
	return strings.EqualFold(m.MediaName.Media, "audio") && (proto == "RTP/AVP" || proto == "RTP/AVPF")
}

// connection is the c= line of the stream, or else of the session.
func connection(s *pion.SessionDescription, m *pion.MediaDescription) (netip.Addr, error) {
	c := m.ConnectionInformation
	if c == nil {
		c = s.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return netip.Addr{}, fmt.Errorf("no connection address")
	}
	// A multicast address may have a TTL: "224.2.1.1/127".
	host, _, _ := strings.Cut(c.Address.Address, "/")
	address, err := netip.ParseAddr(host)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("connection address %q is not an ip address", c.Address.Address)
	}
	return address.Unmap(), nil
}

// formats are those of the m= line in its order; a payload type that neither an rtpmap nor RFC 3551 names is left out.
func formats(m *pion.MediaDescription) []Format {
	maps, params := map[string]string{}, map[string]string{}
	for _, a := range m.Attributes {
		pt, value, _ := strings.Cut(strings.TrimSpace(a.Value), " ")
		switch a.Key {
		case "rtpmap":
			maps[pt] = strings.TrimSpace(value)
		case "fmtp":
			params[pt] = strings.TrimSpace(value)
		}
	}
	var out []Format
	for _, pt := range m.MediaName.Formats {
		n, err := strconv.ParseUint(pt, 10, 7)
		if err != nil {
			continue
		}
		f, known := static[uint8(n)]
		if text, ok := maps[pt]; ok {
			f, known = rtpmap(text)
		}
		if !known {
			continue
		}
		f.PayloadType, f.Fmtp = uint8(n), params[pt]
		out = append(out, f)
	}
	return out
}

// rtpmap reads "opus/48000/2".
func rtpmap(text string) (Format, bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || !token(parts[0]) {
		return Format{}, false
	}
	f := Format{Name: parts[0], Channels: 1}
	rate, err := strconv.Atoi(strings.TrimSpace(parts[1]))
	if err != nil || rate <= 0 || rate > 1_000_000 {
		return Format{}, false
	}
	f.ClockRate = rate
	if len(parts) == 3 {
		if f.Channels, err = strconv.Atoi(strings.TrimSpace(parts[2])); err != nil || f.Channels < 1 || f.Channels > 255 {
			return Format{}, false
		}
	}
	return f, true
}

// token tells whether the text is a token of RFC 8866 section 9, near enough: no spaces, no control characters.
func token(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// direction is that of the stream, or else of the session, or else sendrecv.
func direction(s *pion.SessionDescription, m *pion.MediaDescription) string {
	for _, attributes := range [][]pion.Attribute{m.Attributes, s.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case SendRecv, SendOnly, RecvOnly, Inactive:
				return a.Key
			}
		}
	}
	return SendRecv
}

// rtcpPort reads a=rtcp (RFC 3605), whose address is not looked at: RTCP goes where RTP goes.
func rtcpPort(m *pion.MediaDescription, port int) int {
	if v, ok := m.Attribute("rtcp"); ok {
		number, _, _ := strings.Cut(strings.TrimSpace(v), " ")
		if n, err := strconv.ParseUint(number, 10, 16); err == nil && n > 0 {
			return int(n)
		}
	}
	if _, ok := m.Attribute("rtcp-mux"); ok || port == 0 || port == 65535 {
		return port
	}
	return port + 1
}

// others remembers the streams that are none of ours.
func others(media []*pion.MediaDescription) []other {
	var out []other
	for _, m := range media {
		out = append(out, other{media: m.MediaName.Media, protos: m.MediaName.Protos, formats: m.MediaName.Formats})
	}
	return out
}
