package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/media"
)

// Reason is why the call is not up, or what it lacks, in words for a person.
type Reason string

// The reasons that are told apart.
const (
	Busy          Reason = "busy"
	WrongPassword Reason = "wrong password"
	Forbidden     Reason = "forbidden"
	NoSuchNumber  Reason = "no such number"
	NoCommonCodec Reason = "no common codec"
	NoRoute       Reason = "no route" // nobody at the address, no such host, no network
	Timeout       Reason = "timeout"  // the server does not answer
	NoAnswer      Reason = "no answer"
	NoMedia       Reason = "no media"
	HungUp        Reason = "hung up"
	ToldToLeave   Reason = "told to leave" // by our own side: Run's context ended
	Declined      Reason = "declined"
	ServerError   Reason = "server error"
	NoDigits      Reason = "no digits" // the call is up, but what follows the number could not be sent
)

// needsPerson tells whether trying again soon is of no use.
func (r Reason) needsPerson() bool {
	switch r {
	case WrongPassword, Forbidden, NoSuchNumber, NoCommonCodec:
		return true
	}
	return false
}

// ReasonOf is the reason in an error of Once or of a Single, "" if the error has none.
func ReasonOf(err error) Reason {
	var f failure
	asFailure(err, &f)
	return f.reason
}

// failure is why an attempt or a call ended.
type failure struct {
	reason     Reason
	err        error
	retryAfter time.Duration // what the server asked for, 0 if nothing
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// state is where the phone goes after it.
func (f failure) state() State {
	switch {
	case f.reason == ToldToLeave:
		return Leaving
	case f.reason.needsPerson():
		return Refused
	}
	return Retrying
}

// leaving is the end that was wanted.
var leaving = failure{reason: ToldToLeave, err: errors.New("the box hangs up")}

// cause is the failure in an error that ended an attempt; one that names no reason is laid on the server.
func cause(err error) failure {
	var f failure
	if !errors.As(err, &f) {
		f = failure{reason: ServerError, err: err}
	}
	return f
}

func failed(reason Reason, format string, args ...any) failure {
	return failure{reason: reason, err: fmt.Errorf(format, args...)}
}

// digitsFailure tells why digits were not sent. Of an error it does not know it says nothing, for that may quote them.
func digitsFailure(err error) failure {
	for _, known := range []error{media.ErrNoEvents, media.ErrClosed} {
		if errors.Is(err, known) {
			return failed(NoDigits, "what follows the number was not sent: %w", known)
		}
	}
	return failed(NoDigits, "what follows the number was not sent")
}

// reasons by status code, from RFC 3261 section 21. What is not here is a server error.
var reasons = map[int]Reason{
	401: WrongPassword, 407: WrongPassword, // only after the challenge was answered
	403: Forbidden,
	404: NoSuchNumber, 410: NoSuchNumber, 414: NoSuchNumber, 416: NoSuchNumber, 484: NoSuchNumber, 485: NoSuchNumber, 604: NoSuchNumber,
	406: NoCommonCodec, 415: NoCommonCodec, 488: NoCommonCodec, 606: NoCommonCodec,
	408: Timeout, 504: Timeout,
	480: NoAnswer,
	481: HungUp, 487: HungUp,
	486: Busy, 600: Busy,
	603: Declined,
}

// responseFailure reads a final response that is not 2xx.
func responseFailure(doing string, res *sip.Response) failure {
	f := failure{reason: ServerError, err: fmt.Errorf("%s: %d %s", doing, res.StatusCode, printable(res.Reason))}
	if r, ok := reasons[res.StatusCode]; ok {
		f.reason = r
	}
	f.retryAfter = retryAfter(res)
	return f
}

// retryAfter reads "18000;duration=3600" or "120 (I'm in a meeting)".
func retryAfter(res *sip.Response) time.Duration {
	h := res.GetHeader("retry-after")
	if h == nil {
		return 0
	}
	return seconds(h.Value())
}

// seconds reads the number that a header starts with, 0 if there is none.
func seconds(value string) time.Duration {
	value = strings.TrimSpace(value)
	if i := strings.IndexFunc(value, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		value = value[:i]
	}
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// printable cuts what a server sent down to what may stand in a log line and a status.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	return strings.ToValidUTF8(text[:min(len(text), 120)], "")
}

// sendFailure reads why no response came. lost is the cause if the line itself is gone.
func sendFailure(doing string, err error) failure {
	var f failure
	if errors.As(err, &f) {
		return f
	}
	reason := NoRoute
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, sip.ErrTransactionTimeout):
		reason, err = Timeout, errors.New("no answer from the server")
	}
	return failed(reason, "%s: %w", doing, err)
}
