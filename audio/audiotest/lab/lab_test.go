package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A test that is killed must leave no program behind, on this machine or in a link, and with the last of them goes the
// link. The test runs itself as the one that gets killed.
func TestProgramsDieWithTheTest(t *testing.T) {
	if os.Getenv("LAB_VICTIM") != "" {
		end := NewLink(t, LinkConfig{}).A()
		p := Start(t, Client, NewFolder(t, Client, "victim"), nil, "/bin/sleep", "60")
		q := end.Start(t, Client, NewFolder(t, Client, "victim"), nil, "/bin/sleep", "60")
		r := end.Command("sleep", "60")
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Println("pids", p.PID(), q.PID(), r.Process.Pid)
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
	pids := make([]int, 3)
	for lines := bufio.NewScanner(out); pids[0] == 0 && lines.Scan(); {
		fmt.Sscanf(lines.Text(), "pids %d %d %d", &pids[0], &pids[1], &pids[2])
	}
	for _, pid := range pids {
		if pid == 0 || !alive(pid) {
			t.Fatalf("program %d of %v does not run", pid, pids)
		}
	}
	victim.Process.Kill()
	victim.Wait()
	for _, pid := range pids {
		if !until(5*time.Second, func() bool { return !alive(pid) }) {
			t.Errorf("program %d of %v has outlived its test", pid, pids)
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
