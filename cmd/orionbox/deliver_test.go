package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest/lab"
	"orionbox/audio/mp3"
	"orionbox/audio/mp3/mp3test"
	"orionbox/firmware"
	"orionbox/firmware/delivery"
	"orionbox/firmware/received"
)

// in has the box run in an end of a link.
func (b *testBox) in(end *lab.End) *testBox { b.at = end; return b }

// alone is what a box without a SIP account has in its conn.conf.
func alone(name, role string) settings {
	return settings{"ConnectionDetails.user": "None", "ConnectionDetails.password": "None", "ConnectionDetails.server": "None",
		"ConnectionDetails.call_no": "None", "ChatSettings.username": name, "ChatSettings.role": role, "AudioSettings.mic": "null"}
}

// freeAddress is one on which nobody listens, for a hub that comes back to it.
func freeAddress(t testing.TB) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}

// invite has a producer's box, which the hub is on, invite another, and lets that join.
func (b *testBox) invite(guest *testBox, name, role string) {
	b.t.Helper()
	out := ask[map[string]any](b, "invite", "--name", name, "--role", role)
	if out, err := orionbox(b.t, "join", fmt.Sprint(out["string"]), "-c", guest.conf, "--yes"); err != nil {
		b.t.Fatalf("join: %v\n%s", err, out)
	}
}

// longTake puts a take of some bytes, and the journal of its session, into a box's folder, as an earlier evening left them.
func (b *testBox) longTake(artist string, bytes int64) (path, sum string) {
	b.t.Helper()
	began := time.Now().Add(-26 * time.Hour).Truncate(time.Second)
	dir := filepath.Join(b.dir, "rec", "SESSION_"+began.Format("20060102_150405"))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		b.t.Fatal(err)
	}
	path = filepath.Join(dir, fmt.Sprintf("HQ_%s_1_%s.mp3", artist, began.Format("150405")))
	repeat(b.t, path, bytes)
	report, err := mp3.Repair(path)
	if err != nil {
		b.t.Fatal(err)
	}
	var journal strings.Builder
	line := func(kind string, after time.Duration, more string) {
		fmt.Fprintf(&journal, `{"v":1,"kind":%q,"time":%q,"session":%g%s}`+"\n", kind, began.Add(after).Format(time.RFC3339Nano), after.Seconds(), more)
	}
	long := time.Duration(float64(report.Samples) / 48000 * float64(time.Second))
	file := fmt.Sprintf(`,"take":1,"file":%q,"rate":48000`, filepath.Base(path))
	line("session", 0, `,"text":"opened"`)
	line("take-start", time.Second, file+`,"pos":48000,"bitrate":320`)
	line("take-stop", time.Second+long, file+fmt.Sprintf(`,"pos":%d,"samples":%d,"bytes":%d`, 48000+report.Samples, report.Samples, fileSize(b.t, path)))
	line("session", 2*time.Second+long, `,"text":"closed"`)
	if err := os.WriteFile(filepath.Join(dir, "journal.jsonl"), []byte(journal.String()), 0o640); err != nil {
		b.t.Fatal(err)
	}
	return path, sumOf(b.t, path)
}

// repeat makes a take by repeating one of half a minute, which was really encoded.
func repeat(t testing.TB, path string, size int64) {
	t.Helper()
	short := filepath.Join(t.TempDir(), "HQ_short_1_000000.mp3")
	mp3test.Hiss(t, short, 30, nil)
	data, err := os.ReadFile(short)
	if err != nil {
		t.Fatal(err)
	}
	const first = 960
	out := bytes.NewBuffer(append([]byte{}, data[:first]...))
	for int64(out.Len()) < size {
		out.Write(data[first:])
	}
	clear(out.Bytes()[4:first]) // the length that stands there is another's
	if err := os.WriteFile(path, out.Bytes(), 0o640); err != nil {
		t.Fatal(err)
	}
}

