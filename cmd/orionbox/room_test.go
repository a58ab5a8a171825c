package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/device"
	"orionbox/audio/measure"
	"orionbox/audio/mp3"
	"orionbox/firmware"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/sip/siptest"
	"orionbox/webadmin"
)

// testHub is a hub alone, as `orionbox hub` runs it, that can be killed and started again at the same place.
type testHub struct {
	t      *testing.T
	dir    string
	listen string
	socket string
	cmd    *exec.Cmd
	gone   chan struct{}
	log    *logBuffer
}

func newHub(t *testing.T) *testHub {
	t.Helper()
	run, err := os.MkdirTemp("", "hub") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	h := &testHub{t: t, dir: t.TempDir(), listen: freeAddress(t), socket: filepath.Join(run, "s"), log: &logBuffer{}}
	t.Cleanup(func() {
		h.kill()
		if t.Failed() {
			t.Logf("log of the hub:\n%s", h.log.tail(4000))
		}
	})
	return h
}

// start runs the hub and returns when it answers.
func (h *testHub) start() {
	h.t.Helper()
	cmd, gone := exec.Command(program, "hub", "--listen", h.listen, "--dir", h.dir, "--socket", h.socket), make(chan struct{})
	cmd.Stdout, cmd.Stderr = h.log, h.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() { _ = cmd.Wait(); close(gone) }()
	h.cmd, h.gone = cmd, gone
	if !poll(20*time.Second, func() bool {
		conn, err := net.Dial("tcp", h.listen)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}) {
		h.t.Fatalf("the hub does not answer:\n%s", h.log)
	}
}

func (h *testHub) kill() {
	if h.cmd != nil {
		h.cmd.Process.Kill()
		<-h.gone
	}
}

// invite is the string that brings a box into the room 600, by the SIP account of its name.
func (h *testHub) invite(name, role, server string) string {
	h.t.Helper()
	return h.inviteAs(name, role, server, name)
}

