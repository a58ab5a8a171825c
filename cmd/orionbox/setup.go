package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orionbox/audio/device"
	"orionbox/firmware/conf"
	"orionbox/firmware/takes"
)

func newCheck() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check conn.conf and name every fault in it; nothing is rewritten",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := readConf(f.conf)
			if err != nil {
				return err
			}
			if f.json {
				err = printJSON(cmd.OutOrStdout(), file.Problems())
			} else {
				err = printProblems(cmd.OutOrStdout(), f.conf, file.Problems())
			}
			return errors.Join(err, faults(f.conf, file.Problems()))
		},
	}
	f.addConf(cmd)
	f.addJSON(cmd)
	return cmd
}

func printProblems(w io.Writer, path string, problems []conf.Problem) error {
	for _, p := range problems {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	if len(problems) == 0 {
		_, err := fmt.Fprintln(w, path+": no faults")
		return err
	}
	return nil
}

// readConf reads conn.conf, with all its problems.
func readConf(path string) (*conf.File, error) {
	file, err := conf.Load(path)
	if err != nil {
		return nil, fmt.Errorf("%w; name another with -c, or start from docs/conn.conf.example", err)
	}
	return file, nil
}

// faults is an error if any of the problems, which have been printed, keeps a box from starting.
func faults(path string, problems []conf.Problem) error {
	fatal := 0
	for _, p := range problems {
		if p.Fatal {
			fatal++
		}
	}
	if fatal == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d to mend before a box can run on it", path, fatal)
}

func newDevices() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "devices",
		Short: "List the sound cards, by the names that conn.conf takes",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			devices, err := device.List()
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), devices)
			}
			return printDevices(cmd.OutOrStdout(), devices)
		},
	}
	f.addJSON(cmd)
	return cmd
}

func printDevices(w io.Writer, devices []device.Info) error {
	if len(devices) == 0 {
		_, err := fmt.Fprintln(w, "no sound card was found; plug the interface in, or use null or file:PATH in conn.conf")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tMIC\tSPEAKERS")
	for _, d := range devices {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", d.ID, d.Name, yes(d.Capture), yes(d.Playback))
	}
	return table.Flush()
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "-"
}

func newRecover() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "recover DIR",
		Short: "Repair what a power cut left in a folder of recordings; no sound is ever deleted",
		Long: `Repair what a power cut left in a folder of recordings: cut tails are trimmed to the last whole frame,
headers made true, takes closed in the journal. A box does this at each start by itself. No sound is ever deleted, and
a session that is being recorded is left alone.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := takes.Recover(cmd.Context(), args[0], newLog(slog.LevelWarn))
			if f.json {
				return errors.Join(err, printJSON(cmd.OutOrStdout(), report))
			}
			_, printed := fmt.Fprint(cmd.OutOrStdout(), report)
			return errors.Join(err, printed)
		},
	}
	f.addJSON(cmd)
	return cmd
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
