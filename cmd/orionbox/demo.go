package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware/demo"
)

func newDemo() *cobra.Command {
	var out, mic string
	var seconds int
	var stay, verbose bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole job on this machine: a hub, a conference, a producer who cuts, two artists who record",
		Long: `Show the whole job on this machine, with no hardware: a conference opens, a producer and two artists call in and
meet at the hub on the producer's box. The artists record a take each; the producer presses Segment twice, which cuts
everybody's recordings at that instant, and moves the first cut back afterwards; the takes come to its box meanwhile. All
leave, and the producer's session is exported.

Then what lies on disk is read back and shown: the recordings; the chunks that the cuts made of them; how far each cut is
from the press, found by the sound that was played just then (up to 5 ms in a take, 30 ms in a voice recording); what was
delivered, by its SHA-256 at both ends; and how far the exported tracks lie beside each other (up to 1 ms). It is written to
receipt.json too. The exit code is 0 only if all of it is what it should be.`,
		Example: "  orionbox demo\n  orionbox demo --seconds 60 --mic song.wav --out /tmp/show\n  orionbox demo --stay",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if seconds < 5 || seconds > 3600 {
				return usageError{errors.New("--seconds must be from 5 to 3600")}
			}
			spreadThreads()
			logLevel := slog.LevelWarn
			if verbose {
				logLevel = slog.LevelInfo
			}
			receipt, err := demo.Run(cmd.Context(), demo.Config{
				Out: out, Length: time.Duration(seconds) * time.Second, Mic: mic, Stay: stay, Version: version,
				Progress: cmd.OutOrStdout(),
			}, newLog(logLevel))
			if err != nil && !errors.Is(err, demo.ErrFaults) {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout())
			return errors.Join(receipt.Print(cmd.OutOrStdout()), err)
		},
	}
	cmd.Flags().StringVar(&out, "out", "demo-session", "folder for all that it makes")
	cmd.Flags().IntVar(&seconds, "seconds", 20, "length of the takes")
	cmd.Flags().StringVar(&mic, "mic", "", "WAV file that everybody plays, in place of the built-in signals")
	cmd.Flags().BoolVar(&stay, "stay", false, "keep the boxes up until interrupted, to be looked at and pressed")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log what the boxes do")
	return cmd
}
