// Package cmd holds no code of its own, only the test that the layers of the whole module keep their order.
package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The arrows, which run one way:
//
//	cmd -> firmware -> {webadmin, sip, audio, hw}        sip/media -> audio/{codec,pcm,resample}
//
// layers says for each top folder which others its packages may import besides their own.
var layers = map[string][]string{
	"cmd":      {"firmware", "webadmin", "sip", "audio", "hw"},
	"firmware": {"webadmin", "sip", "audio", "hw"},
	"webadmin": {}, "sip": {}, "audio": {}, "hw": {},
	"image": {"firmware", "audio"}, // its tests, that is: they start the whole box
}

// packages says it for packages whose place is narrower, or, sip/media's, wider than their layer's.
var packages = map[string][]string{
	"sip/sdp": {}, "sip/rtp": {}, "sip/jitter": {},
	"sip/media":      {"sip/sdp", "sip/rtp", "sip/jitter", "audio/codec", "audio/pcm", "audio/resample"},
	"sip/phone":      {"sip/media", "sip/sdp", "sip/rtp"},
	"sip/echo":       {"sip/phone", "sip/media"},
	"sip/conference": {"sip/media", "sip/sdp", "sip/rtp"},
	"audio/pcm":      {},
	"audio/recorder": {"audio/pcm"},
	"audio/player":   {"audio/wav", "audio/ring", "audio/resample"},
	"audio/cue":      {"audio/wav"},
	"audio/engine":   {"audio/device", "audio/ring", "audio/resample", "audio/pcm"},
	"hw/gpio":        {}, "hw/button": {}, "hw/led": {}, "hw/strip": {}, "hw/board": {},
	"hw/panel": {"hw/gpio", "hw/button", "hw/led", "hw/strip"},
}

// scaffolds are the packages that only tests import; they may use each other.
var scaffolds = []string{"audio/audiotest", "audio/audiotest/lab", "audio/mp3/mp3test", "sip/siptest", "webadmin/webtest"}

// owners says which package of ours is the only one to import an outside library. One that is not named here may have
// any one owner. golang.org/x counts as the standard library.
var owners = map[string][]string{
	"github.com/gen2brain/malgo":     {"audio/device"},
	"github.com/viert/go-lame":       {"audio/mp3"},
	"github.com/bogem/id3v2":         {"audio/mp3"},
	"gopkg.in/hraban/opus.v2":        {"audio/codec"},
	"github.com/gin-gonic/gin":       {"webadmin"},
	"github.com/chromedp/chromedp":   {"webadmin/webtest"},
	"github.com/chromedp/cdproto":    {"webadmin/webtest"},
	"github.com/spf13/cobra":         {"cmd/orionbox"},
	"github.com/pion/rtp":            {"sip/rtp"},
	"github.com/pion/rtcp":           {"sip/rtp"},
	"github.com/pion/sdp":            {"sip/sdp"},
	"github.com/emiago/sipgo":        {"sip/phone", "sip/conference"},         // the caller's and the callee's half of SIP
	"github.com/nats-io/nats.go":     {"firmware/hub", "firmware/hub/server"}, // a box's half and the hub's
	"github.com/nats-io/nats-server": {"firmware/hub/server", "firmware/hub"}, // the latter's tests
	"rsc.io/qr":                      {"firmware/invite"},
	"github.com/tus/tusd":            {"firmware/delivery/door"},
	"github.com/aws/aws-sdk-go-v2":   {"firmware/delivery/door"},
	"periph.io/x/host":               {"hw/gpio"},
	"periph.io/x/conn":               {"hw/gpio", "hw/strip"}, // pins for the one, a bus for the other
	"periph.io/x/devices":            {"hw/strip"},
	"github.com/coreos/go-systemd":   {"firmware"},
}

var topLevel = []string{"firmware", "cmd", "hw", "audio", "sip", "webadmin", "systemd", "image", "docs",
	"go.mod", "go.sum", "README.md", "Makefile", "LICENSE", "CONTRIBUTING.md",
	"bin", "demo-session"} // the last two are made by the Makefile and not kept

