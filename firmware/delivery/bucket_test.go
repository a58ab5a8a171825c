package delivery

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/audio/audiotest/lab"
	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/received"
	"orionbox/firmware/session"
)

// inBucket is a studio whose files lie in a bucket of a real S3 server.
func inBucket(t *testing.T) (*studio, *lab.S3) {
	t.Helper()
	s3 := lab.StartS3(t, nil)
	t.Setenv("AWS_ACCESS_KEY_ID", s3.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3.SecretKey)
	t.Setenv("AWS_ENDPOINT_URL", s3.Endpoint)
	t.Setenv("AWS_REGION", s3.Region)
	return newStudio(t, door.Config{Store: "s3://" + s3.Bucket, Dir: t.TempDir()}), s3
}

// carol is an inbox, which runs until the test ends.
func (s *studio) carol(root string) *Inbox {
	s.t.Helper()
	store, err := received.Open(root)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { store.Close() })
	i := NewInbox(InboxConfig{Box: "carol", Reserve: 1}, s.way("carol", session.Producer), store, testLog(s.t))
	run(s.t, i.Run)
	return i
}

// arrives tells an inbox what the hub knows, until a take of alice's is there.
func (s *studio) arrives(i *Inbox, file string) (path string) {
	s.t.Helper()
	eventually(s.t, "the take is at the producer's", func() bool {
		for _, f := range s.server.Files("600") {
			i.Filed(f, testSession)
		}
		return s.file(file).TakenBy("carol")
	})
	return filepath.Join(i.store.Root(), testSession, "alice", file)
}

func TestFilesLieInABucket(t *testing.T) {
	s, s3 := inBucket(t)
	root, dir := t.TempDir(), ""
	o := s.alice(root, Live)
	stop := run(t, o.Run)
	dir = filepath.Join(root, testSession)
	half := 0
	path := record(t, dir, 150, func(path string, bytes int64) { // 6 MB: more than a part
		if half++; half == 140 {
			o.Follow(Recording{Path: path, Bytes: bytes, Open: true})
			eventually(t, "a part of it in the bucket", func() bool { w := o.Status().Waiting; return len(w) == 1 && w[0].Sent >= 5<<20 })
		}
	})
	writeJournal(t, dir)
	// The hub is killed, and so is the S3 server: alice's box goes on when both are back.
	s.stop()
	s3.Kill()
	o.Follow(Recording{Path: path, Bytes: sizeOf(t, path)})
	eventually(t, "trouble to be told of", func() bool { return o.Status().Trouble != "" })
	s.start()
	s3.Start()
	stop()
	o = s.alice(root, Live) // as after a kill: the address may be another, and all that it knew is gone
	run(t, o.Run)
	o.LookThrough()
	eventually(t, "the take is whole", func() bool { return s.file(filepath.Base(path)).Whole() })
	eventually(t, "the journal is whole", func() bool { return s.file(hub.JournalFile).Whole() })
	own, _, err := received.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := received.SHA256(s.arrives(s.carol(t.TempDir()), filepath.Base(path)))
	if err != nil || got != own {
		t.Errorf("the producer has %s, the artist %s, %v", got, own, err)
	}
	eventually(t, "the bucket to be told to let go", func() bool { return s.file(filepath.Base(path)).Gone })
}

func TestBucketNeedsKeys(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	_, err := door.New(door.Config{Store: "s3://takes", Dir: t.TempDir()}, nil, testLog(t))
	if err == nil || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY") {
		t.Errorf("without keys: %v", err)
	}
}

func TestBucketThatIsNotThereIsToldOf(t *testing.T) {
	s, _ := inBucket(t)
	s.stop()
	s.files.Store = "s3://nobodys"
	s.start()
	w := s.way("alice", session.Artist)
	err := w.create(t.Context(), testSession, "HQ_alice_1_200003.mp3", "")
	if err == nil || !refused(err, http.StatusInternalServerError, http.StatusServiceUnavailable) {
		t.Errorf("an upload into no bucket: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(s.files.Dir, "parts")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
