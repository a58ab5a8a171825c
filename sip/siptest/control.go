package siptest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"orionbox/audio/audiotest/lab"
)

// control is a connection to baresip's ctrl_tcp: JSON in netstrings (LENGTH:JSON,), commands out, events in.
type control struct {
	net.Conn
	mu     sync.Mutex
	events []event
}

// event is something that happened in baresip, or its answer to a command (which has no Type).
type event struct {
	Type  string `json:"type"`
	Param string `json:"param"`
}

func connect(at *lab.End, addr string) (*control, error) {
	conn, err := at.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &control{Conn: conn}
	go c.read()
	return c, nil
}

func (c *control) send(command, params string) error {
	text, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "%d:%s,", len(text), text)
	return err
}

// read keeps the events until the connection ends.
func (c *control) read() {
	r := bufio.NewReader(c)
	for {
		length, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil || n < 0 || n > 1<<20 {
			return
		}
		text := make([]byte, n+1) // and the comma
		if _, err := io.ReadFull(r, text); err != nil {
			return
		}
		var e event
		if json.Unmarshal(text[:n], &e) == nil && e.Type != "" {
			c.mu.Lock()
			c.events = append(c.events, e)
			c.mu.Unlock()
		}
	}
}

// take removes the oldest event of a kind, and all before it.
func (c *control) take(kind string) (event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.events, func(e event) bool { return e.Type == kind })
	if i < 0 {
		return event{}, false
	}
	e := c.events[i]
	c.events = slices.Delete(c.events, 0, i+1)
	return e, true
}
