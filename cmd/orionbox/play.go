package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware/director"
	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

func newPlay() *cobra.Command {
	var f flags
	var request webadmin.PlayRequest
	cmd := &cobra.Command{
		Use:   "play CHUNK",
		Short: "Play a chunk, in your speakers or to everybody in the conference",
		Long: `Play a chunk, in your speakers or to everybody in the conference. It is played in voice quality, from what this box
heard of it, its own voice recording: at once, whoever's it is. One thing plays at a time; another takes its place.

CHUNK is who and which, as ` + "`orionbox chunks`" + ` shows them (alice/3; the box's id or the person's name), the number alone
(this box's chunk, or that of the only box that has one of that number), or the id of the marker that it begins at.

Only a producer plays to all. It is heard though the microphone is muted, and it is in everybody's voice recording, as all is
that the conference carries. What you play to yourself is in no recording.`,
		Example: `  orionbox play alice/3
  orionbox play alice/3 --to all
  orionbox play m4k2x7qa                     the chunk that begins at this marker
  orionbox play alice/3 --session SESSION_20261122_201501
  orionbox play seek -5s                     once more the last five seconds
  orionbox play stop`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := takes.ParseChunkRef(args[0]); err != nil {
				return usageError{err}
			}
			if to := director.Audience(request.To); !slices.Contains([]director.Audience{director.ToMe, director.ToAll}, to) {
				return usageError{fmt.Errorf("--to is %s or %s, not %q", director.ToMe, director.ToAll, to)}
			}
			request.Chunk = args[0]
			return f.words(cmd)(f.client().Play(cmd.Context(), request))
		},
	}
	cmd.Flags().StringVar(&request.To, "to", string(director.ToMe), "who hears it: me (your speakers) or all (the conference)")
	cmd.Flags().StringVar(&request.Session, "session", "", "of an earlier session of its box, such as SESSION_20261122_201501 (default this one)")
	f.addSocket(cmd)
	f.addJSON(cmd)
	cmd.AddCommand(newPlayStop(&f), newPlaySeek(&f))
	return cmd
}

func newPlayStop(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "Stop what plays",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.words(cmd)(f.client().StopPlaying(cmd.Context()))
		},
	}
}

func newPlaySeek(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "seek TIME",
		Short: "Go on elsewhere in what plays: 10s from its start; +5s or -5s from where it is",
		Example: `  orionbox play seek 10s
  orionbox play seek -5s`,
		DisableFlagParsing: true,
		RunE: negatives(1, func(cmd *cobra.Command, args []string) error {
			at, err := time.ParseDuration(args[0])
			if err != nil {
				return usageError{fmt.Errorf("%q is no time; write 10s from the start, or +5s or -5s from where it is", args[0])}
			}
			return f.words(cmd)(f.client().Seek(cmd.Context(), webadmin.SeekRequest{At: at, Relative: strings.ContainsAny(args[0][:1], "+-")}))
		}),
	}
}
