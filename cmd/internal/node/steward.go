package node

import (
	"context"
	"time"

	"tributary/profiles/steward"
	"tributary/sql/store"
)

// newSteward makes the desk of those who say who is who.
func (n *Node) newSteward() *steward.Desk {
	return steward.New(steward.Config{
		State: n.state, Explain: n.identity, Commands: n.commands, Worker: n.unify, Engine: n.engine, Asked: n.asked, Now: time.Now,
	})
}

// asked reads from the analytics store of which pairs a person should decide.
func (n *Node) asked(ctx context.Context, workspace string, after steward.Place, limit int) ([]store.ReviewRow, error) {
	query, err := store.Prepare[store.ReviewRow](n.stores.read, "identity/reviews")
	if err != nil {
		return nil, err
	}
	return query.All(ctx, after.Params(workspace, limit))
}
