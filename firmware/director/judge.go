package director

import (
	"fmt"
	"slices"
	"time"

	"orionbox/audio/engine"
	"orionbox/audio/recorder"
	"orionbox/firmware/health"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/sip/phone"
)

// stalled is how long a take may go without a byte on disk before a person is told in words: twice the longest time between
// two flushes.
const stalled = 2 * time.Second

// growing is how long ago the disk may have taken the last byte of a take that is called recording: twice the usual time between
// two flushes.
const growing = time.Second

// space is what the disk guard found last.
type space struct {
	free    int64
	asked   bool
	looked  bool    // at least once
	minutes float64 // of a take, until the reserve is reached
}

// doTick is done twice a second: look at the disk, try again what failed, judge.
func (d *Director) doTick() {
	d.measureDisk()
	if d.cfg.Alive != nil {
		d.cfg.Alive()
	}
	now := d.now()
	d.keepTime(now)
	d.cueTalking()
	d.tellSettled()
	d.deliver()
	if now.Sub(d.retried) >= retryEvery {
		d.retried = now
		d.feed(session.Retry{})
		d.retryVoice(now)
	}
	d.judge()
}

// measureDisk has the clerk ask for the free space, and whether the session's folder is still there; one question at a
// time.
func (d *Director) measureDisk() {
	if d.disk.asked {
		return
	}
	f := d.folder
	d.disk.asked = d.clerk.do(func() {
		gone := f.gone()
		free, err := d.parts.Disk.Free()
		d.clerk.reports <- func() {
			if gone {
				d.loseFolder(f)
			}
			d.doDisk(free, err)
		}
	})
}

func (d *Director) doDisk(free int64, err error) {
	d.disk.asked, d.disk.looked = false, true
	d.found(health.StorageUnknown, err)
	if err != nil {
		return
	}
	level, left := takes.Guard(free, d.cfg.Reserve, d.bytesPerSecond())
	d.disk.free, d.disk.minutes = free, left.Minutes()
	if level := session.Storage(level); level != d.state.Storage {
		d.log.Info("storage", "level", string(level), "free", free)
		d.feed(session.StorageIs{Level: level})
	}
	d.makeRoom()
	if d.state.Storage == session.StorageFull && d.spoken != nil && len(d.spoken.open) > 0 {
		d.voice.Stop()
	}
}

// bytesPerSecond is what a take and the voice recording need together.
func (d *Director) bytesPerSecond() int64 {
	rate := d.cfg.VoiceRate
	if d.voice != nil {
		rate = d.voice.Rate()
	}
	return int64(d.cfg.Bitrate)*1000/8 + 2*int64(rate)
}

// retryVoice starts the voice recording again, in a file of its own, if the disk ended it.
func (d *Director) retryVoice(now time.Time) {
	room := d.state.Storage != session.StorageFull
	if d.state.Open && room && len(d.spoken.open) == 0 && now.Sub(d.spoken.last.asked) >= retryEvery {
		d.startVoice()
	}
}

// judge turns what was measured into faults, and logs those that come and go.
func (d *Director) judge() {
	now := d.now()
	d.judgeCall(now)
	d.judgeHub(now)
	d.judgeDelivery(now)
	d.judgeAudio(d.parts.Audio.Status(), now)
	d.judgeStorage(now)
	d.judgeTake(d.parts.Studio.Status(), now)
	d.judgePanel(now)
	d.tell(d.faults.Faults(now))
	d.show()
}

func (d *Director) judgeCall(now time.Time) {
	detail := string(d.call.Reason)
	if d.call.Detail != "" {
		detail = d.call.Detail
	}
	configured := d.parts.Phone != nil
	d.faults.Is(health.Unconfigured, !configured, "", now)
	d.faults.Is(health.PINUnsent, d.call.State == phone.InConference && d.call.Reason == phone.NoDigits, d.call.Detail, now)
	d.faults.Is(health.CallRefused, d.call.State == phone.Refused, detail, now)
	if d.call.Unheard {
		detail = "nothing is heard, and the server does not answer"
	}
	d.faults.Is(health.CallDown, configured && !d.state.Leaving && (d.call.State != phone.InConference || d.call.Unheard), detail, now)
}

func (d *Director) judgeAudio(s engine.Status, now time.Time) {
	d.faults.Is(health.NoMicrophone, s.Mic.State != engine.OK, s.Mic.Name+": "+s.Mic.Detail, now)
	d.faults.Is(health.NoSpeakers, s.Speakers.State != engine.OK, s.Speakers.Name+": "+s.Speakers.Detail, now)
}

func (d *Director) judgeStorage(now time.Time) {
	detail := fmt.Sprintf("%.0f MB free, %.0f MB in reserve", megabytes(d.disk.free), megabytes(d.cfg.Reserve))
	d.faults.Is(health.StorageLow, d.state.Storage == session.StorageLow, detail, now)
	d.faults.Is(health.StorageFull, d.state.Storage == session.StorageFull, detail, now)
}

// judgeTake tells when a take is asked for and no byte of it has reached the disk for a while, whatever the cause.
func (d *Director) judgeTake(s recorder.Status, now time.Time) {
	switch d.state.Take {
	case session.Starting, session.Recording:
		quiet := now.Sub(latest(s.LastSynced, d.studio.last.asked))
		if quiet > stalled {
			d.faults.Is(health.TakeFailed, true, fmt.Sprintf("no byte written for %.0f s", quiet.Seconds()), now)
		}
	case session.Idle:
		d.faults.Is(health.TakeFailed, false, "", now)
	}
	d.faults.Is(health.SoundLost, d.lost > 0, fmt.Sprintf("%d samples this session", d.lost), now)
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// tell logs the faults that came and went since the last time.
func (d *Director) tell(faults []health.Fault) {
	for _, f := range faults {
		if !slices.ContainsFunc(d.shown, func(o health.Fault) bool { return o.ID == f.ID }) {
			d.log.Warn("fault", "id", f.ID, "text", f.Text, "detail", f.Detail)
			d.cueFault(f)
		}
	}
	for _, f := range d.shown {
		if !slices.ContainsFunc(faults, func(o health.Fault) bool { return o.ID == f.ID }) {
			d.log.Info("fault gone", "id", f.ID)
		}
	}
	d.shown = faults
}
