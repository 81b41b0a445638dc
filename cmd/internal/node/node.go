// Package node is the program as a value: the log, the hot state, the analytics store, and the
// workers and servers over them, opened from one configuration and closed in order.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/disclosure"
	"tributary/api/policy"
	"tributary/api/statement"
	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/ingest/connector/source"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/ingest/stream/kafka"
	"tributary/journeys/driver/classify"
	"tributary/journeys/flow"
	"tributary/journeys/report"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/explain"
	"tributary/profiles/export"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/privacy/erase"
	"tributary/profiles/reconcile"
	"tributary/profiles/sink"
	"tributary/profiles/state"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// Options are what only the caller knows.
type Options struct {
	Version string
	Logger  *slog.Logger
	// InProcessEngine runs the embedded engine in this process rather than in a child.
	InProcessEngine bool
	// OwnWithin bounds how long Open waits for a log that another process owns; 0: as long as it takes.
	OwnWithin time.Duration
}

// Node is a running program, or one that is ready to run.
type Node struct {
	config  config.Config
	options Options
	logger  *slog.Logger

	folder *folder
	log    stream.Log
	lease  stream.Lease // nil: no other process can apply the log
	note   sink.Note    // what this owner has written down
	state  *state.Store
	outbox *outbox.Outbox
	engine *identity.Engine
	stores *stores
	unify  *unify.Worker
	sink   *sink.Sink

	profiles *profiles.Service
	book     *define.Book
	analysis *analysis.Service
	reports  *report.Reader // what reports are read by
	journeys *flow.Flow
	queries  *statement.Desk      // analysts' statements
	outside  *classify.Classifier // a model outside; nil: none is configured
	identity *explain.Service
	steward  *steward.Desk
	commands *admin.Commands
	accounts *reconcile.Service
	authKeys *auth.Keys
	trail    *audit.Trail
	routes   routes // of a server that listens
	// endStreams has those who listen to changes go, and come again elsewhere.
	endStreams func()

	policies  *policy.Book
	disclosed *disclosure.Report

	hasher   *privacy.Hasher
	ledger   *privacy.Ledger
	gate     *privacy.Gate // before the log, on every way in
	privacy  *desk.Desk
	eraser   *erase.Runner    // nil: not this process's
	exporter *export.Exporter // nil: not this process's
	archive  *archive

	sources  []*source.Source // of a server; see openSources
	caughtUp atomic.Bool      // see catchUp

	metrics *metrics
	closers []func() error
}

// Open opens the data folder and everything in it. Nothing works yet; see Run. Whoever opens
// closes.
func Open(ctx context.Context, c config.Config, o Options) (n *Node, err error) {
	n = &Node{config: c, options: o, logger: o.Logger, metrics: newMetrics(o.Version)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
			n = nil
		}
	}()
	if n.folder, err = openFolder(c.DataDir, c.Identity.KeyFile); err != nil {
		return n, err
	}
	n.onClose(n.folder.Close)
	if err = checkReplay(n.folder.path); err != nil {
		return n, err
	}
	n.config.DataDir = n.folder.path
	if n.log, err = n.openLog(ctx); err != nil {
		return n, fmt.Errorf("open log: %w", err)
	}
	n.onClose(n.log.Close)
	if err = n.own(ctx); err != nil {
		return n, err
	}
	if err = n.openState(); err != nil {
		return n, err
	}
	if err = n.adopt(ctx); err != nil {
		return n, err
	}
	if err = n.openPrivacy(ctx); err != nil {
		return n, err
	}
	if n.stores, err = openStores(ctx, c.ClickHouse, n.folder.path, o.InProcessEngine, o.Logger); err != nil {
		return n, fmt.Errorf("open analytics store: %w", err)
	}
	n.onClose(n.stores.Close)
	if err = n.openWorkers(); err != nil {
		return n, err
	}
	if n.profiles, err = profiles.NewService(n.state, n.engine, n.book); err != nil {
		return n, err
	}
	n.analysis = analysis.NewService(n.state, n.book, n.outbox.Queue, time.Now)
	if err = n.openReports(); err != nil {
		return n, err
	}
	n.identity = explain.NewService(n.state, n.engine, n.profiles).Sealed(n.hasher)
	n.commands = &admin.Commands{Log: n.gate, Worker: n.unify, Now: time.Now}
	n.steward = n.newSteward()
	n.accounts, err = reconcile.New(reconcile.Config{Log: n.log, State: n.state, Commands: n.commands, Held: n.held, Now: time.Now})
	if err != nil {
		return n, err
	}
	if err = n.openKeys(); err != nil {
		return n, err
	}
	n.policies = policy.NewBook(n.state)
	if n.disclosed, err = disclosure.New(n.stores.read, disclosure.Ready(n.log, n.unify, n.outbox.Queue)); err != nil {
		return n, err
	}
	if err = n.openQueries(); err != nil {
		return n, err
	}
	if err = n.openDesk(); err != nil {
		return n, err
	}
	n.archive = &archive{node: n}
	if err = n.openExporter(n.archive); err != nil {
		return n, err
	}
	if err = n.openEraser(); err != nil {
		return n, err
	}
	n.metrics.observe(n)
	return n, nil
}

