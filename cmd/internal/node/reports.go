package node

import (
	"time"

	"tributary/api/statement"
	"tributary/journeys/analyst"
	"tributary/journeys/contact"
	"tributary/journeys/cx"
	"tributary/journeys/driver"
	"tributary/journeys/effect"
	"tributary/journeys/flow"
	"tributary/journeys/forecast"
	"tributary/journeys/report"
)

// openReports opens what makes reports ready to be read, and the reports about how people move.
func (n *Node) openReports() (err error) {
	n.reports, err = report.NewReader(n.stores.read, n.analysis, n.state, time.Now)
	if err != nil {
		return err
	}
	if n.journeys, err = flow.New(n.stores.read, n.reports, time.Now); err != nil {
		return err
	}
	n.outside, err = n.config.Journeys.Classifier.Outside()
	if n.outside != nil {
		n.onClose(func() error { n.outside.Close(); return nil })
	}
	return err
}

// openQueries has analysts' statements run. There is one of it: it knows how many of a workspace run.
func (n *Node) openQueries() (err error) {
	service := analyst.New(n.stores.analyst, analyst.Limits{})
	n.queries, err = statement.New(statement.Config{
		Queries: service, Saved: analyst.NewLibrary(service, n.commands, n.state, time.Now), Policies: n.policies, Restricted: n.state, Notes: n.commands,
		Logger: n.logger, Now: time.Now,
	})
	return err
}

// contacting makes the reports of how people contact us.
func (n *Node) contacting() (*contact.Reports, error) {
	return contact.New(n.stores.read, n.reports, time.Now)
}

// forecasts says how many contacts will come.
func (n *Node) forecasts() (*forecast.Service, error) {
	return forecast.New(n.stores.read, n.reports, time.Now)
}

// effects says what goes with the quality of service, and which uses of AI pay.
func (n *Node) effects() (*effect.Reports, error) {
	return effect.New(n.stores.read, n.reports, time.Now)
}

// drivers says why customers make contact; labels go through the log.
func (n *Node) drivers() (*driver.Service, error) {
	s, err := driver.New(n.stores.read, n.reports, n.commands, n.state, time.Now)
	if err == nil && n.outside != nil {
		s.Outside(n.outside)
	}
	return s, err
}

// targets says what metrics are to come to; they go through the log.
func (n *Node) targets() *cx.Targets { return cx.NewTargets(n.commands, n.state, time.Now) }

// measures answers the metrics of customer experience.
func (n *Node) measures() (*cx.Reader, error) {
	return cx.NewReader(n.stores.read, n.reports, n.targets(), time.Now)
}