func fileSize(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func sumOf(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// peakMB is the most memory that the box's process has had, in MB, by the kernel.
func (b *testBox) peakMB() float64 {
	b.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		b.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.t.Fatal(err)
	}
	return kb / 1000
}

// sent is how many bytes of a box's first undelivered take the hub has; all, if none is left.
func (b *testBox) sent(all int64) int64 {
	s, err := b.status()
	if err != nil || s.Delivery.Outbox == nil {
		return 0
	}
	if w := s.Delivery.Outbox.Waiting; len(w) > 0 {
		return w[0].Sent
	}
	if s.Delivery.Outbox.Delivered > 0 {
		return all
	}
	return 0
}

// inFolder is the path of a file in the producer's folder; there is one artist's session in it.
func (b *testBox) inFolder(file string) string {
	b.t.Helper()
	places, err := received.List(filepath.Join(b.dir, "rec", "received"))
	if err != nil || len(places) != 1 {
		b.t.Fatalf("received %v, %v", places, err)
	}
	return filepath.Join(places[0].Dir, file)
}

// TestDeliveryOutlastsCutsAndKills delivers a take of 100 MB while the link is cut ten times and each end killed twice.
func TestDeliveryOutlastsCutsAndKills(t *testing.T) {
	link := lab.NewLink(t, lab.LinkConfig{Rate: 60_000_000})
	more := alone("carol", "PRODUCER")
	more["Hub.listen"] = net.JoinHostPort(link.B().Addr(), "9000")
	carol := newBox(t, "", "carol", 440, more).in(link.B()).start()
	alice := newBox(t, "", "alice", 440, alone("alice", "ARTIST")).in(link.A())
	carol.invite(alice, "alice", "ARTIST")
	path, sum := alice.longTake("alice", 100_000_000)
	size := fileSize(t, path)
	alice.start()

	before, _ := link.Carried()
	peaks := map[string]float64{}
	kill := func(b *testBox, name string) {
		peaks[name] = max(peaks[name], b.peakMB())
		b.kill()
		b.start()
	}
	reach := func(part int64) {
		t.Helper()
		if !poll(time.Minute, func() bool { return alice.sent(size) >= size*part/100 }) {
			t.Fatalf("the hub has %d of %d bytes, %d %% are waited for", alice.sent(size), size, part)
		}
	}
	for n := int64(1); n <= 10; n++ {
		reach(n * 8)
		link.Cut()
		pause(map[bool]time.Duration{true: 9 * time.Second, false: 300 * time.Millisecond}[n == 5]) // once for so long that it is noticed
		link.Mend()
		switch n {
		case 2, 7:
			kill(alice, "alice")
		case 4, 9:
			kill(carol, "carol")
		}
	}
	alice.awaitFor(2*time.Minute, "all to be delivered", func(s firmware.Status) bool { return s.Delivery.Outbox != nil && s.Delivery.Outbox.Delivered == 1 })
	after, _ := link.Carried()
	alice.await("to be safe to unplug", func(s firmware.Status) bool { return s.Safe.Safe })

	if got := sumOf(t, carol.inFolder(filepath.Base(path))); got != sum {
		t.Errorf("the producer has %s, the artist %s", got, sum)
	}
	if r, err := received.ReadReceipt(carol.inFolder(filepath.Base(path))); err != nil || r.SHA256 != sum || r.Bytes != size || r.By != "carol" {
		t.Errorf("the producer's receipt %+v, %v", r, err)
	}
	if !poll(10*time.Second, func() bool {
		r, err := delivery.ReadReceipt(path)
		return err == nil && r.SHA256 == sum && len(r.Taken) == 1
	}) {
		r, err := delivery.ReadReceipt(path)
		t.Errorf("the artist's receipt %+v, %v", r, err)
	}
	more100 := 100 * float64(after-before-size) / float64(size)
	t.Logf("%d bytes crossed the link for %d of the take: %.1f %% more, headers and all else that the boxes say included", after-before, size, more100)
	if more100 > 5 {
		t.Errorf("%.1f %% were sent twice", more100)
	}
	for name, b := range map[string]*testBox{"alice": alice, "carol": carol} {
		peak := max(peaks[name], b.peakMB())
		t.Logf("%s's box has had %.0f MB at most", name, peak)
		if peak > 120 {
			t.Errorf("%s's box needed %.0f MB", name, peak)
		}
	}
}

// pause lets time pass for a network that is down: nothing else can be waited for.
func pause(d time.Duration) { <-time.After(d) }

// TestHubBoxStaysSmall has ten boxes deliver to a producer's box at once, while others grow.
func TestHubBoxStaysSmall(t *testing.T) {
	more := alone("carol", "PRODUCER")
	more["Hub.listen"] = freeAddress(t)
	carol := newBox(t, "", "carol", 440, more).start()
	const boxes, size = 10, 20_000_000
	var all []*testBox
	for n := range boxes {
		name := fmt.Sprintf("artist%d", n)
		b := newBox(t, "", name, 440, alone(name, "ARTIST"))
		carol.invite(b, name, "ARTIST")
		if n == 0 {
			b.longTake(name, size)
		} else {
			b.take(all[0], name)
		}
		all = append(all, b)
	}
	for _, b := range all {
		b.start()
	}
	for _, b := range all {
		b.awaitFor(3*time.Minute, "all to be delivered", func(s firmware.Status) bool { return s.Delivery.Outbox != nil && s.Delivery.Outbox.Delivered == 1 })
	}
	s := carol.await("all to be here", func(s firmware.Status) bool { return s.Delivery.Inbox.Received == boxes })
	peak := carol.peakMB()
	t.Logf("the hub's box has had %.0f MB at most; it received %d takes", peak, s.Delivery.Inbox.Received)
	if peak > 150 {
		t.Errorf("the hub's box needed %.0f MB", peak)
	}
}

// take gives the box another's take as its own.
func (b *testBox) take(from *testBox, artist string) {
	b.t.Helper()
	own := from.only("HQ_*.mp3")
	dir := filepath.Join(b.dir, "rec", filepath.Base(filepath.Dir(own)))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		b.t.Fatal(err)
	}
	name := strings.Replace(filepath.Base(own), "artist0", artist, 1)
	if err := os.Link(own, filepath.Join(dir, name)); err != nil {
		b.t.Fatal(err)
	}
	journal, err := os.ReadFile(filepath.Join(filepath.Dir(own), "journal.jsonl"))
	if err != nil {
		b.t.Fatal(err)
	}
	journal = bytes.ReplaceAll(journal, []byte("artist0"), []byte(artist))
	if err := os.WriteFile(filepath.Join(dir, "journal.jsonl"), journal, 0o640); err != nil {
		b.t.Fatal(err)
	}
}

