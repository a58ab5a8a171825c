package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orionbox/firmware/hub"
	"orionbox/webadmin"
)

// shownLimit is how long a line that the box took may need until everybody has it.
const shownLimit = 10 * time.Second

// chatFlags are those of the chat's own.
type chatFlags struct {
	flags
	follow  bool
	history int // lines of what was said so far
}

func newChat() *cobra.Command {
	var f chatFlags
	cmd := &cobra.Command{
		Use:   "chat [TEXT...]",
		Short: "Read and write the studio's chat",
		Long: `Read and write the studio's chat. With TEXT, that is said, and the command is done. Without, it shows what was said so
far and what others say as it comes, and says each line that you type, until Ctrl-D. Lines that begin with * tell what
the boxes do. Your own line is shown once it is at the hub; while the hub is away the box keeps it and sends it later.

A script may pipe lines in: each is said, and the command ends once all of them are at the hub.`,
		Example: `  orionbox chat                                        read and write
  orionbox chat from the chorus, please                say one line
  orionbox chat --follow --json                        for a program that listens
  echo "take five" | orionbox chat --history 0`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().BoolVar(&f.follow, "follow", false, "only read, until interrupted")
	cmd.Flags().IntVar(&f.history, "history", 50, "how many lines of what was said so far to show")
	f.addSocket(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print each line as a line of JSON")
	return cmd
}

func (f *chatFlags) run(cmd *cobra.Command, args []string) error {
	switch {
	case f.follow && len(args) > 0:
		return usageError{errors.New("--follow only reads; leave it out to send something")}
	case f.history < 0:
		return usageError{errors.New("--history is a number of lines, 0 for none")}
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	c := &chat{client: f.client(), out: newPostPrinter(cmd.OutOrStdout(), f.json), errs: cmd.ErrOrStderr(), limit: shownLimit}
	switch {
	case len(args) > 0:
		return c.client.Say(ctx, strings.Join(args, " "))
	case !f.follow && !f.json && onTerminal():
		return c.atTerminal(ctx, f.history)
	}
	err := c.begin(ctx, f.history)
	switch {
	case err != nil:
		return err
	case f.follow:
		return c.converse(ctx, nil)
	}
	return c.converse(ctx, linesOf(os.Stdin))
}

// chat shows what is said and says what it is given.
type chat struct {
	client *webadmin.Client
	out    *postPrinter
	errs   io.Writer
	after  int64          // number of the last post that was shown
	unseen map[string]int // lines that the box took and that did not come back yet
	lively bool           // a person sits there: a line that is refused does not end it
	limit  time.Duration  // for what was said to be shown, at the end
}

// begin shows the last lines of what was said so far.
func (c *chat) begin(ctx context.Context, history int) error {
	c.unseen = map[string]int{}
	posts, err := c.ask(ctx, 0, 0)
	if err != nil {
		return err
	}
	if n := len(posts); n > 0 {
		c.after = posts[n-1].Seq
	}
	return c.out.all(posts[max(0, len(posts)-history):])
}

func (c *chat) ask(ctx context.Context, after int64, wait time.Duration) (posts []hub.Post, err error) {
	body, err := c.client.Chat(ctx, after, wait)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &posts); err != nil {
		return nil, fmt.Errorf("read answer (is the box of another version?): %w", err)
	}
	return posts, nil
}

// input is a line of what is to be said, or why there are no more.
type input struct {
	line string
	err  error // io.EOF at the end
}

// converse says what lines hold while it shows what is said. It ends when the lines have and all of them were shown; with
// nil lines, when ctx does.
func (c *chat) converse(ctx context.Context, lines <-chan input) error {
	posts, failed := c.listen(ctx)
	var late <-chan time.Time
	for {
		select {
		case in := <-lines:
			switch err := c.say(ctx, in); {
			case errors.Is(err, io.EOF):
				lines, late = nil, time.After(c.limit)
			case err != nil:
				return err
			}
		case said := <-posts:
			if err := c.show(said); err != nil {
				return err
			}
		case err := <-failed:
			return err
		case <-late:
			return errors.New("the box keeps what you wrote and sends it as soon as it reaches the hub; see `orionbox status`")
		case <-ctx.Done():
			return nil
		}
		if late != nil && len(c.unseen) == 0 {
			return nil
		}
	}
}

// say says a line; its error is io.EOF when there are no more.
func (c *chat) say(ctx context.Context, in input) error {
	line := strings.TrimSpace(in.line)
	if line != "" {
		err := c.client.Say(ctx, line)
		var refused *webadmin.Error
		switch {
		case err == nil:
			c.unseen[line]++
		case c.lively && errors.As(err, &refused):
			_, err := fmt.Fprintln(c.errs, err)
			return err
		default:
			return err
		}
	}
	return in.err
}

// listen asks for what is said from here on, until ctx ends or the box does.
func (c *chat) listen(ctx context.Context) (<-chan []hub.Post, <-chan error) {
	posts, failed := make(chan []hub.Post), make(chan error, 1)
	go func(after int64) {
		for ctx.Err() == nil {
			said, err := c.ask(ctx, after, webadmin.MaxWait)
			if err != nil {
				failed <- err
				return
			}
			if len(said) == 0 {
				continue
			}
			after = said[len(said)-1].Seq
			select {
			case posts <- said:
			case <-ctx.Done():
			}
		}
	}(c.after)
	return posts, failed
}

func (c *chat) show(posts []hub.Post) error {
	for _, p := range posts {
		if c.unseen[p.Text]--; p.Kind != hub.KindChat || c.unseen[p.Text] <= 0 {
			delete(c.unseen, p.Text)
		}
	}
	return c.out.all(posts)
}

// linesOf reads lines until the end.
func linesOf(r io.Reader) <-chan input {
	lines := make(chan input)
	go func() {
		scanner := bufio.NewScanner(r)
		for scanner.Scan() {
			lines <- input{line: scanner.Text()}
		}
		err := io.EOF
		if scanner.Err() != nil {
			err = fmt.Errorf("read what to say: %w", scanner.Err())
		}
		lines <- input{err: err}
	}()
	return lines
}
