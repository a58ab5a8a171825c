package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// openCluster connects to the NATS cluster at a URL, or several with commas between. They may hold passwords, so nothing
// that is said of them names more than their hosts.
func openCluster(urls string, log *slog.Logger) (*store, error) {
	hosts, err := hostsOf(urls)
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(urls, nats.Name("orionbox hub"), nats.Timeout(2*time.Second),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 0),
		nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2), nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { log.Warn("hub lost a server of its NATS cluster") }),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("hub is back at its NATS cluster") }))
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS cluster at %s: %w; see [Hub] nats_url", hosts, withoutURL(err))
	}
	return &store{conn: conn, place: hosts, health: newHealth()}, nil
}

// hostsOf are the hosts of URLs, fit to be shown.
func hostsOf(urls string) (string, error) {
	var hosts []string
	for _, one := range strings.Split(urls, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" {
			return "", errors.New("read [Hub] nats_url: it must be nats://user:password@host:port, or several with commas between")
		}
		hosts = append(hosts, u.Host)
	}
	return strings.Join(hosts, ","), nil
}

// withoutURL is the error without the URL that net/url puts into its own.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
