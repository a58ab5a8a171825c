// Package director owns the one event loop of a box. It feeds what happens to session.Next, carries out what comes back,
// and keeps the measured state that LEDs, page and command line show.
//
//	press, call, devices, recorders, disk, hub --> events --> loop --> session.Next --> effects --> recorder | phone | audio | hub
//	                                                           |                          |
//	                                                         health                     clerk --> folder, journal
//
// While the box is on the loop never waits: not for the disk (the clerk does that), the network (the phone) or the sound card (the engine).
package director

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"orionbox/audio/engine"
	"orionbox/audio/pcm"
	"orionbox/audio/player"
	"orionbox/audio/recorder"
	"orionbox/firmware/clock"
	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/lamps"
	"orionbox/firmware/preflight"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/hw/board"
	"orionbox/sip/media"
	"orionbox/sip/phone"
)

// Audio is the sound card's side of a box: *engine.Engine.
type Audio interface {
	MuteMic(bool)
	MuteSpeakers(bool)
	Status() engine.Status
	Changed() <-chan struct{}
	Clock() []engine.Stamp
}

// Phone is the call's side of a box: *phone.Phone.
type Phone interface {
	Events() <-chan phone.Event
	Status() phone.Status
}

// Recorder writes what its source brings, from Start to Stop: *recorder.Recorder.
type Recorder interface {
	Start(open func() (recorder.File, error)) (id int64)
	Stop()
	Events() <-chan recorder.Event
	Status() recorder.Status
}

// Voice is the 20 ms voice tick of one session, with the recorder of what it carries.
type Voice interface {
	Recorder
	Rate() int
	When(pos int64) (time.Time, bool) // the microphone heard what stands there
	Attach(*media.Leg) error
	Play(media.Mic) // into the line, in place of what played; nil = nothing
	Detach()
	Close() // ends the tick; the recording must have been stopped
}

// Config is what a director is told about its box.
type Config struct {
	Name      string
	Role      session.Role
	Version   string
	Folder    string     // of all recordings
	Studio    pcm.Format // of a take
	Reserve   int64      // bytes that stay free on the recordings' disk
	Keep      bool       // delivered takes are not deleted, however little space there is
	Bitrate   int        // of a take, kbit/s
	VoiceRate int        // samples a second of the voice recording when no call has set it yet
	OpenTake  func(path string) (recorder.File, error)
	OpenVoice func(path string, rate int) (recorder.File, error)
	NewVoice  func(rate int) Voice
	// OpenPlayback opens recordings to be played at rate Hz; it waits for the disk. Speak plays one in the box's own
	// speakers, and nowhere else, until hush.
	OpenPlayback func(of []player.Stretch, rate int) (Playback, error)
	Speak        func(p Playback, rate int) (hush func())
	NoHub        error  // why there is no hub though there should be one; nil else
	HangUp       func() // leaves the conference for good

	Ready   <-chan struct{}                                   // closed when earlier sessions are repaired
	Chip    string                                            // of the panel
	Peers   []string                                          // whose LED each of the peers' is, by name or id; empty: of whoever joins next
	Tones   bool                                              // cues are tones, not words
	Talking func() bool                                       // whether somebody talked into the muted microphone since it was asked last
	Echo    func(ctx context.Context) (preflight.Echo, error) // calls a number that echoes; nil = there is none
	Alive   func()                                            // called as long as the loop turns
}

// Parts are what a director steers.
type Parts struct {
	Audio  Audio
	Phone  Phone  // nil while no account is set up
	Hub    Hub    // nil without one
	Outbox Outbox // nil without a hub, and on a box that delivers nothing
	Inbox  Inbox  // nil until Receive
	Panel  Panel  // nil without one
	Cues   Cues   // nil if none are wanted
	Studio Recorder
	Disk   Disk
}

// Disk is where sessions are kept: *takes.Store.
type Disk interface {
	Begin(now time.Time) (*takes.Session, error)
	Free() (int64, error)
}

// Director is the event loop of a box. All its fields belong to the loop.
type Director struct {
	cfg   Config
	parts Parts
	log   *slog.Logger
	now   func() time.Time
	clerk *clerk
	calls chan func() // asked for from outside, run on the loop
	ended chan struct{}
	born  time.Time

	state   session.State
	refusal string // of the press that is being answered
	marked  string // the marker that came of the last
	faults  *health.Ledger
	shown   []health.Fault // as last logged

	leg    *media.Leg
	call   phone.Status
	folder *folder // of the open session, nil without one
	voice  Voice   // of the open session, nil without one
	spoken *track  // of the voice
	studio *track

	playing *playing // nil while nothing plays

	retried time.Time
	disk    space
	lost    int64 // sample frames of the session that the box or its disk was too slow for

	room
	courier
	face
	prompter
	computer  *board.State // as last seen, nil before
	flying    bool         // a pre-flight is under way
	flights   sync.WaitGroup
	staying   context.Context // ends when the box leaves
	part      context.CancelFunc
	id        string // of this box among the peers
	clock     timelines
	synced    time.Time // when the session clock became the present one
	settled   bool      // it is known well enough to tell the room what happened when
	card      *clock.Card
	own       []*recording // of this session, in the order in which they began
	markers   markers
	waiting   []waiting
	timed     time.Time // when the journal was last told where the clocks stand
	announced time.Time // and the room of the tracks that grow
}