// TestSafeToUnplug follows what status says from the press to the producer's word.
func TestSafeToUnplug(t *testing.T) {
	more := alone("carol", "PRODUCER")
	more["Hub.listen"] = freeAddress(t)
	carol := newBox(t, "", "carol", 440, more).start()
	alice := newBox(t, "", "alice", 440, alone("alice", "ARTIST"))
	carol.invite(alice, "alice", "ARTIST")
	alice.start().await("to be safe with nothing recorded", func(s firmware.Status) bool { return s.Safe.Safe && s.Hub.State == "connected" })
	alice.record()
	if s := alice.await("not to be safe", func(s firmware.Status) bool { return !s.Safe.Safe }); !strings.Contains(strings.Join(s.Safe.Missing, ";"), "take 1 is not closed") {
		t.Errorf("while it records: %v", s.Safe.Missing)
	}
	alice.endTake()
	s := alice.await("the producer's word", func(s firmware.Status) bool { return s.Safe.Safe })
	if s.Delivery.Outbox.Delivered != 1 {
		t.Errorf("safe with %+v", s.Delivery.Outbox)
	}
	if out := alice.do("status"); !strings.Contains(out, "unplug     yes") || !strings.Contains(out, "all 1 takes are delivered") {
		t.Errorf("status prints\n%s", out)
	}
	carol.kill()
	alice.record()
	alice.talk(0)
	alice.endTake()
	s = alice.await("to miss the hub", func(s firmware.Status) bool { return s.Delivery.Outbox.Trouble != "" })
	if s.Safe.Safe || len(s.Safe.Missing) != 1 || !strings.Contains(s.Safe.Missing[0], "HQ_alice_2") {
		t.Errorf("with the producer gone: %+v", s.Safe)
	}
	alice.stop() // parks what cannot be delivered
	carol.start()
	alice.start().awaitFor(40*time.Second, "the rest to be delivered after both have come back", func(s firmware.Status) bool {
		return s.Safe.Safe && s.Delivery.Outbox != nil && s.Delivery.Outbox.Delivered == 2
	})
	text, err := json.Marshal(s.Safe)
	if err != nil || !strings.Contains(string(text), `"missing"`) {
		t.Errorf("as JSON %s, %v", text, err)
	}
}
