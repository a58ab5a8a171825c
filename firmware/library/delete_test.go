package library

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// names are what is in a session's folder.
func (r *room) names(session string) []string {
	r.t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.root, session))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// refused is the list that a Delete is refused with.
func (r *room) refused(session string, files []string, sure Sure) *Undelivered {
	r.t.Helper()
	before := r.names(session)
	var u *Undelivered
	if err := r.Delete(session, files, sure); !errors.As(err, &u) {
		r.t.Fatalf("it is not asked twice: %v", err)
	}
	if after := r.names(session); !slices.Equal(before, after) || r.deleted[session] != nil {
		r.t.Errorf("there was %v, there is %v", before, after)
	}
	return u
}

func TestDeliveredTakeIsDeletedAtTheFirstWord(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	_, err := r.Peaks(t.Context(), name, files[0], 0)
	r.must(err)
	r.must(r.Delete(name, files[:1], Sure{}))
	if left := r.names(name); !slices.Equal(left, []string{files[1], files[2], takes.JournalName}) {
		t.Errorf("left: %v", left)
	}
	if told := r.deleted[name]; !slices.Equal(told, files[:1]) {
		t.Errorf("told: %v", told)
	}
	log, err := takes.Read(filepath.Join(r.root, name))
	r.must(err)
	if e := log.Entries[len(log.Entries)-1]; e.Kind != takes.KindDeleted || e.File != files[0] || e.Take != 1 || e.Bytes == 0 ||
		!e.Time.Equal(r.now) || !strings.Contains(e.Text, "delivered to carol") {
		t.Errorf("%+v", e)
	}
	if s := r.found(); len(s.Recordings) != 2 || s.Open || s.Seconds != 12 {
		t.Errorf("%+v", s)
	}
}

