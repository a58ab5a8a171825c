package conference

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"orionbox/sip/media"
	"orionbox/sip/rtp"
	"orionbox/sip/sdp"
)

// sound is the media side of one call: the sockets, what we said in SDP, and the leg once the far end has said where it
// is and what it speaks. The mixer ticks it from the moment its leg is in a room, so the leg is reached through an
// atomic pointer: until the far end has answered a delayed offer there is none, and the seat is silent.
type sound struct {
	log    *slog.Logger
	socket *rtp.Socket
	// local is what we could offer; said is what we offered or answered last.
	local, said sdp.Description
	leg         atomic.Pointer[media.Leg]
	// silent tells that the far end announced to send nothing.
	silent bool
	since  time.Time
}

// newSound takes a port pair at ip and offers the codecs of the setting.
func newSound(ip netip.Addr, codec string, log *slog.Logger) (*sound, error) {
	formats, err := media.Formats(codec)
	if err != nil {
		return nil, fmt.Errorf("offer codecs: %w", err)
	}
	socket, err := rtp.Listen(ip)
	if err != nil {
		return nil, fmt.Errorf("open media ports: %w", err)
	}
	id := uint64(rand.Uint32())
	return &sound{log: log, socket: socket, since: time.Now(), local: sdp.Description{
		Address: ip, Port: socket.Port(), Formats: formats, Direction: sdp.SendRecv, SessionID: id, Version: id,
	}}, nil
}

// errSDP tells that what the far end sent is no session description.
var errSDP = errors.New("unusable session description")

// read is the far end's offer or answer, which must have sound in it.
func read(body []byte) (sdp.Description, error) {
	d, err := sdp.Parse(body)
	switch {
	case errors.Is(err, sdp.ErrNoAudio):
		return d, err
	case err != nil:
		return d, fmt.Errorf("%w: %w", errSDP, err)
	case d.Port == 0:
		return d, sdp.ErrNoAudio
	}
	return d, nil
}

// refusal is the SIP status for an offer that led to no agreement.
func refusal(err error) (status int, reason string) {
	switch {
	case errors.Is(err, sdp.ErrNoCommonCodec), errors.Is(err, sdp.ErrNoAudio):
		return 488, "Not Acceptable Here"
	case errors.Is(err, errSDP):
		return 400, "Bad Session Description"
	}
	return 500, "Server Internal Error"
}

// answer agrees to an offer and returns the SDP to send back. On an error everything is as before.
func (s *sound) answer(body []byte) ([]byte, error) {
	offer, err := read(body)
	if err != nil {
		return nil, err
	}
	answer, err := sdp.Answer(offer, s.local)
	if err != nil {
		return nil, err
	}
	voice, _ := answer.Audio()
	answer.Formats = spoken(answer, voice)
	answer.Version = s.said.Version + 1
	if s.said.Version == 0 {
		answer.Version = s.local.Version
	}
	text, err := answer.Marshal()
	if err != nil {
		return nil, err
	}
	if err := s.connect(offer, answer, voice); err != nil {
		return nil, err
	}
	s.said = answer
	return text, nil
}

// spoken leaves one voice codec and its digits in an answer. More than one would allow the far end to change codecs
// between packets (RFC 3264 section 6.1), which buys nothing here.
func spoken(answer sdp.Description, voice sdp.Format) []sdp.Format {
	formats := []sdp.Format{voice}
	if pt, ok := answer.Events(); ok {
		for _, f := range answer.Formats {
			if f.PayloadType == pt {
				formats = append(formats, f)
			}
		}
	}
	return formats
}

// offer is the SDP for a far end that made none.
func (s *sound) offer() ([]byte, error) {
	offer := s.local
	if s.said.Version != 0 {
		offer.Version = s.said.Version + 1
	}
	text, err := offer.Marshal()
	if err != nil {
		return nil, err
	}
	s.said = offer
	return text, nil
}

// accept takes the far end's answer to our offer.
func (s *sound) accept(body []byte) error {
	theirs, err := read(body)
	if err != nil {
		return err
	}
	common, err := sdp.Answer(theirs, s.local)
	if err != nil {
		return err
	}
	voice, _ := common.Audio()
	return s.connect(theirs, common, voice)
}

// connect makes or moves the leg. theirs is what the far end said, ours what we agreed to.
func (s *sound) connect(theirs, ours sdp.Description, voice sdp.Format) error {
	remote := netip.AddrPortFrom(theirs.Address, uint16(theirs.Port))
	mute := theirs.Address.IsUnspecified() || ours.Direction == sdp.RecvOnly || ours.Direction == sdp.Inactive
	leg := s.leg.Load()
	if leg == nil {
		events, _ := ours.Events()
		var err error
		leg, err = media.NewLeg(media.LegConfig{
			Socket: s.socket, Remote: remote, Format: voice, EventType: events, Rate: mixRate, Log: s.log,
		})
		if err != nil {
			return fmt.Errorf("open media: %w", err)
		}
		s.leg.Store(leg)
		if !mute {
			s.silent = ours.Direction == sdp.SendOnly
			return nil
		}
	}
	if err := leg.Update(remote, voice, mute); err != nil {
		return fmt.Errorf("change media: %w", err)
	}
	s.silent = ours.Direction == sdp.SendOnly || ours.Direction == sdp.Inactive
	return nil
}

// Receive and Send make the sound a voice of the mixer.
func (s *sound) Receive(dst []float32) {
	if leg := s.leg.Load(); leg != nil {
		leg.Receive(dst)
		return
	}
	clear(dst)
}

func (s *sound) Send(frame []float32) {
	if leg := s.leg.Load(); leg != nil {
		leg.Send(frame)
	}
}

// lastHeard is when the last packet came, or when waiting for the first began.
func (s *sound) lastHeard() time.Time {
	if leg := s.leg.Load(); leg != nil {
		if t := leg.LastPacket(); t.After(s.since) {
			return t
		}
	}
	return s.since
}

// close ends the RTP session and gives the ports back.
func (s *sound) close() error {
	var err error
	if leg := s.leg.Load(); leg != nil {
		err = leg.Close()
	}
	return errors.Join(err, s.socket.Close())
}
