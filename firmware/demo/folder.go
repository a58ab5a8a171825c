package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"orionbox/audio/wav"
	"orionbox/firmware/export"
	"orionbox/firmware/takes"
)

// playable is nil if the microphone that everybody shall share is none, or a WAV file with sound in it.
func playable(mic string) error {
	if mic == "" {
		return nil
	}
	file, err := wav.Open(mic)
	if err != nil {
		return fmt.Errorf("open --mic: %w", err)
	}
	if file.Len() == 0 {
		err = fmt.Errorf("open --mic: there is no sound in %s", mic)
	}
	return errors.Join(err, file.Close())
}

// empty clears dir. Only what an earlier demo made, and nobody has added a recording to, is removed;
// anything else is left as it is.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read demo folder: %w", err)
	}
	if len(entries) > 0 {
		if err := ours(dir, entries); err != nil {
			return fmt.Errorf("%s: %w; name another folder with --out, or remove this one", dir, err)
		}
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove earlier demo: %w", err)
		}
	}
	return nil
}

// claim makes dir and holds it against another demo until the file is closed.
func claim(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make demo folder: %w", err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open demo folder: %w", err)
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another demo is using it; name another folder with --out", dir), folder.Close())
	}
	return folder, nil
}

// ours is nil if dir holds an earlier demo that told its receipt, and nothing more.
func ours(dir string, entries []os.DirEntry) error {
	for _, e := range entries {
		mine := e.Name() == receiptName || e.Name() == exportFolder || slices.ContainsFunc(players, func(p player) bool { return p.name == e.Name() })
		if !mine {
			return fmt.Errorf("it holds %s, which the demo did not make", e.Name())
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, receiptName))
	var r Receipt
	if err != nil || json.Unmarshal(data, &r) != nil || r.Files == nil {
		return errors.New("it holds no receipt of an earlier demo")
	}
	made := map[string]bool{}
	for _, f := range r.Files {
		made[filepath.Join(dir, f.Path)] = true
	}
	for _, a := range r.Arrivals {
		made[filepath.Join(dir, a.Path)] = true
	}
	exported := filepath.Join(dir, exportFolder)
	if err := export.Untouched(exported); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if path == exported {
			return filepath.SkipDir
		}
		if _, recording := takes.ParseName(path); err == nil && recording && !made[path] {
			return fmt.Errorf("it holds a recording that is not on the demo's receipt, %s", d.Name())
		}
		return err
	})
}
