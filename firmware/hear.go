package firmware

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	hearFor  = 5 * time.Second
	hearRate = 48000 // samples a second
	hearTick = 20 * time.Millisecond
)

// ears lets somebody hear the microphone in the headphones, one at a time.
type ears struct {
	box  *Box
	busy sync.Mutex
}

// Hear plays the microphone in the speakers for some seconds, and nowhere else. It implements webadmin.Ears.
func (e *ears) Hear(ctx context.Context) error {
	if !e.busy.TryLock() {
		return errors.New("somebody is listening already")
	}
	defer e.busy.Unlock()
	mic, speaker := e.box.engine.Mic(hearRate), e.box.engine.Speaker(hearRate)
	defer mic.Close()
	defer speaker.Close()
	ctx, cancel := context.WithTimeout(ctx, hearFor)
	defer cancel()
	ticker := time.NewTicker(hearTick)
	defer ticker.Stop()
	block := make([]float32, hearRate/50)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			mic.ReadVoice(block)
			speaker.WriteVoice(block)
		}
	}
}
