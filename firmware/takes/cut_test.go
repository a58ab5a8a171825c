package takes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests of this file run the test binary again as a process that is killed, or that has a small disk of its own.
const (
	childJob  = "TAKES_TEST_CHILD"
	childRoot = "TAKES_TEST_ROOT"
)

func TestMain(m *testing.M) {
	root := os.Getenv(childRoot)
	switch os.Getenv(childJob) {
	case "":
		os.Exit(m.Run())
	case "record":
		exit(recordForEver(root))
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

// recordForEver writes take, voice and journal, and tells each line that the journal has.
func recordForEver(root string) error {
	now := time.Now()
	s, err := New(Config{Root: root, Artist: "Ann"}, quiet()).Begin(now)
	if err != nil {
		return err
	}
	takePath, err := s.TakePath(1, now)
	if err != nil {
		return err
	}
	voicePath, err := s.VoicePath(now)
	if err != nil {
		return err
	}
	take, err := createTake(takePath)
	if err != nil {
		return err
	}
	talk, err := createVoice(voicePath)
	if err != nil {
		return err
	}
	if err := s.Note(Entry{Kind: KindTakeStart, Take: 1, File: takePath}); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if err := errors.Join(play(take, studio, 5), play(talk, voice, 5), s.Note(Entry{Kind: KindMarker, Pos: int64(n)})); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKilled: what was told to be on the disk is there after a kill at any moment, and one repair makes all whole.
func TestKilled(t *testing.T) {
	for _, after := range []int{1, 4, 9} {
		root := t.TempDir()
		cmd := child("record", root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		told := 0
		for lines := bufio.NewScanner(out); told < after && lines.Scan(); told++ {
		}
		if report := recoverAll(t, root); !report.Sessions[0].InUse {
			t.Error("a session that another process records was repaired")
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || told != after {
			t.Fatalf("the child ended with %v after %d lines", err, told)
		}
		wantRecovered(t, root, told)
	}
}

func wantRecovered(t *testing.T, root string, told int) {
	t.Helper()
	report := recoverAll(t, root)
	// The voice's header is true after each sync, so that a cut may leave it whole.
	if report.Count(StateRepaired)+report.Count(StateWhole) != 2 || report.Count(StateRepaired) == 0 {
		t.Errorf("report %s", report)
	}
	s := report.Sessions[0]
	for _, f := range s.Files {
		// The encoder holds back a frame or two.
		if least := time.Duration(told)*100*time.Millisecond - 60*time.Millisecond; f.Length() < least {
			t.Errorf("%s is %v long, want %v", f.Name, f.Length(), least)
		}
	}
	noted := 0
	for _, e := range readJournal(t, filepath.Join(root, s.Folder)).Entries {
		if e.Kind == KindMarker {
			noted++
		}
	}
	if noted < told {
		t.Errorf("the journal has %d lines of %d", noted, told)
	}
	wantIdempotent(t, root)
}

// fullDisk goes through a session whose disk is full for a while. Neither the take nor the lines of the journal suffer.
func fullDisk(root string, full error, fill, relieve func() error) error {
	store := New(Config{Root: root, Artist: "Ann"}, quiet())
	s, err := store.Begin(evening)
	if err != nil {
		return err
	}
	path, err := s.TakePath(1, evening)
	if err != nil {
		return err
	}
	take, err := createTake(path)
	if err != nil {
		return err
	}
	if err := errors.Join(play(take, studio, 10), s.Note(Entry{Kind: KindTakeStart, Take: 1, File: path}), fill()); err != nil {
		return err
	}
	failed := 0
	for range 200 {
		if err := s.Note(Entry{Kind: KindMarker, Text: "a line of some length, so that the end of the disk falls into one of them"}); err != nil {
			if failed++; !errors.Is(err, full) {
				return fmt.Errorf("the full disk shows as %w", err)
			}
		}
	}
	if failed == 0 {
		return errors.New("the disk never was full")
	}
	if err := errors.Join(relieve(), s.Note(Entry{Kind: KindTakeStop, Take: 1, File: path}), take.Close(), s.Close()); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return wantWhole(root, s, 203-failed)
}

func wantWhole(root string, s *Session, lines int) error {
	_, log, err := openJournal(filepath.Join(s.Dir(), journalName))
	if err != nil {
		return err
	}
	if len(log.Entries) != lines || log.Bad != 0 || log.Whole != log.Size {
		return fmt.Errorf("the journal has %d lines, %d bad, want %d", len(log.Entries), log.Bad, lines)
	}
	report, err := Recover(context.Background(), root, quiet())
	if err == nil && report.Count(StateWhole) != 1 {
		err = fmt.Errorf("report %s", report)
	}
	return err
}

// TestWriteCutInALine has a file size limit end a write in the middle of a line. The limit would be one for the log of the
// test as well, were it not in a process of its own.
func TestWriteCutInALine(t *testing.T) {
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
	fill := func() error { return limit(unix.Rlimit{Cur: 5000, Max: before.Max}) }
	return fullDisk(root, unix.EFBIG, fill, func() error { return limit(before) })
}

// TestFullDisk fills a real disk: a small one in memory, seen only by a process with a name space of its own, for which no
// privilege is needed where the system allows such. Where it does not, TestWriteCutInALine has to do.
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
	if err := unix.Mount("none", root, "tmpfs", 0, "size=256k"); err != nil {
		os.Exit(noDisk)
	}
	ballast := filepath.Join(root, "ballast")
	fill := func() error {
		err := os.WriteFile(ballast, make([]byte, 1<<20), fileMode)
		if !errors.Is(err, unix.ENOSPC) {
			return fmt.Errorf("fill disk: %w", err)
		}
		if free, err := Free(root); err != nil || free != 0 {
			return fmt.Errorf("the full disk has %d bytes free, %w", free, err)
		}
		return nil
	}
	return fullDisk(root, unix.ENOSPC, fill, func() error { return os.Remove(ballast) })
}
