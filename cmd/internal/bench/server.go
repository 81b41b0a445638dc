package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/cmd/internal/node"
	"tributary/sql/store"
)

const workspace = "default"

// server is `tributary serve` on a data folder of its own.
type server struct {
	*process
	data    string
	address string // of the HTTP interface
	pprof   string

	admin *admin.Client
	store *store.Store // what the engine holds, past everything of Tributary
	sizes store.Query[store.TableSize]
}

// serve starts a server, with env on top of its own, and waits until it is ready, with its tables made if it is to have any.
func (b *bench) serve(ctx context.Context, data, roles string, env ...string) (s *server, err error) {
	s = &server{data: data}
	var inspect string
	for _, address := range []*string{&s.address, &inspect, &s.pprof} {
		if *address, err = freeAddress(ctx); err != nil {
			return nil, err
		}
	}
	s.process, err = b.start("server", append([]string{
		"TRIBUTARY_ROLES=[" + roles + "]", "TRIBUTARY_LOGGING_LEVEL=warn",
		"TRIBUTARY_CLICKHOUSE_INSPECT_LISTEN=" + inspect, "TRIBUTARY_HTTP_PPROF_LISTEN=" + s.pprof,
	}, env...), "serve", "--data-dir", data, "--listen", s.address)
	if err != nil {
		return nil, err
	}
	s.admin = admin.NewClient(node.Socket(data))
	if s.store, err = store.Open("http://"+inspect, store.Config{}); err == nil {
		s.sizes, err = store.Prepare[store.TableSize](s.store, "operate/table_sizes")
	}
	if err == nil {
		err = s.await(ctx, "to be ready", func() (uint64, bool) { return 0, s.ready(ctx, roles) })
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

const (
	rolesAll     = "gateway, unify, sink, api"
	rolesGateway = "gateway, api"
)

func (s *server) ready(ctx context.Context, roles string) bool {
	if !answers(ctx, "http://"+s.address+"/readyz") {
		return false
	}
	if roles != rolesAll {
		return true
	}
	status, err := s.status(ctx)
	return err == nil && status.AnalyticsStore == "ready"
}

func (s *server) status(ctx context.Context) (status node.Status, err error) {
	text, err := s.admin.Status(ctx)
	if err == nil {
		err = json.Unmarshal(text, &status)
	}
	return status, err
}

// settle waits until everything that was acknowledged is in ClickHouse, and everybody is judged.
func (s *server) settle(ctx context.Context) error {
	return s.await(ctx, "to have everything in ClickHouse", func() (uint64, bool) {
		status, err := s.status(ctx)
		return status.PendingRecords + status.SinkLagRows, err == nil && status.PendingRecords == 0 && !status.Analysing && status.SinkLagRows == 0
	})
}

// close ends the server at once; its data is of no use any more.
func (s *server) close() {
	s.release()
	s.kill()
}

func (s *server) release() {
	if s.admin != nil {
		s.admin.Close()
	}
	if s.store != nil {
		_ = s.store.Close() // nothing is under way
	}
}

// shut ends the server in order; its data stays.
func (s *server) shut() error {
	s.release()
	return s.stop()
}

// writeKeys makes a write key for each of the sources that events come from.
func (s *server) writeKeys(ctx context.Context) ([]string, error) {
	keys := make([]string, len(sources))
	for i, source := range sources {
		made, err := s.admin.CreateKey(ctx, auth.New{Kind: auth.KindWrite, Workspace: workspace, Source: source, Note: "bench"})
		if err != nil {
			return nil, err
		}
		keys[i] = made.Secret
	}
	return keys, nil
}

func (s *server) readKey(ctx context.Context) (string, error) {
	made, err := s.admin.CreateKey(ctx, auth.New{Kind: auth.KindRead, Workspace: workspace, Note: "bench"})
	return made.Secret, err
}

// queryable is how many events ClickHouse answers queries about.
func (s *server) queryable(ctx context.Context) (uint64, error) {
	tables, err := s.sizes.All(ctx, nil)
	if err != nil {
		return 0, err
	}
	for _, t := range tables {
		if t.Table == store.Events.Name() {
			return t.Rows, nil
		}
	}
	return 0, nil
}

// profile fetches a CPU profile of about as long as f takes, if profiles are wanted.
func (b *bench) profile(ctx context.Context, s *server, name string, expected time.Duration, f func() error) error {
	if b.cfg.ProfileDir == "" || s == nil {
		return f()
	}
	seconds := max(1, int(expected/time.Second))
	fetched := make(chan error, 1)
	go func() { fetched <- b.fetchProfile(ctx, s, name, seconds) }()
	return errors.Join(f(), <-fetched)
}

func (b *bench) fetchProfile(ctx context.Context, s *server, name string, seconds int) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.pprof, seconds)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("fetch profile: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	file, err := os.Create(filepath.Join(b.cfg.ProfileDir, strings.ReplaceAll(name, " ", "-")+".pprof"))
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
