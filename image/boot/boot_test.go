//go:build image

package boot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"orionbox/firmware"
)

// TestImage starts a card fresh from the image, then cuts the power and starts it again.
func TestImage(t *testing.T) {
	image := os.Getenv("ORIONBOX_IMAGE")
	if image == "" {
		t.Fatal("ORIONBOX_IMAGE names no image; run `make test-image`")
	}
	m := newMachine(t, image)
	m.start()
	m.ready()
	m.checkPage()
	m.checkDoors()
	m.checkPasswords()
	m.checkCard()
	key := m.must("cat /data/system/ssh/ssh_host_ed25519_key.pub && echo mark >/etc/forgotten && sync")
	m.cut()

	m.start()
	m.ready()
	m.checkCard()
	if got := m.must("cat /data/system/ssh/ssh_host_ed25519_key.pub"); got != key {
		t.Errorf("the power cut changed the box's ssh key from %q to %q", key, got)
	}
	if got := m.must("ls /etc"); strings.Contains(got, "forgotten") {
		t.Error("the root remembers what was written to it")
	}
}

// ready waits until the box says that it is, and asks it how it is.
func (m *machine) ready() {
	m.t.Helper()
	m.await("ssh", func() bool { _, err := m.shell("true"); return err == nil })
	m.await("orionbox.service ready", func() bool {
		out, _ := m.shell("systemctl is-active orionbox.service")
		return out == "active"
	})
	var status firmware.Status
	if err := json.Unmarshal([]byte(m.must("orionbox status --json")), &status); err != nil {
		m.t.Errorf("status: %v", err)
	}
	m.await("the start to be over", func() bool {
		out, _ := m.shell("systemctl is-system-running")
		return out == "running" || out == "degraded"
	})
	if failed := m.must("systemctl --failed --plain --no-legend"); failed != "" {
		m.t.Errorf("units failed:\n%s", failed)
	}
	m.t.Log(m.must("systemd-analyze; systemd-analyze blame | head -n 5"))
}

// checkPage asks for what needs no login, and sees that the rest does.
func (m *machine) checkPage() {
	m.t.Helper()
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/": http.StatusUnauthorized} {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", m.page, path))
		if err != nil {
			m.t.Fatalf("the page: %v", err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			m.t.Errorf("%s of the page answers %s", path, resp.Status)
		}
	}
}

// checkDoors holds what listens: the page, ssh (by the test's key), names on the local network, and systemd for the portal, at the
// address of the box's own Wi-Fi alone.
func (m *machine) checkDoors() {
	m.t.Helper()
	open := m.must("ss -Htulpn")
	m.t.Logf("listening:\n%s", open)
	for line := range strings.Lines(open) {
		known := strings.Contains(line, " 10.42.0.1:80 ") && strings.Contains(line, `"systemd"`)
		for _, program := range []string{"orionbox", "sshd", "avahi-daemon", "systemd-resolve", "NetworkManager"} {
			known = known || strings.Contains(line, `"`+program+`"`)
		}
		if !known {
			m.t.Errorf("who opened this? %s", line)
		}
	}
}

func (m *machine) checkPasswords() {
	m.t.Helper()
	for line := range strings.Lines(m.must("cat /etc/shadow")) {
		if fields := strings.Split(line, ":"); len(fields) < 2 || !strings.HasPrefix(strings.TrimLeft(fields[1], "!"), "*") && strings.Trim(fields[1], "!") != "" {
			m.t.Errorf("an account with a password: %s", fields[0])
		}
	}
}

// checkCard sees that the root is read-only below its cover and /data as large as the card.
func (m *machine) checkCard() {
	m.t.Helper()
	if got := m.must("findmnt -no FSTYPE /; stat -c '%U %a' /var/lib/orionbox/conn.conf; stat -fc %T /data"); got != "overlay\norionbox 600\next2/ext3" {
		m.t.Errorf("root, conn.conf and /data are %q", got)
	}
	size, err := strconv.ParseInt(m.must("df --output=size -B1 /data | tail -n 1"), 10, 64)
	if err != nil || size < 6<<30 {
		m.t.Errorf("/data has %d bytes of a card of 8 GB (%v)", size, err)
	}
}
