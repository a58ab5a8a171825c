package webadmin

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is the box as Prometheus reads it, measured when it asks.
type metrics struct {
	look func(context.Context) (live, error)
}

const lookLimit = 5 * time.Second

func newMetrics(look func(context.Context) (live, error)) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics{look})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

func (s *Site) getMetrics(c *gin.Context) { s.metrics.ServeHTTP(c.Writer, c.Request) }

// Describe implements prometheus.Collector: what there is depends on the box.
func (m metrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m metrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookLimit)
	defer cancel()
	now, err := m.look(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(prometheus.NewDesc("orionbox_up", "Whether the box answers.", nil, nil), err)
		return
	}
	tell := func(name, help string, value float64, labels ...string) {
		to <- gauge(name, help, value, labels...)
	}
	tell("up", "Whether the box answers.", 1)
	tell("info", "The box.", 1, "name", now.Name, "role", now.Role, "version", now.Version)
	tell("in_conference", "Whether the call is up.", yes(now.Call == "in conference"))
	tell("recording", "Whether bytes of a take reach the disk.", yes(now.Recording))
	tell("take_seconds", "Length of the take.", now.Take.Seconds)
	tell("microphone_muted", "Whether the call does not hear the microphone.", yes(now.Audio.MicMuted))
	tell("speakers_muted", "Whether the speakers are silent.", yes(now.Audio.SpeakersMuted))
	tell("microphone_peak_dbfs", "Peak level of the microphone.", now.Audio.PeakDB)
	tell("storage_minutes_left", "Minutes of a take that fit on the disk.", now.Storage.MinutesLeft)
	tell("safe_to_unplug", "Whether all is closed and delivered.", yes(now.Safe.Safe))
	if out := now.Delivery.Outbox; out != nil {
		tell("undelivered_takes", "Takes that no producer has.", float64(len(out.Waiting)))
		tell("undelivered_bytes", "Bytes of them that the hub has not.", out.Left)
	}
	peers := map[string]float64{"present": 0, "unknown": 0, "absent": 0}
	for _, p := range now.Peers {
		peers[p.State]++
	}
	for state, n := range peers {
		tell("peers", "Boxes of the room.", n, "state", state)
	}
	for _, f := range now.Faults {
		tell("fault", "A fault that holds now.", 1, "id", f.ID, "severity", f.Severity)
	}
}

// gauge is a figure with labels, a name and a value each.
func gauge(name, help string, value float64, labels ...string) prometheus.Metric {
	var names, values []string
	for i := 0; i < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	return prometheus.MustNewConstMetric(prometheus.NewDesc("orionbox_"+name, help, names, nil), prometheus.GaugeValue, value, values...)
}

func yes(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
