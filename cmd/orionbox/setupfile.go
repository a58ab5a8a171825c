package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/setup"
	"orionbox/hw/board"
)

const setupHelp = `Set a box up from a file that any computer can write on its card. All keys may be missing:

  wifi = Studio                 the network to join
  wifi_password = ...
  country = DE                  by which the radio keeps to the law
  hostname = orionbox
  timezone = Europe/Berlin
  invite = ...                  the string you were sent, see orionbox invite
  admin_password = ...          of the web page
  ssh_key = ssh-ed25519 AAAA... who may log in over SSH; may stand more than once, and replaces who could before

A # begins a comment at the start of a line only. A value in quotes keeps the spaces at its ends.

If anything in it is wrong nothing is done, and orionbox-errors.txt beside it says why. Otherwise it is erased when all is done,
as it holds passwords. With or without a file, a box that knows no Wi-Fi gets its own, and the label says how to reach it.

With --check nothing is done: it says whether the file is right, on any computer.`

// setupFlags are those of orionbox setup.
type setupFlags struct {
	flags
	file, state, label string
	check              bool
}

func newSetup() *cobra.Command {
	var f setupFlags
	cmd := &cobra.Command{
		Use:     "setup",
		Short:   "Set the computer of a box up from a file on its card, as at the first start",
		Long:    setupHelp,
		Example: "  orionbox setup --check --file orionbox.txt\n  orionbox setup --file /boot/firmware/orionbox.txt --state /data/system -c /var/lib/orionbox/conn.conf",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.check {
				return checkSetup(cmd.OutOrStdout(), f.file)
			}
			if f.state == "" {
				return usageError{errors.New("--state is missing: the folder of what is made of the file; or say --check")}
			}
			return f.run(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&f.file, "file", "orionbox.txt", "the set-up file")
	cmd.Flags().StringVar(&f.state, "state", "", "folder of what is made of it for the computer")
	cmd.Flags().StringVar(&f.label, "label", "", "write how to reach the box, with its code, into this file")
	cmd.Flags().BoolVar(&f.check, "check", false, "only say whether the file is right")
	f.addConf(cmd)
	return cmd
}

func checkSetup(w io.Writer, path string) error {
	path = setup.Find(path)
	data, err := setup.Read(path)
	if err != nil {
		return err
	}
	_, faults := setup.Parse(data)
	if len(faults) > 0 {
		return showFaults(w, &setup.Refused{Path: path, Faults: faults})
	}
	_, err = fmt.Fprintln(w, path+": no faults")
	return err
}

func (f setupFlags) run(w io.Writer) error {
	done, err := setup.Config{File: f.file, State: f.state, Conf: f.conf, Label: f.label, Board: board.New("/").Identity(), Code: f.code}.Run()
	for _, line := range done {
		fmt.Fprintln(w, line)
	}
	if len(done) == 0 && err == nil {
		fmt.Fprintln(w, "nothing to do")
	}
	return showFaults(w, err)
}

// showFaults prints the faults of a file that was refused.
func showFaults(w io.Writer, err error) error {
	var refused *setup.Refused
	if errors.As(err, &refused) {
		for _, fault := range refused.Faults {
			fmt.Fprintf(w, "%s: %s\n", refused.Path, fault)
		}
	}
	return err
}

// code is what the page asks its first visitor for. It is made now and not by the box, which starts later; the box's user must be able
// to read it.
func (f setupFlags) code() (string, error) {
	file, err := conf.LoadOrNew(f.conf)
	if err != nil || file.Config().Admin.PasswordHash != "" {
		return "", err
	}
	recordings := file.Config().AudioSettings.RecordingLocation
	path := firmware.CodePath(recordings)
	if err := setup.OwnFolder(recordings, recordingsMode); err != nil {
		return "", fmt.Errorf("make folder of the recordings: %w", err)
	}
	if err := firmware.MakeCode(path); err != nil {
		return "", err
	}
	if err := setup.Own(path); err != nil {
		return "", err
	}
	return firmware.ReadCode(path)
}

// recordingsMode is that of the folder of recordings: the group may read.
const recordingsMode = 0o750
