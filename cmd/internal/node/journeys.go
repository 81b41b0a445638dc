package node

import (
	"time"

	"tributary/journeys/flow"
	"tributary/journeys/report"
)

// openJourneys opens the reports about how people move.
func (n *Node) openJourneys() error {
	reader, err := report.NewReader(n.stores.read, n.analysis, time.Now)
	if err != nil {
		return err
	}
	n.reports = reader
	n.journeys = flow.New(n.stores.read, reader, time.Now)
	return nil
}
