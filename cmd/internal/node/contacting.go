package node

import (
	"time"

	"tributary/journeys/contact"
	"tributary/journeys/report"
)

// contacting makes the reports of how people contact us.
func (n *Node) contacting() (*contact.Reports, error) {
	reader, err := report.NewReader(n.stores.read, n.analysis, time.Now)
	if err != nil {
		return nil, err
	}
	return contact.New(n.stores.read, reader)
}
