package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/spf13/cobra"

	"orionbox/firmware"
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
		listener, err := firmware.HandedOver()
		if errors.Is(err, firmware.ErrNotHandedOver) {
			err = usageError{fmt.Errorf("--listen is missing, and %w", err)}
		}
		return listener, err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("open portal: %w", err)
	}
	return listener, nil
}
