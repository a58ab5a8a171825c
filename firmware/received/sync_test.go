package received

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/firmware/takes"
)

// inStep checks that the chunks' files are these, made of the take, and no others.
func inStep(t *testing.T, f *Folder, chunks []takes.Chunk, others ...string) {
	t.Helper()
	var want []string
	for _, c := range chunks {
		chunk, err := ChunkOf(c)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, chunk.File)
		var made bytes.Buffer
		if err := WriteChunk(&made, f.path(chunk.Take), c); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(f.path(chunk.File)); err != nil || !bytes.Equal(got, made.Bytes()) {
			t.Errorf("%s is not chunk %d: %v", chunk.File, c.Number, err)
		}
	}
	want = append(want, others...)
	slices.Sort(want)
	var got []string
	for _, name := range names(t, f.Dir()) {
		if _, chunk := takes.ParseChunkName(name); chunk || strings.Contains(name, "_edited") || strings.HasSuffix(name, ".tmp") {
			got = append(got, name)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("there is %v, want %v", got, want)
	}
	written, err := Chunks(f.Dir())
	if err != nil || slices.ContainsFunc(written, func(w Written) bool { return w.Pending }) {
		t.Errorf("index %+v, %v", written, err)
	}
}

func inSync(t *testing.T, f *Folder, chunks []takes.Chunk) Report {
	t.Helper()
	r, err := f.Sync(context.Background(), chunks)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSyncFollowsTheMarkers(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	chunks := cuts("", 0, 2, 3.5, 5)
	if r := inSync(t, f, chunks); r.Waiting != 3 || len(r.Chunks) != 0 {
		t.Errorf("without the take: %+v", r)
	}
	deliver(t, f, take1, 5, 440)
	if r := inSync(t, f, chunks); !slices.Equal(r.Wrote, []string{"HQ_Alice_1-1_201733.mp3", "HQ_Alice_1-2_201735.mp3", "HQ_Alice_1-3_201736.mp3"}) || len(r.Chunks) != 3 || r.Waiting != 0 {
		t.Errorf("%+v", r)
	}
	inStep(t, f, chunks)
	for _, step := range []struct {
		what           string
		chunks         []takes.Chunk
		wrote, removed int
	}{
		{"nothing", chunks, 0, 0},
		{"a marker is moved", cuts("", 0, 2.2, 3.5, 5), 2, 0},
		{"a marker is moved by a second", cuts("", 0, 3.3, 3.5, 5), 2, 1},
		{"a marker is added", cuts("", 0, 1, 3.3, 3.5, 5), 4, 1},
		{"two are deleted", cuts("", 0, 1, 5), 1, 2},
		{"all are named", cuts("größer", 0, 1, 5), 2, 0},
		{"all are gone", nil, 0, 2},
	} {
		r := inSync(t, f, step.chunks)
		if len(r.Wrote) != step.wrote || len(r.Removed) != step.removed || len(r.Moved)+len(r.Aside) != 0 {
			t.Errorf("%s: %+v", step.what, r)
		}
		inStep(t, f, step.chunks)
	}
}

// A chunk whose start is known better than before keeps its name by a second; one that begins at another time of day is renamed.
func TestSyncAndTheTimeOfDay(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 2, 440)
	chunks := cuts("", 0, 2)
	inSync(t, f, chunks)
	near := cuts("", 0, 2)
	near[0].Start = near[0].Start.Add(-time.Microsecond)
	if r := inSync(t, f, near); len(r.Wrote)+len(r.Moved) != 0 {
		t.Errorf("a microsecond earlier: %+v", r)
	}
	inStep(t, f, chunks)
	far := cuts("", 0, 2)
	far[0].Start = far[0].Start.Add(time.Hour)
	if r := inSync(t, f, far); !slices.Equal(r.Moved, []string{"HQ_Alice_1-1_211733.mp3"}) || len(r.Wrote) != 0 {
		t.Errorf("an hour later: %+v", r)
	}
	inStep(t, f, far)
}

