package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"orionbox/firmware"
)

func newAdminPassword() *cobra.Command {
	var f flags
	var code bool
	var file string
	cmd := &cobra.Command{
		Use:   "password",
		Short: "Set the password of the web page, or show the code of a box that has none",
		Long: `Set the password of the web page: its hash goes into conn.conf. With --code it shows the code that the page asks the first
visitor for, as long as no password is set.`,
		Example: "  orionbox password -c conn.conf\n  orionbox password --code -c conn.conf",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := readConf(f.conf)
			if err != nil {
				return err
			}
			if code {
				text, err := firmware.ReadCode(firmware.CodePath(settings.Config().AudioSettings.RecordingLocation))
				if err != nil {
					return fmt.Errorf("%w; a box makes one when it starts without a password", err)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
				return err
			}
			password, err := readPassword(cmd.Context(), file, "New password of the web page: ")
			if err != nil {
				return err
			}
			return firmware.SetPassword(f.conf, password)
		},
	}
	cmd.Flags().BoolVar(&code, "code", false, "show the code of a box that has no password")
	cmd.Flags().StringVar(&file, "password-file", "", "read the password from the first line of a file (- is standard input)")
	f.addConf(cmd)
	return cmd
}
