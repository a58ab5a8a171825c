package sdp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	pion "github.com/pion/sdp/v3"
)

// Marshal writes the description as application/sdp (RFC 8866).
func (d Description) Marshal() ([]byte, error) {
	if !d.Address.IsValid() {
		return nil, errors.New("write sdp: no address")
	}
	if d.Port < 0 || d.Port > 65535 || len(d.Formats) == 0 {
		return nil, fmt.Errorf("write sdp: port %d, %d formats", d.Port, len(d.Formats))
	}
	s := &pion.SessionDescription{
		Origin: pion.Origin{
			Username: "-", SessionID: d.SessionID, SessionVersion: d.Version,
			NetworkType: "IN", AddressType: d.family(), UnicastAddress: d.Address.String(),
		},
		SessionName:           "-",
		ConnectionInformation: d.connection(),
		TimeDescriptions:      []pion.TimeDescription{{}},
	}
	for _, o := range d.before {
		s.MediaDescriptions = append(s.MediaDescriptions, o.refused())
	}
	s.MediaDescriptions = append(s.MediaDescriptions, d.audio())
	for _, o := range d.after {
		s.MediaDescriptions = append(s.MediaDescriptions, o.refused())
	}
	return s.Marshal()
}

func (d Description) family() string {
	if d.Address.Is4() || d.Address.Is4In6() {
		return "IP4"
	}
	return "IP6"
}

func (d Description) connection() *pion.ConnectionInformation {
	return &pion.ConnectionInformation{
		NetworkType: "IN", AddressType: d.family(),
		Address: &pion.Address{Address: d.Address.Unmap().WithZone("").String()},
	}
}

// audio is the m= line and its attributes.
func (d Description) audio() *pion.MediaDescription {
	m := &pion.MediaDescription{MediaName: pion.MediaName{
		Media: "audio", Port: pion.RangedPort{Value: d.Port}, Protos: []string{"RTP", "AVP"},
	}}
	for _, f := range d.Formats {
		pt := strconv.Itoa(int(f.PayloadType))
		m.MediaName.Formats = append(m.MediaName.Formats, pt)
		m.Attributes = append(m.Attributes, pion.NewAttribute("rtpmap", pt+" "+f.encoding()))
		if f.Fmtp != "" {
			m.Attributes = append(m.Attributes, pion.NewAttribute("fmtp", pt+" "+f.Fmtp))
		}
	}
	if d.RTCPPort != 0 && d.RTCPPort != d.Port+1 {
		m.Attributes = append(m.Attributes, pion.NewAttribute("rtcp", strconv.Itoa(d.RTCPPort)))
	}
	if d.Ptime > 0 {
		m.Attributes = append(m.Attributes, pion.NewAttribute("ptime", strconv.Itoa(d.Ptime)))
	}
	direction := d.Direction
	if direction == "" {
		direction = SendRecv
	}
	m.Attributes = append(m.Attributes, pion.NewPropertyAttribute(direction))
	return m
}

// encoding is the right side of an rtpmap: "opus/48000/2".
func (f Format) encoding() string {
	parts := []string{f.Name, strconv.Itoa(f.ClockRate)}
	if f.Channels > 1 {
		parts = append(parts, strconv.Itoa(f.Channels))
	}
	return strings.Join(parts, "/")
}

// refused is the stream with port 0; its formats stay, since an m= line needs one.
func (o other) refused() *pion.MediaDescription {
	return &pion.MediaDescription{MediaName: pion.MediaName{Media: o.media, Protos: o.protos, Formats: o.formats}}
}