// What somebody has done to a chunk's file is theirs: it is never written over and never removed.
func TestSyncLeavesWhatSomebodyHasChanged(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 5, 440)
	chunks := cuts("", 0, 2, 5)
	inSync(t, f, chunks)
	first, second := "HQ_Alice_1-1_201733.mp3", "HQ_Alice_1-2_201735.mp3"
	mine := append(read(t, f.path(second)), "with a tag at its end"...)
	put(t, f.path(second), string(mine))
	touched := time.Now().Add(time.Hour)
	if err := os.Chtimes(f.path(first), touched, touched); err != nil {
		t.Fatal(err)
	}
	if r := inSync(t, f, chunks); len(r.Wrote)+len(r.Aside)+len(r.Removed) != 0 || !bytes.Equal(read(t, f.path(second)), mine) {
		t.Errorf("while its chunk is the same: %+v", r)
	}
	moved := cuts("", 0, 2.1, 5)
	r := inSync(t, f, moved) // both are of the same seconds as before, so the names are the same
	if !slices.Equal(r.Aside, []string{"HQ_Alice_1-2_201735_edited.mp3"}) || !bytes.Equal(read(t, f.path(r.Aside[0])), mine) {
		t.Errorf("in the way: %+v", r)
	}
	inStep(t, f, moved, r.Aside[0])
	put(t, f.path(second), "again")
	r = inSync(t, f, cuts("", 0, 5))
	if !slices.Equal(r.Aside, []string{"HQ_Alice_1-2_201735_edited_2.mp3"}) || string(read(t, f.path(r.Aside[0]))) != "again" {
		t.Errorf("a chunk no more: %+v", r)
	}
	inStep(t, f, cuts("", 0, 5), "HQ_Alice_1-2_201735_edited.mp3", "HQ_Alice_1-2_201735_edited_2.mp3")
}

func TestSyncLeavesWhatIsNotItsOwn(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 3, 440)
	put(t, f.path("HQ_Alice_1-1_201733.mp3"), "a file of somebody's, in the way")
	put(t, f.path("HQ_Alice_1-9_201733.mp3"), "a file of somebody's, in no way")
	if err := os.Mkdir(f.path("HQ_Alice_1-2_201734.mp3"), 0o750); err != nil {
		t.Fatal(err)
	}
	r := inSync(t, f, cuts("", 0, 1, 3))
	if !slices.Equal(r.Aside, []string{"HQ_Alice_1-1_201733_edited.mp3", "HQ_Alice_1-2_201734_edited.mp3"}) {
		t.Errorf("%+v", r)
	}
	inStep(t, f, cuts("", 0, 1, 3), append(r.Aside, "HQ_Alice_1-9_201733.mp3")...)
	inSync(t, f, nil)
	inStep(t, f, nil, append(r.Aside, "HQ_Alice_1-9_201733.mp3")...)
}

// A file that was deleted by a person comes back; a take that was deleted takes nothing along.
func TestSyncWhenFilesAreGone(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 3, 440)
	chunks := cuts("", 0, 1, 3)
	inSync(t, f, chunks)
	if err := os.Remove(f.path("HQ_Alice_1-2_201734.mp3")); err != nil {
		t.Fatal(err)
	}
	if r := inSync(t, f, chunks); len(r.Wrote) != 1 {
		t.Errorf("%+v", r)
	}
	inStep(t, f, chunks)
	away := f.path("elsewhere")
	if err := os.Rename(f.path(take1), away); err != nil {
		t.Fatal(err)
	}
	if r := inSync(t, f, cuts("", 0, 2, 3)); r.Waiting != 2 || len(r.Chunks) != 2 || len(r.Wrote)+len(r.Removed) != 0 {
		t.Errorf("without the take: %+v", r)
	}
	if err := os.Rename(away, f.path(take1)); err != nil {
		t.Fatal(err)
	}
	inStep(t, f, chunks)
}

func TestSyncOfAnUnclosedTake(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 3, 440)
	if err := os.Truncate(f.path(take1), 10000); err != nil {
		t.Fatal(err)
	}
	if r := inSync(t, f, cuts("", 0, 1)); r.Waiting != 1 || len(r.Wrote) != 0 {
		t.Errorf("%+v", r)
	}
}

// The index can be lost: the files' own tags tell what they are, and the take proves it.
func TestSyncWithoutItsIndex(t *testing.T) {
	for name, text := range map[string]string{"none": "", "damaged": `{"v":1,"chunks":[{"fi`, "of a later version": `{"v":2,"chunks":[]}`} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			f := alices(t, s)
			deliver(t, f, take1, 5, 440)
			chunks := cuts("verse", 0, 1, 2, 5)
			inSync(t, f, chunks)
			edited := "HQ_Alice_1-3_201735.mp3"
			put(t, f.path(edited), string(read(t, f.path(edited)))+"!")
			if put(t, f.path(indexFile), text); text == "" {
				if err := os.Remove(f.path(indexFile)); err != nil {
					t.Fatal(err)
				}
			}
			f = newFolder(f.dir, f.owner) // as after a restart
			r := inSync(t, f, cuts("verse", 0, 1, 5))
			aside := "HQ_Alice_1-3_201735.mp3" // nobody knows what it was
			if len(r.Wrote) != 1 || len(r.Removed) != 0 || len(r.Aside) != 0 {
				t.Errorf("%+v", r)
			}
			inStep(t, f, cuts("verse", 0, 1, 5), aside)
		})
	}
}

