package webadmin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

const (
	answerLimit = 10 * time.Second // for an answer, besides what the question itself waits
	maxAnswer   = 64 << 20         // bytes: some hundred thousand chunks
)

// Client talks to a running box, or to a hub alone, through its socket. A refusal is an *Error.
type Client struct {
	path string
	http http.Client
}

// NewClient is a client of the box whose socket is at path; nothing is dialled yet.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{path: path, http: http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Status is the state of the box as JSON.
func (c *Client) Status(ctx context.Context) (json.RawMessage, error) {
	return c.get(ctx, "/api/status")
}

// Press presses a button for the given time and returns the box's words.
func (c *Client) Press(ctx context.Context, button string, hold time.Duration) (string, error) {
	return c.post(ctx, "/api/press/"+url.PathEscape(button)+"?hold="+hold.String(), nil)
}

// preflightTakes is how long a pre-flight lasts at most.
const preflightTakes = 30 * time.Second

// Preflight has the box look at all that a session needs, and is its report as JSON.
func (c *Client) Preflight(ctx context.Context) (json.RawMessage, error) {
	return c.do(ctx, preflightTakes, http.MethodPost, "/api/preflight", nil)
}

// Peers are the boxes of the room as JSON.
func (c *Client) Peers(ctx context.Context) (json.RawMessage, error) { return c.get(ctx, "/api/peers") }

// Chunks are those of this session, or of all, as JSON.
func (c *Client) Chunks(ctx context.Context, all bool) (json.RawMessage, error) {
	return c.get(ctx, "/api/chunks?all="+strconv.FormatBool(all))
}

// Markers are those of this session, or all that are known, as JSON.
func (c *Client) Markers(ctx context.Context, all bool) (json.RawMessage, error) {
	return c.get(ctx, "/api/markers?all="+strconv.FormatBool(all))
}

// Mark does something to a marker and returns the box's words.
func (c *Client) Mark(ctx context.Context, request MarkRequest) (string, error) {
	return c.post(ctx, "/api/markers", request)
}

// Play plays a chunk, in place of what plays, and returns the box's words.
func (c *Client) Play(ctx context.Context, request PlayRequest) (string, error) {
	return c.post(ctx, "/api/play", request)
}

// StopPlaying ends what plays and returns the box's words.
func (c *Client) StopPlaying(ctx context.Context) (string, error) {
	return c.post(ctx, "/api/play/stop", nil)
}

// Seek has what plays go on elsewhere and returns the box's words.
func (c *Client) Seek(ctx context.Context, request SeekRequest) (string, error) {
	return c.post(ctx, "/api/play/seek", request)
}

// Deliver asks another box for a take and returns the box's words.
func (c *Client) Deliver(ctx context.Context, request DeliverRequest) (string, error) {
	return c.post(ctx, "/api/request", request)
}

// Chat is what was said after the post of that number, as JSON; if that is nothing, it waits for more, at most so long
// (up to MaxWait).
func (c *Client) Chat(ctx context.Context, after int64, wait time.Duration) (json.RawMessage, error) {
	query := url.Values{"after": {strconv.FormatInt(after, 10)}, "wait": {wait.String()}}
	return c.do(ctx, wait+answerLimit, http.MethodGet, "/api/chat?"+query.Encode(), nil)
}

// Say writes a line to the room's chat.
func (c *Client) Say(ctx context.Context, text string) error {
	_, err := c.post(ctx, "/api/chat", SayRequest{text})
	return err
}

// Invite has the hub make an invite.
func (c *Client) Invite(ctx context.Context, request InviteRequest) (reply InviteReply, err error) {
	body, err := c.do(ctx, answerLimit, http.MethodPost, "/api/hub/invite", request)
	if err != nil {
		return reply, err
	}
	return reply, understand(body, &reply)
}

// Revoke has the hub take a box's credential back and returns its words; room may be empty.
func (c *Client) Revoke(ctx context.Context, room, id string) (string, error) {
	return c.post(ctx, "/api/hub/revoke", RevokeRequest{ID: id, Room: room})
}

// Members are those who were invited to the room as JSON; room may be empty.
func (c *Client) Members(ctx context.Context, room string) (json.RawMessage, error) {
	return c.get(ctx, "/api/hub/members?"+url.Values{"room": {room}}.Encode())
}

// HubStatus is the state of the hub that runs here as JSON.
func (c *Client) HubStatus(ctx context.Context) (json.RawMessage, error) {
	return c.get(ctx, "/api/hub/status")
}

func (c *Client) get(ctx context.Context, route string) (json.RawMessage, error) {
	return c.do(ctx, answerLimit, http.MethodGet, route, nil)
}

// post has something done and returns the words for it.
func (c *Client) post(ctx context.Context, route string, body any) (string, error) {
	answer, err := c.do(ctx, answerLimit, http.MethodPost, route, body)
	if err != nil {
		return "", err
	}
	var reply Reply
	err = understand(answer, &reply)
	return reply.Text, err
}

func understand(answer []byte, value any) error {
	if err := json.Unmarshal(answer, value); err != nil {
		return fmt.Errorf("read answer of the box (is it of another version?): %w", err)
	}
	return nil
}

// do asks one question, with body as JSON unless it is nil, and returns the body of the answer.
func (c *Client) do(ctx context.Context, limit time.Duration, method, route string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := newRequest(ctx, method, "http://box"+route, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	response, err := c.send(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer of the box: %w", err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("read answer of the box: it is longer than %d MB; ask for less, such as this session's alone", maxAnswer>>20)
	}
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response.StatusCode, answer)
	}
	return answer, nil
}

// send sends a request; its errors are that nobody is there to answer.
func (c *Client) send(request *http.Request) (*http.Response, error) {
	response, err := c.http.Do(request)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("reach %s: %w", c.path, ErrNotRunning)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("reach %s: not allowed; run as the box's user, or join its group", c.path)
	case err != nil:
		return nil, fmt.Errorf("reach %s: %w", c.path, err)
	}
	return response, nil
}

func newRequest(ctx context.Context, method, address string, body any) (*http.Request, error) {
	if body == nil {
		return http.NewRequestWithContext(ctx, method, address, nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, err
}

func refusal(status int, body []byte) error {
	var reply Reply
	if json.Unmarshal(body, &reply) != nil || reply.Error == "" {
		reply.Error = http.StatusText(status)
	}
	return &Error{status, reply.Error}
}
