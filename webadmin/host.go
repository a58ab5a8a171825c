package webadmin

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/gin-gonic/gin"
)

// Host is the hub that runs here, for the person who runs it. A room that is empty is the host's own; where it has none of
// its own, all.
type Host interface {
	// Invite makes a credential and the string that brings it to a box.
	Invite(ctx context.Context, request InviteRequest) (InviteReply, error)
	// Revoke takes a box's credential back, at once.
	Revoke(ctx context.Context, room, id string) error
	// Members are those who were invited.
	Members(ctx context.Context, room string) (any, error)
	// HubStatus is the state of the hub.
	HubStatus(ctx context.Context) (any, error)
}

// InviteRequest says for whom an invite is and what stands in it. What is empty, the host fills in as far as it knows.
type InviteRequest struct {
	Name     string `json:"name"`
	Role     string `json:"role"`               // ARTIST, PRODUCER, LISTENER
	User     string `json:"user,omitempty"`     // at the SIP server
	Password string `json:"password,omitempty"` // of User
	Server   string `json:"server,omitempty"`   // host or host:port
	CallNo   string `json:"call_no,omitempty"`  // its number is the room
	Hub      string `json:"hub,omitempty"`      // host:port by which the box reaches the hub
	Legacy   bool   `json:"legacy,omitempty"`   // the original's four fields: no hub, no credential
}

// InviteReply is an invite. String is a secret: whoever has it is the box that it names.
type InviteReply struct {
	ID     string `json:"id,omitempty"` // of the box; what Revoke takes; empty for a legacy invite
	Name   string `json:"name"`
	Role   string `json:"role"`
	Room   string `json:"room"`
	Hub    string `json:"hub,omitempty"` // the address that stands in it
	String string `json:"string"`

	Earlier []string `json:"earlier,omitempty"` // ids of invites for the same name that still work
}

// RevokeRequest names the box whose credential is taken back.
type RevokeRequest struct {
	ID   string `json:"id"`
	Room string `json:"room,omitempty"`
}

// Format implements fmt.Formatter: no verb shows the password.
func (r InviteRequest) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "request for an invite of %q (%s)", r.Name, r.Role)
}

// LogValue implements slog.LogValuer.
func (r InviteRequest) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// Format implements fmt.Formatter: no verb shows the string.
func (r InviteReply) Format(f fmt.State, _ rune) { io.WriteString(f, "invite of "+r.ID) }

// LogValue implements slog.LogValuer.
func (r InviteReply) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

func hostRoutes(r *gin.RouterGroup, host Host) {
	r.GET("/status", get(func(c *gin.Context) (any, error) { return host.HubStatus(c.Request.Context()) }))
	r.GET("/members", get(func(c *gin.Context) (any, error) { return host.Members(c.Request.Context(), c.Query("room")) }))
	r.POST("/invite", get(func(c *gin.Context) (any, error) {
		c.Header("Cache-Control", "no-store") // a secret
		var request InviteRequest
		if err := read(c, &request); err != nil {
			return nil, err
		}
		return host.Invite(c.Request.Context(), request)
	}))
	r.POST("/revoke", do(func(c *gin.Context) (string, error) {
		var request RevokeRequest
		if err := read(c, &request); err != nil {
			return "", err
		}
		return request.ID + " is revoked and disconnected", host.Revoke(c.Request.Context(), request.Room, request.ID)
	}))
}
