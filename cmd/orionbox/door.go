package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware"
	"orionbox/firmware/session"
	"orionbox/webadmin"
)

const socketName = "orionbox.sock"

// systemSocket is where the box that systemd started listens.
const systemSocket = "/run/orionbox/" + socketName

// defaultSocket is the socket under the runtime directory: systemd's for the service, the system's for root, else the
// user's own.
func defaultSocket() string {
	if dir := os.Getenv("RUNTIME_DIRECTORY"); dir != "" {
		return filepath.Join(dir, socketName)
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && os.Geteuid() != 0 {
		return filepath.Join(dir, "orionbox", socketName)
	}
	if os.Geteuid() != 0 {
		return filepath.Join(os.TempDir(), fmt.Sprintf("orionbox-%d", os.Getuid()), socketName)
	}
	return systemSocket
}

// client is the client of the running box: on the socket that was named, else on the user's own, else on the system's.
func (f *flags) client() *webadmin.Client {
	if f.socket != "" {
		return webadmin.NewClient(f.socket)
	}
	own := defaultSocket()
	if _, err := os.Stat(own); err != nil {
		if _, err := os.Stat(systemSocket); err == nil {
			return webadmin.NewClient(systemSocket)
		}
	}
	return webadmin.NewClient(own)
}

// hubSocket is where a hub alone listens: beside the box.
func hubSocket() string { return filepath.Join(filepath.Dir(defaultSocket()), "hub.sock") }

// hubClient is the client of the hub that runs here: on the socket that was named; else the box's, if it has a hub, else
// that of a hub alone. Its error is the box's words if there is a box, and none of the two has a hub.
func (f *flags) hubClient(ctx context.Context) (*webadmin.Client, error) {
	box := f.client()
	_, err := box.HubStatus(ctx)
	var refused *webadmin.Error
	away := errors.Is(err, webadmin.ErrNotRunning) || errors.As(err, &refused) && refused.Status == http.StatusNotFound
	if f.socket != "" || !away {
		return box, err
	}
	for _, path := range []string{hubSocket(), filepath.Join(filepath.Dir(systemSocket), "hub.sock")} {
		alone := webadmin.NewClient(path)
		_, failed := alone.HubStatus(ctx)
		if !errors.Is(failed, webadmin.ErrNotRunning) {
			return alone, failed
		}
	}
	if refused == nil {
		err = fmt.Errorf("no hub runs here: %w; a hub alone is started by `orionbox hub`", err)
	}
	return nil, err
}

func newStatus() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell what the running box is doing",
		Long: `Tell what the running box is doing: the call, the take, the sound card, how well it knows the session clock that
all boxes cut by, the boxes it sees, and every fault, with what to do about it.`,
		Example: "  orionbox status\n  orionbox status --json | jq .clock",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return answer(cmd, f, printStatus)(f.client().Status(cmd.Context()))
		},
	}
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}

func printStatus(w io.Writer, s firmware.Status) error { return s.Print(w) }

// buttons are the names of the box's buttons, in the order of the panel.
func buttons() []string {
	var names []string
	for _, b := range session.Buttons {
		names = append(names, string(b))
	}
	return names
}

func newPress() *cobra.Command {
	var f flags
	var hold time.Duration
	cmd := &cobra.Command{
		Use:   "press BUTTON",
		Short: "Press a button of the running box: " + strings.Join(buttons(), ", "),
		Long: `Press a button of the running box:

  record      start a take, or end the one that runs (an artist's box)
  segment     cut here: the producer's cuts everybody's recordings, an artist's their own; they go on without a gap
  mic         silence your microphone in the call, or open it again; the take hears it all the same
  speakers    silence the speakers, or open them again
  status      tell how the box is; held for 3s: close the recordings, leave the conference and stop

A cut can be moved, named and judged afterwards: see ` + "`orionbox help marker`" + `.`,
		Example:   "  orionbox press record\n  orionbox press segment\n  orionbox press status --hold 3s",
		ValidArgs: buttons(),
		Args:      usage(cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs)),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.client().Press(cmd.Context(), args[0], hold)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().DurationVar(&hold, "hold", 0, "how long to hold the button (status for 3s: finish and stop)")
	f.addSocket(cmd)
	return cmd
}
