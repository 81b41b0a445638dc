package importer

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
)

// Streams are the mappings of a Singer tap's streams. Each is a Mapping (its version may be left
// out) whose rows are named by the key properties of the stream, unless row_id says otherwise.
type Streams struct {
	Version int                 `yaml:"version"`
	Streams map[string]*Mapping `yaml:"streams"`
	// Others says what becomes of streams that have no mapping.
	Others OtherStreams `yaml:"other_streams"`
}

// OtherStreams says what becomes of streams that have no mapping.
type OtherStreams string

// Keep, the default, makes each record a free event singer.<stream> with the record as its
// properties; skip leaves them out, and counts them.
const (
	OtherStreamsKeep OtherStreams = "keep"
	OtherStreamsSkip OtherStreams = "skip"
)

// ReadStreams reads the mappings of streams; keys that do not exist are errors. It reports every
// fault.
func ReadStreams(r io.Reader) (*Streams, error) {
	var s Streams
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&s); err != nil {
		return nil, fmt.Errorf("mapping:\n%w", err)
	}
	faults := checkVersion(s.Version)
	switch s.Others {
	case "", OtherStreamsKeep, OtherStreamsSkip:
	default:
		faults = append(faults, errors.New("other_streams: must be keep or skip"))
	}
	if len(s.Streams) == 0 {
		faults = append(faults, errors.New("streams: name at least one stream of the tap, with its mapping"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Streams)) {
		path := "streams." + name + "."
		if s.Streams[name] == nil {
			faults = append(faults, fmt.Errorf("%s: is empty", path[:len(path)-1]))
			continue
		}
		faults = append(faults, s.Streams[name].faults(path)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("mapping:\n%w", err)
	}
	return &s, nil
}