func TestImportArrows(t *testing.T) {
	for _, file := range sources(t) {
		for _, imported := range file.imports() {
			to, ours := strings.CutPrefix(imported, "orionbox/")
			if ours && !file.may(to) {
				t.Errorf("%s imports %s: against the arrows", file.path, to)
			}
		}
	}
}

func TestEachLibraryHasOneOwner(t *testing.T) {
	importers := map[string][]string{}
	for _, file := range sources(t) {
		for _, imported := range file.imports() {
			lib := library(imported)
			if lib != "" && !slices.Contains(importers[lib], file.pkg) {
				importers[lib] = append(importers[lib], file.pkg)
			}
		}
	}
	for lib, by := range importers {
		switch owner := owners[lib]; {
		case owner == nil && len(by) > 1:
			t.Errorf("%s is imported by %v: one of them should wrap it for the others", lib, by)
		case owner != nil:
			for _, pkg := range by {
				if !slices.Contains(owner, pkg) {
					t.Errorf("%s is imported by %s, it belongs to %v", lib, pkg, owner)
				}
			}
		}
	}
}

func TestTopLevelLayout(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(topLevel, e.Name()) {
			t.Errorf("%s at the top level: not part of the layout", e.Name())
		}
	}
}

// Nothing happens before main, and no test waits for the clock or leaves itself out. In a testing/synctest bubble a
// sleep only moves the clock.
func TestHabits(t *testing.T) {
	bubbles := map[string]bool{}
	for _, file := range sources(t) {
		bubbles[file.pkg] = bubbles[file.pkg] || slices.Contains(file.imports(), "testing/synctest")
	}
	forbidden := map[string]string{"time.Sleep": "poll, or inject the clock", "t.Skip": "a skipped test shows nothing",
		"t.SkipNow": "a skipped test shows nothing", "t.Skipf": "a skipped test shows nothing"}
	for _, file := range sources(t) {
		ast.Inspect(file.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s: has an init function", file.path)
				}
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok || !file.test || x.Name == "time" && bubbles[file.pkg] {
					return true
				}
				if why := forbidden[x.Name+"."+n.Sel.Name]; why != "" {
					t.Errorf("%s: %s.%s: %s", file.path, x.Name, n.Sel.Name, why)
				}
			}
			return true
		})
	}
}

// source is a Go file of the module; path and pkg are relative to its root.
type source struct {
	path, pkg string
	test      bool
	ast       *ast.File
}

func (s source) imports() []string {
	var all []string
	for _, i := range s.ast.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		all = append(all, name)
	}
	return all
}

// may tells whether the file may import a package of ours. Tests may use more of the layers below and beside them than
// the code they test, but nothing above.
func (s source) may(to string) bool {
	from, scaffold := top(s.pkg), slices.Contains(scaffolds, s.pkg)
	if slices.Contains(scaffolds, to) {
		return s.test || scaffold
	}
	if allowed, narrow := packages[s.pkg]; narrow && !s.test {
		return slices.Contains(allowed, to)
	}
	return top(to) == from || slices.Contains(layers[from], top(to)) || (s.test || scaffold) && from == "sip" && top(to) == "audio"
}

func top(pkg string) string { return strings.Split(pkg, "/")[0] }

// library is the module, without its version, that an import path is of; "" for the standard library and for ours.
func library(imported string) string {
	parts := strings.Split(imported, "/")
	if !strings.Contains(parts[0], ".") || strings.HasPrefix(imported, "golang.org/x/") {
		return ""
	}
	return path.Join(parts[:min(3, len(parts))]...)
}

// sources parses the files themselves: a test that asked the go command would be answered from its cache.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if rel != "." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		all = append(all, source{rel, path.Dir(filepath.ToSlash(rel)), strings.HasSuffix(rel, "_test.go"), tree})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
