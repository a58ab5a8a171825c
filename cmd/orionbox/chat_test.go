package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/webadmin"
)

// pipe runs a command with a text as its standard input.
func pipe(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// told are the posts of a morning.
func told() *scripted {
	s := &scripted{more: make(chan struct{})}
	yesterday := time.Now().AddDate(0, 0, -1)
	s.post(hub.Post{Kind: hub.KindNotice, Name: "alice", Text: hub.NoticeJoined, At: clock.InstantOf(yesterday)})
	s.post(hub.Post{Kind: hub.KindChat, Name: "Alice \x1b[2J", Text: "hello\x1b]0;mine\x07", At: clock.InstantOf(yesterday)})
	s.post(hub.Post{Kind: hub.KindNotice, Name: "alice", Text: hub.NoticeRecording})
	s.post(hub.Post{Kind: hub.KindNotice, By: "bob", Text: hub.NoticeMicMuted})
	return s
}

func TestChatHistory(t *testing.T) {
	s := told()
	socket := serveParts(t, webadmin.Parts{Studio: s})
	out, err := pipe(t, "", "chat", "--socket", socket)
	yesterday, today := s.posts[0].At.Time(), s.posts[2].At.Time()
	clockOf := func(i int) string { return s.posts[i].At.Time().Local().Format("15:04:05") }
	want := fmt.Sprintf("-- %s --\n%s * alice joined\n%s Alice �[2J: hello�]0;mine�\n-- %s --\n%s * alice is recording\n%s * bob muted the microphone\n",
		dayOf(yesterday), clockOf(0), clockOf(1), dayOf(today), clockOf(2), clockOf(3))
	if err != nil || out != want {
		t.Errorf("%v, printed\n%s\nwant\n%s", err, out, want)
	}
	out, err = pipe(t, "", "chat", "--history", "1", "--socket", socket)
	if err != nil || out != clockOf(3)+" * bob muted the microphone\n" {
		t.Errorf("the last line: %v, %q", err, out)
	}
	out, err = pipe(t, "", "chat", "--json", "--socket", socket)
	decoder := json.NewDecoder(strings.NewReader(out))
	for _, want := range s.posts {
		var got hub.Post
		if err := decoder.Decode(&got); err != nil || got != want {
			t.Errorf("as JSON %+v, %v; want %+v", got, err, want)
		}
	}
	if err != nil || strings.Count(out, "\n") != len(s.posts) {
		t.Errorf("as JSON %v\n%s", err, out)
	}
}

func TestChatPipe(t *testing.T) {
	s := told()
	socket := serveParts(t, webadmin.Parts{Studio: s})
	out, err := pipe(t, "take five\n\n  take six  \ntake five\nthe last one, without an end", "chat", "--history", "0", "--socket", socket)
	var said []string
	for _, p := range s.room()[4:] {
		said = append(said, p.Text)
	}
	if err != nil || strings.Join(said, "|") != "take five|take six|take five|the last one, without an end" {
		t.Errorf("%v, said %q", err, said)
	}
	if strings.Count(out, "carol: take five\n") != 2 || !strings.Contains(out, "carol: the last one") || strings.Contains(out, "alice") {
		t.Errorf("printed\n%s", out)
	}
	wantExit(t, 0, "", "chat", "well", "played", "--socket", socket)
	if last := s.last(); last.Text != "well played" {
		t.Errorf("said %q", last.Text)
	}
	wantExit(t, exitRefused, "not here", "chat", "something rude", "--socket", socket)
	if out, err := pipe(t, "fine\nsomething rude\nnever said\n", "chat", "--socket", socket); err == nil || s.last().Text != "fine" {
		t.Errorf("a line that is refused: %v\n%s", err, out)
	}
	wantExit(t, exitUsage, "--follow", "chat", "--follow", "hello", "--socket", socket)
	wantExit(t, exitUsage, "--history", "chat", "--history", "-1", "--socket", socket)
}

// TestChatFollow reads until it is interrupted, and says nothing of what its standard input holds.
func TestChatFollow(t *testing.T) {
	s := told()
	socket := serveParts(t, webadmin.Parts{Studio: s})
	out := &logBuffer{}
	cmd := exec.Command(program, "chat", "--follow", "--history", "1", "--socket", socket)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("not for all to read\n"), out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := func(text string) func() bool { return func() bool { return strings.Contains(out.String(), text) } }
	if !poll(20*time.Second, seen("bob muted")) {
		t.Fatalf("no history:\n%s", out)
	}
	for i := range 3 {
		text := fmt.Sprintf("line %d", i)
		s.post(hub.Post{Kind: hub.KindChat, Name: "bob", Text: text})
		if !poll(20*time.Second, seen("bob: "+text)) {
			t.Fatalf("%s is not shown:\n%s", text, out)
		}
	}
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil || len(s.room()) != 7 {
		t.Errorf("ended with %v, %d posts\n%s", err, len(s.room()), out)
	}
}

// TestChatConversation is that of a person at a terminal: what is refused is told, and the talk goes on.
func TestChatConversation(t *testing.T) {
	s := told()
	socket := serveParts(t, webadmin.Parts{Studio: s})
	var out, errs bytes.Buffer
	c := &chat{client: webadmin.NewClient(socket), out: newPostPrinter(&out, false), errs: &errs, lively: true, limit: shownLimit}
	if err := c.begin(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	lines := make(chan input, 3)
	lines <- input{line: "something rude"}
	lines <- input{line: "sorry"}
	lines <- input{err: io.EOF}
	if err := c.converse(t.Context(), lines); err != nil || !strings.Contains(errs.String(), "not here") || !strings.HasSuffix(out.String(), "carol: sorry\n") {
		t.Errorf("%v, printed %q and %q", err, out.String(), errs.String())
	}
}

// TestChatWhileTheHubIsAway says that the box keeps the line.
func TestChatWhileTheHubIsAway(t *testing.T) {
	s := &scripted{deaf: true}
	socket := s.open(t)
	wantExit(t, 0, "", "chat", "anybody there?", "--socket", socket)
	var out bytes.Buffer
	c := &chat{client: webadmin.NewClient(socket), out: newPostPrinter(&out, false), errs: &out, limit: 50 * time.Millisecond}
	err := c.begin(t.Context(), 50)
	if err == nil {
		err = c.converse(t.Context(), linesOf(strings.NewReader("hello?\n")))
	}
	if err == nil || !strings.Contains(err.Error(), "keeps") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if strings.Join(s.kept(), "|") != "anybody there?|hello?" {
		t.Errorf("held %q", s.kept())
	}
}
