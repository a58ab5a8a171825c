package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"orionbox/firmware/invite"
	"orionbox/webadmin"
)

// inviteOptions is how an invite is asked for and given out.
type inviteOptions struct {
	flags
	request      webadmin.InviteRequest
	passwordFile string
	png          string
	noQR         bool
}

func newInvite() *cobra.Command {
	var o inviteOptions
	cmd := &cobra.Command{
		Use:   "invite --name NAME",
		Short: "Make the one string that sets up somebody's box",
		Long: `Make the one string that sets up somebody's box, as text and as QR code: the account at the SIP server, the
conference, the hub, and the box's own credential with its role. Run it where the hub runs: on the producer's box while
` + "`orionbox run`" + ` does. The box that it is for takes it with ` + "`orionbox join`" + `.

That box must reach the hub: if it comes over the internet, name your router's address with --hub, and
forward the port there.

The string is a secret: whoever has it is that box. A password is read from a file or asked for, never from the
command line, which others can see.`,
		Example: `  orionbox invite --name alice --user 1001
  orionbox invite --name bob --role LISTENER --user 1002 --password-file bob.txt --png bob.png
  orionbox invite --name carol --hub studio.example.org:9000
  orionbox invite --name dave --user 1004 --legacy`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	set := cmd.Flags()
	set.StringVar(&o.request.Name, "name", "", "of the person, as the others will see it")
	set.StringVar(&o.request.Role, "role", "ARTIST", "ARTIST records and delivers, PRODUCER marks and receives, LISTENER hears")
	set.StringVar(&o.request.User, "user", "", "the person's account (extension) at the SIP server")
	set.StringVar(&o.passwordFile, "password-file", "", "file that holds that account's password, - for standard input (default: asked for)")
	set.StringVar(&o.request.Server, "server", "", "the SIP server (default: that of this box)")
	set.StringVar(&o.request.CallNo, "call-no", "", "the conference (default: that of this box)")
	set.StringVar(&o.request.Hub, "hub", "", "host:port by which the box reaches this hub (default: an address of this machine)")
	set.BoolVar(&o.request.Legacy, "legacy", false, "make the form that the desktop program reads: SIP account and conference only")
	set.StringVar(&o.png, "png", "", "write the QR code to this file, which only you can read")
	set.BoolVar(&o.noQR, "no-qr", false, "show no QR code")
	o.addSocket(cmd)
	o.addJSON(cmd)
	return cmd
}

func (o *inviteOptions) run(cmd *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	client, err := o.hubClient(cmd.Context()) // before a person types a password for nothing
	if err != nil {
		return err
	}
	if o.request.User != "" {
		if o.request.Password, err = readPassword(cmd.Context(), o.passwordFile, "Password of "+printable(o.request.User)+" at the SIP server: "); err != nil {
			return err
		}
	}
	image, err := createImage(o.png)
	if err != nil {
		return err
	}
	reply, err := client.Invite(cmd.Context(), o.request)
	if err != nil {
		return errors.Join(err, image.remove())
	}
	// Shown first: a string that cannot be written to a file is of use all the same.
	return errors.Join(o.print(cmd.OutOrStdout(), reply), image.write(reply.String))
}

func (o *inviteOptions) check() error {
	switch {
	case o.request.Name == "":
		return usageError{errors.New("--name is missing: who is invited?")}
	case o.passwordFile != "" && o.request.User == "":
		return usageError{errors.New("--password-file needs --user: whose password is it?")}
	case o.request.Legacy && o.request.User == "":
		return usageError{errors.New("--legacy needs --user: such an invite holds nothing but the SIP account")}
	case o.request.Legacy && o.request.Hub != "":
		return usageError{errors.New("--legacy invites hold no hub; leave out --hub, or --legacy")}
	}
	return nil
}

func (o *inviteOptions) print(w io.Writer, reply webadmin.InviteReply) error {
	if o.json {
		return json.NewEncoder(w).Encode(reply)
	}
	into := fmt.Sprintf("room %s of the hub at %s", reply.Room, reply.Hub)
	after := fmt.Sprintf("The box takes it with `orionbox join`; `orionbox revoke %s` takes it back.\n"+
		"If other boxes reach this hub at another address than %s, make another with --hub.", reply.ID, reply.Hub)
	for _, id := range reply.Earlier {
		after += fmt.Sprintf("\nAn earlier invite for %s still works: `orionbox revoke %s` takes it back.", reply.Name, id)
	}
	if reply.Hub == "" {
		into, after = "conference "+reply.Room, "It holds no way to a hub; the box takes it with `orionbox join`."
	}
	_, err := fmt.Fprintf(w, "Invite for %s (%s) into %s. It is a secret: send it to %[1]s only.\n\n%[4]s\n\n", reply.Name, reply.Role, into, reply.String)
	if err == nil && !o.noQR {
		if err = invite.Terminal(w, reply.String); err == nil {
			_, err = fmt.Fprintln(w)
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(w, after)
	}
	return err
}

// image is the file that a QR code goes to; nil for none.
type image struct{ *os.File }

// createImage makes the file, for its owner only. It is made anew: one that is there may be open to others.
func createImage(path string) (*image, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("write QR code: %s is there already; name another file with --png", path)
	}
	if err != nil {
		return nil, fmt.Errorf("write QR code: %w", err)
	}
	return &image{file}, nil
}

func (i *image) write(text string) error {
	if i == nil {
		return nil
	}
	data, err := invite.PNG(text)
	if err == nil {
		_, err = i.Write(data)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write QR code: %w", err), i.remove())
	}
	return i.Close()
}

func (i *image) remove() error {
	if i == nil {
		return nil
	}
	return errors.Join(i.Close(), os.Remove(i.Name()))
}
