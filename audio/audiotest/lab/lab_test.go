package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A test that is killed must leave no program behind. The test runs itself as the one that gets killed.
func TestProgramsDieWithTheTest(t *testing.T) {
	if os.Getenv("LAB_VICTIM") != "" {
		p := Start(t, Client, NewFolder(t, Client, "victim"), nil, "/bin/sleep", "60")
		fmt.Println("pid", p.PID())
		<-p.Done()
		return
	}
	victim := exec.Command(os.Args[0], "-test.run=TestProgramsDieWithTheTest")
	victim.Env = append(os.Environ(), "LAB_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "pid "); ok {
			pid, _ = strconv.Atoi(text)
		}
	}
	if pid == 0 || !alive(pid) {
		t.Fatalf("program %d does not run", pid)
	}
	victim.Process.Kill()
	victim.Wait()
	for deadline := time.Now().Add(5 * time.Second); alive(pid); {
		if time.Now().After(deadline) {
			t.Fatalf("program %d has outlived its test", pid)
		}
	}
}

// alive tells whether a process runs: one that nobody has waited for yet (state Z) does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestPortsAreNobodyElses(t *testing.T) {
	seen := map[Ports]bool{}
	for range 3 {
		p := NewPorts(t)
		if seen[p] || p%2 != 0 {
			t.Errorf("block %d after %v", p, seen)
		}
		seen[p] = true
	}
}
