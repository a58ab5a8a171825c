// Command orionbox is the whole of an Orion box: the box itself, the servers it can bring along, and the commands that
// set it up and talk to it while it runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"orionbox/webadmin"
)

// version is set when the program is linked (make build).
var version = "devel"

// The exit codes that scripts may rely on.
const (
	exitFailed     = 1 // it was tried and failed
	exitUsage      = 2 // the command line is wrong; nothing was tried
	exitNotRunning = 3 // no box answers on the socket
	exitRefused    = 4 // the box refused, and said why
)

// impatience is how long after the first signal a second one is heard.
const impatience = 2 * time.Second

// usageError marks an error of the command line.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A second signal ends the program at once; not one that follows the first at its heels, as a terminal and a parent
	// may both send.
	context.AfterFunc(ctx, func() { time.AfterFunc(impatience, stop) })
	err := newRoot().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "orionbox:", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	var usage usageError
	var refused *webadmin.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, webadmin.ErrNotRunning):
		return exitNotRunning
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		return exitRefused
	}
	return exitFailed
}
