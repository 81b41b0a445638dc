package node

import (
	"context"
	"time"

	"tributary/api"
	"tributary/cmd/internal/config"
	"tributary/profiles/export"
)

// openExporter makes what exports people's data. Only the process that carries erasures out does, so that none
// misses an export.
func (n *Node) openExporter(a *archive) (err error) {
	if !n.config.Has(config.RoleUnify) || !n.config.Has(config.RoleSink) {
		return nil
	}
	n.exporter, err = export.New(export.Config{
		Dir: n.config.Path("exports"), Keep: time.Duration(n.config.Privacy.ExportKeep),
		Subjects: n.privacy, Profiles: n.profiles, Sheets: n.analysis, State: n.state, Store: n.stores.read, Hasher: n.hasher,
		Engine: n.engine, Arrived: a.arrived, Notes: n.commands, Log: n.log, Now: time.Now, Logger: n.logger,
	})
	return err
}

// asExports is the exporter as those who ask see it; nil where there is none.
func (n *Node) asExports() api.Exports {
	if n.exporter == nil {
		return nil
	}
	return n.exporter
}

// exports makes exports once the analytics store has its tables.
func (n *Node) exports(ctx context.Context) error {
	if n.exporter == nil {
		return nil
	}
	if err := n.storesReady(ctx); err != nil {
		return err
	}
	return n.exporter.Run(ctx)
}

// storesReady waits until the analytics store answers.
func (n *Node) storesReady(ctx context.Context) error {
	for n.stores.ready(ctx) != nil {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
