package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tributary/cmd/internal/config"
	"tributary/profiles/unify"
)

// Run does what the configured roles say until ctx ends, then stops in the order in which nothing
// accepted is lost: no new events, what is under way is answered, the workers come to an end. It
// returns the first fault; the end of ctx is none.
func (n *Node) Run(ctx context.Context) error {
	if err := n.openSources(); err != nil {
		return err
	}
	servers, err := n.listen(ctx)
	if err != nil {
		return err
	}
	// The workers outlive ctx: they are stopped after the last request is answered.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	workers, faults := errgroup.WithContext(background)
	n.startWorkers(faults, workers)
	asking, endAsking := context.WithCancel(ctx) // ends before the workers, and with the first of them that fails
	defer endAsking()
	defer context.AfterFunc(faults, endAsking)()
	workers.Go(func() error { return n.catchUpAndPull(asking) })
	workers.Go(func() error { return n.erases(asking) })
	workers.Go(func() error { return n.exports(asking) })
	workers.Go(func() error { return n.keepUse(asking) })
	workers.Go(func() error { return n.sqlTraitsOnceCaughtUp(asking) })
	for _, s := range servers {
		workers.Go(s.serve)
	}
	n.logger.InfoContext(ctx, "ready to serve", "http", n.config.HTTP.Listen, "roles", n.config.Roles, "data_dir", n.config.DataDir)

	select {
	case <-ctx.Done():
		n.logger.InfoContext(ctx, "stopping")
	case <-faults.Done():
	}
	err = n.shutdown(servers)
	stop()
	return errors.Join(err, ignoreCanceled(workers.Wait()))
}

// catchUpAndPull asks vendors once the state has caught up with the log: before, it does not know how far
// they were asked, and would begin with all their history.
func (n *Node) catchUpAndPull(ctx context.Context) error {
	if err := n.catchUp(ctx); err != nil || !n.caughtUp.Load() || !n.config.Has(config.RolePull) {
		return err
	}
	return n.pull(ctx)
}

// startWorkers runs unify and the sink as the roles say. ctx is that of group.
func (n *Node) startWorkers(ctx context.Context, group *errgroup.Group) {
	if n.config.Has(config.RoleUnify) {
		group.Go(func() error { return n.unify.Run(ctx) })
	}
	group.Go(func() error { return n.ownership(ctx) })
	group.Go(func() error { return n.trimLoop(ctx) })
	group.Go(func() error { return n.restLoop(ctx) })
	if n.config.Has(config.RoleSink) {
		group.Go(func() error {
			if err := n.stores.migrate(ctx, n.logger); err != nil {
				return fmt.Errorf("migrate: %w", err)
			}
			group.Go(func() error { n.stores.mend(ctx, n.logger); return nil })
			return n.sink.Run(ctx)
		})
	}
}

// Work runs the workers while f runs, for one-shot commands: no server, no listener.
func (n *Node) Work(ctx context.Context, f func(context.Context) error) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	workers, faults := errgroup.WithContext(background)
	n.startWorkers(faults, workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(faults, cancel) // f must not wait for workers that have failed
	err := f(ctx)
	stop()
	return errors.Join(err, ignoreCanceled(workers.Wait()))
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, unify.ErrStopped) {
		return nil
	}
	return err
}

// server is one listener and what answers on it.
type server struct {
	http     *http.Server
	listener net.Listener
	// drain, if set, is called before the server shuts down.
	drain func(context.Context) error
}

func (s *server) serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// shutdown lets the requests that are under way end, for at most the configured time.
func (n *Node) shutdown(servers []*server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n.config.HTTP.ShutdownTimeout))
	defer cancel()
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		fault error
	)
	for _, s := range servers {
		group.Go(func() {
			var err error
			if s.drain != nil {
				err = s.drain(ctx)
			}
			if late := s.http.Shutdown(ctx); late != nil {
				// What is still under way must not hold up the state, which waits for its readers.
				err = errors.Join(err, late, s.http.Close())
			}
			mu.Lock()
			fault = errors.Join(fault, err)
			mu.Unlock()
		})
	}
	group.Wait()
	if fault != nil {
		return fmt.Errorf("shut down: %w", fault)
	}
	return nil
}

// maxSocketPath is what every system's sockaddr_un has room for.
const maxSocketPath = 100

// listenUnix listens on a socket that only this user may reach. A socket that a dead process left
// is replaced; the folder's lock says that there is no living one.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("%s: has %d bytes, a socket's path may have %d; choose a data folder with a shorter path", path, len(path), maxSocketPath)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
