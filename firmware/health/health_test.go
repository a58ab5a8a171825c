package health

import (
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ids(faults []Fault) []string {
	var ids []string
	for _, f := range faults {
		ids = append(ids, f.ID)
	}
	return ids
}

func TestFaultShowsOnceItLasts(t *testing.T) {
	l := New()
	l.Is(NoMicrophone, true, "hw:Scarlett", start)
	if got := l.Faults(start.Add(NoMicrophone.After - 1)); len(got) != 0 {
		t.Errorf("shown before it lasted: %v", got)
	}
	l.Is(NoMicrophone, true, "still hw:Scarlett", start.Add(time.Minute)) // reported again: since must not move
	got := l.Faults(start.Add(time.Minute))
	if len(got) != 1 || !got[0].Since.Equal(start) || got[0].Detail != "still hw:Scarlett" {
		t.Errorf("faults %+v", got)
	}
	l.Is(NoMicrophone, false, "", start.Add(time.Hour))
	if got := l.Faults(start.Add(2 * time.Hour)); len(got) != 0 {
		t.Errorf("mended, yet shown: %v", got)
	}
}

func TestWorstFirstAndFollowersHidden(t *testing.T) {
	l := New()
	l.Is(CallDown, true, "", start)
	l.Is(StorageLow, true, "", start)
	later := start.Add(time.Minute)
	if got, want := ids(l.Faults(later)), []string{"call-down", "storage-low"}; !slices.Equal(got, want) {
		t.Errorf("faults %v, want %v", got, want)
	}
	l.Is(StorageFull, true, "", later)
	l.Is(CallRefused, true, "wrong password", later)
	if got, want := ids(l.Faults(later)), []string{"call-refused", "storage-full"}; !slices.Equal(got, want) {
		t.Errorf("faults %v, want %v", got, want)
	}
}

func TestEveryKindTellsWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range []Kind{Unconfigured, CallRefused, CallDown, PINUnsent, NoMicrophone, NoSpeakers, StorageLow, StorageFull, StorageUnknown,
		TakeFailed, TakeCut, VoiceFailed, SoundLost, JournalFailed, Unrepaired} {
		if k.ID == "" || k.Text == "" || k.Hint == "" || k.Severity == "" || seen[k.ID] {
			t.Errorf("kind %+v lacks a word, or its id is taken", k)
		}
		seen[k.ID] = true
	}
}
