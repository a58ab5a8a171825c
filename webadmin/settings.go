package webadmin

import "context"

// Settings are what an admin sets: conn.conf.
type Settings interface {
	// Form is every key with its value, but secrets: of those only whether they are set.
	Form(ctx context.Context) (SettingsForm, error)
	// Change sets what a page has changed, all of it or nothing, and tells what was wrong with each key by its ID.
	Change(ctx context.Context, changes []SettingChange) (problems map[string]string, err error)
	// Join takes an invite, all of it or nothing, and tells in words what it has set.
	Join(ctx context.Context, invite string) (text string, err error)
	// QR draws an invite as a PNG.
	QR(invite string) ([]byte, error)
}

// SettingsForm is conn.conf as a page shows it.
type SettingsForm struct {
	Path     string            `json:"path"`
	Problems []string          `json:"problems"` // of the file as it stands
	Sections []SettingsSection `json:"sections"`
}

// SettingsSection is one of its sections.
type SettingsSection struct {
	Name    string    `json:"name"`
	Meaning string    `json:"meaning"`
	Keys    []Setting `json:"keys"`
}

// Setting is a key.
type Setting struct {
	ID      string   `json:"id"` // section.key
	Name    string   `json:"name"`
	Value   string   `json:"value"` // as it stands in the file; empty if it is not set, and for a secret
	IsSet   bool     `json:"is_set"`
	Secret  bool     `json:"secret"`
	Tag     string   `json:"tag"` // stands for the value: two that differ have other tags
	Default string   `json:"default"`
	Allowed string   `json:"allowed"`
	Meaning string   `json:"meaning"`
	Choices []string `json:"choices,omitempty"` // all that is allowed
	Offers  []string `json:"offers,omitempty"`  // what there is, such as sound cards; something else is allowed as well
}

// SettingChange is what a page has made of a key. Tag is that of the value which it had then: if it is another by now, somebody
// else has changed it, and neither change is to be lost without a word.
type SettingChange struct {
	ID    string `json:"id"`
	Value string `json:"value"` // empty: unset
	Tag   string `json:"tag"`
}

// Ears are the headphones of the person at the box.
type Ears interface {
	// Hear plays the microphone there for some seconds.
	Hear(ctx context.Context) error
}
