package main

import (
	"github.com/spf13/cobra"

	"orionbox/webadmin"
)

func newRequest() *cobra.Command {
	var f flags
	var session string
	cmd := &cobra.Command{
		Use:   "request CHUNK|TAKE",
		Short: "Ask a box to deliver a recording before all else (a producer's box)",
		Long: `Ask a box to deliver a recording before all else (a producer's box). A box whose policy is live or end sends it anyway,
in its turn; one whose policy is request (conn.conf, [Delivery]) sends nothing else. A box that is away sends it when it is back.

TAKE is who and which, such as alice/take-2, or the name of its file; a CHUNK, as ` + "`orionbox chunks`" + ` shows it, means the take
that it is of. How far it has come tells ` + "`orionbox status`" + `, on either box.`,
		Example: `  orionbox request alice/3
  orionbox request alice/take-2 --session SESSION_20261122_201501`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.words(cmd)(f.client().Deliver(cmd.Context(), webadmin.DeliverRequest{What: args[0], Session: session}))
		},
	}
	cmd.Flags().StringVar(&session, "session", "", "of an earlier session of its box, such as SESSION_20261122_201501 (default this one)")
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}
