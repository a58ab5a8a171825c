package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware"
	"orionbox/firmware/conf"
	"orionbox/firmware/delivery/door"
	"orionbox/firmware/hub"
	"orionbox/firmware/hub/server"
	"orionbox/webadmin"
)

// hubOptions is what a hub alone is made from.
type hubOptions struct {
	flags
	listen      string
	dir         string
	natsURLFile string
	store       string
	verbose     bool
}

func newHubCmd() *cobra.Command {
	var o hubOptions
	cmd := &cobra.Command{
		Use:   "hub",
		Short: "Be the hub alone: where the boxes of a studio meet, on a machine that is no box",
		Long: `Be the hub alone: where the boxes of a studio meet, on a machine that is no box. A producer's box brings its own
hub along; this is for a server that is always up. It keeps its certificate, the credentials and what was said in DIR:
with another one, every box needs a new invite.

Recordings on their way to the producers wait in the folder files of DIR, or where --store says: a folder, or a bucket of an S3
server as s3://BUCKET. They are deleted once every producer has them.

With --conf, listen, nats_url and store come from [Hub] of that file, and server and call_no of its [ConnectionDetails] go
into the invites. The address of a NATS cluster may hold a password; so it comes from a file, not from the command line.`,
		Example: `  orionbox hub
  orionbox hub --listen 0.0.0.0:9000 --dir /var/lib/orionbox/hub
  orionbox invite --name alice --call-no 600      in another terminal
  orionbox hub status`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVarP(&o.conf, "conf", "c", "", "settings to take [Hub] from (default: none)")
	cmd.Flags().StringVar(&o.listen, "listen", "", "address and port for the boxes (default :9000)")
	cmd.Flags().StringVar(&o.dir, "dir", defaultHubDir(), "folder of all that it keeps")
	cmd.Flags().StringVar(&o.natsURLFile, "nats-url-file", "", "file with the address of a NATS server or cluster to keep it all, in place of DIR")
	cmd.Flags().StringVar(&o.store, "store", "", "folder, or s3://BUCKET, for recordings on their way (default the folder files of DIR)")
	cmd.Flags().StringVar(&o.socket, "socket", hubSocket(), "its socket, for invite, revoke, members and hub status")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	cmd.AddCommand(newHubStatus())
	return cmd
}

// defaultHubDir is systemd's folder for the service, the system's for root, else the user's own.
func defaultHubDir() string {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return filepath.Join(dir, "hub")
	}
	home, err := os.UserHomeDir()
	if os.Geteuid() == 0 || err != nil {
		return "/var/lib/orionbox/hub"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "orionbox", "hub")
	}
	return filepath.Join(home, ".local", "share", "orionbox", "hub")
}

func (o *hubOptions) run(ctx context.Context) error {
	cfg, defaults, err := o.config()
	if err != nil {
		return err
	}
	if o.store == "" {
		o.store = filepath.Join(cfg.Dir, "files")
	}
	log := newLog(level(o.verbose))
	listener, err := webadmin.ListenLocal(o.socket)
	if err != nil {
		return err
	}
	s, err := server.New(cfg, log.With("part", "hub"))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	files, err := door.New(door.Config{Store: o.store, Dir: cfg.Dir}, s, log.With("part", "files"))
	if err != nil {
		return errors.Join(err, s.Close(), listener.Close())
	}
	s.Handle(hub.FilesPath+"/", files)
	log.Info("hub runs", "address", s.Addr(), "fingerprint", s.Fingerprint(), "folder", cfg.Dir, "socket", o.socket, "version", version)
	door := webadmin.New(webadmin.Parts{Host: firmware.NewHost(s, defaults)}, log.With("part", "door"))
	service := firmware.NewService(log)
	service.Alive() // its doors are open; who knocks waits for no more
	context.AfterFunc(ctx, service.Leave)
	return together(ctx, s.Run, files.Run, func(ctx context.Context) error { return webadmin.Serve(ctx, listener, door) })
}

// config is what the command line says, and for what it does not say, conn.conf.
func (o *hubOptions) config() (cfg server.Config, defaults firmware.HostDefaults, err error) {
	cfg = server.Config{Listen: o.listen, Dir: o.dir, Version: version}
	if o.conf != "" {
		settings, err := load(o.conf)
		if err != nil {
			return cfg, defaults, err
		}
		if cfg.Listen == "" {
			cfg.Listen = settings.Hub.Listen
		}
		cfg.NATSURL = string(settings.Hub.NATSURL)
		o.store = cmp.Or(o.store, settings.Hub.Store)
		defaults.Server, defaults.CallNo = settings.ConnectionDetails.Server, settings.ConnectionDetails.CallNo
	}
	if cfg.Listen == "" {
		cfg.Listen = ":9000"
	}
	if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
		return cfg, defaults, usageError{errors.New("--listen needs an address and port, such as 0.0.0.0:9000, or :9000 for every address")}
	}
	if o.natsURLFile != "" {
		if cfg.NATSURL, err = readNATSURL(o.natsURLFile); err != nil {
			return cfg, defaults, err
		}
	}
	return cfg, defaults, nil
}

// readNATSURL reads the address from a file, checked as conn.conf checks it.
func readNATSURL(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read address of NATS: %w", err)
	}
	file, _ := conf.Parse(path, nil)
	if err := file.Set("Hub", "nats_url", strings.TrimSpace(string(data))); err != nil {
		return "", fmt.Errorf("read address of NATS: %w", err)
	}
	return string(file.Config().Hub.NATSURL), nil
}

// together runs parts that cannot be without each other: when one ends, so do the others.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(parts))
	for _, run := range parts {
		go func() { defer stop(); ended <- run(ctx) }()
	}
	var err error
	for range parts {
		err = errors.Join(err, <-ended)
	}
	return err
}

func newHubStatus() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Tell how the hub on this machine is: address, boxes, what it keeps, how much memory it needs",
		Example: "  orionbox hub status\n  orionbox hub status --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := f.hubClient(cmd.Context())
			if err != nil {
				return err
			}
			return answer(cmd, f, printHubStatus)(client.HubStatus(cmd.Context()))
		},
	}
	f.addSocket(cmd)
	f.addJSON(cmd)
	return cmd
}

func printHubStatus(w io.Writer, s server.Status) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "hub\t%s, version %s, up %s\n", s.Address, s.Version, time.Duration(s.Uptime)*time.Second)
	fmt.Fprintf(table, "store\t%s, %s\n", s.Store, stored(s))
	if s.Trouble != "" {
		fmt.Fprintf(table, "TROUBLE\t%s\n", s.Trouble)
	}
	fmt.Fprintf(table, "boxes\t%d connected; %d requests refused\n", s.Connections, s.Refused)
	fmt.Fprintf(table, "memory\t%.1f MB\n", float64(s.MemoryBytes)/1e6)
	if err := table.Flush(); err != nil || len(s.Rooms) == 0 {
		return err
	}
	fmt.Fprintln(table, "\nROOM\tPRESENT\tUNKNOWN\tPOSTS\tTRACKS\tFILES")
	for _, r := range s.Rooms {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", printable(r.Room), r.Present, r.Unknown, r.Posts, r.Tracks, r.Files)
	}
	return table.Flush()
}

func stored(s server.Status) string {
	if s.LimitBytes <= 0 {
		return fmt.Sprintf("%.1f MB used", float64(s.StoredBytes)/1e6)
	}
	return fmt.Sprintf("%.1f of %.0f MB used", float64(s.StoredBytes)/1e6, float64(s.LimitBytes)/1e6)
}
