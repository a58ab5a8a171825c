package director

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"orionbox/audio/engine"
	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/lamps"
	"orionbox/firmware/session"
	"orionbox/hw/board"
	"orionbox/hw/led"
	"orionbox/sip/media"
	"orionbox/sip/phone"
)

// Status is what a box tells about itself: measured, not wished for. Its JSON is what `orionbox status --json` prints.
type Status struct {
	Name      string         `json:"name"`
	Role      session.Role   `json:"role"`
	Version   string         `json:"version"`
	Uptime    float64        `json:"uptime_seconds"`
	Call      phone.State    `json:"call"`
	Phone     Phoned         `json:"phone"`
	Recording bool           `json:"recording"` // bytes of a take are reaching the disk
	Take      TakeStatus     `json:"take"`
	Voice     FileStatus     `json:"voice"`
	Session   string         `json:"session"`           // folder, empty without one
	Playing   *PlayingStatus `json:"playing,omitempty"` // missing while nothing plays
	Audio     AudioStatus    `json:"audio"`
	Storage   StorageStatus  `json:"storage"`
	Hub       *hub.Status    `json:"hub,omitempty"` // missing without one
	Clock     ClockStatus    `json:"clock"`
	Delivery  DeliveryStatus `json:"delivery"`
	Safe      SafeStatus     `json:"safe_to_unplug"`
	Panel     *PanelStatus   `json:"panel,omitempty"` // missing without one
	Board     *board.State   `json:"board,omitempty"` // missing until it was looked at
	Peers     []hub.Peer     `json:"peers"`
	Faults    []health.Fault `json:"faults"`
}

// Phoned tells about the call and why it is not up.
type Phoned struct {
	Reason     phone.Reason `json:"reason,omitempty"`
	Detail     string       `json:"detail,omitempty"`
	Since      time.Time    `json:"since"`
	RetryAt    *time.Time   `json:"retry_at,omitempty"`
	Registered bool         `json:"registered"`
	Codec      string       `json:"codec,omitempty"`
	Media      *media.Stats `json:"media,omitempty"`
	Silent     float64      `json:"silent_seconds"` // since the last packet of the far end
}

// FileStatus tells about a recording that runs or, with Recording false, was the last.
type FileStatus struct {
	Recording bool    `json:"recording"`
	File      string  `json:"file,omitempty"`
	Seconds   float64 `json:"seconds"`
	Bytes     int64   `json:"bytes"`        // that reached the disk
	Lost      int64   `json:"lost_samples"` // captured, but not recorded
}

// TakeStatus tells about the studio take.
type TakeStatus struct {
	State  session.Take `json:"state"`
	Number int          `json:"number"`
	FileStatus
}

// AudioStatus tells about the sound card.
type AudioStatus struct {
	Mic           engine.DeviceStatus `json:"mic"`
	Speakers      engine.DeviceStatus `json:"speakers"`
	MicMuted      bool                `json:"mic_muted"`
	SpeakersMuted bool                `json:"speakers_muted"`
	PeakDB        float64             `json:"peak_db"`
	RMSDB         float64             `json:"rms_db"`
	Clipped       bool                `json:"clipped"`
}

// StorageStatus tells about the disk under the recordings.
type StorageStatus struct {
	Level       session.Storage `json:"level"`
	Folder      string          `json:"folder"`
	Free        int64           `json:"free_bytes"`
	Reserve     int64           `json:"reserve_bytes"`
	MinutesLeft float64         `json:"minutes_left"`
}

