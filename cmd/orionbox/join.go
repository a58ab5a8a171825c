package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"orionbox/firmware/conf"
	"orionbox/firmware/invite"
)

const joinHelp = `Take an invite: check every part of it, show what it sets, and write that to conn.conf. Whatever else stands in the
file stays as it is; a missing file is made. A damaged invite is refused, and the file left alone.

Without INVITE it is asked for, and with - it is read from standard input. An invite on the command line can be seen by
other users of this machine while the command runs, and your shell may remember it: it holds a password.

Before it writes it asks. Where there is no terminal to ask on, say --yes, else nothing is done.`

// maxInvite is far above any real invite, in bytes.
const maxInvite = 64 << 10

func newJoin() *cobra.Command {
	var f flags
	var sure bool
	cmd := &cobra.Command{
		Use:     "join [INVITE | -]",
		Short:   "Take an invite: all that this box must know to be in the studio, in one string",
		Long:    joinHelp,
		Example: "  orionbox join\n  orionbox join --yes - < invite.txt",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys := keyboard{bufio.NewReader(os.Stdin), os.Stderr}
			if !sure && !term.IsTerminal(int(os.Stdin.Fd())) {
				return usageError{errors.New("there is no terminal to ask on; say --yes to write without asking")}
			}
			text, err := keys.invite(cmd.Context(), args)
			if err != nil {
				return err
			}
			file, err := join(f.conf, text, cmd.OutOrStdout())
			if err != nil {
				return fmt.Errorf("%w; %s stays as it is", err, f.conf)
			}
			if !sure && !keys.agree(cmd.Context(), "Write this to "+f.conf+"?") {
				return fmt.Errorf("nobody said yes; %s stays as it is", f.conf)
			}
			if err := file.Save(); err != nil {
				return err
			}
			return errors.Join(printFaults(file.Problems()), printNext(cmd.OutOrStdout(), f.conf))
		},
	}
	f.addConf(cmd)
	cmd.Flags().BoolVarP(&sure, "yes", "y", false, "write without asking")
	return cmd
}

// join shows what the invite sets in the file, which is not yet saved.
func join(path, text string, out io.Writer) (*conf.File, error) {
	in, err := conf.ParseInvite(text)
	if err != nil {
		return nil, err
	}
	file, err := conf.LoadOrNew(path)
	if err != nil {
		return nil, err
	}
	settings, err := invite.Join(file, in)
	if err != nil {
		return nil, err
	}
	return file, printSettings(out, in.Full(), settings)
}

func printSettings(w io.Writer, full bool, settings []invite.Setting) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SECTION\tKEY\tVALUE")
	for _, s := range settings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Section, s.Key, s.Value)
	}
	if !full {
		fmt.Fprintln(table, "This is a short invite, for the call only: it says nothing of a hub.")
	}
	return table.Flush()
}

func printNext(w io.Writer, path string) error {
	_, err := fmt.Fprintf(w, `
%[1]s is written. Next:

  orionbox check -c %[1]s  is it right now
  orionbox run -c %[1]s    be the box; one that runs already must be started again
`, path)
	return err
}

// keyboard asks the person at the terminal; out is not standard output, which may go into a file.
type keyboard struct {
	in  *bufio.Reader
	out io.Writer
}

// invite is the string: the argument, standard input, or what is pasted.
func (k keyboard) invite(ctx context.Context, args []string) (string, error) {
	switch {
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case len(args) == 1 || !term.IsTerminal(int(os.Stdin.Fd())):
		return wait(ctx, func() (string, error) {
			data, err := io.ReadAll(io.LimitReader(k.in, maxInvite))
			return string(data), err
		})
	}
	return k.paste(ctx)
}

// paste reads lines until they are an invite, which a mail program may have broken, or until an empty one.
func (k keyboard) paste(ctx context.Context) (string, error) {
	fmt.Fprint(k.out, "Invite: ")
	text := ""
	for len(text) < maxInvite {
		line, err := k.line(ctx)
		if err != nil {
			return "", err
		}
		text += line
		if _, err := conf.ParseInvite(text); err == nil || line == "" {
			break
		}
		fmt.Fprint(k.out, "That is not all of it. The rest, or Enter if there is none: ")
	}
	return text, nil
}

// agree takes nothing but a yes for a yes.
func (k keyboard) agree(ctx context.Context, question string) bool {
	fmt.Fprint(k.out, question+" [y/N] ")
	answer, err := k.line(ctx)
	return err == nil && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"))
}

// line reads a line, without the white space around it.
func (k keyboard) line(ctx context.Context) (string, error) {
	line, err := wait(ctx, func() (string, error) { return k.in.ReadString('\n') })
	if errors.Is(err, io.EOF) {
		err = nil // an end is as good as an empty line
	}
	return strings.TrimSpace(line), err
}

// wait reads until a signal comes: a read from a terminal would go on after it. A read that was left alone ends with the
// program.
func wait(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", errors.New("read invite: interrupted; nothing was changed")
	}
}