func TestSyncOnlyOfItsOwnSession(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 3, 440)
	deliver(t, f, take2, 2, 880)
	chunks := append(cuts("", 0, 1, 3), cuts("", 0, 1)...)
	chunks[2].Box = "bob"
	second := cuts("", 0, 2)[0]
	second.Number, second.Studio.File = 3, take2
	voice := cuts("", 0, 1)[0]
	voice.Number, voice.Studio = 4, nil
	bad := cuts("", 0, 1)[0]
	bad.Number, bad.Studio.File = 5, "../"+take1
	r, err := f.Sync(t.Context(), append(chunks, second, voice, bad))
	if err == nil || len(r.Wrote) != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	inStep(t, f, append(cuts("", 0, 1, 3), second))
}

// What the artist's box cuts out of its own take is what stands in the producer's folder.
func TestBothEndsMakeTheSame(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 4, 440)
	here := filepath.Join(t.TempDir(), take1) // the artist's
	if err := os.WriteFile(here, read(t, f.path(take1)), 0o640); err != nil {
		t.Fatal(err)
	}
	chunks := cuts("Größe 漢字 🎸", 0, 1.5, 4)
	r := inSync(t, f, chunks)
	for i, c := range chunks {
		c.Start = c.Start.Add(3 * time.Microsecond) // by the artist's clock
		sum, err := ChunkSHA256(here, c)
		if err != nil || sum != r.Chunks[i].SHA256 {
			t.Errorf("chunk %d: %s, %v; the producer has %s", c.Number, sum, err, r.Chunks[i].SHA256)
		}
		file, err := os.Open(f.path(r.Chunks[i].File))
		if err != nil {
			t.Fatal(err)
		}
		tags, err := mp3.ReadTags(file)
		if err = errors.Join(err, file.Close()); err != nil || tags.Title != c.Title || tags.Artist != "Alice" || tags.Album != session ||
			tags.Track != c.Number || tags.Date != "2026-11-22" || tags.Note("TAKE") != "1" || tags.Note("CHUNK") != fmt.Sprint(c.Number) {
			t.Errorf("tags %+v, %v", tags, err)
		}
		if info, err := mp3.Probe(f.path(r.Chunks[i].File)); err != nil || info.Samples != c.Studio.To-c.Studio.From {
			t.Errorf("%v, %v", info, err)
		}
	}
	if _, err := ChunkSHA256(filepath.Join(t.TempDir(), take2), chunks[0]); err == nil {
		t.Error("cut out of another take")
	}
	untitled := cuts("", 0, 1)[0]
	if c, err := ChunkOf(untitled); err != nil || c.Tags.Title != "Alice 1-1" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSyncEndsWithItsContext(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	deliver(t, f, take1, 3, 440)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := f.Sync(ctx, cuts("", 0, 1, 3)); !errors.Is(err, context.Canceled) || len(r.Wrote) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	inSync(t, f, cuts("", 0, 1, 3))
	inStep(t, f, cuts("", 0, 1, 3))
}

// tree is what a folder holds, but for what differs from run to run.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range names(t, dir) {
		all[name] = string(read(t, filepath.Join(dir, name)))
	}
	var i index
	if err := json.Unmarshal([]byte(all[indexFile]), &i); err != nil {
		t.Fatal(err)
	}
	for n := range i.Chunks {
		i.Chunks[n].Changed = time.Time{}
	}
	text, _ := json.Marshal(i)
	all[indexFile] = string(text)
	return all
}

