package gateway

import (
	"time"

	"tributary/ingest/event"
)

// Call makes an event of one call of Segment's API, as the gateway makes one of an item of a batch: of
// a workspace and source, received at the given time. It fails with event.Errors, in terms of the
// call's fields. The event refers to nothing of the item.
func Call(item []byte, workspace, source string, received time.Time) (*event.Event, error) {
	c := calls.Get().(*call)
	defer func() {
		c.reset()
		calls.Put(c)
	}()
	rq := &request{key: WriteKey{Workspace: workspace, Source: source}, received: received}
	if faults := rq.item(c, append(raw(nil), item...), &envelope{}); len(faults) > 0 {
		return nil, faults
	}
	value, err := event.Encode(&c.event)
	if err != nil {
		return nil, err
	}
	return event.Decode(value)
}
