package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

const receiptName = "receipt.json"

// Receipt tells what a demo left on disk and whether all of it is what it should be.
type Receipt struct {
	OK              bool        `json:"ok"`
	Seconds         float64     `json:"seconds"` // that the takes were asked to last
	Files           []File      `json:"files"`
	Boxes           []Cuts      `json:"boxes"`
	Arrivals        []Arrival   `json:"takes_delivered"`
	Deliveries      []Delivery  `json:"chunks_delivered"`
	Alignments      []Alignment `json:"alignments"`
	LastByteSeconds float64     `json:"last_byte_seconds"` // after the end of the session, until the producer had all
	Faults          []string    `json:"faults"`
}

// File is one recording as it was found on disk.
type File struct {
	Box           string             `json:"box"`
	Role          string             `json:"role"`
	Kind          string             `json:"kind"` // studio take, voice
	Path          string             `json:"path"` // from the demo's folder
	Format        string             `json:"format"`
	Rate          int                `json:"rate"`
	Channels      int                `json:"channels"`
	Seconds       float64            `json:"seconds"`
	Kbps          int                `json:"kbps"`
	Bytes         int64              `json:"bytes"`
	LevelDB       float64            `json:"level_db"` // RMS, dBFS
	MainFrequency float64            `json:"main_frequency_hz"`
	Tones         map[string]float64 `json:"tones_db"` // level of each player's root note
	Faults        []string           `json:"faults"`
}

// write puts the receipt beside the recordings.
func (r Receipt) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode receipt: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, receiptName), append(data, '\n'), 0o640); err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	return nil
}

// Print writes the receipt as a table for a person.
func (r Receipt) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BOX\tKIND\tLENGTH\tFORMAT\tBIT RATE\tLEVEL\tMAIN TONE\tFILE\t")
	for _, f := range r.Files {
		fmt.Fprintf(table, "%s\t%s\t%.1f s\t%s\t%d kbps\t%.1f dB\t%.1f Hz\t%s\t%s\n",
			f.Box, f.Kind, f.Seconds, f.Format, f.Kbps, f.LevelDB, f.MainFrequency, f.Path, verdict(f.Faults))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := r.printCuts(w); err != nil {
		return err
	}
	if err := r.printDeliveries(w); err != nil {
		return err
	}
	if err := r.printAlignments(w); err != nil {
		return err
	}
	for _, fault := range r.Faults {
		fmt.Fprintln(w, "fault:", fault)
	}
	return nil
}

func verdict(faults []string) string {
	if len(faults) == 0 {
		return "ok"
	}
	return "NOT OK: " + strings.Join(faults, "; ")
}
