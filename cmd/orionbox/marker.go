package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

func newMarker() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "marker",
		Short: "List, set, move, name, delete and judge the markers",
		Long: `List, set, move, name, delete and judge the markers. A producer's marker cuts the recordings of all boxes at one
instant, an artist's their own; a listener sets none. The box's Segment button sets one as well. Where a marker turns
out to be in the wrong place, move it: nothing in a recording changes. Good and no-good judge the chunk that begins
at the marker. ID stands in the first column of the list; the producer may change all markers, an artist their own.`,
		Example: `  orionbox marker                            list this session's
  orionbox marker add --name verse           set one now
  orionbox marker add --at -10s              set one where the music was ten seconds ago
  orionbox marker move m4k2x7qa -10s         move one, from where it stands
  orionbox marker rename m4k2x7qa "verse 2"
  orionbox marker good m4k2x7qa`,
		Args: usage(cobra.NoArgs),
	}
	f.listsMarkers(cmd)
	f.addSocket(cmd)
	f.addJSON(cmd)
	cmd.AddCommand(newMarkerList(&f), newMarkerAdd(&f), newMarkerMove(&f), newMarkerRename(&f),
		newMarkerJudge(&f, takes.Delete, "Delete a marker: the chunks beside it become one"),
		newMarkerJudge(&f, takes.Good, "Call the chunk that begins at the marker good"),
		newMarkerJudge(&f, takes.NoGood, "Call the chunk that begins at the marker no good"))
	return cmd
}

// listsMarkers has a command print the markers.
func (f *flags) listsMarkers(cmd *cobra.Command) {
	all := cmd.Flags().Bool("all", false, "also those of earlier sessions")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(cmd, *f, printMarkers)(f.client().Markers(cmd.Context(), *all))
	}
}

func printMarkers(w io.Writer, markers []takes.Marker) error {
	if len(markers) == 0 {
		_, err := fmt.Fprintln(w, "there are no markers; `orionbox press segment` sets one")
		return err
	}
	for i := range markers {
		markers[i].Name = printable(markers[i].Name)
	}
	return takes.PrintMarkers(w, markers)
}

// mark has something done to a marker and prints the box's words.
func (f *flags) mark(cmd *cobra.Command, op takes.Op, request webadmin.MarkRequest) error {
	request.Op = string(op)
	return f.words(cmd)(f.client().Mark(cmd.Context(), request))
}

// words prints what a box said that it did.
func (f *flags) words(cmd *cobra.Command) func(text string, err error) error {
	return func(text string, err error) error {
		switch {
		case err != nil:
			return err
		case f.json:
			return json.NewEncoder(cmd.OutOrStdout()).Encode(webadmin.Reply{Text: text})
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), printable(text))
		return err
	}
}

func newMarkerList(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the markers by time",
		Args:  usage(cobra.NoArgs),
	}
	f.listsMarkers(cmd)
	return cmd
}

func newMarkerAdd(f *flags) *cobra.Command {
	var name string
	var at time.Duration
	cmd := &cobra.Command{
		Use:     "add",
		Short:   "Set a marker, now or a while ago",
		Example: "  orionbox marker add --name chorus --at -2.5s",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.mark(cmd, takes.Set, webadmin.MarkRequest{Name: name, By: at})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the marker, and of the chunk that begins at it")
	cmd.Flags().DurationVar(&at, "at", 0, "when, counted from now: -10s is ten seconds ago")
	return cmd
}

func newMarkerMove(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:                "move ID TIME",
		Short:              "Move a marker: -10s is ten seconds earlier, 1.5s is one and a half later",
		Example:            "  orionbox marker move m4k2x7qa -10s\n  orionbox marker move m4k2x7qa 250ms",
		DisableFlagParsing: true,
		RunE: negatives(2, func(cmd *cobra.Command, args []string) error {
			by, err := time.ParseDuration(args[1])
			if err != nil {
				return usageError{fmt.Errorf("%q is no time; write how far to move, such as -10s or 1.5s", args[1])}
			}
			return f.mark(cmd, takes.Move, webadmin.MarkRequest{Marker: args[0], By: by})
		}),
	}
}

// negatives runs a command of n arguments that takes its flags apart by itself: to cobra, -10s would be some.
func negatives(n int, run func(cmd *cobra.Command, args []string) error) func(cmd *cobra.Command, args []string) error {
	return func(cmd *cobra.Command, args []string) error {
		args, err := withNegatives(cmd, args)
		if help, _ := cmd.Flags().GetBool("help"); help {
			return cmd.Help()
		}
		if err == nil {
			err = usage(cobra.ExactArgs(n))(cmd, args)
		}
		if err != nil {
			return err
		}
		return run(cmd, args)
	}
}

var negative = regexp.MustCompile(`^-\.?[0-9]`)

// withNegatives parses the flags of a command that DisableFlagParsing left to it, and returns what are none, with the
// negative numbers, which look like flags, at the end.
func withNegatives(cmd *cobra.Command, args []string) ([]string, error) {
	var numbers, others []string
	for _, a := range args {
		if negative.MatchString(a) {
			numbers = append(numbers, a)
		} else {
			others = append(others, a)
		}
	}
	cmd.DisableFlagParsing = false
	if err := cmd.ParseFlags(others); err != nil {
		return nil, cmd.FlagErrorFunc()(cmd, err)
	}
	return append(cmd.Flags().Args(), numbers...), nil
}

func newMarkerRename(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:     "rename ID NAME",
		Short:   "Give a marker, and the chunk that begins at it, another name",
		Example: `  orionbox marker rename m4k2x7qa "second verse"`,
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.mark(cmd, takes.Rename, webadmin.MarkRequest{Marker: args[0], Name: args[1]})
		},
	}
}

// newMarkerJudge is a command that takes a marker and nothing else.
func newMarkerJudge(f *flags, op takes.Op, short string) *cobra.Command {
	return &cobra.Command{
		Use:     string(op) + " ID",
		Short:   short,
		Example: "  orionbox marker " + string(op) + " m4k2x7qa",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" {
				return usageError{errors.New("the id of a marker is missing; `orionbox marker` lists them")}
			}
			return f.mark(cmd, op, webadmin.MarkRequest{Marker: args[0]})
		},
	}
}
