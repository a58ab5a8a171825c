package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// Two hubs share a cluster of three real NATS servers, one box each. One server dies in mid-session.
func TestClusterLosesAServer(t *testing.T) {
	servers, url := startCluster(t)
	one, log := startLogged(t, Config{NATSURL: url})
	two := startHub(t, Config{Dir: t.TempDir(), NATSURL: url})
	status, err := one.Status(t.Context())
	if err != nil || strings.Contains(status.Store, "secret") || !strings.Contains(status.Store, "127.0.0.1") {
		t.Errorf("the store is shown as %q, %v", status.Store, err)
	}
	c, err := one.Invite(t.Context(), "600", "Bob", session.Producer)
	if err != nil {
		t.Fatal(err)
	}
	alice := invite(t, one, "600", "Alice", session.Artist)
	eventually(t, "the other hub knows bob", func() bool { _, known := two.registry.get("600.bob"); return known })
	bob := dial(t, two.Addr(), two.Fingerprint(), "600", c)

	var number atomic.Int64 // what both boxes show
	keepBeating(t, &number, alice, bob)
	together := func(round int) {
		t.Helper()
		from := time.Now()
		marker := fmt.Sprint("m", round)
		if r := bob.insist(hub.Post{ID: "set" + marker, Kind: hub.KindMarker, At: 1,
			Change: &takes.Change{Op: takes.Set, Marker: marker, At: 5}}); r.Error != "" {
			t.Fatal(r.Error)
		}
		if r := alice.insist(hub.Post{ID: marker + "by-alice", Kind: hub.KindMarker, At: 1,
			Change: &takes.Change{Op: takes.Move, Marker: marker, At: 6}}); !strings.Contains(r.Error, "own") {
			t.Errorf("the other hub judged by what it did not know: %+v", r)
		}
		for n, b := range []*box{alice, bob} {
			other := []*box{bob, alice}[n]
			id := fmt.Sprintf("%s-%d", b.id, round)
			if r := b.insist(hub.Post{ID: id, Kind: hub.KindChat, At: clock.InstantOf(time.Now()), Text: "still here"}); r.Error != "" {
				t.Fatal(r.Error)
			}
			hear(other, hub.TellPost, func(p hub.Post) bool { return p.ID == id })
		}
		t.Logf("posts took %v", time.Since(from))
		number.Store(int64(round + 1))
		for n, b := range []*box{alice, bob} {
			[]*box{bob, alice}[n].hearPeer(b.id, func(p hub.Peer) bool { return p.State == hub.Present && p.Number == round+1 })
		}
		t.Logf("round %d took %v", round, time.Since(from))
	}
	together(0)
	victim := leader(t, two, servers)
	t.Logf("killing %s", victim.name)
	victim.kill()
	for round := 1; round < 4; round++ {
		together(round)
	}
	if n := len(alice.history(0).Posts); n != 12 {
		t.Errorf("%d posts are stored, want 12", n)
	}
	revokedEverywhere(t, two, alice)
	if strings.Contains(log.String(), "secret") {
		t.Error("the log tells the cluster's password")
	}
}

// keepBeating has boxes beat until the test ends.
func keepBeating(t *testing.T, number *atomic.Int64, boxes ...*box) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var beating sync.WaitGroup
	for _, b := range boxes {
		beating.Go(func() {
			for ; ctx.Err() == nil; pause(ctx, hub.BeatEvery/4) {
				data, _ := json.Marshal(hub.Beat{Presence: hub.Presence{Take: session.Idle, Number: int(number.Load())}}) // never fails
				_ = b.conn.Publish(hub.Ask(b.room, b.id, hub.AskBeat), data)                                              // the next one, if not this one
			}
		})
	}
	t.Cleanup(func() { stop(); beating.Wait() })
}

// insist posts as a box does: until it is answered.
func (b *box) insist(p hub.Post) hub.PostReply {
	b.t.Helper()
	var reply hub.PostReply
	eventually(b.t, "an answer to a post", func() bool { var ok bool; reply, ok = b.try(p); return ok })
	return reply
}

// revokedEverywhere revokes a box at another hub than its own.
func revokedEverywhere(t *testing.T, at *Server, b *box) {
	t.Helper()
	eventually(t, "a credential is revoked", func() bool { return at.Revoke(t.Context(), "600", b.id) == nil })
	eventually(t, "the revoked box is disconnected", func() bool { return !b.conn.IsConnected() })
}

// natsServer is one of a cluster.
type natsServer struct {
	name string
	url  string
	cmd  *exec.Cmd
}

func (n *natsServer) kill() {
	if n.cmd.ProcessState == nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait() // it was killed
	}
}

// startCluster builds the NATS server and starts three as one cluster, with a password.
func startCluster(t *testing.T) (map[string]*natsServer, string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "nats-server")
	build := exec.Command("go", "build", "-o", program, "github.com/nats-io/nats-server/v2")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build nats-server: %v\n%s", err, out)
	}
	ports := freePorts(t, 6)
	var routes, urls []string
	for i := range 3 {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[i+3]))
		urls = append(urls, fmt.Sprintf("nats://me:secret@127.0.0.1:%d", ports[i]))
	}
	servers := map[string]*natsServer{}
	for i := range 3 {
		name := fmt.Sprint("n", i)
		file := filepath.Join(t.TempDir(), "nats.conf")
		text := fmt.Sprintf("server_name: %s\nlisten: 127.0.0.1:%d\njetstream { store_dir: %q, max_mem: 64M, max_file: 2G }\n"+
			"authorization { user: me, password: secret }\n"+
			"cluster { name: studio, listen: 127.0.0.1:%d, routes: [%s], pool_size: -1 }\n",
			name, ports[i], t.TempDir(), ports[i+3], strings.Join(routes, ", "))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n := &natsServer{name: name, url: urls[i], cmd: exec.Command(program, "-c", file)}
		said := &bytes.Buffer{}
		n.cmd.Stdout, n.cmd.Stderr = said, said
		n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := n.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			n.kill()
			if t.Failed() {
				t.Logf("%s said:\n%s", n.name, said)
			}
		})
		servers[name] = n
	}
	for _, port := range ports[:3] {
		eventually(t, "the NATS servers listen", func() bool {
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			return err == nil && conn.Close() == nil
		})
	}
	return servers, strings.Join(urls, ",")
}

func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// leader is the server that the posts are led by.
func leader(t *testing.T, s *Server, servers map[string]*natsServer) *natsServer {
	t.Helper()
	stream, err := s.store.js.Stream(t.Context(), postStream)
	if err != nil {
		t.Fatal(err)
	}
	info := stream.CachedInfo()
	if info.Config.Replicas != 3 || info.Cluster == nil {
		t.Fatalf("the posts are on %d servers, want 3", info.Config.Replicas)
	}
	return servers[info.Cluster.Leader]
}