// New is a director that does nothing until Run.
func New(cfg Config, parts Parts, log *slog.Logger) *Director {
	born := time.Now()
	d := &Director{
		cfg: cfg, parts: parts, log: log, now: time.Now, born: born,
		clerk:  newClerk(),
		calls:  make(chan func()),
		ended:  make(chan struct{}),
		state:  session.New(cfg.Role),
		faults: health.New(),
		shown:  []health.Fault{},
		studio: newTrack(parts.Studio),
		room:   newRoom(), courier: newCourier(), face: face{seats: lamps.NewSeats(cfg.Peers)},
		prompter: prompter{warned: map[string]time.Time{}},
		id:       takes.FileName(cfg.Name), markers: newMarkers(),
		clock: newTimelines(born), card: clock.NewCard(cfg.Studio.Rate),
	}
	if parts.Hub != nil {
		d.id = parts.Hub.ID()
	}
	d.staying, d.part = context.WithCancel(context.Background())
	return d
}

// Run is the loop. Once ctx has ended it closes the take, leaves the call, shuts the session's books and returns; whoever it had
// called is told goodbye.
func (d *Director) Run(ctx context.Context) error {
	d.run(ctx)
	d.part()
	d.flights.Wait()
	return nil
}

func (d *Director) run(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	d.clerk.start()
	defer d.clerk.stop()
	defer close(d.ended)
	asked := ctx.Done()
	calls := d.phoneEvents()
	d.say(hub.KindNotice, hub.NoticeJoined)
	d.doTick()
	for d.turn(); !d.done(); d.turn() {
		select {
		case <-asked:
			asked = nil
			d.feed(session.Leave{})
		case call := <-d.calls:
			call()
		case e := <-calls:
			d.doCall(e)
		case <-d.parts.Audio.Changed():
			d.judge()
		case e := <-d.parts.Studio.Events():
			d.doStudio(e)
		case e := <-d.panelEvents():
			d.doPanel(e)
		case e := <-d.hubEvents():
			d.doHub(e)
		case e := <-d.voiceEvents():
			d.doVoice(e)
		case <-d.playedOut():
			d.endPlaying("ended")
		case report := <-d.clerk.reports:
			report()
		case <-ticker.C:
			d.doTick()
		}
	}
	d.endPlaying("the box stops")
	d.say(hub.KindNotice, hub.NoticeLeft)
	d.halted = d.halt
	d.light()
}

// turn is what follows on every event.
func (d *Director) turn() {
	d.settle()
	d.light()
}

const (
	tickEvery  = 500 * time.Millisecond
	retryEvery = 2 * time.Second
)

func (d *Director) done() bool {
	return d.state.Done() && d.voice == nil && d.folder == nil && d.rested() && d.spokenOut() // closed, not only asked to
}

func (d *Director) phoneEvents() <-chan phone.Event {
	if d.parts.Phone == nil {
		return nil
	}
	return d.parts.Phone.Events()
}

func (d *Director) voiceEvents() <-chan recorder.Event {
	if d.voice == nil {
		return nil
	}
	return d.voice.Events()
}

// feed gives an event to the state machine and does what it asks for.
func (d *Director) feed(e session.Event) {
	before := d.state
	next, effects := session.Next(d.state, e)
	d.state = next
	for _, f := range effects {
		d.carryOut(f)
	}
	if next.Leaving {
		d.part()
	}
	if next.Take != before.Take {
		d.log.Info("take", "number", next.Number, "state", string(next.Take))
	}
	d.notices(before, next)
	d.cues(before, next)
	d.judge()
}

func (d *Director) carryOut(effect session.Effect) {
	switch f := effect.(type) {
	case session.OpenSession:
		d.openSession()
	case session.CloseSession:
		d.closeSession()
	case session.StartTake:
		d.startTake(f.Number)
	case session.StopTake:
		d.log.Info("take ends", "number", d.state.Number, "why", string(f.Why))
		d.parts.Studio.Stop()
	case session.MuteMic:
		d.parts.Audio.MuteMic(f.On)
	case session.MuteSpeakers:
		d.parts.Audio.MuteSpeakers(f.On)
	case session.Mark:
		at := f.At
		if at.IsZero() {
			at = d.now()
		}
		d.marked = d.mark(at, "").Marker
		d.cueMark()
	case session.HangUp:
		d.cfg.HangUp()
	case session.Refuse:
		d.refusal = f.Why
	case session.Report: // every door shows the status itself
		d.cueReport()
	}
}
