package node

import (
	"context"
	"fmt"

	"tributary/api/admin"
	"tributary/ingest/stream"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// adminHandler answers the program's own commands.
func (n *Node) adminHandler() (*admin.Handler, error) {
	effects, err := n.effects()
	if err != nil {
		return nil, err
	}
	forecasts, err := n.forecasts()
	if err != nil {
		return nil, err
	}
	contacting, err := n.contacting()
	if err != nil {
		return nil, err
	}
	measures, err := n.measures()
	if err != nil {
		return nil, err
	}
	drivers, err := n.drivers()
	if err != nil {
		return nil, err
	}
	return admin.NewHandler(admin.Config{
		Statements: n.queries,
		Effects:    effects, Forecasts: forecasts, Measures: measures, Targets: n.targets(), Contacting: contacting, Drivers: drivers,
		Commands: n.commands, Privacy: n.privacy, Keys: n.authKeys, Trail: n.trail, Quarantine: n.state, Identity: n.state, Explainer: n.identity,
		Policies: n.policies, Profiles: n.profiles, Disclosed: n.disclosed, Promises: n.profiles,
		Accounts: n.accounts, Schemas: n.state, Definitions: n.analysis, Journeys: n.journeys, Log: n.log, Reviews: n.steward.Rows, Stewards: n.steward,
		Status: func(ctx context.Context) (any, error) { return n.Status(ctx), nil },
		Logger: n.logger, Suppressor: n.privacy, Exports: n.asExports(),
	})
}

// Status is how the parts of a node are.
type Status struct {
	Version        string  `json:"version"`
	DataDir        string  `json:"data_dir"`
	PendingRecords uint64  `json:"pending_records"` // in the log, not applied
	StaleProfiles  int     `json:"stale_profiles"`  // whose row in the analytics store is to be written anew
	Analysing      bool    `json:"analysing"`       // profiles of the configured workspace wait to be judged, or a computed trait for its history
	SinkLagRows    uint64  `json:"sink_lag_rows"`   // applied, not in the analytics store
	SinkLagSeconds float64 `json:"sink_lag_seconds"`
	AnalyticsStore string  `json:"analytics_store"` // "ready", or what is wrong
}

// Status tells how the parts are.
func (n *Node) Status(ctx context.Context) Status {
	lag := n.sink.Lag()
	s := Status{
		Version: n.options.Version, DataDir: n.config.DataDir, PendingRecords: n.pending(ctx),
		StaleProfiles: n.state.StaleProfiles(), SinkLagRows: lag.Rows, SinkLagSeconds: lag.Age.Seconds(), AnalyticsStore: "ready",
	}
	s.Analysing, _ = n.unify.Analysing(n.config.Workspace) // what cannot be read shows elsewhere
	if err := n.stores.ready(ctx); err != nil {
		s.AnalyticsStore = fmt.Sprint(err)
	}
	return s
}

// storedRow is a row of counts/stored_by_day.sql.
type storedRow struct {
	Workspace string `ch:"workspace"`
	Source    string `ch:"source"`
	Day       uint32 `ch:"day"`
	Stored    uint64 `ch:"stored"`
}

// lastDate is the last day that a Date of ClickHouse can be: one in 2149.
const lastDate = 65535

// held asks the analytics store how many events it holds of each source and day.
func (n *Node) held(ctx context.Context, s unify.Selection) (map[stream.SourceDay]uint64, error) {
	query, err := store.Prepare[storedRow](n.stores.read, "counts/stored_by_day")
	if err != nil {
		return nil, err
	}
	last := uint32(lastDate)
	if s.Until > 0 {
		last = min(last, uint32(s.Until))
	}
	held := map[stream.SourceDay]uint64{}
	for row, err := range query.Each(ctx, store.Params{"workspace": s.Workspace, "source": s.Source, "since": min(uint32(s.Since), lastDate), "until": last}) {
		if err != nil {
			n.logger.InfoContext(ctx, "the analytics store cannot say what it holds", "error", err)
			return nil, err
		}
		held[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: row.Workspace, Source: row.Source}, Day: stream.Day(row.Day)}] = row.Stored
	}
	return held, nil
}
