package main

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

// rows are the lines of a table, its columns parted by a single |.
func rows(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := orionbox(t, args...)
	if err != nil {
		t.Fatalf("orionbox %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	t.Logf("orionbox %s\n%s", strings.Join(args, " "), out)
	var all []string
	for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		var cells []string
		for _, cell := range strings.Split(line, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				cells = append(cells, cell)
			}
		}
		all = append(all, strings.Join(cells, "|"))
	}
	return all
}

func wantRows(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("printed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPeers(t *testing.T) {
	s := &scripted{peers: []hub.Peer{
		{ID: "alice", Name: "Alice", Role: session.Artist, State: hub.Present, Presence: hub.Presence{
			Call: true, Recording: true, Take: session.Recording, Number: 3, MicMuted: true, Clipping: true, Delivering: true, StorageMinutes: 412}},
		{ID: "bob", Name: "Bob\x1b[31m\tB", Role: session.Artist, State: hub.Present, Presence: hub.Presence{
			Take: session.Failing, Number: 1, SpeakersMuted: true, StorageMinutes: 3, Fault: "the disk is\nfull"}},
		{ID: "carol", Role: session.Producer, State: hub.Present, Presence: hub.Presence{Call: true, Take: session.Idle, Number: 7, StorageMinutes: 9}},
		{ID: "dave", Name: "Dave", Role: session.Artist, State: hub.Unknown, Presence: hub.Presence{Call: true, Recording: true, Number: 2}},
		{ID: "eve", Name: "Eve", Role: session.Listener, State: hub.Absent, Presence: hub.Presence{Call: true}},
		{ID: "fay", Name: "Fay", Role: session.Artist, State: hub.Present, Presence: hub.Presence{Take: session.Starting, Number: 4}},
	}}
	socket := s.open(t)
	wantRows(t, rows(t, "peers", "--socket", socket),
		"NAME|ROLE|STATE|CALL|RECORDING|MIC|SPEAKERS|STORAGE|NOTES",
		"Alice|ARTIST|present|in conference|take 3|muted|live|412 min|CLIPPING; delivering",
		"Bob�[31m�B|ARTIST|present|-|take 1 FAILING|live|muted|3 min|the disk is�full",
		"carol|PRODUCER|present|in conference|-|live|live|9 min",
		"Dave|ARTIST|unknown|?|?|?|?|?|was recording when last heard of",
		"Eve|LISTENER|absent|-|-|-|-|-",
		"Fay|ARTIST|present|-|take 4 starting|live|live|0 min")
	out, err := orionbox(t, "peers", "--json", "--socket", socket)
	var peers []hub.Peer
	if err != nil || json.Unmarshal([]byte(out), &peers) != nil || !reflect.DeepEqual(peers, s.peers) {
		t.Errorf("as JSON %v\n%s", err, out)
	}
	wantExit(t, 0, "no hub", "peers", "--socket", (&scripted{}).open(t))
	wantExit(t, 0, "[]", "peers", "--json", "--socket", (&scripted{}).open(t))
	wantExit(t, exitNotRunning, "orionbox run", "peers", "--socket", filepath.Join(t.TempDir(), "none"))
	wantExit(t, exitUsage, "unknown command", "peers", "alice", "--socket", socket)
}

var noon = clock.InstantOf(time.Date(2026, 3, 4, 12, 0, 0, 0, time.Local))

func TestChunks(t *testing.T) {
	s := &scripted{chunks: []takes.Chunk{
		{Number: 1, Box: "alice", Name: "Alice", Session: "SESSION_20260304_120000", Start: noon, Seconds: 12.5,
			Voice: &takes.Place{File: "LQ_Alice.wav", To: 600000, Bytes: 1200000, Rate: 48000}},
		{Number: 2, Box: "alice", Name: "Alice", Session: "SESSION_20260304_120000", Marker: "m1", Title: "verse\x07", Verdict: takes.Good,
			Start: noon.Add(12500 * time.Millisecond), Seconds: 3, Delivered: true},
	}}
	socket := s.open(t)
	got := rows(t, "chunks", "--socket", socket)
	if len(got) != 3 || !strings.HasPrefix(got[1], "1|Alice|12:00:00.000|12.500 s|") || !strings.Contains(got[2], "verse� (good)") {
		t.Errorf("printed\n%s", strings.Join(got, "\n"))
	}
	if s.wantedAll() {
		t.Error("without --all, only this session's are wanted")
	}
	out, err := orionbox(t, "chunks", "--all", "--json", "--socket", socket)
	var chunks []takes.Chunk
	if err != nil || json.Unmarshal([]byte(out), &chunks) != nil || !reflect.DeepEqual(chunks, s.chunks) || !s.wantedAll() {
		t.Errorf("as JSON %v, all %v\n%s", err, s.wantedAll(), out)
	}
	wantExit(t, 0, "nothing is recorded", "chunks", "--socket", (&scripted{}).open(t))
}

func TestMarkerList(t *testing.T) {
	s := &scripted{markers: []takes.Marker{{ID: "m1", By: "carol", Role: session.Producer, At: noon, Name: "verse", Verdict: takes.NoGood}}}
	socket := s.open(t)
	for _, args := range [][]string{{"marker"}, {"marker", "list"}} {
		got := rows(t, append(args, "--socket", socket)...)
		wantRows(t, got, "MARKER|TIME|WHO|ROLE|NAME|VERDICT", "m1|12:00:00.000|carol|PRODUCER|verse|no-good")
		if s.wantedAll() {
			t.Errorf("%s: without --all, only this session's are wanted", strings.Join(args, " "))
		}
		if rows(t, append(args, "--all", "--socket", socket)...); !s.wantedAll() {
			t.Errorf("%s --all: only this session's were wanted", strings.Join(args, " "))
		}
	}
	wantExit(t, exitUsage, "unknown flag", "marker", "add", "--all", "--socket", socket)
	wantExit(t, 0, `"id": "m1"`, "marker", "--json", "--socket", socket)
	wantExit(t, 0, `"id": "m1"`, "marker", "--socket", socket, "list", "--json")
	wantExit(t, 0, "there are no markers", "marker", "--socket", (&scripted{}).open(t))
}

func TestMarkerChanges(t *testing.T) {
	s := &scripted{}
	socket := s.open(t)
	for line, want := range map[string]webadmin.MarkRequest{
		"marker add":                                 {Op: "set"},
		"marker add --name verse":                    {Op: "set", Name: "verse"},
		"marker add --at -10s":                       {Op: "set", By: -10 * time.Second},
		"marker add --at=-1m30s --name x":            {Op: "set", By: -90 * time.Second, Name: "x"},
		"marker move m1 -10s":                        {Op: "move", Marker: "m1", By: -10 * time.Second},
		"marker move m1 -0.25s --json":               {Op: "move", Marker: "m1", By: -250 * time.Millisecond},
		"marker move m1 -.5s":                        {Op: "move", Marker: "m1", By: -500 * time.Millisecond},
		"marker move --json m1 1.5s":                 {Op: "move", Marker: "m1", By: 1500 * time.Millisecond},
		"marker --json move m1 -1ms":                 {Op: "move", Marker: "m1", By: -time.Millisecond},
		"marker move m1 +2m":                         {Op: "move", Marker: "m1", By: 2 * time.Minute},
		"marker move -- m1 -3s":                      {Op: "move", Marker: "m1", By: -3 * time.Second},
		"marker rename m1 chorus":                    {Op: "rename", Marker: "m1", Name: "chorus"},
		"marker delete m1":                           {Op: "delete", Marker: "m1"},
		"marker good m1":                             {Op: "good", Marker: "m1"},
		"marker no-good m1":                          {Op: "no-good", Marker: "m1"},
		"marker --socket SOCKET move m1 -7s":         {Op: "move", Marker: "m1", By: -7 * time.Second},
		"marker move --socket SOCKET m1 -8s":         {Op: "move", Marker: "m1", By: -8 * time.Second},
		"marker move m1 -9s --socket=SOCKET":         {Op: "move", Marker: "m1", By: -9 * time.Second},
		"marker move m1 --socket SOCKET --json -11s": {Op: "move", Marker: "m1", By: -11 * time.Second},
	} {
		before := len(s.marks())
		args := strings.Fields(strings.ReplaceAll(line, "SOCKET", socket))
		if !strings.Contains(line, "SOCKET") {
			args = append([]string{args[0], "--socket", socket}, args[1:]...)
		}
		out, err := orionbox(t, args...)
		asked := s.marks()[before:]
		if err != nil || len(asked) != 1 || asked[0] != want || !strings.Contains(out, "marker m1: "+want.Op) {
			t.Errorf("%s: %v, asked %+v\n%s", line, err, asked, out)
		}
		if strings.Contains(line, "--json") != strings.HasPrefix(out, "{") {
			t.Errorf("%s prints %s", line, out)
		}
	}
	before := len(s.marks())
	wantExit(t, exitRefused, "no such marker", "marker", "good", "mgone", "--socket", socket)
	wantExit(t, exitRefused, "24h", "marker", "move", "m1", "-25h", "--socket", socket)
	wantExit(t, exitUsage, "accepts 2 arg", "marker", "move", "m1", "--socket", socket)
	wantExit(t, exitUsage, "accepts 2 arg", "marker", "move", "m1", "-1s", "-2s", "--socket", socket)
	wantExit(t, exitUsage, "is no time", "marker", "move", "m1", "-10", "--socket", socket)
	wantExit(t, exitUsage, "is no time", "marker", "move", "m1", "soon", "--socket", socket)
	wantExit(t, exitUsage, "unknown flag", "marker", "move", "m1", "-10s", "--loud")
	wantExit(t, exitUsage, "unknown shorthand", "marker", "move", "m1", "-x")
	wantExit(t, exitUsage, "accepts 2 arg", "marker", "rename", "m1")
	wantExit(t, exitUsage, "is missing", "marker", "delete", "")
	wantExit(t, exitUsage, "unknown command", "marker", "sing")
	wantExit(t, 0, "marker move m4k2x7qa -10s", "marker", "move", "--help")
	wantExit(t, exitNotRunning, "orionbox run", "marker", "move", "m1", "-10s", "--socket", filepath.Join(t.TempDir(), "none"))
	if asked := s.marks()[before:]; len(asked) != 0 {
		t.Errorf("what was refused was asked for: %+v", asked)
	}
}