// copyFolder makes a second folder like the first, times of change included.
func copyFolder(t *testing.T, f *Folder) *Folder {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names(t, f.dir) {
		info, err := os.Stat(f.path(name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name), string(read(t, f.path(name))))
		if err := os.Chtimes(filepath.Join(dir, name), info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	return newFolder(dir, f.owner)
}

// Killed before, in the middle of, or after any step, the next run makes of the folder what one that was not would have.
func TestSyncKilledAtEachStep(t *testing.T) {
	start := alices(t, open(t, t.TempDir()))
	deliver(t, start, take1, 4, 440)
	inSync(t, start, cuts("", 0, 1, 2, 2.5, 4))
	edited := "HQ_Alice_1-3_201735.mp3"
	put(t, start.path(edited), "edited")
	// One that is the same, one that changes under its name, one that was edited and is in the way, one that is removed, one that
	// is renamed.
	chunks := cuts("", 0, 1, 2.1, 4)
	chunks[0].Start = chunks[0].Start.Add(time.Minute)
	clean := copyFolder(t, start)
	count := &mortal{left: 1 << 30}
	clean.hands = count
	inSync(t, clean, chunks)
	want := tree(t, clean.dir)
	if len(want) != 7 || want["HQ_Alice_1-3_201735_edited.mp3"] != "edited" {
		t.Fatalf("the clean run left %v", slices.Sorted(maps.Keys(want)))
	}
	steps := 1<<30 - count.left
	for n := range steps + 1 {
		for _, after := range []bool{false, true} {
			f := copyFolder(t, start)
			f.hands = &mortal{left: n, after: after}
			if _, err := f.Sync(t.Context(), chunks); (err == nil) != (n == steps) {
				t.Fatalf("killed at step %d of %d: %v", n, steps, err)
			}
			if got := names(t, f.dir); !slices.Contains(got, take1) || !slices.Contains(got, edited) && !slices.Contains(got, "HQ_Alice_1-3_201735_edited.mp3") {
				t.Fatalf("killed at step %d: something is lost of %v", n, got)
			}
			f = newFolder(f.dir, f.owner)
			inSync(t, f, chunks)
			if got := tree(t, f.dir); !maps.Equal(got, want) {
				t.Errorf("killed at step %d (after it: %v): there is %v\n%s\nwant %v\n%s", n, after, slices.Sorted(maps.Keys(got)), got[indexFile], slices.Sorted(maps.Keys(want)), want[indexFile])
			}
		}
	}
}

// Keep and all other writers, killed at each step, can be called again.
func TestKeepKilledAtEachStep(t *testing.T) {
	for n := range 12 {
		for _, after := range []bool{false, true} {
			f := alices(t, open(t, t.TempDir()))
			old := `{"v":1}` + "\n"
			if _, err := f.PutJournal([]byte(old)); err != nil {
				t.Fatal(err)
			}
			part, _ := f.Part(take1)
			put(t, part, "sound")
			sum, _, err := SHA256(part)
			if err != nil {
				t.Fatal(err)
			}
			all := func() error {
				_, errKeep := f.Keep(take1, sum)
				_, errJournal := f.PutJournal([]byte(old + old))
				return errors.Join(errKeep, errJournal, f.PutReceipt(aReceipt()))
			}
			f.hands = &mortal{left: n, after: after}
			_ = all()
			if text := string(read(t, f.path(journalFile))); text != old && text != old+old {
				t.Errorf("killed at step %d: journal %q", n, text)
			}
			if _, err := f.Receipt(take1); err != nil && !missing(err) {
				t.Errorf("killed at step %d: %v", n, err)
			}
			f.hands = disks{}
			if err := all(); err != nil {
				t.Errorf("killed at step %d: again: %v", n, err)
			}
			if got := names(t, f.dir); string(read(t, f.path(take1))) != "sound" || !slices.Equal(got, []string{take1, take1 + receiptSuffix, ownerFile, journalFile}) {
				t.Errorf("killed at step %d: there is %v", n, got)
			}
		}
	}
}

func TestPlanKeepsOneFileAChunk(t *testing.T) {
	chunk := func(n int, from, to int64) Chunk {
		return Chunk{File: fmt.Sprintf("HQ_Alice_1-%d_201733.mp3", n), Take: take1, Number: n, From: from, To: to, Tags: mp3.Tags{Track: n}}
	}
	there := func(w Written) state { return state{ours: &w, was: []Written{w}} }
	one, two := chunk(1, 0, 5), chunk(2, 5, 9)
	files := map[string]state{one.File: there(Written{Chunk: one}), two.File: {was: []Written{{Chunk: two, Pending: true}, {Chunk: chunk(2, 5, 8)}}}}
	steps := plan([]Chunk{one, two}, files, func(string) bool { return true })
	var said []string
	for _, s := range steps {
		said = append(said, fmt.Sprint(s.action, " ", s.file))
	}
	// The second was about to be written over, and edited before it was: so what is there is not the second.
	if want := []string{fmt.Sprint(keep, " ", one.File), fmt.Sprint(aside, " ", two.File), fmt.Sprint(write, " ", two.File)}; !slices.Equal(said, want) {
		t.Errorf("%v, want %v", said, want)
	}
}
