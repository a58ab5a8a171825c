package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"orionbox/firmware"
	"orionbox/firmware/received"
	"orionbox/firmware/takes"
)

// Delivery is what came of one chunk of a take: the file that the producer has of it, and the same cut out of the artist's own
// take, by the artist's own view of the chunk.
type Delivery struct {
	Box      string   `json:"box"` // the artist's
	Chunk    int      `json:"chunk"`
	Path     string   `json:"path"` // of the producer's file, from the demo's folder
	Bytes    int64    `json:"bytes"`
	Artist   string   `json:"sha256_artist"`
	Producer string   `json:"sha256_producer"`
	Faults   []string `json:"faults"`
}

// Arrival is what came of a take, as a whole.
type Arrival struct {
	Box      string   `json:"box"`
	Path     string   `json:"path"`
	Bytes    int64    `json:"bytes"`
	Artist   string   `json:"sha256_artist"`
	Producer string   `json:"sha256_producer"`
	Receipt  string   `json:"sha256_receipt"` // what both have agreed on
	Journal  bool     `json:"journal"`        // the artist's, to its last line
	Faults   []string `json:"faults"`
}

const (
	arriveLimit = 20 * time.Second
	lastByteIn  = 2 * time.Second // after the end of the session
)

// deliver waits until the producer has all that the artists have recorded, and tells how long after the session's end that was.
func (d *demo) deliver(ctx context.Context, ended time.Time) (time.Duration, error) {
	artists := 0
	for _, p := range players {
		if p.role == artist {
			artists++
		}
	}
	complete := func(s firmware.Status) bool {
		in := s.Delivery.Inbox
		return in != nil && in.Received >= artists && len(in.Arriving) == 0 && !in.Cutting
	}
	if err := d.boxes[0].await(ctx, arriveLimit, "to have received all", complete); err != nil {
		return 0, err
	}
	return time.Since(ended), nil
}

// examineDeliveries compares what the producer has with what the artists have.
func (r *Receipt) examineDeliveries(cfg Config, chunks []takes.Chunk) {
	for _, p := range players {
		if p.role != artist {
			continue
		}
		for _, path := range recordings(cfg.Out, p, "HQ_*_1_*.mp3") {
			r.Arrivals = append(r.Arrivals, arrivalOf(cfg, p, path))
		}
		for _, c := range chunks {
			if c.Name == p.name && c.Studio != nil {
				r.Deliveries = append(r.Deliveries, deliveryOf(cfg, p, c))
			}
		}
	}
	for _, a := range r.Arrivals {
		r.complain(a.Box+"'s take", a.Faults)
	}
	for _, c := range r.Deliveries {
		r.complain(fmt.Sprintf("%s's chunk %d", c.Box, c.Chunk), c.Faults)
	}
	if r.LastByteSeconds > lastByteIn.Seconds() {
		r.complain("delivery", []string{fmt.Sprintf("the last byte came %.1f s after the end of the session, more than %v", r.LastByteSeconds, lastByteIn)})
	}
}

func (r *Receipt) complain(of string, faults []string) {
	for _, f := range faults {
		r.Faults = append(r.Faults, of+": "+f)
	}
}

// folderOf is where the producer has the recordings of a session of an artist's.
func folderOf(cfg Config, p player, session string) (string, error) {
	places, err := received.List(filepath.Join(cfg.Out, players[0].name, "received"))
	for _, at := range places {
		if at.Owner.Box == p.name && at.Owner.Session == session {
			return at.Dir, nil
		}
	}
	return "", errors.Join(fmt.Errorf("the producer has no folder of %s", session), err)
}

func arrivalOf(cfg Config, p player, own string) Arrival {
	a := Arrival{Box: p.name, Faults: []string{}}
	fail := func(err error) Arrival { a.Faults = append(a.Faults, err.Error()); return a }
	var err error
	if a.Artist, _, err = received.SHA256(own); err != nil {
		return fail(err)
	}
	dir, err := folderOf(cfg, p, filepath.Base(filepath.Dir(own)))
	if err != nil {
		return fail(err)
	}
	path := filepath.Join(dir, filepath.Base(own))
	a.Path, _ = filepath.Rel(cfg.Out, path) // which it is below
	if a.Producer, _, err = received.SHA256(path); err != nil {
		return fail(err)
	}
	if info, err := os.Stat(path); err == nil {
		a.Bytes = info.Size()
	}
	if receipt, err := received.ReadReceipt(path); err == nil {
		a.Receipt = receipt.SHA256
	}
	mine, _, _ := received.SHA256(filepath.Join(filepath.Dir(own), takes.JournalName))
	theirs, _, _ := received.SHA256(filepath.Join(dir, takes.JournalName))
	a.Journal = mine != "" && mine == theirs
	switch {
	case a.Artist != a.Producer:
		return fail(errors.New("the producer has other bytes than the artist"))
	case a.Receipt != a.Artist:
		return fail(errors.New("its receipt is of something else"))
	case !a.Journal:
		return fail(errors.New("the artist's journal did not come along to its last line"))
	}
	return a
}

func deliveryOf(cfg Config, p player, c takes.Chunk) Delivery {
	d := Delivery{Box: p.name, Chunk: c.Number, Faults: []string{}}
	fail := func(err error) Delivery { d.Faults = append(d.Faults, err.Error()); return d }
	var err error
	if d.Artist, err = received.ChunkSHA256(filepath.Join(cfg.Out, p.name, c.Session, c.Studio.File), c); err != nil {
		return fail(err)
	}
	dir, err := folderOf(cfg, p, c.Session)
	if err != nil {
		return fail(err)
	}
	all, err := received.Chunks(dir)
	if err != nil {
		return fail(err)
	}
	for _, w := range all {
		if w.Number != c.Number {
			continue
		}
		path := filepath.Join(dir, w.File)
		d.Path, _ = filepath.Rel(cfg.Out, path) // which it is below
		d.Bytes = w.Bytes
		if d.Producer, _, err = received.SHA256(path); err != nil {
			return fail(err)
		}
	}
	if d.Producer != d.Artist {
		return fail(fmt.Errorf("the producer has %s, the artist cuts %s", cmp.Or(d.Producer, "none"), d.Artist))
	}
	return d
}

// printDeliveries writes what the producer has as a table for a person.
func (r Receipt) printDeliveries(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nBOX\tDELIVERED\tSIZE\tSHA-256 OF THE ARTIST'S\tOF THE PRODUCER'S\tFILE\t")
	for _, a := range r.Arrivals {
		fmt.Fprintf(table, "%s\ttake\t%.0f kB\t%s\t%s\t%s\t%s\n", a.Box, float64(a.Bytes)/1e3, short(a.Artist), short(a.Producer), filepath.Base(a.Path), verdict(a.Faults))
	}
	for _, c := range r.Deliveries {
		fmt.Fprintf(table, "%s\tchunk %d\t%.0f kB\t%s\t%s\t%s\t%s\n", c.Box, c.Chunk, float64(c.Bytes)/1e3, short(c.Artist), short(c.Producer), filepath.Base(c.Path), verdict(c.Faults))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, a := range r.Arrivals {
		fmt.Fprintf(w, "%s's are in %s\n", a.Box, filepath.Dir(a.Path))
	}
	_, err := fmt.Fprintf(w, "the last byte was at the producer's %.2f s after the end of the session\n", r.LastByteSeconds)
	return err
}

// short is how a sum begins and ends: receipt.json has it whole.
func short(sum string) string {
	if len(sum) < 16 {
		return "-"
	}
	return sum[:10] + ".." + sum[len(sum)-4:]
}
