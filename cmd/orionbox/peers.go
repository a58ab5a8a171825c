package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

func newPeers() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "peers",
		Short: "List the boxes of the studio and what each is doing",
		Long: `List the boxes of the studio and what each is doing: whether it is in the conference, which take it records, what
is muted, how many minutes of recording its disk still holds, and what is wrong with it. Recording means that the file
grows, not that the button was pressed. A box that has not been heard of for three seconds is unknown; what it does
now nobody can say, so there are question marks. One that said goodbye is absent.`,
		Example: "  orionbox peers\n  orionbox peers --json | jq -r '.[] | select(.recording) | .name'",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return answer(cmd, f, printPeers)(f.client().Peers(cmd.Context()))
		},
	}
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}

func newChunks() *cobra.Command {
	var f flags
	var all bool
	cmd := &cobra.Command{
		Use:   "chunks",
		Short: "List what the markers cut the recordings of all boxes into",
		Long: `List what the markers cut the recordings of all boxes into: whose it is, when it began, how long it is, which part
of which take and of which voice recording it is, its size, and whether it was delivered. A chunk begins and ends where a
recording does, or at a marker. The recordings stay whole: to cut elsewhere, move the marker.`,
		Example: "  orionbox chunks\n  orionbox chunks --all --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return answer(cmd, f, printChunks)(f.client().Chunks(cmd.Context(), all))
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those of earlier sessions")
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}

func printChunks(w io.Writer, chunks []takes.Chunk) error {
	if len(chunks) == 0 {
		_, err := fmt.Fprintln(w, "nothing is recorded yet")
		return err
	}
	for i := range chunks {
		chunks[i].Name, chunks[i].Title = printable(chunks[i].Name), printable(chunks[i].Title)
	}
	return takes.PrintChunks(w, chunks)
}

// answer prints what a box answered: all of it with --json, else by print.
func answer[T any](cmd *cobra.Command, f flags, print func(io.Writer, T) error) func(json.RawMessage, error) error {
	return func(body json.RawMessage, err error) error {
		if err != nil {
			return err
		}
		if f.json {
			return printJSON(cmd.OutOrStdout(), body)
		}
		var value T
		if err := json.Unmarshal(body, &value); err != nil {
			return fmt.Errorf("read answer (is the box of another version?): %w", err)
		}
		return print(cmd.OutOrStdout(), value)
	}
}

func printPeers(w io.Writer, peers []hub.Peer) error {
	if len(peers) == 0 {
		_, err := fmt.Fprintln(w, "nobody is known: this box has no hub, or has not reached it yet; see `orionbox status`")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tSTATE\tCALL\tRECORDING\tMIC\tSPEAKERS\tSTORAGE\tNOTES")
	for _, p := range peers {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", printable(cmp.Or(p.Name, p.ID)), p.Role, p.State, doings(p))
	}
	return table.Flush()
}

// doings are the columns of what a peer does. Of one that is not there, nothing is said.
func doings(p hub.Peer) string {
	switch p.State {
	case hub.Present:
		return strings.Join([]string{either(p.Call, "in conference", "-"), recording(p.Presence),
			either(p.MicMuted, "muted", "live"), either(p.SpeakersMuted, "muted", "live"),
			fmt.Sprintf("%d min", p.StorageMinutes), notes(p.Presence)}, "\t")
	case hub.Absent:
		return "-\t-\t-\t-\t-\t"
	}
	return "?\t?\t?\t?\t?\t" + either(p.Recording, "was recording when last heard of", "")
}

func recording(p hub.Presence) string {
	switch {
	case p.Recording:
		return fmt.Sprintf("take %d", p.Number)
	case p.Take == session.Recording, p.Take == session.Failing:
		return fmt.Sprintf("take %d FAILING", p.Number)
	case p.Take == session.Starting, p.Take == session.Stopping:
		return fmt.Sprintf("take %d %s", p.Number, p.Take)
	}
	return "-"
}

func notes(p hub.Presence) string {
	var all []string
	if p.Clipping {
		all = append(all, "CLIPPING")
	}
	if p.Delivering {
		all = append(all, "delivering")
	}
	if p.Fault != "" {
		all = append(all, printable(p.Fault))
	}
	return strings.Join(all, "; ")
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// printable is what somebody else wrote, on one line, and with nothing in it that a terminal obeys.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
