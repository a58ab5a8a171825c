package director

import (
	"errors"

	"orionbox/audio/recorder"
	"orionbox/firmware/health"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

var errBusy = errors.New("the disk has not answered for so long that no more can wait for it")

// openSession has the folder made, and starts the voice recording, which waits for it.
func (d *Director) openSession() {
	f := &folder{ready: make(chan struct{}), began: d.now()}
	d.folder = f
	d.lostBefore = d.lost()
	d.lostSeen = d.lostBefore
	go func() { // not the clerk's work: however long its queue, a take has to have a folder
		f.session, f.err = d.parts.Disk.Begin(f.began)
		close(f.ready)
		d.clerk.reports <- func() { d.doFolder(f) }
	}()
	if d.voice == nil {
		d.voice = d.cfg.NewVoice(d.voiceRate())
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

func (d *Director) startVoice() {
	f, rate, now := d.folder, d.voice.Rate(), d.now()
	d.voiceTried, d.voiceOpen = now, true
	d.voice.Start(func() (recorder.File, error) {
		s, err := f.wait()
		if err != nil {
			return nil, err
		}
		path, err := s.VoicePath(now)
		if err != nil {
			return nil, err
		}
		f.voice.Store(&path)
		return d.cfg.OpenVoice(path, rate)
	})
}

func (d *Director) startTake(number int) {
	f, now := d.folder, d.now()
	take := &takeFile{number: number, asked: now}
	d.take = take
	d.parts.Studio.Start(func() (recorder.File, error) {
		s, err := f.wait()
		if err != nil {
			return nil, err
		}
		path, err := s.TakePath(number, now)
		if err != nil {
			return nil, err
		}
		take.path.Store(&path)
		return d.cfg.OpenTake(path)
	})
}

// closeSession stops the voice recording; settle does the rest when that is on disk.
func (d *Director) closeSession() {
	d.voice.Detach()
	d.voice.Stop()
}

// settle shuts the books of a box that leaves, once all its recordings are closed.
func (d *Director) settle() {
	if d.state.Done() && d.voice != nil && !d.voiceOpen {
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
	d.note(takes.Entry{Kind: takes.KindSession, Text: takes.Closed})
	d.queue(func() {
		var err error
		if s, failed := f.wait(); failed == nil {
			err = s.Close()
		}
		d.clerk.reports <- func() { d.doClosed(f, err) }
	})
}

func (d *Director) doClosed(f *folder, err error) {
	if d.folder == f {
		d.folder = nil
	}
	if err != nil {
		d.log.Error("close session", "folder", f.name, "err", err)
	}
	d.log.Info("session closed", "folder", f.name)
}

// mark notes this instant in the journal.
func (d *Director) mark() {
	d.note(takes.Entry{Kind: takes.KindMarker, Text: d.cfg.Name})
}

// note writes a line to the session's journal, with the time of now, whenever the disk gets to it.
func (d *Director) note(e takes.Entry) {
	f := d.folder
	if f == nil {
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
		d.clerk.reports <- func() { d.doNoted(err) }
	})
}

func (d *Director) doNoted(err error) {
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	d.faults.Is(health.JournalFailed, err != nil, detail, d.now())
}

func (d *Director) queue(job func()) {
	if !d.clerk.do(job) {
		d.faults.Is(health.JournalFailed, true, errBusy.Error(), d.now())
	}
}

// noteTake writes what the studio recorder told to the journal.
func (d *Director) noteTake(kind takes.Kind, e recorder.Event) {
	d.noteEvent(kind, e, takes.Entry{Take: d.take.number, File: base(d.take.path.Load()), Rate: d.cfg.Studio.Rate})
}

// noteVoice writes what the voice recorder told to the journal.
func (d *Director) noteVoice(kind takes.Kind, e recorder.Event) {
	if d.folder != nil {
		d.noteEvent(kind, e, takes.Entry{File: base(d.folder.voice.Load()), Rate: d.voice.Rate()})
	}
}

func (d *Director) noteEvent(kind takes.Kind, e recorder.Event, entry takes.Entry) {
	entry.Kind, entry.Time = kind, e.At
	entry.Pos, entry.Samples, entry.Bytes = e.Pos, e.Samples, e.Bytes
	if e.Err != nil {
		entry.Text = e.Err.Error()
	}
	d.note(entry)
}
