package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
)

const longHelp = `Orion box: a studio in a small box. It talks into a SIP conference at low bandwidth
and records what you play, at the same time and in studio quality, on the box itself.

To see the whole of it on this machine, with no hardware and no server:

  orionbox demo

To set a box up: copy docs/conn.conf.example to conn.conf, fill in what your SIP server gave you, then

  orionbox devices             which sound cards are there
  orionbox check -c conn.conf  is the file right
  orionbox panel test          are the buttons and LEDs wired right
  orionbox run -c conn.conf    be the box

Or let the box's web page do that (port 8080); orionbox password --code shows what it asks the first visitor for.

Then, in another terminal, or from a script:

  orionbox status              what it is doing
  orionbox preflight           is all ready for a session
  orionbox press record        start a take; press again to end it

To make a studio of several boxes, invite the others on the producer's box, and hand each its string:

  orionbox invite --name alice make it; alice's box takes it with orionbox join
  orionbox peers               who is there and what they do
  orionbox press segment       cut everybody's recording here
  orionbox chunks              what was cut
  orionbox play alice/3        hear one of them; --to all: have everybody hear it
  orionbox request alice/3     have that recording delivered before all others
  orionbox chat                talk in writing
  orionbox export last mix     the session for an editor: Reaper, Audacity, WAVs in step`

const exitHelp = `
Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no box is running, 4 the box refused.
`

// flags are those that more than one command takes.
type flags struct {
	conf   string
	socket string
	json   bool
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "orionbox",
		Short:         "A studio in a small box",
		Long:          longHelp,
		Args:          usage(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	root.SetUsageTemplate(root.UsageTemplate() + exitHelp)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(), newDemo(), newJoin(), newConference(), newStatus(), newPress(),
		newPeers(), newMarker(), newChunks(), newPlay(), newRequest(), newChat(), newHubCmd(), newInvite(), newMembers(), newRevoke(),
		newCheck(), newSetup(), newPortal(), newDevices(), newPanel(), newPreflight(), newAdminPassword(), newRecover(), newExport(), newVersion())
	return root
}

// usage makes a wrong number of arguments an error of the command line.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
		}
		return nil
	}
}

func (f *flags) addConf(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.conf, "conf", "c", "conn.conf", "the box's settings")
}

// addSocket adds --socket to a command and those below it.
func (f *flags) addSocket(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&f.socket, "socket", "", "the running box's socket (default "+defaultSocket()+")")
}

// addJSON adds --json to a command and those below it.
func (f *flags) addJSON(cmd *cobra.Command) {
	cmd.PersistentFlags().BoolVar(&f.json, "json", false, "print JSON")
}

// newLog writes to standard error, where systemd's journal and a person both find it.
func newLog(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "orionbox", version)
			return err
		},
	}
}
