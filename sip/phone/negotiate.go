package phone

import (
	"bytes"
	"fmt"
	"time"

	"orionbox/sip/sdp"
)

// whole is all that we can do, as in the first offer.
func (c *call) whole() sdp.Description {
	d := c.local
	d.Formats, d.Direction = c.l.p.offer, sdp.SendRecv
	return d
}

// accept answers an offer and turns the media to it.
func (c *call) accept(data []byte) ([]byte, error) {
	offer, err := sdp.Parse(data)
	if err != nil {
		return nil, err
	}
	answer, err := sdp.Answer(offer, c.whole())
	if err != nil {
		return nil, err
	}
	answer.Formats = narrow(answer)
	if err := c.turn(offer, answer); err != nil {
		return nil, err
	}
	return c.describe(answer)
}

// narrow keeps one voice codec and the digits: so the far side cannot switch without asking.
func narrow(d sdp.Description) []sdp.Format {
	voice, _ := d.Audio()
	kept := []sdp.Format{voice}
	if pt, ok := d.Events(); ok {
		for _, f := range d.Formats {
			if f.PayloadType == pt {
				kept = append(kept, f)
			}
		}
	}
	return kept
}

// turn moves the leg to what was agreed on.
func (c *call) turn(remote, agreed sdp.Description) error {
	format, _ := agreed.Audio()
	if remote.Port == 0 {
		return fmt.Errorf("the far side takes the audio away")
	}
	if err := c.leg.Update(remoteMedia(remote), format, remote.Held()); err != nil {
		return fmt.Errorf("turn media: %w", err)
	}
	c.sends = remote.Direction != sdp.RecvOnly && remote.Direction != sdp.Inactive
	c.heard = time.Now()
	if format.Name != c.format.Name {
		c.l.log.Info("codec changed", "from", c.format.Name, "to", format.Name)
	}
	c.format = format
	c.l.p.board.speaks(format.Name)
	return nil
}

// describe writes our side; its version grows only if it changed (RFC 3264 section 8).
func (c *call) describe(d sdp.Description) ([]byte, error) {
	before, err := c.local.Marshal()
	if err != nil {
		return nil, err
	}
	d.Version = c.local.Version
	now, err := d.Marshal()
	if err != nil || bytes.Equal(before, now) {
		return now, err
	}
	d.Version++
	c.local = d
	return d.Marshal()
}

// take turns the media to an answer to our offer.
func (c *call) take(data []byte) error {
	remote, err := sdp.Parse(data)
	if err != nil {
		return err
	}
	common, err := sdp.Answer(remote, c.whole())
	if err != nil {
		return err
	}
	return c.turn(remote, common)
}
