package webadmin

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

func (s *studio) Play(_ context.Context, request PlayRequest) (string, error) {
	s.play = request
	if request.To == "all" {
		return "", &Error{http.StatusConflict, "only a PRODUCER plays to all"}
	}
	return request.Chunk + " plays", nil
}

func (s *studio) StopPlaying(context.Context) (string, error) { return "stopped", nil }

func (s *studio) Seek(_ context.Context, request SeekRequest) (string, error) {
	s.seek = request
	return "goes on", nil
}

func (s *studio) Deliver(_ context.Context, request DeliverRequest) (string, error) {
	s.deliver = request
	if request.What == "" {
		return "", &Error{http.StatusConflict, "which take?"}
	}
	return request.What + " is asked for", nil
}

func TestRequest(t *testing.T) {
	s := &studio{}
	client, _ := open(t, Parts{Studio: s})
	request := DeliverRequest{What: "alice/take-2", Session: "SESSION_20261122_201501"}
	if text, err := client.Deliver(t.Context(), request); err != nil || text != "alice/take-2 is asked for" || s.deliver != request {
		t.Errorf("request: %q, %v, asked %+v", text, err, s.deliver)
	}
	var refused *Error
	if _, err := client.Deliver(t.Context(), DeliverRequest{}); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		t.Errorf("a refusal comes as %v", err)
	}
}

func TestPlaying(t *testing.T) {
	s := &studio{}
	client, _ := open(t, Parts{Studio: s})
	request := PlayRequest{Chunk: "Zoë Lee/3", Session: "SESSION_20261122_201501", To: "me"}
	if text, err := client.Play(t.Context(), request); err != nil || text != "Zoë Lee/3 plays" || s.play != request {
		t.Errorf("play: %q, %v, asked %+v", text, err, s.play)
	}
	var refused *Error
	if _, err := client.Play(t.Context(), PlayRequest{To: "all"}); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		t.Errorf("a refusal comes as %v", err)
	}
	seek := SeekRequest{At: -5 * time.Second, Relative: true}
	if text, err := client.Seek(t.Context(), seek); err != nil || text != "goes on" || s.seek != seek {
		t.Errorf("seek: %q, %v, asked %+v", text, err, s.seek)
	}
	if _, err := client.Seek(t.Context(), SeekRequest{At: 25 * time.Hour}); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("a seek by more than a day: %v", err)
	}
	if text, err := client.StopPlaying(t.Context()); err != nil || text != "stopped" {
		t.Errorf("stop: %q, %v", text, err)
	}
}
