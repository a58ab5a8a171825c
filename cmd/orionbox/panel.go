package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware"
	"orionbox/firmware/preflight"
	"orionbox/hw/panel"
	"orionbox/webadmin"
)

func newPanel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "panel",
		Short: "Wire the buttons and LEDs",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPanelTest())
	return cmd
}

func newPanelTest() *cobra.Command {
	var f flags
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Light each LED in turn, and name each button as it is pressed",
		Long: `Light each LED in turn, and name each button as it is pressed, and each line that cannot be had, with its chip. It ends
when every LED was lit and every button pressed, or with Ctrl-C; with --for after so long, and then it names the buttons
that were not.

A box that runs is asked to do it, and does not obey its buttons meanwhile; it refuses during a take. Without one the lines
are taken as conn.conf says. On a panel without hardware (chip = sim) press by ` + "`orionbox press`" + `, in another terminal.`,
		Example: "  orionbox panel test\n  orionbox panel test --for 30s --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 || limit > webadmin.MaxTest {
				return usageError{fmt.Errorf("--for is a time up to %v, such as 30s", webadmin.MaxTest)}
			}
			err := f.client().TestPanel(cmd.Context(), limit, f.finding(cmd.OutOrStdout()))
			if !errors.Is(err, webadmin.ErrNotRunning) {
				return err
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			time.AfterFunc(cmp.Or(limit, webadmin.MaxTest), cancel)
			defer cancel()
			return f.testAlone(ctx, cmd.OutOrStdout())
		},
	}
	cmd.Flags().DurationVar(&limit, "for", 0, "end after so long (default: when all is found)")
	f.addConf(cmd)
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}

// finding prints a finding.
func (f *flags) finding(w io.Writer) func(webadmin.PanelFinding) error {
	return func(found webadmin.PanelFinding) error {
		if f.json {
			return json.NewEncoder(w).Encode(found)
		}
		mark := ""
		if found.Fault {
			mark = "FAULT: "
		}
		_, err := fmt.Fprintln(w, mark+found.Text)
		return err
	}
}

// testAlone tests the panel of conn.conf, where no box runs, and lets `orionbox press` press it.
func (f *flags) testAlone(ctx context.Context, w io.Writer) error {
	settings, err := load(f.conf)
	if err != nil {
		return err
	}
	p, err := firmware.NewPanel(settings.Hardware, newLog(slog.LevelError))
	if err != nil {
		return err
	}
	if f.socket == "" {
		f.socket = defaultSocket()
	}
	listener, err := webadmin.ListenLocal(f.socket)
	if err != nil {
		return errors.Join(err, p.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() {
		served <- webadmin.Serve(serving, listener, webadmin.New(webadmin.Parts{Box: bench{p}}, newLog(slog.LevelError)))
	}()
	tell := f.finding(w)
	err = p.Test(ctx, func(found panel.Finding) {
		_ = tell(webadmin.PanelFinding{Name: found.Name, Text: found.Text, Fault: found.Fault}) // who does not read need not be told
	})
	stop()
	return errors.Join(err, <-served, p.Close())
}

// bench is a panel with no box behind it.
type bench struct{ panel *panel.Panel }

var errBench = &webadmin.Error{Status: http.StatusConflict, Text: "the panel is being tested, and no box runs"}

func (b bench) Status(context.Context) (any, error)    { return nil, errBench }
func (b bench) Preflight(context.Context) (any, error) { return nil, errBench }
func (b bench) Press(_ context.Context, button string, hold time.Duration) (string, error) {
	if err := b.panel.Press(button, hold); err != nil {
		return "", &webadmin.Error{Status: http.StatusNotFound, Text: err.Error()}
	}
	return "pressed on the panel, which is being tested", nil
}

func newPreflight() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "preflight",
		Short: "Look at all that a session needs: microphone, headphones, call, storage, clock, hub",
		Long: `Look at all that a session needs, which takes some seconds: it listens to the microphone (play something meanwhile), plays
a test tone in the headphones, calls the number that echoes (ConnectionDetails, echo_no), and looks at the conference, the
storage, the clock, the hub and the computer. During a take it only looks.

The same as two short presses of the button status, which speaks the verdict. Exit code 1 if the box is not ready.`,
		Example: "  orionbox preflight\n  orionbox preflight --json | jq .good",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var report preflight.Report
			keep := func(w io.Writer, r preflight.Report) error { report = r; return r.Print(w) }
			body, err := f.client().Preflight(cmd.Context())
			if err := answer(cmd, f, keep)(body, err); err != nil {
				return err
			}
			if err := json.Unmarshal(body, &report); err != nil {
				return fmt.Errorf("read answer of the box: %w", err)
			}
			if !report.Good {
				return errors.New("not ready for a session")
			}
			return nil
		},
	}
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}
