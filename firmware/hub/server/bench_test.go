package server

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// ticks is how many the kernel counts a second of a process's time in.
const ticks = 100

// BenchmarkHubWithTenPeers costs a second of a session each time: what a hub of its own takes of a core and of memory while
// ten boxes beat, change what they show every few seconds and now and then say something.
func BenchmarkHubWithTenPeers(b *testing.B) {
	p := startProcess(b, Config{Dir: b.TempDir()})
	var boxes []*box
	for i := range 10 {
		c := p.invite(fmt.Sprint("box", i), session.Artist)
		conn, err := connectBox(p.Address, p.Fingerprint, "600", c.ID, c.Token)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.SubscribeSync(hub.Tell("600", ">")); err != nil {
			b.Fatal(err)
		}
		boxes = append(boxes, &box{conn: conn, room: "600", id: c.ID})
	}
	before, began := p.cpu(), time.Now()
	second := time.NewTicker(hub.BeatEvery)
	defer second.Stop()
	n := 0
	for ; b.Loop(); n++ {
		for i, box := range boxes {
			box.bench(hub.AskBeat, hub.Beat{Presence: hub.Presence{Take: session.Idle, Number: (n + i) / 5}})
		}
		if n%5 == 0 {
			box := boxes[n/5%10]
			box.bench(hub.AskPost, hub.Post{ID: fmt.Sprint(n), Kind: hub.KindChat, At: 1, Text: "one more time"})
		}
		<-second.C
	}
	b.ReportMetric((p.cpu()-before).Seconds()/time.Since(began).Seconds()*100, "%core")
	b.ReportMetric(p.memory("VmRSS:"), "MB-RSS")
	b.ReportMetric(p.memory("VmHWM:"), "MB-peak")
}

func (b *box) bench(what string, question any) {
	data, err := json.Marshal(question)
	if err == nil {
		_, err = b.conn.Request(hub.Ask(b.room, b.id, what), data, patience)
	}
	if err != nil {
		panic(err)
	}
}

// cpu is how much of a core's time the process has taken.
func (p *process) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks
}

// memory is a line of the process's status, in MB.
func (p *process) memory(name string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), name)
	kb, _ := strconv.Atoi(strings.Fields(rest)[0])
	return float64(kb) / 1024
}
