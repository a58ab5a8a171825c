package firmware

import (
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// Service is the program as systemd sees it, if that started it: it tells when it is ready, that it lives, and when it
// leaves. Its socket stays in the environment, for the program that a box may become when it starts again.
type Service struct {
	log   *slog.Logger
	now   func() time.Time
	every time.Duration // between two signs of life; 0 = none are wanted
	told  bool          // ready
	fed   time.Time
}

// NewService finds out what systemd wants to hear; nothing, if something else started the program.
func NewService(log *slog.Logger) *Service {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Error("systemd's watchdog is not fed", "err", err)
	}
	return &Service{log: log, now: time.Now, every: limit / 3}
}

// Alive is called while the work goes on, from one goroutine. The first call says that the program is ready.
func (s *Service) Alive() {
	now := s.now()
	if !s.told {
		s.told, s.fed = true, now
		s.tell(daemon.SdNotifyReady + "\nSTATUS=ready")
		return
	}
	if s.every > 0 && now.Sub(s.fed) >= s.every {
		s.fed = now
		s.tell(daemon.SdNotifyWatchdog)
	}
}

// Leave says that the program closes what is open and ends. One that starts again must not say it: it would be ended.
func (s *Service) Leave() { s.tell(daemon.SdNotifyStopping + "\nSTATUS=leaving") }

// tell never keeps the program from its work: what is not heard is logged.
func (s *Service) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Error("tell systemd", "err", err)
	}
}

// ErrNotHandedOver is the error when systemd hands no socket over.
var ErrNotHandedOver = errors.New("systemd hands over no socket")

// HandedOver is the one socket that systemd opened for the program (sd_listen_fds(3)): it may open ports below 1024, and an address
// that the computer has only at times.
func HandedOver() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, err
	}
	if len(listeners) != 1 || listeners[0] == nil {
		return nil, ErrNotHandedOver
	}
	return listeners[0], nil
}
