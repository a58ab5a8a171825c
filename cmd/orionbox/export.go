package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/export"
)

func newExport() *cobra.Command {
	var f flags
	var from string
	var rate int
	cmd := &cobra.Command{
		Use:   "export SESSION DIR",
		Short: "Make of a session a Reaper project, Audacity labels, and WAVs that lie on top of each other",
		Long: `Make of a session what other programs open. No box need run; SESSION is the name or path of a session's folder, or
last. What was delivered to this box is looked for in recording_location/received, or in store of [Hub]; the conference's
recording in recording_location. On an artist's box the session is the artist's own.

  DIR/SESSION.rpp   Reaper: each recording at its place on the session clock, played at the rate of its drift; the
                    chunks as regions; the conference muted. It plays DIR/media, the sound as it was recorded
  DIR/labels.txt    the same chunks for Audacity
  DIR/wav           a WAV a person, drift corrected, all of one length, 24 bit, with BWF time reference
  DIR/report.json   where each track lies, how sure that is, and how far it is from what the conference heard

DIR is new, empty, or an earlier export that nobody worked on: nothing else is overwritten. A take that was not delivered
yet is named, and the rest exported; run it again later.`,
		Example: "  orionbox export last /media/stick/friday\n  orionbox export --from /backup/SESSION_20261122_201455 SESSION_20261122_201455 mix",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := f.exportOf(cmd, from, args[0])
			if err != nil {
				return err
			}
			cfg.Dir, cfg.Rate, cfg.Version, cfg.Progress = args[1], rate, version, cmd.ErrOrStderr()
			report, err := export.Run(cmd.Context(), cfg)
			switch {
			case err != nil:
				return err
			case f.json:
				return printJSON(cmd.OutOrStdout(), report)
			}
			return report.Print(cmd.OutOrStdout())
		},
	}
	f.addConf(cmd)
	f.addJSON(cmd)
	cmd.Flags().StringVar(&from, "from", "", "folder of the session as it was delivered, in place of conn.conf's")
	cmd.Flags().IntVar(&rate, "rate", 48000, "of the WAVs, in samples a second")
	return cmd
}

// exportOf finds the session. A conn.conf that was not asked for need not be there.
func (f *flags) exportOf(cmd *cobra.Command, from, session string) (export.Config, error) {
	var cfg export.Config
	recordings, received := "", ""
	file, err := conf.Load(f.conf)
	switch missing := errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("conf"); {
	case err == nil:
		set := file.Config()
		recordings = set.AudioSettings.RecordingLocation
		received, cfg.Reserve = firmware.Received(set.Hub.Store, recordings), set.AudioSettings.Reserve
	case !missing:
		return cfg, fmt.Errorf("%w; name another with -c", err)
	case from == "" && !strings.ContainsRune(session, filepath.Separator):
		return cfg, usageError{errors.New("there is no conn.conf here that tells where recordings are: name one with -c, or give the path of the session's folder")}
	}
	if from == "" {
		cfg.Folders, err = export.Find(recordings, received, session)
		return cfg, err
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return cfg, usageError{fmt.Errorf("--from %s: there is no such folder", from)}
	}
	cfg.Folders = export.Folders{Session: filepath.Base(filepath.Clean(session)), Received: from}
	if own, err := export.Find(recordings, "", session); err == nil {
		cfg.Folders.Session, cfg.Folders.Own = own.Session, own.Own
	}
	return cfg, nil
}
