package server

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/firmware/conf"
	"orionbox/firmware/session"
	"orionbox/webadmin"
)

// BenchmarkHub measures the program `orionbox hub`, a process of its own, for half a minute each time, once the boxes
// of a room have settled (their clocks ask more often at first). They beat, and one of them presses every second.
//
//	cpu-%         of one core, of the hub's process
//	rss-MB        all that it has in memory, the program itself included
//	own-MB        the part that is not the program: what it costs on a box, where the program runs anyway
func BenchmarkHub(b *testing.B) {
	program := buildProgram(b)
	for _, n := range []int{0, 10, 100} {
		b.Run(fmt.Sprintf("%d-boxes", n), func(b *testing.B) { benchmarkHub(b, program, n) })
	}
}

const (
	settling = 35 * time.Second
	measured = 30 * time.Second
)

func benchmarkHub(b *testing.B, program string, n int) {
	p, invite := startProgram(b, program)
	c := newCrowd(b, p.Address, p.Fingerprint, n, invite).gather(few)
	c.live(settling)
	var cpu, spent time.Duration
	var rss, own float64
	for b.Loop() {
		before, began := p.cpu(), time.Now()
		c.live(measured)
		cpu, spent = cpu+p.cpu()-before, spent+time.Since(began)
		rss = math.Max(rss, p.memory("VmRSS:"))
		own = math.Max(own, p.memory("RssAnon:")+p.memory("RssShmem:"))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*cpu.Seconds()/spent.Seconds(), "cpu-%")
	b.ReportMetric(rss, "rss-MB")
	b.ReportMetric(own, "own-MB")
}

// live lets a session go on, with a press every second.
func (c *crowd) live(d time.Duration) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i, end := 0, time.Now().Add(d); time.Now().Before(end); i++ {
		<-tick.C
		if len(c.boxes) > 0 {
			c.pressOne(i % len(c.boxes))
		}
	}
}

// buildProgram builds orionbox and makes the kernel forget its pages, so that the hub has those in memory that it runs,
// as after a start of the machine: a file that was just written may be mapped whole.
func buildProgram(b *testing.B) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "orionbox")
	if text, err := exec.Command("go", "build", "-buildvcs=false", "-o", name, "orionbox/cmd/orionbox").CombinedOutput(); err != nil {
		b.Fatalf("build orionbox: %v: %s", err, text)
	}
	file, err := os.Open(name)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return name
}

// startProgram starts a hub, and gives what invites boxes to it.
func startProgram(b *testing.B, program string) (*process, func(name string) Credential) {
	b.Helper()
	dir := b.TempDir()
	socket := filepath.Join(dir, "hub.sock")
	cmd := exec.Command(program, "hub", "--listen", "127.0.0.1:0", "--dir", filepath.Join(dir, "hub"), "--socket", socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{t: b, cmd: cmd}
	b.Cleanup(p.kill)
	door := webadmin.NewClient(socket)
	var status Status
	eventually(b, "the hub answers", func() bool {
		data, err := door.HubStatus(context.Background())
		return err == nil && json.Unmarshal(data, &status) == nil
	})
	invite := func(name string) Credential {
		b.Helper()
		reply, err := door.Invite(context.Background(), webadmin.InviteRequest{Name: name, Role: string(session.Producer),
			CallNo: "600", Hub: status.Address})
		if err != nil {
			b.Fatal(err)
		}
		in, err := conf.ParseInvite(reply.String)
		if err != nil {
			b.Fatal(err)
		}
		p.Fingerprint = in.Fingerprint
		return Credential{reply.ID, string(in.Token)}
	}
	p.Address = status.Address
	invite("the first, for the fingerprint")
	return p, invite
}

// cpu is how much of a core's time the process has taken.
func (p *process) cpu() time.Duration {
	const ticks = 100 // that the kernel counts a second in
	_, rest, _ := strings.Cut(p.proc("stat"), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks
}

// memory is a line of the process's status, in MB.
func (p *process) memory(name string) float64 {
	_, rest, _ := strings.Cut(p.proc("status"), name)
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return float64(kb) / 1024
}

func (p *process) proc(name string) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}