// look is the status as of now; on the loop.
func (d *Director) look() Status {
	now := d.now()
	d.judge()
	audio := d.parts.Audio.Status()
	s := Status{
		Name: d.cfg.Name, Role: d.cfg.Role, Version: d.cfg.Version, Uptime: now.Sub(d.born).Seconds(),
		Call:    phone.NotConfigured,
		Take:    d.lookTake(),
		Voice:   d.lookVoice(),
		Storage: StorageStatus{d.state.Storage, d.cfg.Folder, d.disk.free, d.cfg.Reserve, d.disk.minutes},
		Faults:  d.shown,
		Clock:   d.clockStatus(),
		Peers:   d.lookPeers(),
		Playing: d.lookPlaying(),
		Audio: AudioStatus{Mic: audio.Mic, Speakers: audio.Speakers, MicMuted: d.state.MicMuted, SpeakersMuted: d.state.SpeakersMuted,
			PeakDB: audio.Level.PeakDB, RMSDB: audio.Level.RMSDB, Clipped: audio.Level.Clipped},
	}
	s.Recording = s.Take.Recording
	s.Delivery = d.lookDelivery()
	s.Safe = d.lookSafe(s.Delivery)
	s.Panel, s.Board = d.lookPanel(), d.computer
	if d.folder != nil {
		s.Session = d.folder.name
	}
	if d.parts.Phone != nil {
		s.Call, s.Phone = d.lookPhone()
	}
	if d.parts.Hub != nil {
		status := d.parts.Hub.Status()
		s.Hub = &status
	}
	return s
}

func (d *Director) lookPhone() (phone.State, Phoned) {
	p := d.parts.Phone.Status()
	seen := Phoned{Reason: p.Reason, Detail: p.Detail, Since: p.Since, Registered: p.Registered, Codec: p.Codec, Media: p.Media}
	if !p.RetryAt.IsZero() {
		seen.RetryAt = &p.RetryAt
	}
	if d.leg != nil {
		if last := d.leg.LastPacket(); !last.IsZero() {
			seen.Silent = d.now().Sub(last).Seconds()
		}
	}
	return p.State, seen
}

// lookTake calls a take recording only while its file grows.
func (d *Director) lookTake() TakeStatus {
	s := TakeStatus{State: d.state.Take, Number: d.studio.last.take()}
	if d.studio.last.number == 0 {
		return s
	}
	r := d.parts.Studio.Status()
	s.FileStatus = FileStatus{
		Recording: d.state.Recording() && d.now().Sub(r.LastSynced) < growing,
		File:      d.studio.last.file(),
		Seconds:   d.cfg.Studio.Duration(r.Samples).Seconds(),
		Bytes:     r.Bytes, Lost: r.Lost,
	}
	return s
}

func (d *Director) lookVoice() FileStatus {
	if d.voice == nil {
		return FileStatus{}
	}
	r := d.voice.Status()
	return FileStatus{Recording: r.Recording, File: d.spoken.last.file(), Bytes: r.Bytes, Lost: r.Lost,
		Seconds: float64(r.Samples) / float64(d.voice.Rate())}
}

// Worst is the first error among the faults, nil if there is none.
func (s Status) Worst() error {
	for _, f := range s.Faults {
		if f.Severity == health.Error {
			return errors.New(f.String())
		}
	}
	return nil
}

