package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
)

// ownWithin is how long a command waits for a log that another process may have just let go of.
const ownWithin = 30 * time.Second

// Command runs f with a client of the server that has the data folder open. When none has, it opens
// the folder itself for as long as f takes, without the interface for sources and readers. drain
// then says to wait until everything is in the analytics store.
func Command(ctx context.Context, c config.Config, o Options, drain bool, f func(context.Context, *admin.Client) error) error {
	err := withClient(ctx, Socket(c.DataDir), f)
	if !errors.Is(err, admin.ErrNoServer) {
		return err
	}
	o.InProcessEngine, o.OwnWithin = true, ownWithin
	n, err := Open(ctx, c, o)
	if err != nil {
		return err
	}
	err = n.serveSocket(ctx, func(ctx context.Context) error {
		if err := withClient(ctx, Socket(n.config.DataDir), f); err != nil || !drain {
			return err
		}
		return n.Settle(ctx)
	})
	return errors.Join(err, n.Close())
}

func withClient(ctx context.Context, socket string, f func(context.Context, *admin.Client) error) error {
	client := admin.NewClient(socket)
	defer client.Close()
	return f(ctx, client)
}

// serveSocket runs the workers and answers on the socket while f runs.
func (n *Node) serveSocket(ctx context.Context, f func(context.Context) error) error {
	s, err := n.commandServer(ctx)
	if err != nil {
		return err
	}
	return n.Work(ctx, func(ctx context.Context) error {
		served := make(chan error, 1)
		go func() { served <- s.serve() }()
		err := f(ctx)
		return errors.Join(err, n.shutdown([]*server{s}), <-served)
	})
}

// commandServer listens on the data folder's socket for the program's own commands.
func (n *Node) commandServer(ctx context.Context) (*server, error) {
	handler, err := n.adminHandler()
	if err != nil {
		return nil, err
	}
	listener, err := listenUnix(ctx, Socket(n.config.DataDir))
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	return &server{http: &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ConnContext: admin.ConnContext}, listener: listener}, nil
}