func TestUndeliveredIsDeletedAtTheSecondWord(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	u := r.refused(name, files, Sure{})
	if !slices.Equal(u.Files, []string{files[1], files[2]}) || u.Session != name || !strings.Contains(u.Error(), files[1]) {
		t.Fatalf("%+v", u)
	}
	r.refused(name, files, Sure{Token: "guessed"})
	r.must(r.Delete(name, files, Sure{u.Token}))
	if exists(filepath.Join(r.root, name)) {
		t.Errorf("the folder stays with %v", r.names(name))
	}
	if told := r.deleted[name]; !slices.Equal(told, append(once(files), takes.JournalName)) {
		t.Errorf("told: %v", told)
	}
	if all, err := r.Sessions(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if err := r.Delete(name, files, Sure{u.Token}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// The second word counts for what was shown, and for nothing that became undelivered since.
func TestSecondWordIsOfOneList(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	u := r.refused(name, files, Sure{})
	first := filepath.Join(r.root, name, files[0])
	r.must(os.WriteFile(first, []byte("somebody works on it"), 0o640))
	now := r.refused(name, files, Sure{u.Token})
	if !slices.Equal(now.Files, once(files)) || now.Token == u.Token {
		t.Errorf("%+v", now)
	}
	r.must(os.WriteFile(filepath.Join(r.root, name, files[1]), []byte("and on this"), 0o640))
	if again := r.refused(name, files, Sure{now.Token}); again.Token == now.Token {
		t.Error("the same word for another file of that name")
	}
	if other := r.refused(name, files[1:2], Sure{now.Token}); other.Token == now.Token || !slices.Equal(other.Files, files[1:2]) {
		t.Errorf("%+v", other)
	}
}

func TestDamagedReceiptIsNone(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	r.must(os.WriteFile(delivery.ReceiptPath(filepath.Join(r.root, name, files[0])), []byte("{"), 0o640))
	if u := r.refused(name, files[:1], Sure{}); !slices.Equal(u.Files, files[:1]) {
		t.Errorf("%+v", u)
	}
	if s := r.found(); s.Trouble == "" || len(s.Recordings[1].Delivered) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestNothingIsDeletedOfASessionInUse(t *testing.T) {
	r := newRoom(t)
	s := r.begin(evening)
	whole := r.take(s, 1, evening, 1)
	r.deliver(whole)
	path, f := r.startTake(s, 2, evening, 48000, 1)
	defer f.Close()
	for _, file := range []string{path, whole} {
		if err := r.Delete(s.String(), []string{filepath.Base(file)}, Sure{}); !errors.Is(err, ErrInUse) || !exists(file) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if err := r.Delete(s.String(), nil, Sure{}); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
}

// With a damaged journal what is deleted is noted all the same, in one that can be read.
func TestDeleteWithADamagedJournal(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	dir := filepath.Join(r.root, name)
	r.must(os.WriteFile(filepath.Join(dir, takes.JournalName), []byte("\x00\x00\n"), 0o640))
	r.must(r.Delete(name, files[:1], Sure{}))
	log, err := takes.Read(dir)
	if err != nil || len(log.Entries) != 1 || log.Entries[0].Kind != takes.KindDeleted {
		t.Errorf("%+v, %v", log, err)
	}
	u := r.refusedNow(name, files[1:])
	r.must(r.Delete(name, files[1:], Sure{u.Token}))
	if exists(dir) {
		t.Errorf("left: %v", r.names(name))
	}
}

// refusedNow is refused, after something was deleted.
func (r *room) refusedNow(session string, files []string) *Undelivered {
	delete(r.deleted, session)
	return r.refused(session, files, Sure{})
}

// A folder without recordings goes when it is named, one that holds somebody's own files never.
func TestFolderWithoutRecordings(t *testing.T) {
	r := newRoom(t)
	r.sessions(1, 1)
	name := r.found().Name
	own := filepath.Join(r.root, name, "notes.txt")
	r.must(os.WriteFile(own, nil, 0o640))
	if err := r.Delete(name, nil, Sure{}); err == nil || !exists(own) || !exists(filepath.Join(r.root, name, takes.JournalName)) {
		t.Errorf("%v, left %v", err, r.names(name))
	}
	r.must(os.Remove(own))
	r.must(os.WriteFile(filepath.Join(r.root, name, ".HQ_Ann_1_201501.mp3.peaks"), nil, 0o640))
	r.must(os.WriteFile(filepath.Join(r.root, name, "..HQ_Ann_1_201501.mp3.peaks.123"), nil, 0o640))
	r.must(r.Delete(name, nil, Sure{}))
	if exists(filepath.Join(r.root, name)) {
		t.Errorf("left: %v", r.names(name))
	}
	name, _ = r.friday()
	if err := r.Delete(name, nil, Sure{}); !errors.Is(err, ErrBadName) {
		t.Errorf("a session with recordings: %v", err)
	}
}

// Whatever was done when the power went, a repair finds nothing to do and the rest can be deleted.
func TestDeleteThatWasCutOff(t *testing.T) {
	for what, cut := range map[string]func(r *room, dir string, files []string){
		"after the journal": func(r *room, dir string, files []string) {
			r.noted(dir, files)
		},
		"after the receipt": func(r *room, dir string, files []string) {
			r.noted(dir, files)
			path := filepath.Join(dir, files[0])
			receipt, err := delivery.ReadReceipt(path)
			r.must(err)
			receipt.Deleted = &r.now
			r.must(writeReceipt(path, receipt))
		},
		"after a take": func(r *room, dir string, files []string) {
			r.noted(dir, files)
			r.must(os.Remove(filepath.Join(dir, files[0])))
		},
		"after all recordings": func(r *room, dir string, files []string) {
			r.noted(dir, files)
			for _, f := range files {
				r.must(os.Remove(filepath.Join(dir, f)))
			}
		},
		"after the journal's end": func(r *room, dir string, files []string) {
			for _, f := range append(r.names(filepath.Base(dir)), takes.JournalName) {
				r.must(remove(filepath.Join(dir, f)))
			}
		},
	} {
		r := newRoom(t)
		name, files := r.friday()
		dir := filepath.Join(r.root, name)
		cut(r, dir, files)
		before := r.names(name)
		report, err := takes.Recover(t.Context(), r.root, quiet())
		if after := r.names(name); err != nil || len(report.Repaired()) > 0 || report.Count(takes.StateMissing) > 0 || !slices.Equal(before, after) {
			t.Errorf("%s: %v, %v; there was %v, there is %v", what, report, err, before, after)
		}
		var left []string
		for _, rec := range r.found().Recordings {
			if rec.Deleted == nil || exists(filepath.Join(dir, rec.File)) {
				left = append(left, rec.File)
			}
		}
		err = r.Delete(name, left, Sure{})
		if u := (*Undelivered)(nil); errors.As(err, &u) {
			err = r.Delete(name, left, Sure{u.Token})
		}
		if err != nil || exists(dir) {
			t.Errorf("%s: %v, left %v", what, err, r.names(name))
		}
	}
}

func (r *room) noted(dir string, files []string) {
	r.t.Helper()
	all, err := condemn(dir, files)
	r.must(err)
	held, err := takes.Hold(dir)
	r.must(err)
	r.must(errors.Join(r.note(held, all), held.Close()))
}