// Print writes the status for a person.
func (s Status) Print(w io.Writer) error {
	var text strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&text, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	line("box", "%s (%s)", s.Name, s.Role)
	line("call", "%s", s.callLine())
	line("take", "%s", s.takeLine())
	line("voice", "%s", s.Voice.line("not recording"))
	if s.Playing != nil {
		line("playing", "%s", s.Playing.line())
	}
	line("mic", "%s", s.Audio.micLine())
	line("speakers", "%s%s", deviceLine(s.Audio.Speakers), muted(s.Audio.SpeakersMuted))
	line("storage", "%s, %.0f minutes left (%.0f MB free) in %s", s.Storage.Level, s.Storage.MinutesLeft, megabytes(s.Storage.Free), s.Storage.Folder)
	line("hub", "%s", s.hubLine())
	line("clock", "%s", s.Clock.line())
	if s.Session != "" {
		line("session", "%s", s.Session)
	}
	if out := s.Delivery.Outbox; out != nil {
		line("delivery", "%s", out.Line())
	}
	if in := s.Delivery.Inbox; in != nil {
		line("received", "%s", in.Line())
	}
	line("unplug", "%s", s.Safe.line())
	if s.Panel != nil {
		line("panel", "%s", s.Panel.line())
	}
	if s.Board != nil {
		line("computer", "%s", boardLine(*s.Board))
	}
	for _, f := range s.Faults {
		line("fault", "%s", f)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (s Status) callLine() string {
	text, p := string(s.Call), s.Phone
	if p.Reason != "" {
		text += ": " + string(p.Reason)
	}
	if p.Detail != "" {
		text += " (" + p.Detail + ")"
	}
	if m := p.Media; m != nil {
		text += fmt.Sprintf(", %s, %.1f %% lost, jitter %.0f ms, round trip %.0f ms", p.Codec, m.LossPercent, m.JitterMS, m.RoundTripMS)
	}
	if p.Silent >= 1 {
		text += fmt.Sprintf(", NOTHING HEARD for %.0f s", p.Silent)
	}
	if p.RetryAt != nil {
		text += fmt.Sprintf(", next try in %.0f s", max(0, time.Until(*p.RetryAt).Seconds()))
	}
	return text
}

func (s Status) hubLine() string {
	if s.Hub == nil {
		return "none: this box is alone"
	}
	text := fmt.Sprintf("%s, %s", s.Hub.Address, s.Hub.State)
	if s.Hub.Detail != "" {
		text += " (" + s.Hub.Detail + ")"
	}
	if s.Hub.Waiting > 0 {
		text += fmt.Sprintf(", %d to be sent", s.Hub.Waiting)
	}
	present := 0
	for _, p := range s.Peers {
		if p.State == hub.Present {
			present++
		}
	}
	return fmt.Sprintf("%s, %d of %d boxes present", text, present, len(s.Peers))
}

func (c ClockStatus) line() string {
	text := "this box's own"
	if c.Synced {
		text = fmt.Sprintf("the hub's, %+.3f s from this box's, drift %+.2f ppm, known to %.2f ms",
			c.Offset/1000, c.DriftPPM, c.Uncertainty)
	}
	if c.Card.Known {
		text += fmt.Sprintf("; sound card %+.1f ppm", c.Card.DriftPPM)
	}
	return text
}

func (s Status) takeLine() string {
	if s.Take.Number == 0 {
		return string(s.Take.State)
	}
	return fmt.Sprintf("%s, number %d, %s", s.Take.State, s.Take.Number, s.Take.line("nothing on disk"))
}

func (f FileStatus) line(none string) string {
	if f.File == "" {
		return none
	}
	return fmt.Sprintf("%s, %.1f s, %.1f MB on disk", f.File, f.Seconds, megabytes(f.Bytes))
}

// megabytes are 10^6 bytes, as conn.conf and the makers of disks count them.
func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func (a AudioStatus) micLine() string {
	text := deviceLine(a.Mic) + muted(a.MicMuted) + fmt.Sprintf(", peak %.0f dBFS", a.PeakDB)
	if a.Clipped {
		text += ", CLIPPED"
	}
	return text
}

func (p PanelStatus) line() string {
	var lit []string
	for _, name := range lamps.Names(len(p.Peers)) {
		if pattern := p.LEDs[name]; pattern != led.Off && pattern != "" {
			lit = append(lit, name+" "+string(pattern))
		}
	}
	text := p.Chip + ": all dark"
	if len(lit) > 0 {
		text = p.Chip + ": " + strings.Join(lit, ", ")
	}
	if p.Testing {
		text += "; it is being tested, its buttons do nothing else"
	}
	return text
}

func boardLine(b board.State) string {
	text := cmp.Or(b.Model, "a computer")
	if b.Temperature != nil {
		text += fmt.Sprintf(", %.0f degrees", *b.Temperature)
	}
	if p := b.Power; p != nil && p.HadUndervoltage {
		text += ", power was too weak"
	}
	if t := b.Time; t.Known && !t.Synchronised {
		text += ", date not synchronised"
	}
	return text
}

func deviceLine(d engine.DeviceStatus) string {
	if d.State == engine.OK {
		return d.Name
	}
	return fmt.Sprintf("%s: %s (%s)", d.Name, d.State, d.Detail)
}

func muted(is bool) string {
	if is {
		return ", muted"
	}
	return ""
}
