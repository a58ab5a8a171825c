package webadmin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Panel is the buttons and LEDs of a box.
type Panel interface {
	// TestPanel lets somebody wire it: what is found is told as it comes, each to be written as JSON, until ctx ends or all is
	// found. The error is what was not.
	TestPanel(ctx context.Context, tell func(any)) error
}

// PanelFinding is a line of the answer to a test of the panel.
type PanelFinding struct {
	Name  string `json:"name,omitempty"`
	Text  string `json:"text,omitempty"`
	Fault bool   `json:"fault,omitempty"`
	Error string `json:"error,omitempty"` // of the last line: why the test as a whole has failed
}

func panelRoutes(r *gin.RouterGroup, panel Panel) {
	r.POST("/test", func(c *gin.Context) { testPanel(c, panel) })
}

// testPanel answers with a line of JSON for each finding, as it comes. A test that cannot begin is refused like any request.
func testPanel(c *gin.Context, panel Panel) {
	encoder := json.NewEncoder(c.Writer)
	write := func(line any) {
		if !c.Writer.Written() {
			c.Header("Content-Type", "application/x-ndjson")
		}
		_ = encoder.Encode(line) // a caller that has gone ends the request's context
		c.Writer.Flush()
	}
	ctx, err := forAWhile(c)
	if err != nil {
		fail(c, err)
		return
	}
	err = panel.TestPanel(ctx, write)
	switch {
	case err == nil:
	case c.Writer.Written():
		write(PanelFinding{Error: err.Error()})
	default:
		fail(c, err)
	}
}

// MaxTest bounds how long a panel is tested: a test that somebody forgot keeps the buttons from what they are for.
const MaxTest = 10 * time.Minute

// forAWhile is the context of a request that may say for how long.
func forAWhile(c *gin.Context) (context.Context, error) {
	limit, err := time.ParseDuration(c.DefaultQuery("for", MaxTest.String()))
	if err != nil || limit <= 0 || limit > MaxTest {
		return nil, &Error{http.StatusBadRequest, "for must be a time up to " + MaxTest.String() + ", such as 30s"}
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
	context.AfterFunc(c.Request.Context(), cancel)
	return ctx, nil
}

// TestPanel has somebody wire the panel of the running box, and tells of each finding as it comes, for at most limit, if that is not
// 0, or until all is found. The error is what was not.
func (c *Client) TestPanel(ctx context.Context, limit time.Duration, tell func(PanelFinding) error) error {
	route := "http://box/api/panel/test"
	if limit > 0 {
		route += "?for=" + limit.String()
	}
	request, err := newRequest(ctx, http.MethodPost, route, nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	response, err := c.send(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		return errors.Join(err, refusal(response.StatusCode, answer))
	}
	for decoder := json.NewDecoder(response.Body); ; {
		var f PanelFinding
		err := decoder.Decode(&f)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("test panel: it ended before all was found: %w", cmp.Or(context.Cause(ctx), err))
		case f.Error != "":
			return errors.New(f.Error)
		}
		if err := tell(f); err != nil {
			return err
		}
	}
}