func (h *testHub) inviteAs(name, role, server, user string) string {
	h.t.Helper()
	password := filepath.Join(h.t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(siptest.Password(user)+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	out, err := orionbox(h.t, "invite", "--socket", h.socket, "--name", name, "--role", role, "--user", user,
		"--password-file", password, "--server", server, "--call-no", "600", "--json")
	if err != nil {
		h.t.Fatalf("invite: %v\n%s", err, out)
	}
	var reply struct {
		String string `json:"string"`
	}
	if err := json.Unmarshal([]byte(out), &reply); err != nil || reply.String == "" {
		h.t.Fatalf("invite printed %s", out)
	}
	return reply.String
}

// studio is a conference, a hub and boxes that were invited to both, all in one room.
type studio struct {
	hub    *testHub
	boxes  map[string]*testBox
	server string // the conference
	mic    string
	room   measure.Sound
}

// newStudio starts the boxes, a name and role each, and returns when all see each other in the conference.
func newStudio(t *testing.T, roles map[string]string, through func(address string) string) *studio {
	t.Helper()
	s := &studio{hub: newHub(t), boxes: map[string]*testBox{}}
	s.hub.start()
	names := []string{"alone"}
	for name := range roles {
		names = append(names, name)
	}
	server := startConference(t, names...)
	s.server = server
	s.mic, s.room = noise(t)
	for name, role := range roles {
		b := newBox(t, server, name, 440, nil)
		b.listen(s.mic)
		if out, err := orionbox(t, "join", s.hub.invite(name, role, server), "-c", b.conf, "--yes"); err != nil {
			t.Fatalf("join: %v\n%s", err, out)
		}
		if through != nil {
			b.setHub(through(s.hub.listen))
		}
		s.boxes[name] = b.start()
	}
	for _, b := range s.boxes {
		b.await("all peers in the conference", func(st firmware.Status) bool {
			return st.Clock.Synced && len(present(st)) == len(roles) && st.Call == "in conference"
		})
	}
	return s
}

// setHub has the box go to another address than its invite said.
func (b *testBox) setHub(address string) {
	b.t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.set("port", port)
}

// set changes a key that stands once in conn.conf.
func (b *testBox) set(key, value string) {
	b.t.Helper()
	text, err := os.ReadFile(b.conf)
	if err != nil {
		b.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, l := range lines {
		if name, _, _ := strings.Cut(l, "="); strings.TrimSpace(name) == key {
			lines[i] = key + " = " + value
		}
	}
	if err := os.WriteFile(b.conf, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// append puts lines at the end of conn.conf.
func (b *testBox) append(text string) {
	b.t.Helper()
	f, err := os.OpenFile(b.conf, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString("\n" + text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func present(s firmware.Status) map[string]hub.Peer {
	found := map[string]hub.Peer{}
	for _, p := range s.Peers {
		if p.State == hub.Present {
			found[p.ID] = p
		}
	}
	return found
}

// ask runs a command of a box and reads the JSON that it prints.
func ask[T any](b *testBox, args ...string) (answer T) {
	b.t.Helper()
	out, err := orionbox(b.t, append(args, "--json", "--socket", b.socket)...)
	if err == nil {
		err = json.Unmarshal([]byte(out), &answer)
	}
	if err != nil {
		b.t.Fatalf("orionbox %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return answer
}

func (b *testBox) do(args ...string) string {
	b.t.Helper()
	out, err := orionbox(b.t, append(args, "--socket", b.socket)...)
	if err != nil {
		b.t.Fatalf("orionbox %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (b *testBox) markers() []takes.Marker { return ask[[]takes.Marker](b, "marker", "--all") }

// noise is what the room sounds like: no two places in its ten seconds are alike.
func noise(t testing.TB) (path string, sound measure.Sound) {
	t.Helper()
	sound = measure.Sound{Rate: 48000, Samples: make([]float32, 10*48000)}
	r := rand.New(rand.NewPCG(3, 14))
	last := float32(0)
	for i := range sound.Samples {
		last = 0.5*last + 0.1*float32(r.NormFloat64()) // little where an MP3 leaves off
		sound.Samples[i] = last
	}
	path = filepath.Join(t.TempDir(), "room.wav")
	audiotest.WriteWAV(t, path, sound, sound)
	return path, sound
}

// listen has the box hear a room.
func (b *testBox) listen(path string) { b.set("mic", "room:"+path) }

// cutAt is when, by the room's clock, that was heard which stands where a marker cuts the box's take: the take is decoded
// there, and what is heard looked for in the room's sound around a time.
func (b *testBox) cutAt(marker string, room measure.Sound, around time.Duration) (time.Duration, error) {
	for _, c := range ask[[]takes.Chunk](b, "chunks") {
		if c.Marker != marker || c.Studio == nil || c.Box != b.id() {
			continue
		}
		piece := audiotest.Read(b.t, b.only(c.Studio.File))[0]
		piece.Samples = piece.Samples[c.Studio.From:min(int(c.Studio.From)+6000, len(piece.Samples))]
		const within = 9600 // 200 ms
		near := int64(around.Seconds() * float64(room.Rate))
		stretch := measure.Sound{Rate: room.Rate}
		for i := near - within; i < near+within+6000; i++ {
			stretch.Samples = append(stretch.Samples, room.Samples[i%int64(len(room.Samples))])
		}
		index, alike := stretch.Find(piece, within, within)
		if alike < 0.8 {
			return 0, fmt.Errorf("what %s has at %s is not what the room sounded like then (alike %.2f)", b.id(), marker, alike)
		}
		return around + time.Duration(index-within)*time.Second/time.Duration(room.Rate), nil
	}
	return 0, fmt.Errorf("no chunk of a take of %s begins at %s", b.id(), marker)
}

// cut presses Segment without starting a program for it, and tells when, by the room's clock, and which marker came of it.
func (b *testBox) cut() (marker string, from, to time.Duration) {
	b.t.Helper()
	known := map[string]bool{}
	for _, m := range b.markers() {
		known[m.ID] = true
	}
	door := webadmin.NewClient(b.socket)
	from = device.RoomTime()
	if _, err := door.Press(b.t.Context(), "segment", 0); err != nil {
		b.t.Fatal(err)
	}
	to = device.RoomTime()
	for _, m := range b.markers() {
		if !known[m.ID] {
			return m.ID, from, to
		}
	}
	b.t.Fatal("no marker came of the press")
	return "", 0, 0
}

// outside is how far a time is from a stretch.
func outside(at, from, to time.Duration) time.Duration { return max(from-at, at-to, 0) }

func (b *testBox) id() string {
	s, err := b.status()
	if err != nil {
		b.t.Fatal(err)
	}
	return s.Name
}

func (b *testBox) journal() []takes.Entry {
	b.t.Helper()
	f, err := os.Open(b.only("journal.jsonl"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	log, err := takes.ReadJournal(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return log.Entries
}

// TestHubIsGoneForAMinute kills the hub in mid-take. The takes and the call go on; what was pressed and said meanwhile is
// at every box soon after the hub is back, and cuts where it was pressed.
func TestHubIsGoneForAMinute(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST", "bob": "ARTIST"}, nil)
	carol, alice, bob := s.boxes["carol"], s.boxes["alice"], s.boxes["bob"]
	// A box that never heard of a hub: where it has a gap too, the machine stood still.
	alone := newBox(t, s.server, "alone", 440, nil)
	alone.listen(s.mic)
	alone.start()
	for _, b := range []*testBox{alice, bob, alone} {
		b.record()
	}
	s.hub.kill()
	gone := time.Now()
	for _, b := range s.boxes {
		b.await("peers to be unknown", func(st firmware.Status) bool { return len(present(st)) == 0 && len(st.Peers) == 3 })
	}
	marker, from, to := carol.cut()
	bob.press("segment")
	alice.press("mic")
	carol.do("chat", "can anybody read this?")
	alice.awaitFor(80*time.Second, "a minute without the hub", func(st firmware.Status) bool {
		if st.Call != "in conference" || !st.Recording {
			t.Fatalf("without the hub: call %s, recording %v", st.Call, st.Recording)
		}
		return time.Since(gone) > time.Minute
	})

	s.hub.start()
	back := time.Now()
	for name, b := range s.boxes {
		b.await("the press of a peer", func(st firmware.Status) bool { return present(st)["alice"].MicMuted && len(present(st)) == 3 })
		if !poll(10*time.Second, func() bool { return len(b.markers()) == 2 }) {
			t.Fatalf("%s's markers %+v, want carol's and bob's", name, b.markers())
		}
		if !poll(10*time.Second, func() bool { return strings.Contains(b.do("chat", "--history", "20"), "can anybody read this?") }) {
			t.Fatalf("%s has not read the chat", name)
		}
	}
	t.Logf("all of it was at all boxes %v after the hub's return, commands included", time.Since(back).Round(time.Millisecond))
	for _, b := range []*testBox{alice, bob} {
		b.endTake()
		at, err := b.cutAt(marker, s.room, to)
		if err != nil {
			t.Fatal(err)
		}
		if off := outside(at, from, to); off > 5*time.Millisecond {
			t.Errorf("%s's take is cut %v from the press", b.id(), off)
		}
	}
	alone.endTake()
	stood := gaps(alone)
	for _, b := range s.boxes {
		for _, e := range b.journal() {
			if e.Kind == takes.KindCall && strings.HasPrefix(e.Text, "left") {
				t.Errorf("%s's call: %+v", b.id(), e)
			}
		}
		for _, at := range gaps(b) {
			if !slices.ContainsFunc(stood, func(other time.Time) bool { return at.Sub(other).Abs() < 3*time.Second }) {
				t.Errorf("%s has lost sound at %v, %v after the hub was killed", b.id(), at, at.Sub(gone))
			}
		}
	}
}

// gaps are when a box lost sound.
func gaps(b *testBox) (at []time.Time) {
	for _, e := range b.journal() {
		if e.Kind == takes.KindGap {
			at = append(at, e.Time)
		}
	}
	return at
}

// TestRoles has each role try what it may not.
func TestRoles(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST", "lea": "LISTENER"}, nil)
	carol, alice, lea := s.boxes["carol"], s.boxes["alice"], s.boxes["lea"]
	carol.press("segment")
	id := carol.markers()[0].ID
	for _, b := range s.boxes {
		if !poll(5*time.Second, func() bool { return len(b.markers()) == 1 }) {
			t.Fatalf("markers %+v", b.markers())
		}
	}
	wantExit(t, exitRefused, "LISTENER", "press", "segment", "--socket", lea.socket)
	wantExit(t, exitRefused, "LISTENER", "marker", "delete", id, "--socket", lea.socket)
	wantExit(t, exitRefused, "ARTIST", "marker", "move", id, "-10s", "--socket", alice.socket)
	before := carol.markers()[0]
	carol.do("marker", "move", id, "-10s")
	carol.do("marker", "rename", id, "verse 2")
	carol.do("marker", "no-good", id)
	if !poll(5*time.Second, func() bool {
		m := lea.markers()[0]
		return m.At == before.At.Add(-10*time.Second) && m.Name == "verse 2" && m.Verdict == takes.NoGood
	}) {
		t.Errorf("lea sees %+v", lea.markers())
	}
	alice.press("segment")
	if !poll(5*time.Second, func() bool { return len(carol.markers()) == 2 }) {
		t.Errorf("carol sees %+v", carol.markers())
	}

	wantExit(t, 0, "alice", "revoke", "alice", "--socket", s.hub.socket)
	alice.await("to be refused", func(st firmware.Status) bool {
		return st.Hub.State == hub.StateRefused && st.Worst() != nil && st.Call == "in conference"
	})
	carol.await("alice to be no longer there", func(st firmware.Status) bool { _, there := present(st)["alice"]; return !there })
	wantExit(t, 0, "revoked", "members", "--socket", s.hub.socket)
}

// TestJoinAndLeave has a box come late and one leave.
func TestJoinAndLeave(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST"}, nil)
	carol, alice := s.boxes["carol"], s.boxes["alice"]
	alice.record()
	carol.press("mic")
	carol.do("chat", "take one")
	conf := readAll(t, alice.conf)
	late := newBox(t, between(conf, "server = ", "\n"), "alice", 440, nil)
	if out, err := orionbox(t, "join", s.hub.invite("bob", "LISTENER", "127.0.0.1:9"), "-c", late.conf, "--yes"); err != nil {
		t.Fatalf("join: %v\n%s", err, out)
	}
	late.start()
	late.await("the present truth", func(st firmware.Status) bool {
		p := present(st)
		return p["alice"].Recording && p["alice"].Take == session.Recording && p["alice"].Number == 1 && p["carol"].MicMuted && !p["carol"].Recording
	})
	if !poll(5*time.Second, func() bool {
		text := late.do("chat", "--history", "20")
		return strings.Contains(text, "take one") && strings.Contains(text, hub.NoticeRecording)
	}) {
		t.Errorf("history:\n%s", late.do("chat", "--history", "20"))
	}
	if table := late.do("peers"); !strings.Contains(table, "alice") || !strings.Contains(table, "PRODUCER") {
		t.Errorf("peers:\n%s", table)
	}
	alice.stop()
	carol.await("alice to have left", func(st firmware.Status) bool {
		for _, p := range st.Peers {
			if p.ID == "alice" {
				return p.State == hub.Absent
			}
		}
		return false
	})
	late.kill()
	carol.await("bob to be unknown, not gone", func(st firmware.Status) bool {
		for _, p := range st.Peers {
			if p.ID == "bob" {
				return p.State == hub.Unknown
			}
		}
		return false
	})
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// TestDamagedInvite leaves conn.conf as it was.
func TestDamagedInvite(t *testing.T) {
	h := newHub(t)
	h.start()
	whole := h.invite("alice", "ARTIST", "127.0.0.1:5060")
	b := newBox(t, "127.0.0.1:5060", "old", 440, nil)
	before := readAll(t, b.conf)
	for _, damaged := range []string{whole[:len(whole)-1], whole[1:], strings.Replace(whole, whole[40:41], "", 1), whole + "A", "hello"} {
		out, err := orionbox(t, "join", damaged, "-c", b.conf, "--yes")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(out, "invite") {
			t.Errorf("join of a damaged invite: %v\n%s", err, out)
		}
	}
	if after := readAll(t, b.conf); after != before {
		t.Errorf("conn.conf was touched:\n%s", after)
	}
}

// TestPowerCutOfABox kills an artist's box in mid-take. The others go on seeing its chunks, and once it is back they know
// where the take really ended.
func TestPowerCutOfABox(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST"}, nil)
	carol, alice := s.boxes["carol"], s.boxes["alice"]
	alice.record()
	carol.press("segment")
	id := carol.markers()[0].ID
	alice.talk(2 * time.Second)
	alice.kill()
	path := alice.only("HQ_*.mp3")
	carol.await("alice to be unknown", func(st firmware.Status) bool { _, there := present(st)["alice"]; return !there })
	alice.start()
	alice.await("the conference", func(st firmware.Status) bool { return st.Call == "in conference" })
	report, err := mp3.Probe(path)
	if err != nil {
		t.Fatal(err)
	}
	var pieces []takes.Chunk
	if !poll(10*time.Second, func() bool {
		pieces = slices.DeleteFunc(ask[[]takes.Chunk](carol, "chunks"), func(c takes.Chunk) bool { return c.Box != "alice" || c.Studio == nil })
		return len(pieces) > 1 && pieces[len(pieces)-1].Studio.To == report.Samples
	}) {
		t.Fatalf("carol knows the take of %d samples as %+v", report.Samples, pieces)
	}
	if pieces[1].Marker != id || pieces[0].Studio.From != 0 || pieces[0].Studio.To != pieces[1].Studio.From {
		t.Errorf("chunks %+v", pieces)
	}
	if m := alice.markers(); len(m) != 1 || m[0].ID != id {
		t.Errorf("alice came back to markers %+v", m)
	}
}

// TestTokensStayWhereTheyAre looks for the boxes' credentials everywhere but in conn.conf.
func TestTokensStayWhereTheyAre(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST"}, nil)
	s.boxes["alice"].press("segment")
	s.boxes["carol"].do("chat", "hello")
	status, err := orionbox(t, "hub", "status", "--json", "--socket", s.hub.socket)
	if err != nil {
		t.Fatal(err)
	}
	members, err := orionbox(t, "members", "--json", "--socket", s.hub.socket)
	if err != nil {
		t.Fatal(err)
	}
	wantExit(t, 0, "alice", "revoke", "alice", "--socket", s.hub.socket)
	s.boxes["alice"].await("to be refused", func(st firmware.Status) bool { return st.Hub.State == hub.StateRefused })
	for _, b := range s.boxes {
		_, secret, _ := strings.Cut(between(readAll(t, b.conf), "token = ", "\n"), ".")
		if len(secret) < 20 {
			t.Fatal("conn.conf holds no token")
		}
		state, err := orionbox(t, "status", "--json", "--socket", b.socket)
		if err != nil {
			t.Fatal(err)
		}
		b.stop()
		for where, text := range map[string]string{"the box's log": b.log.String(), "its status": state,
			"its journal": readAll(t, b.only("journal.jsonl")), "the hub's log": s.hub.log.String(), "its status,": status, "its members": members} {
			if strings.Contains(text, secret) {
				t.Errorf("%s's token stands in %s", b.conf, where)
			}
		}
	}
}

// TestTakesOfAnOutage ends one take and records another while the hub is away, and switches the box off properly before it
// is back: the next day all boxes have both.
func TestTakesOfAnOutage(t *testing.T) {
	s := newStudio(t, map[string]string{"carol": "PRODUCER", "alice": "ARTIST"}, nil)
	carol, alice := s.boxes["carol"], s.boxes["alice"]
	alice.record()
	s.hub.kill()
	alice.talk(time.Second)
	alice.press("segment")
	alice.endTake()
	alice.record()
	alice.talk(time.Second)
	alice.endTake()
	alice.stop()
	s.hub.start()
	alice.start()
	want := map[string]int64{}
	for _, path := range alice.files("HQ_*.mp3") {
		report, err := mp3.Probe(path)
		if err != nil {
			t.Fatal(err)
		}
		want[filepath.Base(path)] = report.Samples
	}
	if len(want) != 2 {
		t.Fatalf("takes on the disk: %v", want)
	}
	for _, b := range s.boxes {
		var found map[string]int64
		pieces := 0
		if !poll(15*time.Second, func() bool {
			found, pieces = map[string]int64{}, 0
			for _, c := range ask[[]takes.Chunk](b, "chunks", "--all") {
				if c.Box == "alice" && c.Studio != nil {
					pieces++
					found[c.Studio.File] = c.Studio.To
				}
			}
			return maps.Equal(found, want) && pieces >= 3
		}) {
			t.Errorf("%s knows takes of %v samples in %d pieces, on alice's disk are %v", b.id(), found, pieces, want)
		}
	}
	wantExit(t, exitRefused, "no hub runs here", "members", "--socket", carol.socket)
}
