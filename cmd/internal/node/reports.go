package node

import (
	"time"

	"tributary/journeys/cx"
	"tributary/journeys/driver"
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

// drivers says why customers make contact; labels go through the log.
func (n *Node) drivers() (*driver.Service, error) {
	reader, err := report.NewReader(n.stores.read, n.analysis, time.Now)
	if err != nil {
		return nil, err
	}
	return driver.New(n.stores.read, reader, n.commands, n.state, time.Now)
}

// measures answers the metrics of customer experience, from the events in the analytics store.
func (n *Node) measures() (*cx.Reader, error) {
	reader, err := report.NewReader(n.stores.read, n.analysis, time.Now)
	if err != nil {
		return nil, err
	}
	return cx.NewReader(n.stores.read, reader, time.Now)
}
