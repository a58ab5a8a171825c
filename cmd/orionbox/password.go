package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// maxPassword bounds what is read of a file that was named by mistake.
const maxPassword = 4096

// readPassword reads the first and only line of a file (- is standard input); without one it asks a person who sits at
// a terminal.
func readPassword(ctx context.Context, path, prompt string) (string, error) {
	switch {
	case path == "-":
		return onlyLine(os.Stdin, "standard input")
	case path != "":
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		defer file.Close()
		return onlyLine(file, path)
	case !term.IsTerminal(int(os.Stdin.Fd())):
		return "", usageError{errors.New("--password-file is missing, and nobody can be asked: standard input is no terminal")}
	}
	return askPassword(ctx, prompt)
}

func onlyLine(r io.Reader, name string) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPassword+1))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	switch {
	case len(line) == 0:
		return "", fmt.Errorf("read password: %s is empty", name)
	case len(data) > maxPassword || bytes.ContainsAny(line, "\r\n"):
		return "", fmt.Errorf("read password: %s must hold a single line", name)
	}
	return string(line), nil
}

// askPassword asks without showing what is typed. If ctx ends meanwhile, the terminal is left as it was.
func askPassword(ctx context.Context, prompt string) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("ask for password: %w", err)
	}
	fmt.Fprint(os.Stderr, prompt)
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- answer{text, err}
	}()
	select {
	case a := <-typed:
		fmt.Fprintln(os.Stderr)
		if a.err == nil && len(a.text) == 0 {
			a.err = errors.New("nothing was typed")
		}
		if a.err != nil {
			return "", fmt.Errorf("ask for password: %w", a.err)
		}
		return string(a.text), nil
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr)
		return "", errors.Join(fmt.Errorf("ask for password: %w", context.Cause(ctx)), term.Restore(fd, before))
	}
}
