package received

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"orionbox/firmware/takes"
)

// The tests of this file run the test binary again as a process that is killed, or that has a small disk of its own.
const (
	childJob  = "RECEIVED_TEST_CHILD"
	childRoot = "RECEIVED_TEST_ROOT"
)

func TestMain(m *testing.M) {
	root := os.Getenv(childRoot)
	switch os.Getenv(childJob) {
	case "":
		os.Exit(m.Run())
	case "cut":
		exit(cutForEver(root))
	case "small files":
		exit(withSmallFiles(root))
	case "small disk":
		exit(onSmallDisk(root))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(job, root string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childJob+"="+job, childRoot+"="+root)
	cmd.Stderr = os.Stderr
	return cmd
}

// alternating are the markers as somebody moves them on and on.
func alternating(n int) []takes.Chunk {
	return [][]takes.Chunk{cuts("", 0, 1, 2, 4), cuts("", 0, 1.1, 2, 2.5, 4), cuts("all", 0, 1.1, 4), nil}[n%4]
}

// cutForEver brings the folder in step with markers that change all the time, and tells of each time.
func cutForEver(root string) error {
	s, err := Open(root)
	if err != nil {
		return err
	}
	f, err := s.Folder("alice", "Alice", session, group)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if _, err := f.Sync(context.Background(), alternating(n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestSyncKilled kills a process with -9 wherever it is, again and again, and looks at what the next one makes of it.
func TestSyncKilled(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	f := alices(t, s)
	deliver(t, f, take1, 4, 440)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 12 {
		cmd := child("cut", root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range round%5 + 1 {
			lines.Scan()
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		s := open(t, root)
		f := alices(t, s)
		if r := inSync(t, f, alternating(round)); len(r.Aside) != 0 {
			t.Errorf("round %d: its own files were taken for somebody's: %v", round, r.Aside)
		}
		inStep(t, f, alternating(round))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// fullDisk fills the disk while chunks are cut and takes arrive, and makes room again.
func fullDisk(root string, want error, fill, free func() error) error {
	s, err := Open(root)
	if err != nil {
		return err
	}
	f, err := s.Folder("alice", "Alice", session, group)
	if err != nil {
		return err
	}
	if err := recordTake(f.path(take1), 4, 440); err != nil {
		return err
	}
	before := cuts("", 0, 1, 2, 4)
	if _, err := f.Sync(context.Background(), before[:2]); err != nil {
		return err
	}
	if _, err := f.PutJournal([]byte("old\n")); err != nil {
		return err
	}
	if err := fill(); err != nil {
		return err
	}
	was := f.files()
	if _, err := f.Sync(context.Background(), before); !errors.Is(err, want) {
		return fmt.Errorf("sync on a full disk: %w", err)
	}
	if _, err := f.PutJournal(make([]byte, 30000)); !errors.Is(err, want) {
		return fmt.Errorf("journal on a full disk: %w", err)
	}
	if now := f.files(); !maps.Equal(was, now) {
		return fmt.Errorf("the full disk changed %v to %v", slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(now)))
	}
	if err := free(); err != nil {
		return err
	}
	r, err := f.Sync(context.Background(), before)
	if err != nil || len(r.Chunks) != 3 || len(r.Wrote) != 1 || len(r.Aside) != 0 {
		return fmt.Errorf("sync with room again: %+v, %w", r, err)
	}
	return s.Close()
}

// files is what the folder holds.
func (f *Folder) files() map[string]string {
	all := map[string]string{}
	entries, _ := os.ReadDir(f.dir)
	for _, e := range entries {
		data, _ := os.ReadFile(f.path(e.Name()))
		all[e.Name()] = string(data)
	}
	return all
}

// TestFilesThatMayNotGrow stands for a full disk where none can be made: the system refuses files beyond a size.
func TestFilesThatMayNotGrow(t *testing.T) {
	if err := child("small files", t.TempDir()).Run(); err != nil {
		t.Error(err)
	}
}

func withSmallFiles(root string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	limit := func(l unix.Rlimit) error { return unix.Setrlimit(unix.RLIMIT_FSIZE, &l) }
	fill := func() error { return limit(unix.Rlimit{Cur: 10000, Max: before.Max}) }
	return fullDisk(root, unix.EFBIG, fill, func() error { return limit(before) })
}

// TestFullDisk fills a real disk: a small one in memory, seen only by a process with a name space of its own, for which no
// privilege is needed where the system allows such. Where it does not, TestFilesThatMayNotGrow has to do.
func TestFullDisk(t *testing.T) {
	cmd := child("small disk", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	err := cmd.Run()
	var exited *exec.ExitError
	switch {
	case errors.As(err, &exited) && exited.ExitCode() == noDisk:
		t.Log("this system does not let a name space mount")
	case errors.As(err, &exited):
		t.Error(err)
	case err != nil:
		t.Log("this system has no name spaces for users:", err)
	}
}

// noDisk is how a child ends that may not mount.
const noDisk = 77

func onSmallDisk(root string) error {
	if err := unix.Mount("none", root, "tmpfs", 0, "size=512k"); err != nil {
		os.Exit(noDisk)
	}
	ballast := filepath.Join(root, "ballast")
	fill := func() error {
		if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o640); !errors.Is(err, unix.ENOSPC) {
			return fmt.Errorf("fill disk: %w", err)
		}
		return nil
	}
	return fullDisk(root, unix.ENOSPC, fill, func() error { return os.Remove(ballast) })
}
