package phone

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/emiago/sipgo/sip"
)

// maxRounds bounds how often one request is challenged: each of a proxy and a server once, and each once more because
// the nonce went stale.
const maxRounds = 5

// sender makes one transaction of a request and returns its final response.
type sender func(ctx context.Context, req *sip.Request) (*sip.Response, error)

// do sends a request other than INVITE and waits for its final response.
func (l *line) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	refused := l.watchRefusals(req)
	defer l.unwatch(refused)
	tx, err := l.ua.TransactionLayer().Request(ctx, req)
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				l.learn(res)
				return res, nil
			}
		case <-tx.Done():
			return nil, errors.Join(errors.New("no answer"), tx.Err())
		case err := <-refused:
			return nil, err
		case <-l.ctx.Done():
			return nil, context.Cause(l.ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// authenticated sends a request and answers the challenges of server and proxies (RFC 3261 section 22). It returns the
// last response with the request that it answers. A challenge that comes again, though its nonce is not stale, means
// that the password is wrong. nextSeq gives the CSeq of each further try.
func (l *line) authenticated(ctx context.Context, req *sip.Request, nextSeq func() uint32, send sender) (*sip.Request, *sip.Response, error) {
	answered := map[string]bool{}
	for range maxRounds {
		res, err := send(ctx, req)
		if err != nil {
			return req, nil, err
		}
		asks, answers := authHeaders(res.StatusCode)
		if asks == "" {
			return req, res, nil
		}
		ch, err := strongest(values(res, asks))
		if err != nil {
			return req, nil, failed(ServerError, "%w", err)
		}
		if answered[asks+ch.realm] && !ch.stale {
			return req, nil, failed(WrongPassword, "the server refuses user %s with this password", l.creds.user)
		}
		answered[asks+ch.realm] = true
		value, err := l.creds.answer(ch, req.Method.String(), req.Recipient.String(), req.Body())
		if err != nil {
			return req, nil, failed(ServerError, "%w", err)
		}
		req = l.again(req, nextSeq())
		for req.RemoveHeader(answers) {
		}
		req.AppendHeader(sip.NewHeader(answers, value))
	}
	return req, nil, failed(ServerError, "the server asks for the password without end")
}

// authHeaders names the header that a challenge stands in and the one that answers it.
func authHeaders(status int) (asks, answers string) {
	switch status {
	case sip.StatusUnauthorized:
		return "WWW-Authenticate", "Authorization"
	case sip.StatusProxyAuthRequired:
		return "Proxy-Authenticate", "Proxy-Authorization"
	}
	return "", ""
}

func values(res *sip.Response, name string) []string {
	var all []string
	for _, h := range res.GetHeaders(name) {
		all = append(all, h.Value())
	}
	return all
}

// watchRefusals tells when the network says that the request's destination cannot be reached.
func (l *line) watchRefusals(req *sip.Request) chan error {
	told := make(chan error, 1)
	to, err := netip.ParseAddrPort(req.Destination())
	if err != nil {
		return told
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals[told] = to
	return told
}

func (l *line) unwatch(told chan error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.refusals, told)
}

// undelivered is called by the socket when a packet did not arrive.
func (l *line) undelivered(to netip.AddrPort, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for told, wanted := range l.refusals {
		if to == wanted {
			select {
			case told <- fmt.Errorf("%s: %w", to, err):
			default:
			}
		}
	}
}
