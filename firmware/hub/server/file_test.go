package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

var testTake = takes.TrackKey{Box: "alice", Session: "SESSION_20260102_200000", File: "HQ_alice_1_200003.mp3"}

func TestRoomIsToldHowFarAFileHasCome(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	s, err := New(cfg.loopback(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s)
	upload, sum := hub.UploadID("600", testTake, ""), strings.Repeat("0f", 32)
	if _, err := s.ChangeFile(t.Context(), "600", testTake, func(f *hub.File) { f.Name, f.Upload = "alice", upload }); err != nil {
		t.Fatal(err)
	}
	alice := invite(t, s, "600", "alice", session.Artist)
	if r := alice.history(0); len(r.Files) != 1 || r.Files[0].TrackKey != testTake || r.Files[0].Upload != upload || r.Files[0].Whole() {
		t.Errorf("who comes in is told %+v", r.Files)
	}
	if _, err := s.ChangeFile(t.Context(), "600", testTake, func(f *hub.File) { f.Bytes, f.SHA256 = 4096, sum }); err != nil {
		t.Fatal(err)
	}
	hear(alice, hub.TellFile, func(f hub.File) bool { return f.Whole() && f.Bytes == 4096 && f.Upload == upload })
	if _, err := s.ChangeFile(t.Context(), "600", testTake, func(f *hub.File) { f.SHA256 = "no" }); err == nil {
		t.Error("a file that cannot be was stored")
	}
	stop()
	s = startHub(t, cfg)
	if f, known := s.File("600", testTake); !known || f.SHA256 != sum {
		t.Errorf("after a restart the hub knows %+v", f)
	}
	if _, known := s.File("601", testTake); known {
		t.Error("another room knows the file")
	}
}

func TestTwoWhoChangeAFileAtOnceBothCount(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	if _, err := s.ChangeFile(t.Context(), "600", testTake, func(f *hub.File) { f.Name, f.Upload = "alice", hub.UploadID("600", testTake, "") }); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	for _, id := range []string{"carol", "dave"} {
		go func() {
			_, err := s.ChangeFile(context.Background(), "600", testTake, func(f *hub.File) {
				f.Taken = append(f.Taken, hub.Taken{By: id, Name: id, At: 1})
			})
			ended <- err
		}()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if f, _ := s.File("600", testTake); !f.TakenBy("carol") || !f.TakenBy("dave") || len(f.Taken) != 2 {
		t.Errorf("taken by %+v", f.Taken)
	}
}

func TestOldFilesAreForgottenOnceTheHubHasLetGoOfThem(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	other := testTake
	other.File = "HQ_alice_2_200500.mp3"
	for key, gone := range map[takes.TrackKey]bool{testTake: false, other: true} {
		if _, err := s.ChangeFile(t.Context(), "600", key, func(f *hub.File) {
			f.Name, f.Upload, f.Gone = "alice", hub.UploadID("600", key, ""), gone
			f.Taken = []hub.Taken{{By: "carol", Name: "carol", At: 1}}
		}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "an old file that is gone is forgotten, though it may come back from the store just now", func() bool {
		s.forgetFiles(t.Context(), time.Now().Add(time.Hour))
		_, known := s.File("600", other)
		return !known
	})
	if _, known := s.File("600", testTake); !known || len(s.Files("600")) != 1 {
		t.Error("an old file that is still here was forgotten")
	}
}

func TestOnlyAProducerMayAskForRecordings(t *testing.T) {
	s := startHub(t, Config{Dir: t.TempDir()})
	for role, may := range map[session.Role]bool{session.Artist: false, session.Listener: false, session.Producer: true} {
		b := invite(t, s, "600", strings.ToLower(string(role)), role)
		r := b.post(hub.Post{ID: string(role), Kind: hub.KindRequest, At: s.clock.now(), Want: &hub.Want{TrackKey: testTake}})
		if (r.Error == "") != may {
			t.Errorf("%s: %+v", role, r)
		}
	}
}
