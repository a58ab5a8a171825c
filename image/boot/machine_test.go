//go:build image

package boot

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An emulated start takes minutes where nothing else runs, and more where something does.
const patience = 10 * time.Minute

// machine is a computer with the image in it, on a card of 8 GB of its own.
type machine struct {
	t         *testing.T
	dir       string
	files     Files // on this machine
	ssh, page int   // ports on 127.0.0.1 that lead to 22 and 8080 in there
	started   time.Time
	qemu      *exec.Cmd
	gone      chan error
}

func newMachine(t *testing.T, image string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir(), ssh: freePort(t), page: freePort(t)}
	image, err := filepath.Abs(image)
	if err != nil {
		t.Fatal(err)
	}
	m.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", m.at("card"), "8G")
	m.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", m.at("key"))
	m.fetch(image)
	return m
}

// fetch takes out of the image what the firmware would load.
func (m *machine) fetch(image string) {
	m.t.Helper()
	fat := image + "@@4M"
	on := Choose(m.run("mtype", "-i", fat, "::config.txt"))
	m.files = Files{m.at("kernel"), m.at("initrd"), strings.TrimSpace(m.run("mtype", "-i", fat, "::"+on.Cmdline))}
	m.run("mcopy", "-n", "-i", fat, "::"+on.Kernel, m.files.Kernel)
	m.run("mcopy", "-n", "-i", fat, "::"+on.Initrd, m.files.Initrd)
}

func (m *machine) at(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) run(name string, args ...string) string {
	m.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start switches the power on.
func (m *machine) start() {
	m.t.Helper()
	m.qemu = exec.Command("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024",
		"-accel", "tcg,thread=multi", "-display", "none", "-monitor", "none", "-no-reboot", "-serial", "file:"+m.at("console"),
		"-kernel", m.files.Kernel, "-initrd", m.files.Initrd, "-append", m.files.Cmdline+" console=ttyAMA0",
		"-drive", "if=none,id=card,format=qcow2,cache=writethrough,file="+m.at("card"), "-device", "virtio-blk-pci,drive=card",
		"-netdev", fmt.Sprintf("user,id=net,hostfwd=tcp:127.0.0.1:%d-:22,hostfwd=tcp:127.0.0.1:%d-:8080", m.ssh, m.page),
		"-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci",
		"-fw_cfg", "name=opt/io.systemd.credentials/ssh.authorized_keys.root,file="+m.at("key.pub"))
	m.qemu.Stderr = os.Stderr
	m.started = time.Now()
	if err := m.qemu.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.gone = make(chan error, 1)
	go func() { m.gone <- m.qemu.Wait() }()
	m.t.Cleanup(m.cut)
}

// cut takes the power away.
func (m *machine) cut() {
	if m.qemu != nil {
		m.qemu.Process.Kill()
		<-m.gone
		m.qemu = nil
	}
}

// command is a script in there, run as root.
func (m *machine) command(script string) *exec.Cmd {
	return exec.Command("ssh", "-i", m.at("key"), "-p", fmt.Sprint(m.ssh), "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20", "root@127.0.0.1", script)
}

func (m *machine) shell(script string) (string, error) {
	out, err := m.command(script).Output()
	return strings.TrimSpace(string(out)), err
}

func (m *machine) must(script string) string {
	m.t.Helper()
	out, err := m.shell(script)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// await polls until ok; the machine itself must live so long.
func (m *machine) await(what string, ok func() bool) {
	m.t.Helper()
	deadline := time.After(patience)
	for {
		if ok() {
			m.t.Logf("%s: %.0f s after power-on", what, time.Since(m.started).Seconds())
			return
		}
		select {
		case err := <-m.gone:
			m.gone <- err
			m.t.Fatalf("waiting for %s: the machine is off: %v\n%s", what, err, m.console())
		case <-deadline:
			m.t.Fatalf("waited in vain for %s\n%s", what, m.console())
		case <-time.After(time.Second):
		}
	}
}

// console gives the end of what the machine wrote to its serial line.
func (m *machine) console() string {
	text, _ := os.ReadFile(m.at("console"))
	return string(text[max(0, len(text)-4000):])
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
