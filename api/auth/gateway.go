package auth

import (
	"context"
	"errors"

	"tributary/ingest/gateway"
)

var _ gateway.Keys = (*Keys)(nil)

// WriteKey implements gateway.Keys.
func (k *Keys) WriteKey(_ context.Context, hash gateway.KeyHash) (gateway.WriteKey, error) {
	key, err := k.find(hash.String())
	if err != nil {
		return gateway.WriteKey{}, err
	}
	if key == nil || !key.May(ScopeIngestWrite) || key.Source == "" {
		return gateway.WriteKey{}, gateway.ErrUnknownKey
	}
	switch err := k.usable(key); {
	case errors.Is(err, ErrRevoked), errors.Is(err, ErrExpired), errors.Is(err, ErrClosed):
		return gateway.WriteKey{}, gateway.ErrUnknownKey
	case err != nil:
		return gateway.WriteKey{}, err
	}
	return gateway.WriteKey{
		ID: key.ID, Workspace: key.Workspace, Source: key.Source, Lane: key.StreamLane(), Origins: key.Origins,
		EventsPerSecond: key.RatePerSecond,
	}, nil
}
