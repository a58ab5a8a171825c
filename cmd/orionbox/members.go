package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orionbox/firmware"
)

func newRevoke() *cobra.Command {
	var f flags
	var room string
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Take a box's credential back: it is disconnected at once, and its invite is void",
		Example: "  orionbox members\n  orionbox revoke alice",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := f.hubClient(cmd.Context())
			if err != nil {
				return err
			}
			text, err := client.Revoke(cmd.Context(), room, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().StringVar(&room, "room", "", "of the box, if the hub has several with this id")
	f.addSocket(cmd)
	return cmd
}

func newMembers() *cobra.Command {
	var f flags
	var room string
	cmd := &cobra.Command{
		Use:   "members",
		Short: "List who was invited, and whose invite was revoked",
		Long: `List who was invited to this hub: their ID, which ` + "`orionbox revoke`" + ` takes, their role, when they were
invited, whether the invite was revoked, and whether their box is there now.`,
		Example: "  orionbox members\n  orionbox members --room 600 --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := f.hubClient(cmd.Context())
			if err != nil {
				return err
			}
			return answer(cmd, f, printMembers)(client.Members(cmd.Context(), room))
		},
	}
	cmd.Flags().StringVar(&room, "room", "", "of this room only (default: that of this box; of a hub alone, all)")
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}

func printMembers(w io.Writer, members []firmware.Member) error {
	if len(members) == 0 {
		_, err := fmt.Fprintln(w, "nobody is invited yet; `orionbox invite --name NAME` does it")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tROLE\tROOM\tINVITED\tSTATE")
	for _, m := range members {
		state := string(m.State)
		if m.Revoked {
			state = "revoked"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, printable(m.Name), m.Role, printable(m.Room), m.Invited.Local().Format("2006-01-02 15:04"), cmp.Or(state, "-"))
	}
	return table.Flush()
}
