package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// atTerminal keeps the line that is being typed below what comes meanwhile.
func (c *chat) atTerminal(ctx context.Context, history int) (err error) {
	fd := int(os.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return fmt.Errorf("prepare terminal: %w", err)
	}
	defer func() {
		fmt.Fprintln(os.Stdout, "\r") // leave the line with the prompt
		err = errors.Join(err, term.Restore(fd, before))
	}()
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stdout}, "> ")
	if width, height, err := term.GetSize(fd); err == nil && width > 0 {
		if err := terminal.SetSize(width, height); err != nil {
			return fmt.Errorf("prepare terminal: %w", err)
		}
	}
	c.out.w, c.errs, c.lively = terminal, terminal, true
	if err := c.begin(ctx, history); err != nil {
		return err
	}
	return c.converse(ctx, typed(terminal))
}

// typed are the lines that a person types, until Ctrl-D or Ctrl-C.
func typed(terminal *term.Terminal) <-chan input {
	lines := make(chan input)
	go func() {
		for {
			line, err := terminal.ReadLine()
			if errors.Is(err, term.ErrPasteIndicator) {
				err = nil
			}
			lines <- input{line, err}
			if err != nil {
				return
			}
		}
	}()
	return lines
}
