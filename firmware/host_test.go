package firmware

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"orionbox/firmware/conf"
	"orionbox/firmware/hub/server"
	"orionbox/webadmin"
)

// newTestHub is a real hub that nobody is at.
func newTestHub(t *testing.T, log io.Writer) *server.Server {
	t.Helper()
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", Dir: t.TempDir()}, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const testPassword = "kept-to-itself"

func TestHostInvites(t *testing.T) {
	var log strings.Builder
	s := newTestHub(t, &log)
	host := NewHost(s, HostDefaults{Room: "600", Server: "sip.example.org", CallNo: "600,,7531#"})
	reply, err := host.Invite(t.Context(), webadmin.InviteRequest{Name: " Alice ", Role: "artist", User: "1001", Password: testPassword})
	if err != nil || reply.ID != "alice" || reply.Name != "Alice" || reply.Role != "ARTIST" || reply.Room != "600" || reply.Hub != s.Addr() {
		t.Fatalf("%v, %v", reply.ID, err)
	}
	in, err := conf.ParseInvite(reply.String)
	if err != nil || in.User != "1001" || in.Password != testPassword || in.Server != "sip.example.org" || in.CallNo != "600,,7531#" ||
		in.Hub != s.Addr() || in.Name != "Alice" || in.Role != "ARTIST" || in.Fingerprint != s.Fingerprint() || !strings.HasPrefix(string(in.Token), "alice.") {
		t.Errorf("%+v, %v", in, err)
	}
	other, err := host.Invite(t.Context(), webadmin.InviteRequest{Name: "Bob", Server: "h:5070", CallNo: "700", Hub: "studio.example.org:9000"})
	if in, bad := conf.ParseInvite(other.String); err != nil || bad != nil || other.Room != "700" || in.Hub != "studio.example.org:9000" || in.Server != "h:5070" || in.User != "" {
		t.Errorf("with all else than the defaults: %+v, %v, %v", in, err, bad)
	}
	old, err := host.Invite(t.Context(), webadmin.InviteRequest{Name: "Dave", User: "1004", Password: "p", Legacy: true})
	if in, bad := conf.ParseInvite(old.String); err != nil || bad != nil || old.ID != "" || old.Hub != "" || in.Full() || in.User != "1004" || in.CallNo != "600,,7531#" {
		t.Errorf("legacy: %+v, %v, %v", in, err, bad)
	}
	wantMembers(t, host, "", "600/alice")
	wantMembers(t, host, "700", "700/bob")
	if err := s.Close(); err != nil { // and with it what it logs
		t.Error(err)
	}
	if strings.Contains(log.String(), testPassword) || strings.Contains(log.String(), string(in.Token)) || strings.Contains(log.String(), reply.String) {
		t.Errorf("a secret stands in the log:\n%s", log.String())
	}
}

// TestHostRefuses what makes no sense, and leaves no credential behind for it.
func TestHostRefuses(t *testing.T) {
	s := newTestHub(t, io.Discard)
	host := NewHost(s, HostDefaults{})
	for want, r := range map[string]webadmin.InviteRequest{
		"the name":   {CallNo: "600"},
		"ARTIST":     {Name: "a", Role: "BOSS", CallNo: "600"},
		"--call-no":  {Name: "a"},
		"password":   {Name: "a", User: "1001", CallNo: "600", Server: "h"},
		"--server":   {Name: "a", User: "1001", Password: testPassword, CallNo: "600"},
		"call_no":    {Name: "a", CallNo: "six hundred"},
		"user":       {Name: "a", User: "10 01", Password: testPassword, CallNo: "600", Server: "h"},
		"hub":        {Name: "a", CallNo: "600", Hub: "nowhere"},
		"legacy":     {Name: "a", Legacy: true},
		"the legacy": {Name: "a", Legacy: true, User: "1001", Password: testPassword + ";", Server: "h", CallNo: "600"},
		"name":       {Name: strings.Repeat("a", 65), CallNo: "600"},
		"several":    {Name: "a\nb", CallNo: "600"},
	} {
		_, err := host.Invite(t.Context(), r)
		var refused *webadmin.Error
		if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || !strings.Contains(refused.Text, want) || strings.Contains(refused.Text, testPassword) {
			t.Errorf("%v: %v, want %q", r, err, want)
		}
	}
	wantMembers(t, host, "")
}

func TestHostRevokes(t *testing.T) {
	s := newTestHub(t, io.Discard)
	alone := NewHost(s, HostDefaults{})
	for _, room := range []string{"600", "700"} {
		for _, name := range []string{"alice", "bob" + room} {
			if _, err := alone.Invite(t.Context(), webadmin.InviteRequest{Name: name, CallNo: room}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var refused *webadmin.Error
	if err := alone.Revoke(t.Context(), "", "alice"); !errors.As(err, &refused) || refused.Status != http.StatusConflict || !strings.Contains(refused.Text, "600, 700") {
		t.Errorf("an id of two rooms: %v", err)
	}
	if err := alone.Revoke(t.Context(), "", "carol"); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("an id of nobody: %v", err)
	}
	if err := NewHost(s, HostDefaults{Room: "600"}).Revoke(t.Context(), "", "bob700"); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("an id of another room: %v", err)
	}
	if err := errors.Join(alone.Revoke(t.Context(), "", "bob700"), alone.Revoke(t.Context(), "600", "alice")); err != nil {
		t.Error(err)
	}
	wantMembers(t, alone, "", "600/alice revoked", "600/bob600", "700/alice", "700/bob700 revoked")
}

func wantMembers(t *testing.T, host webadmin.Host, room string, want ...string) {
	t.Helper()
	found, err := host.Members(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, m := range found.([]Member) {
		text := m.Room + "/" + m.ID
		if m.Revoked {
			text += " revoked"
		}
		got = append(got, text)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("members %v, want %v", got, want)
	}
}

func TestReachable(t *testing.T) {
	studio := []netip.Addr{netip.MustParseAddr("fe80::1"), netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("203.0.113.9"),
		netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("10.0.0.2")}
	for _, c := range []struct {
		addr string
		own  []netip.Addr
		want string
	}{
		{"[::]:9000", studio, "192.168.1.20:9000"},
		{"0.0.0.0:9000", studio, "192.168.1.20:9000"},
		{":9000", studio[:3], "203.0.113.9:9000"},
		{"[::]:9000", studio[:2], "[2001:db8::7]:9000"},
		{"[::]:9000", studio[:1], "127.0.0.1:9000"},
		{"[::]:9000", nil, "127.0.0.1:9000"},
		{"127.0.0.1:9000", studio, "127.0.0.1:9000"},
		{"[2001:db8::1]:9000", studio, "[2001:db8::1]:9000"},
		{"studio.example.org:9000", studio, "studio.example.org:9000"},
	} {
		if got := reachable(c.addr, c.own); got != c.want {
			t.Errorf("%s with %v: %s, want %s", c.addr, c.own, got, c.want)
		}
	}
	for _, ip := range ownAddresses() {
		if ip.IsLoopback() {
			t.Errorf("%v is no address that others reach", ip)
		}
	}
}
