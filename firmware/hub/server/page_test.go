package server

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestPageOfHistoryIsJSON(t *testing.T) {
	one, two := json.RawMessage(`{"id":"a"}`), json.RawMessage(`{"id":"b"}`)
	for _, p := range []pageOfHistory{{}, {More: true}, {Peers: []json.RawMessage{one, two}},
		{Posts: []json.RawMessage{one}, More: true, Peers: []json.RawMessage{two}, Tracks: []json.RawMessage{one, two}}, {Files: []json.RawMessage{two}, Tracks: []json.RawMessage{one}}} {
		var got struct {
			Posts, Peers, Tracks, Files []json.RawMessage
			More                        bool
		}
		if err := json.Unmarshal(p.encode(), &got); err != nil {
			t.Errorf("%s: %v", p.encode(), err)
		}
		if !reflect.DeepEqual(pageOfHistory{got.Posts, got.More, got.Peers, got.Tracks, got.Files}, p) {
			t.Errorf("%s is %+v, want %+v", p.encode(), got, p)
		}
	}
}
