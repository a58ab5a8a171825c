package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/logbook"
	"orionbox/sip/conference"
)

func newRun() *cobra.Command {
	var f flags
	var verbose bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Be the box: join the conference, record, obey the buttons",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := load(f.conf)
			if err != nil {
				return err
			}
			if f.socket == "" {
				f.socket = defaultSocket()
			}
			spreadThreads()
			book := logbook.New(newLog(level(verbose)).Handler(), firmware.LogLines)
			log := slog.New(book)
			box, err := firmware.New(firmware.Config{Settings: settings, Conf: f.conf, Socket: f.socket, Version: version, Book: book}, log)
			if err != nil {
				return err
			}
			err = box.Run(cmd.Context())
			if box.Restarts() && cmd.Context().Err() == nil {
				return startAgain(err, log)
			}
			return err
		},
	}
	f.addConf(cmd)
	f.addSocket(cmd)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// startAgain makes this process a new one of the same program, or of the one that has taken its place on the disk, with the same
// arguments: whoever started it, systemd or a terminal, sees it go on. An error of the old one is told, and keeps nobody from it.
func startAgain(failed error, log *slog.Logger) error {
	if failed != nil {
		log.Error("the box stopped with an error and starts again", "err", failed)
	}
	path, err := os.Executable()
	if err == nil {
		err = syscall.Exec(path, os.Args, os.Environ()) // returns only if it fails
	}
	return errors.Join(failed, fmt.Errorf("start again: %w", err))
}

// load reads conn.conf, tells its faults on standard error, and refuses one that a box cannot run on.
func load(path string) (conf.Config, error) {
	file, err := readConf(path)
	if err != nil {
		return conf.Config{}, err
	}
	if err := printFaults(file.Problems()); err != nil {
		return conf.Config{}, err
	}
	if err := faults(path, file.Problems()); err != nil {
		return conf.Config{}, err
	}
	return file.Config(), nil
}

func printFaults(problems []conf.Problem) error {
	for _, p := range problems {
		if _, err := fmt.Fprintln(os.Stderr, p); err != nil {
			return err
		}
	}
	return nil
}

// spreadThreads keeps a thread free for the sound card's callback: with as many as there are cores, a busy program
// makes it wait for its turn.
func spreadThreads() {
	runtime.GOMAXPROCS(max(4, 2*runtime.NumCPU()))
}

func level(verbose bool) slog.Level {
	if verbose {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func newConference() *cobra.Command {
	var listen, users string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "conference",
		Short: "Be the conference: answer calls to any number and mix them, for studios with no SIP server",
		Long: `Be the conference: a small SIP server that answers calls to any number over UDP and TCP and mixes all who
called the same one. Who calls *43 hears themselves: an echo, to try the line before a session. FILE holds a line
"user:password" for each who may call; # starts a comment.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if listen == "" {
				return usageError{errors.New("--listen needs an address and port, such as 0.0.0.0:5060")}
			}
			accounts, err := readUsers(users)
			if err != nil {
				return err
			}
			spreadThreads()
			log := newLog(level(verbose))
			server, err := conference.New(conference.Config{Listen: listen, Users: accounts}, log)
			if err != nil {
				return err
			}
			return server.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:5060", "address and port to listen on, UDP and TCP")
	cmd.Flags().StringVar(&users, "users", "", "file of those who may call, a user:password a line")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

func readUsers(path string) (map[string]string, error) {
	if path == "" {
		return nil, usageError{fmt.Errorf("--users FILE is needed: a user:password a line")}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open users: %w", err)
	}
	defer file.Close()
	users, err := conference.ReadUsers(file)
	if err != nil {
		return nil, fmt.Errorf("read users %s: %w", path, err)
	}
	return users, nil
}
