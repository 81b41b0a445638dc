package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"tributary/cmd/internal/config"
	"tributary/cmd/internal/connectors"
	"tributary/ingest/connector"
	"tributary/ingest/connector/source"
	"tributary/ingest/stream"
	"tributary/profiles/sourcehealth"
	"tributary/profiles/unify"
)

// openSources configures the sources of the configuration. It returns every fault of all of them: a
// server that starts has all its sources.
func (n *Node) openSources() error {
	return eachSource(n.config, func(kind *connector.Connector, o source.Options) error {
		s, err := source.New(kind, o)
		if err == nil {
			n.sources = append(n.sources, s)
		}
		return err
	})
}

// CheckSources returns every fault of the sources of a configuration, as far as it can be told where some
// of their secrets are not at hand; see source.Check.
func CheckSources(c config.Config) error { return eachSource(c, source.Check) }

// eachSource calls f for each configured source and joins the faults, each with its source.
func eachSource(c config.Config, f func(*connector.Connector, source.Options) error) error {
	var faults []error
	for i := range c.Sources {
		configured := &c.Sources[i]
		kind, err := connectors.Find(configured.Connector, configured.File)
		if err == nil {
			err = f(kind, source.Options{
				Name: configured.Name, Workspace: cmp.Or(configured.Workspace, c.Workspace), Settings: configured.Settings,
				Every: time.Duration(configured.Every), Since: time.Time(configured.Since),
			})
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("sources[%d] (%s):\n%w", i, configured.Name, err))
		}
	}
	return errors.Join(faults...)
}

// pull asks the vendors of all sources that have something to ask, until ctx ends.
func (n *Node) pull(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range n.sources {
		if s.Pulls() {
			group.Go(func() error { return s.Pull(ctx, n.gate, checkpoints{n}, n.metrics, n.logger) })
		}
	}
	return group.Wait()
}

// checkpoints keeps the progress of pullers as documents of the run-time configuration: a command of
// the log, behind the events that it counts.
type checkpoints struct{ node *Node }

const checkpointBucket = "checkpoint"

func checkpointKey(workspace, name string) string { return workspace + "/" + name }

// Progress implements source.Checkpoints. What is not applied yet is not seen: pages come twice then.
func (c checkpoints) Progress(workspace, name string) (source.Progress, error) {
	var p source.Progress
	text, ok, err := c.node.state.Doc(checkpointBucket, checkpointKey(workspace, name))
	if err != nil || !ok {
		return p, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("checkpoint of %s: %w", name, err)
	}
	return p, nil
}

// SaveProgress implements source.Checkpoints.
func (c checkpoints) SaveProgress(ctx context.Context, workspace, name string, p source.Progress) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7() // ascending, so that the last of one millisecond stands
	if err != nil {
		return err
	}
	record, err := unify.NewRecord(workspace, id.String(), time.Now(), unify.ConfigPut{
		Actor: "source " + name, Bucket: checkpointBucket, Key: checkpointKey(workspace, name), Value: text,
	})
	if err != nil {
		return err
	}
	_, err = c.node.log.Append(ctx, []stream.Record{record})
	return err
}

// sourceHealth says how sources are.
func (n *Node) sourceHealth() (*sourcehealth.Service, error) {
	rates, err := sourcehealth.NewReader(n.stores.read)
	if err != nil {
		return nil, err
	}
	var configured []sourcehealth.Configured
	for _, s := range n.sources {
		configured = append(configured, sourcehealth.Configured{
			Workspace: s.Workspace(), Source: s.Name(), Connector: s.Connector(), Listens: s.Listens(), Pulls: s.Pulls(),
		})
	}
	return sourcehealth.New(sourcehealth.Config{
		Accounts: n.accounts, Schemas: n.state, Rates: rates, Lag: func() time.Duration { return n.sink.Lag().Age },
		Configured: configured, Now: time.Now,
	})
}
