package webadmin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"

	"github.com/gin-gonic/gin"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 64 << 10

// get answers with what look finds, as JSON.
func get(look func(*gin.Context) (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		found, err := look(c)
		if err != nil {
			fail(c, err)
			return
		}
		c.JSON(http.StatusOK, list(found))
	}
}

// do answers with the words for what was done.
func do(act func(*gin.Context) (string, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		text, err := act(c)
		if err != nil {
			fail(c, err)
			return
		}
		c.JSON(http.StatusOK, Reply{Text: text})
	}
}

// list makes a list without elements an empty one, where Go's nil would be JSON's null.
func list(found any) any {
	if v := reflect.ValueOf(found); v.Kind() == reflect.Slice && v.IsNil() {
		return []struct{}{}
	}
	return found
}

// read takes the body of a request into value: JSON, all of it known, nothing behind it. Its errors never repeat a value:
// it may be a password.
func read(c *gin.Context, value any) error {
	if kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || kind != "application/json" {
		return &Error{http.StatusUnsupportedMediaType, "the body must be JSON; send it with Content-Type: application/json"}
	}
	decoder := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(value)
	if err == nil {
		if _, behind := decoder.Token(); !errors.Is(behind, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	var tooLong *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLong):
		return &Error{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body may have %d bytes", maxBody)}
	case errors.Is(err, io.EOF):
		return &Error{http.StatusBadRequest, "the body is empty; it must be a JSON object"}
	}
	return &Error{http.StatusBadRequest, "read body: " + err.Error()}
}

// fail writes an error as the caller should see it: a refusal in its own words, anything else as it is.
func fail(c *gin.Context, err error) {
	status := http.StatusInternalServerError
	var refusal *Error
	if errors.As(err, &refusal) {
		status = refusal.Status
	}
	c.AbortWithStatusJSON(status, Reply{Error: err.Error()})
}
