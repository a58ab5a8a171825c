package webadmin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// pad is settings that remember what was asked of them.
type pad struct {
	changes []SettingChange
	wrong   map[string]string
}

func (p *pad) Form(context.Context) (SettingsForm, error) {
	return SettingsForm{Path: "conn.conf", Sections: []SettingsSection{{Name: "S", Meaning: "of it", Keys: []Setting{
		{ID: "S.plain", Name: "plain", Value: `a"<b>`, IsSet: true, Tag: "t1", Default: "None", Allowed: "text", Meaning: "Plain."},
		{ID: "S.secret", Name: "secret", Secret: true, IsSet: true, Tag: "t2", Default: "None", Allowed: "text", Meaning: "Secret."},
		{ID: "S.choice", Name: "choice", Value: "UDP", IsSet: true, Tag: "t3", Default: "udp", Allowed: "udp, tcp", Meaning: "Choice.", Choices: []string{"udp", "tcp"}},
	}}}}, nil
}
func (p *pad) Change(_ context.Context, changes []SettingChange) (map[string]string, error) {
	p.changes = changes
	return p.wrong, nil
}
func (p *pad) Join(_ context.Context, invite string) (string, error) {
	if invite != "good" {
		return "", &Error{http.StatusBadRequest, "the invite is damaged"}
	}
	return "the invite is taken", nil
}
func (p *pad) QR(string) ([]byte, error) { return []byte("png"), nil }

// as the form sends it when nothing was touched.
func untouched() url.Values {
	return url.Values{"tag:S.plain": {"t1"}, "was:S.plain": {`a"<b>`}, "set:S.plain": {`a"<b>`}, "tag:S.secret": {"t2"}, "secret:S.secret": {"1"}, "set:S.secret": {""},
		"tag:S.choice": {"t3"}, "was:S.choice": {"UDP"}, "set:S.choice": {"UDP"}}
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOnlyWhatWasTouchedIsChanged(t *testing.T) {
	p := &pad{}
	v := openSite(t, Parts{Settings: p}).login()
	if page := body(t, v.post("/settings", untouched())); p.changes != nil || !strings.Contains(page, "Nothing was changed") {
		t.Errorf("nothing was touched, and changed: %+v", p.changes)
	}
	for _, c := range []struct {
		name, value string
		want        SettingChange
	}{
		{"set:S.plain", "b", SettingChange{"S.plain", "b", "t1"}},
		{"set:S.plain", "", SettingChange{"S.plain", "", "t1"}},
		{"set:S.secret", "new", SettingChange{"S.secret", "new", "t2"}},
		{"remove:S.secret", "1", SettingChange{"S.secret", "", "t2"}},
		{"set:S.choice", "tcp", SettingChange{"S.choice", "tcp", "t3"}},
	} {
		form := untouched()
		form.Set(c.name, c.value)
		if page := body(t, v.post("/settings", form)); len(p.changes) != 1 || p.changes[0] != c.want || !strings.Contains(page, "Saved.") {
			t.Errorf("%s = %q changes %+v, want %+v", c.name, c.value, p.changes, c.want)
		}
	}
}

func TestAFieldThatIsWrongIsMarkedAndKept(t *testing.T) {
	p := &pad{wrong: map[string]string{"S.plain": "is <not> allowed"}}
	v := openSite(t, Parts{Settings: p}).login()
	form := untouched()
	form.Set("set:S.plain", "what <was> typed")
	r := v.post("/settings", form)
	page := body(t, r)
	for _, want := range []string{"is &lt;not&gt; allowed", `value="what &lt;was&gt; typed"`, `aria-invalid="true"`, "Nothing was saved", `value="a&#34;&lt;b&gt;"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if r.StatusCode != http.StatusBadRequest || strings.Contains(page, "<not>") || strings.Contains(page, "<was>") {
		t.Errorf("%s, or something is not escaped", r.Status)
	}
}

func TestInvitesOnThePage(t *testing.T) {
	v := openSite(t, Parts{Settings: &pad{}, Host: &host{}}).login()
	if page := body(t, v.post("/settings/join", url.Values{"invite": {"good"}})); !strings.Contains(page, "the invite is taken") {
		t.Errorf("taken:\n%s", page)
	}
	if r := v.post("/settings/join", url.Values{"invite": {"bad"}}); r.StatusCode != http.StatusBadRequest || !strings.Contains(body(t, r), "the invite is damaged") {
		t.Errorf("a damaged one: %s", r.Status)
	}
	page := body(t, v.post("/settings/invite", url.Values{"name": {"alice"}, "role": {"ARTIST"}}))
	if !strings.Contains(page, "Invite for alice (ARTIST)") || !strings.Contains(page, "data:image/png;base64,cG5n") {
		t.Errorf("made:\n%s", page)
	}
}

func TestPasswordOnThePage(t *testing.T) {
	v := openSite(t, Parts{Settings: &pad{}}).login()
	other := openSite(t, Parts{Settings: &pad{}})
	other.site, other.url, other.owner = v.site, v.url, v.owner
	other.login()
	change := func(old, password, again string) int {
		return v.post("/settings/password", url.Values{"old": {old}, "password": {password}, "again": {again}}).StatusCode
	}
	if got := change("wrong", "a new password", "a new password"); got != http.StatusUnauthorized {
		t.Errorf("without the present one: %d", got)
	}
	if got := change(secret, "a new password", "another"); got != http.StatusBadRequest {
		t.Errorf("two that differ: %d", got)
	}
	if got := change(secret, "a new password", "a new password"); got != http.StatusOK || !v.owner.Check("a new password") {
		t.Errorf("changed: %d", got)
	}
	if r, _ := v.get("/"); r.StatusCode != http.StatusOK {
		t.Errorf("who changed it is out: %s", r.Status)
	}
	if r, _ := other.get("/"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("the others are not: %s", r.Status)
	}
}

// phones are headphones that somebody has put on, or not.
type phones struct{ err error }

func (p phones) Hear(context.Context) error { return p.err }

func TestTryingOnThePage(t *testing.T) {
	w := &wired{finds: []PanelFinding{{Text: "press each"}, {Name: "led_mic", Text: "LED mic is lit"}, {Name: "chip", Text: "no such chip", Fault: true}}, err: errors.New("button mic was not pressed")}
	v := openSite(t, Parts{Settings: &pad{}, Ears: phones{}, Panel: w}).login()
	if page := body(t, v.post("/settings/hear", nil)); !strings.Contains(page, "the microphone was in the headphones") {
		t.Errorf("heard:\n%s", page)
	}
	page := body(t, v.post("/settings/blink", nil))
	for _, want := range []string{"LED mic is lit", "<td>seen</td>", "no such chip", "<td>fault</td>"} {
		if !strings.Contains(page, want) {
			t.Errorf("blinking lacks %s", want)
		}
	}
	deaf := openSite(t, Parts{Settings: &pad{}, Ears: phones{errors.New("somebody is listening already")}, Panel: &wired{err: &Error{http.StatusConflict, "a take runs"}}}).login()
	for path, want := range map[string]string{"/settings/hear": "somebody is listening already", "/settings/blink": "a take runs"} {
		if r := deaf.post(path, nil); r.StatusCode != http.StatusConflict || !strings.Contains(body(t, r), want) {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}
