package node

import (
	"time"

	"tributary/journeys/forecast"
	"tributary/journeys/report"
)

// forecasts says how many contacts will come, from the events in the analytics store.
func (n *Node) forecasts() (*forecast.Service, error) {
	reader, err := report.NewReader(n.stores.read, n.analysis, time.Now)
	if err != nil {
		return nil, err
	}
	return forecast.New(n.stores.read, reader, time.Now)
}
