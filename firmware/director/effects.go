package director

import (
	"errors"
	"time"

	"orionbox/audio/recorder"
	"orionbox/firmware/health"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

var errBusy = errors.New("the disk has not answered for so long that no more can wait for it")

// openSession has the folder made, and starts the voice recording, which waits for it.
func (d *Director) openSession() {
	f := &folder{ready: make(chan struct{}), began: d.now()}
	d.shelve()
	d.folder, d.lost = f, 0
	d.timed = time.Time{} // the journal begins with where the clocks stand
	d.noteWall()
	go func() { // not the clerk's work: however long its queue, a take has to have a folder
		f.session, f.err = d.parts.Disk.Begin(f.began)
		close(f.ready)
		d.clerk.reports <- func() { d.doFolder(f) }
	}()
	if d.voice == nil {
		d.voice = d.cfg.NewVoice(d.voiceRate())
		d.spoken = newTrack(d.voice)
		d.attach() // a call may have come before the first folder could be made
	}
	d.startVoice()
}

// voiceRate is that of the call, if one is up already.
func (d *Director) voiceRate() int {
	if d.leg != nil {
		return d.leg.Codec().SampleRate
	}
	return d.cfg.VoiceRate
}

func (d *Director) doFolder(f *folder) {
	if f.err == nil {
		f.name = f.session.Dir()
		d.log.Info("session", "folder", f.name)
		return
	}
	d.log.Error("session", "err", f.err)
	if d.folder == f {
		d.folder = nil
		d.feed(session.FolderFailed{})
	}
}

// loseFolder gives up a folder that is no longer there; the next recording has another made.
func (d *Director) loseFolder(f *folder) {
	if d.folder != f || !d.state.Open { // given up already, or being closed
		return
	}
	d.log.Error("session", "err", "its folder is gone", "folder", f.name)
	d.folder = nil
	d.voice.Stop()
	d.queue(func() {
		if s, err := f.wait(); err == nil {
			_ = s.Close() // there is nothing left to be saved
		}
	})
	d.feed(session.FolderGone{})
}

func (d *Director) startVoice() {
	now, rate := d.now(), d.voice.Rate()
	d.spoken.start(&recording{folder: d.folder, rate: rate, asked: now, when: d.voice.When},
		func(s *takes.Session) (string, error) { return s.VoicePath(now) },
		func(path string) (recorder.File, error) { return d.cfg.OpenVoice(path, rate) })
}

func (d *Director) startTake(number int) {
	now := d.now()
	d.studio.start(&recording{folder: d.folder, number: number, rate: d.cfg.Studio.Rate, asked: now, when: d.card.When},
		func(s *takes.Session) (string, error) { return s.TakePath(number, now) }, d.cfg.OpenTake)
}

// closeSession stops the voice recording; settle does the rest when that is on disk.
func (d *Director) closeSession() {
	d.endPlaying("the session ends")
	d.voice.Detach()
	d.voice.Stop()
}

// settle shuts the books of a box that leaves, once all its recordings are closed.
func (d *Director) settle() {
	if d.state.Done() && d.voice != nil && len(d.spoken.open) == 0 {
		d.endSession()
	}
}

func (d *Director) endSession() {
	d.voice.Close()
	d.voice = nil
	f := d.folder
	if f == nil {
		return
	}
	d.note(f, takes.Entry{Kind: takes.KindSession, Text: takes.Closed})
	closing := func() {
		var err error
		if s, failed := f.wait(); failed == nil {
			err = s.Close()
		}
		d.clerk.reports <- func() { d.doClosed(f, err) }
	}
	go func() { d.clerk.jobs <- closing }() // however long the queue: the box does not end without it
}

func (d *Director) doClosed(f *folder, err error) {
	if d.folder == f {
		d.folder = nil
	}
	if err != nil {
		d.log.Error("close session", "folder", f.name, "err", err)
	}
	d.log.Info("session closed", "folder", f.name)
	if d.parts.Outbox != nil && f.name != "" {
		d.parts.Outbox.EndSession(f.name)
	}
}

// note writes a line to a session's journal, with the time of now if it has none, whenever the disk gets to it.
func (d *Director) note(f *folder, e takes.Entry) {
	if f == nil || f != d.folder { // the journal of a folder that is gone went with it
		return
	}
	if e.Time.IsZero() {
		e.Time = d.now()
	}
	d.queue(func() {
		s, err := f.wait()
		if err != nil {
			return // reported once, by doFolder
		}
		err = s.Note(e)
		d.clerk.reports <- func() { d.found(health.JournalFailed, err) }
	})
}

func (d *Director) queue(job func()) {
	if !d.clerk.do(job) {
		d.found(health.JournalFailed, errBusy)
	}
}

// found records a fault that an error tells of; no error, no fault.
func (d *Director) found(k health.Kind, err error) {
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	d.faults.Is(k, err != nil, detail, d.now())
}

// journal writes what a recorder told of a recording to the journal of its session.
func (d *Director) journal(kind takes.Kind, r *recording, e recorder.Event) {
	entry := takes.Entry{Kind: kind, Time: e.At, Take: r.take(), File: r.file(), Rate: r.rate,
		Pos: e.Pos, Samples: e.Samples, Bytes: e.Bytes}
	entry.Hub, entry.Clock = d.instantOf(r, e)
	if kind == takes.KindTakeStart {
		entry.Bitrate = d.cfg.Bitrate
	}
	if e.Err != nil {
		entry.Text = e.Err.Error()
	}
	d.note(r.folder, entry)
}
