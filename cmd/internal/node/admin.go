package node

import (
	"context"
	"fmt"
	"net/http"

	"tributary/api/admin"
	"tributary/ingest/stream"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// adminHandler answers the program's own commands.
func (n *Node) adminHandler() (http.Handler, error) {
	return admin.NewHandler(admin.Config{
		Commands: n.commands, Keys: n.authKeys, Quarantine: n.state, Identity: n.state, Explainer: n.identity,
		Reconcile: n.reconcile, Reviews: n.reviews,
		Status: func(ctx context.Context) (any, error) { return n.Status(ctx), nil },
		Logger: n.logger,
	})
}

// Status is how the parts of a node are.
type Status struct {
	Version        string  `json:"version"`
	DataDir        string  `json:"data_dir"`
	PendingRecords uint64  `json:"pending_records"` // in the log, not applied
	StaleProfiles  int     `json:"stale_profiles"`  // whose row in the analytics store is to be written anew
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
	if err := n.stores.ready(ctx); err != nil {
		s.AnalyticsStore = fmt.Sprint(err)
	}
	return s
}

// reviews lists the pairs of which a person should decide.
func (n *Node) reviews(ctx context.Context, workspace string, limit int) ([]store.ReviewRow, error) {
	query, err := store.Prepare[store.ReviewRow](n.stores.read, "identity/reviews")
	if err != nil {
		return nil, err
	}
	return query.All(ctx, store.Params{"workspace": workspace, "limit": limit})
}

// storedRow is a row of counts/stored.sql.
type storedRow struct {
	Workspace    string `ch:"workspace"`
	Source       string `ch:"source"`
	Stored       uint64 `ch:"stored"`
	QueryLeftOut uint64 `ch:"query_left_out"`
}

// reconcile compares the log, the state and the analytics store.
func (n *Node) reconcile(ctx context.Context) (*admin.Accounts, error) {
	accounts, err := unify.Reconcile(ctx, n.log, n.state)
	if err != nil {
		return nil, err
	}
	query, err := store.Prepare[storedRow](n.stores.read, "counts/stored")
	if err != nil {
		return nil, err
	}
	rows, err := query.All(ctx, nil)
	if err != nil {
		return nil, err
	}
	held := make(map[stream.SourceKey]uint64, len(rows))
	for _, r := range rows {
		held[stream.SourceKey{Workspace: r.Workspace, Source: r.Source}] = r.Stored
	}
	return admin.NewAccounts(accounts, func(workspace, source string) uint64 {
		return held[stream.SourceKey{Workspace: workspace, Source: source}]
	}), nil
}
