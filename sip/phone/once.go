package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"orionbox/sip/media"
)

// Single is one call, beside whatever call a Phone of the same account keeps: line, port and dialog are its own, it does
// not register, and no file knows of it. Its methods may be called from any goroutine.
type Single struct {
	line  *line
	leg   *media.Leg
	stop  context.CancelFunc
	ended chan struct{}
	why   error // of the end; the call's until ended is closed
	close sync.Once
}

// Once calls a number with the account of cfg, and tries no second time. The number is written as a CallNo is; that of
// cfg does not count, nor do its StatePath and its registration. ctx bounds the dialling: the call lasts until Close. An
// error says why in words for a person, and has a Reason but for what is wrong with cfg or the number.
func Once(ctx context.Context, cfg Config, number string, log *slog.Logger) (*Single, error) {
	callee, _, _ := strings.Cut(number, ",") // what follows may be a PIN
	cfg.CallNo, cfg.StatePath = number, ""
	p, err := New(cfg, log.With("single", callee))
	if err != nil {
		return nil, err
	}
	p.board.log = slog.New(slog.DiscardHandler) // its states are of a call that is kept up, which this one is not
	var c *call
	l, err := p.reach(ctx, func(l *line) (err error) {
		c, err = l.dial(ctx)
		return err
	})
	if err != nil {
		return nil, onceFailure(ctx, callee, err)
	}
	return l.single(c), nil
}

// single keeps a call that is up, and the line under it.
func (l *line) single(c *call) *Single {
	ctx, stop := context.WithCancel(context.Background()) // not the line's, whose loss is another end
	s := &Single{line: l, leg: c.leg, stop: stop, ended: make(chan struct{})}
	l.keepers.Go(l.keepAlive)
	go func() {
		defer close(s.ended)
		s.why = c.run(ctx)
	}()
	return s
}

// onceFailure puts the reason into words. Of a dialling that the caller called off it is not the network's fault.
func onceFailure(ctx context.Context, callee string, err error) failure {
	f := cause(err)
	if errors.Is(ctx.Err(), context.Canceled) {
		f = failure{reason: ToldToLeave, err: ctx.Err()}
	}
	f.err = fmt.Errorf("call %s: %s: %w", callee, f.reason, f.err)
	return f
}

// Leg is the voice of the call. It is silent once the call has ended.
func (s *Single) Leg() *media.Leg { return s.leg }

// Codec is the name of the codec that is spoken.
func (s *Single) Codec() string { return s.leg.Codec().Name }

// Done is closed when the call has ended, whoever ended it.
func (s *Single) Done() <-chan struct{} { return s.ended }

// Close says BYE and returns when all is released. The error is the end that the call had come to before, with its
// Reason; nil if it was still up.
func (s *Single) Close() error {
	s.close.Do(func() {
		s.stop()
		<-s.ended
		s.line.close()
	})
	if ReasonOf(s.why) == ToldToLeave {
		return nil
	}
	return s.why
}
