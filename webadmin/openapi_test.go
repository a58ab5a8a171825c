package webadmin

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestOpenAPI holds docs/openapi.json against the router, route by route, and the bodies of requests against what they are read
// into, field by field.
func TestOpenAPI(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var told []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			told = append(told, method+" "+path)
			if op.Summary == "" {
				t.Errorf("%s %s says nothing of itself", method, path)
			}
		}
	}
	v := openSite(t, Parts{Panel: &wired{}, Studio: &studio{}, Host: &host{}, Settings: &pad{}, Recordings: &shelf{}})
	var there []string
	for _, route := range v.site.Routes() {
		_, path, _ := strings.Cut(route, " ")
		if strings.HasPrefix(path, "/api/") || path == "/metrics" || path == "/healthz" {
			there = append(there, strings.ReplaceAll(route, ":button", "{button}"))
		}
	}
	for _, route := range told {
		if !slices.Contains(there, route) {
			t.Errorf("%s is described and not there", route)
		}
	}
	for _, route := range there {
		if !slices.Contains(told, route) {
			t.Errorf("%s is there and not described", route)
		}
	}
	for name, body := range map[string]any{
		"MarkRequest": MarkRequest{}, "PlayRequest": PlayRequest{}, "SeekRequest": SeekRequest{}, "DeliverRequest": DeliverRequest{}, "SayRequest": SayRequest{},
		"InviteRequest": InviteRequest{}, "InviteReply": InviteReply{}, "RevokeRequest": RevokeRequest{}, "SettingChange": SettingChange{}, "Reply": Reply{},
		"SettingsForm": SettingsForm{}, "SettingsSection": SettingsSection{}, "Setting": Setting{}, "PanelFinding": PanelFinding{},
	} {
		schema := doc.Components.Schemas[name]
		if schema == nil {
			t.Errorf("%s is not described", name)
			continue
		}
		var described []string
		for field := range schema.Value.Properties {
			described = append(described, field)
		}
		slices.Sort(described)
		if fields := jsonFields(reflect.TypeOf(body)); !slices.Equal(described, fields) {
			t.Errorf("%s is described with %v, and has %v", name, described, fields)
		}
	}
}

func jsonFields(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
