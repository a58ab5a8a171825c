// Package echo owns the call that tries a line before a session: it calls a number that gives back what it hears, says
// three short tones and hears whether, when and how loud they come back.
//
//	Test ── phone.Once ──> call ── media.Line ──> probe (says the signal, keeps what is heard) ──> judge
//
// What is said and how it is judged are pure functions; Test alone waits. Asterisk's Echo() is such a number, and *43 of
// FreePBX and of the built-in conference.
package echo

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"orionbox/sip/phone"
)

// Result is what became of the signal.
type Result struct {
	Heard     bool          // it came back
	RoundTrip time.Duration // from saying a tone to hearing it, codecs and jitter buffers included, to 1 ms; 0 unless Heard
	LevelDB   float64       // of what came back, relative to what was said: 0 is all of it; 0 unless Heard

	Received    int64   // packets; 0 = the number sent nothing at all, or nothing of it arrived
	LossPercent float64 // of the far end's packets; 0 as well if there were none
	Codec       string
}

// The times of a test, which add up to about 6 s for a server that is slow and 3 s for one that is not.
const (
	answerTimeout = 2 * time.Second         // without a word, or ringing
	dialTimeout   = 2500 * time.Millisecond // of all the dialling
	mediaTimeout  = 1500 * time.Millisecond // until the first packet; FreePBX takes 1 s
	settleTime    = 200 * time.Millisecond  // from the key to the signal
)

// Test calls the number once with the account of cfg, beside whatever call the box is in, and hangs up. Digits after the
// number are not sent, but one key is, which skips the announcement before FreePBX's echo. That nothing came back is no
// error; one means that there was no call or that it ended early, for which phone.ReasonOf has the reason, or that ctx
// ended. It takes about 6 s at most.
func Test(ctx context.Context, cfg phone.Config, number string, log *slog.Logger) (Result, error) {
	number, _, _ = strings.Cut(number, ",")
	call, err := dial(ctx, cfg, number, log)
	if err != nil {
		return Result{}, err
	}
	p := newProbe(call.Leg().Rate())
	err = listen(ctx, call, p, log)
	stats := call.Leg().Stats()
	if ended := call.Close(); err == nil {
		err = ended
	}
	if err != nil {
		return Result{}, fmt.Errorf("test echo of %s: %w", number, err)
	}
	v := judge(p.heard, p.rate)
	result := Result{Heard: v.heard, RoundTrip: v.delay, LevelDB: v.level,
		Received: stats.Received, LossPercent: stats.LossPercent, Codec: call.Codec()}
	log.Info("echo", "number", number, "heard", result.Heard, "round_trip", result.RoundTrip, "level_db", result.LevelDB,
		"received", result.Received, "loss_percent", result.LossPercent, "codec", result.Codec)
	return result, nil
}

// dial waits for nobody as long as the box's own call would: an echo answers at once.
func dial(ctx context.Context, cfg phone.Config, number string, log *slog.Logger) (*phone.Single, error) {
	cfg.AttemptTimeout = atMost(answerTimeout, cfg.AttemptTimeout)
	cfg.RingTimeout = atMost(answerTimeout, cfg.RingTimeout)
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return phone.Once(ctx, cfg, number, log)
}

// atMost is the time that was set, if any, within a limit.
func atMost(limit, set time.Duration) time.Duration {
	if set <= 0 {
		return limit
	}
	return min(set, limit)
}
