package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// Name is what the file is called in the directory of --out.
const Name = "results.json"

// Subject is the peer that all others are compared with.
const Subject = "qqloop"

// A File is the whole of results.json.
type File struct {
	Machine   Machine    `json:"machine"`
	Scenarios []Scenario `json:"scenarios"` // those that were run, in that order
	Rows      []Row      `json:"rows"`
	Absent    []Absent   `json:"absent"`
	Failed    []Failure  `json:"failed"`
}

// A Machine says where, when and how the figures were taken.
type Machine struct {
	CPU       string    `json:"cpu"` // the model
	Cores     int       `json:"cores"`
	MemoryKB  int64     `json:"memory_kb"`
	Kernel    string    `json:"kernel"`
	Go        string    `json:"go"`
	Commit    string    `json:"commit"` // of qqloop; "-dirty" at its end if the tree had changes
	Limit     uint64    `json:"ulimit"` // descriptors for one process
	LoadFirst float64   `json:"load_before"`
	LoadLast  float64   `json:"load_after"` // both are the average of one minute
	Started   time.Time `json:"started"`
	Seconds   float64   `json:"seconds"` // that the whole run took
	Pinned    bool      `json:"pinned"`  // origin and peer had a core each
	Quick     bool      `json:"quick"`
	Cut       bool      `json:"cut"` // interrupted: what is missing was not run
}

// A Scenario is a piece of work that peers are measured at.
type Scenario struct {
	Name  string `json:"name"`
	About string `json:"about"` // what it does, in a sentence or two
}

// A Row is what one peer did in one scenario.
type Row struct {
	Scenario string            `json:"scenario"`
	Peer     string            `json:"peer"`
	Conns    int               `json:"conns"`             // connections, or requests that wait; 0 where it has no meaning
	Variant  string            `json:"variant,omitempty"` // what tells two rows of one peer apart: "2 loops", "resumed"
	Note     string            `json:"note,omitempty"`    // what a reader must know to be fair
	Figures  map[string]Figure `json:"figures"`
	// Ratio is the subject's figure divided by this peer's, taken round by
	// round; the median of these. For figures that are better when small, below
	// 1 means that the subject is cheaper.
	Ratio map[string]float64 `json:"ratio"`
}

// A Figure is one quantity over all rounds.
type Figure struct {
	Min    float64   `json:"min"`
	Median float64   `json:"median"`
	Max    float64   `json:"max"`
	Rounds []float64 `json:"rounds"` // in the order in which they were run
}

// Absent says why a peer has no row in a scenario.
type Absent struct {
	Scenario string `json:"scenario"` // "" means all
	Peer     string `json:"peer"`
	Conns    int    `json:"conns,omitempty"` // 0 means any number
	Reason   string `json:"reason"`
}

// A Failure is a measurement that went wrong: an answer was wrong or lost, or
// the peer did not end. It has no row then, whatever other rounds said.
type Failure struct {
	Scenario string `json:"scenario"`
	Peer     string `json:"peer"`
	Conns    int    `json:"conns"`
	Variant  string `json:"variant,omitempty"`
	Round    int    `json:"round"` // counted from 1
	Reason   string `json:"reason"`
}

// Read returns the File in dir.
func Read(dir string) (*File, error) {
	text, err := os.ReadFile(filepath.Join(dir, Name))
	if err != nil {
		return nil, err
	}
	f := new(File)
	return f, json.Unmarshal(text, f)
}

// Write puts f into dir, which must exist: whole or not at all.
func (f *File) Write(dir string) error {
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	to := filepath.Join(dir, Name)
	part := to + ".part"
	if err := os.WriteFile(part, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(part, to)
}

// Row returns the row of a peer, or nil.
func (f *File) Row(scenario, variant, peer string, conns int) *Row {
	for i := range f.Rows {
		r := &f.Rows[i]
		if r.Scenario == scenario && r.Variant == variant && r.Peer == peer && r.Conns == conns {
			return r
		}
	}
	return nil
}
