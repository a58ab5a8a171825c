package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"orionbox/webadmin"
)

func newPortal() *cobra.Command {
	var listen, page string
	cmd := &cobra.Command{
		Use:   "portal",
		Short: "Lead who joins the box's own Wi-Fi to its page",
		Long: `Lead who joins the box's own Wi-Fi to its page: every request, for whatever site, is answered with the page's address. It wants
that network's name server to give the box's address for all names. It says nothing else, and reads nothing of the box.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if u, err := url.Parse(page); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				return usageError{errors.New("--to must be the address of a page, as http://10.42.0.1:8080")}
			}
			listener, err := openPortal(listen)
			if err != nil {
				return err
			}
			return webadmin.Serve(cmd.Context(), listener, webadmin.Portal(page))
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address and port (default: the socket that systemd hands over)")
	cmd.Flags().StringVar(&page, "to", "http://10.42.0.1:8080", "the page")
	return cmd
}

func openPortal(listen string) (net.Listener, error) {
	if listen == "" {
		return handedOver()
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("open portal: %w", err)
	}
	return listener, nil
}

// firstHanded is the first file that systemd hands over (sd_listen_fds(3)).
const firstHanded = 3

// handedOver is the socket that systemd opened: it may open port 80, and one of an address that the computer has only at times.
func handedOver() (net.Listener, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDS") != "1" {
		return nil, usageError{errors.New("--listen is missing, and systemd hands over no socket")}
	}
	file := os.NewFile(firstHanded, "socket")
	listener, err := net.FileListener(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("take the socket over: %w", err)
	}
	return listener, nil
}
