package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// A disk that was full once, and has space again, is written again; who asks is told meanwhile.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Logf("no small disk can be had (%v): only the limit of a file's size is tried, by TestFilesThatCannotGrow", err)
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	outOfSpace(t, dir, func() { fillDisk(t, filler) }, func() {
		if err := os.Remove(filler); err != nil {
			t.Error(err)
		}
	})
}

// fillDisk takes all the space that there is.
func fillDisk(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for some := make([]byte, 4096); err == nil; {
		_, err = f.Write(some)
	}
}

// The same without a right to mount: for a while no file of a process may grow. It is one of its own, for go test writes down in
// a file what a test opens.
func TestFilesThatCannotGrow(t *testing.T) {
	const small = "ORIONBOX_TEST_SMALL_FILES"
	if os.Getenv(small) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFilesThatCannotGrow$")
		child.Env = append(os.Environ(), small+"=1")
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	set := func(cur uint64) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: cur, Max: limit.Max}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { set(limit.Cur) })
	outOfSpace(t, t.TempDir(), func() { set(1) }, func() { set(limit.Cur) })
}

func outOfSpace(t *testing.T, dir string, full, free func()) {
	t.Helper()
	s, log := startLogged(t, Config{Dir: dir})
	alice := invite(t, s, "600", "Alice", session.Artist)
	before := alice.say("before", "stored")
	if before.Error != "" {
		t.Fatal(before.Error)
	}
	full()
	wanted := map[string]bool{"before": true}
	say := func(n int) bool {
		p := hub.Post{ID: fmt.Sprintf("p%d", n), Kind: hub.KindChat, At: s.clock.now(), Text: strings.Repeat("x", 1900)}
		reply, ok := alice.try(p)
		if ok && reply.Error != "" {
			t.Fatalf("refused: %s", reply.Error)
		}
		if ok {
			wanted[p.ID] = true
		}
		return ok
	}
	n := 0
	eventually(t, "the store is known to be sick", func() bool { n++; say(n); return trouble(t, s) != "" })
	if got := trouble(t, s); !strings.Contains(got, dir) || !strings.Contains(got, "cannot be written since") {
		t.Errorf("the trouble is %q", got)
	}
	if _, err := s.Invite(t.Context(), "600", "Bob", session.Artist); err == nil {
		t.Error("an invite was made that nobody stored")
	}
	alice.beat(hub.Presence{Take: session.Idle})
	free()
	eventually(t, "it is stored again", func() bool { n++; return say(n) })
	eventually(t, "the trouble is over", func() bool { return trouble(t, s) == "" })
	if said := strings.Count(log.String(), "level=ERROR"); said != 1 {
		t.Errorf("the log tells of %d errors, want 1:\n%s", said, log)
	}
	bob := invite(t, s, "600", "Bob", session.Artist)
	last := bob.say("last", "after all")
	hear(alice, hub.TellPost, func(p hub.Post) bool { return p.ID == "last" && p.Seq == last.Seq })
	found := map[string]int{}
	order := int64(0)
	for _, p := range bob.history(0).Posts {
		found[p.ID]++
		if p.Seq <= order {
			t.Errorf("%s is number %d, after %d", p.ID, p.Seq, order)
		}
		order = p.Seq
	}
	for id := range wanted {
		if found[id] != 1 {
			t.Errorf("%s is there %d times", id, found[id])
		}
	}
}

func trouble(t *testing.T, s *Server) string {
	t.Helper()
	now, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return now.Trouble
}
