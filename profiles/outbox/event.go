package outbox

import (
	"encoding/json"

	"tributary/ingest/stream"
)

// CommandReplay is the name of the command that has a quarantined item processed again. Its member
// "with" is an event as JSON that takes the place of what the item holds.
const CommandReplay = "quarantine.replay"

// EventIn returns the event that a log record brings, as JSON: its value, or what a command to replay
// puts in the place of a quarantined item. Whoever reads the event of an entry reads this.
func EventIn(r *stream.Record) (json.RawMessage, bool) {
	switch r.Kind {
	case stream.KindEvent:
		return r.Value, true
	case stream.KindCommand:
		var c struct {
			Command string          `json:"command"`
			With    json.RawMessage `json:"with"`
		}
		if json.Unmarshal(r.Value, &c) == nil && c.Command == CommandReplay && len(c.With) > 0 {
			return c.With, true
		}
	default:
	}
	return nil, false
}