func (n *Node) onClose(f func() error) { n.closers = append(n.closers, f) }

// Close closes everything, last opened first. Closing twice is safe.
func (n *Node) Close() error {
	var faults []error
	for len(n.closers) > 0 {
		last := len(n.closers) - 1
		faults = append(faults, n.closers[last]())
		n.closers = n.closers[:last]
	}
	return errors.Join(faults...)
}

func (n *Node) openLog(ctx context.Context) (stream.Log, error) {
	if n.config.Log.Driver == config.DriverKafka {
		cfg, err := n.config.KafkaLog()
		if err != nil {
			return nil, err
		}
		cfg.Logger = n.logger
		return kafka.Open(ctx, cfg)
	}
	cfg := n.config.EmbeddedLog()
	cfg.Logger = n.logger
	return embedded.Open(cfg)
}

func (n *Node) openState() (err error) {
	cfg := n.config.HotState()
	cfg.Logger = n.logger
	if n.state, err = state.Open(cfg); err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	n.onClose(n.state.Close)
	if n.outbox, err = outbox.Open(n.state.DB()); err != nil {
		return err
	}
	n.engine, err = identity.New(n.config.IdentityEngine(n.folder.key))
	return err
}

func (n *Node) openWorkers() (err error) {
	n.book = define.NewBook(n.state, n.config.Survivorship())
	history, err := sink.NewHistory(n.outbox.Queue, n.stores.read)
	if err != nil {
		return err
	}
	n.unify, err = unify.New(unify.Config{
		Log: n.log, State: n.state, Engine: n.engine, Outbox: n.outbox.Writer, Hasher: n.hasher,
		Rules: n.book, History: history, PublishAfter: time.Duration(n.config.Profiles.PublishAfter), JudgeAfter: time.Duration(n.config.Profiles.JudgeAfter),
		Logger: n.logger, Metrics: n.metrics,
	})
	if err != nil {
		return err
	}
	parts := sink.Parts{
		Queue: n.outbox.Queue, Applied: outbox.Offsets(n.state.Offsets()), Log: n.log, Store: sink.NewStore(n.stores.write),
		Refuser: sink.LogRefuser{Log: n.log}, Metrics: n.metrics, Logger: n.logger,
	}
	if n.lease != nil {
		parts.Lease, parts.Note = n.lease, n.note
	}
	n.sink, err = sink.New(n.config.SinkConfig(), parts)
	return err
}

// Socket is the path of the Unix socket on which commands reach the server of a data folder.
func Socket(dataDir string) string { return filepath.Join(dataDir, "tributary.sock") }

// Workspace is the workspace of keys and imports that name no other.
func (n *Node) Workspace() string { return n.config.Workspace }

// Keys are the keys of this installation.
func (n *Node) Keys() *auth.Keys { return n.authKeys }

// Settle waits until everything that is in the log is applied and in the analytics store, what it led
// to is decided, and the store's queries go by the identities of now.
func (n *Node) Settle(ctx context.Context) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		undecided, err := n.unify.Undecided()
		if err != nil {
			return err
		}
		if n.pending(ctx) == 0 && len(undecided) == 0 && n.sink.Lag().Rows == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return n.stores.write.ReloadIdentity(ctx)
}
