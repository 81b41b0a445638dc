package config

import (
	"time"

	"tributary/api"
	"tributary/profiles/live"
)

// Stream is how changes are told to those who listen.
type Stream struct {
	Listeners       int      `yaml:"listeners"`
	ListenersPerKey int      `yaml:"listeners_per_key"`
	Buffer          int      `yaml:"buffer"`
	Heartbeat       Duration `yaml:"heartbeat"`
	Stall           Duration `yaml:"stall"`
}

func defaultStream() Stream {
	return Stream{
		Listeners: api.DefaultListeners, ListenersPerKey: api.DefaultListenersPerKey, Buffer: live.DefaultRing,
		Heartbeat: Duration(api.DefaultHeartbeat), Stall: Duration(api.DefaultStall),
	}
}

// validate reports faults, each with its path.
func (s Stream) validate(fault func(bad bool, format string, args ...any)) {
	fault(s.Listeners < 1, "stream.listeners: must be at least 1")
	fault(s.ListenersPerKey < 1 || s.ListenersPerKey > s.Listeners, "stream.listeners_per_key: must be between 1 and stream.listeners, %d", s.Listeners)
	fault(s.Buffer < 1, "stream.buffer: must be at least 1")
	fault(time.Duration(s.Heartbeat) < time.Second, "stream.heartbeat: must be at least 1s")
	fault(time.Duration(s.Stall) < time.Second, "stream.stall: must be at least 1s")
}
