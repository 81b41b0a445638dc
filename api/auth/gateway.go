package auth

import (
	"context"

	"tributary/ingest/gateway"
)

var _ gateway.Keys = (*Keys)(nil)

// WriteKey implements gateway.Keys.
func (k *Keys) WriteKey(_ context.Context, hash gateway.KeyHash) (gateway.WriteKey, error) {
	key, err := k.find(hash.String())
	if err != nil {
		return gateway.WriteKey{}, err
	}
	if key == nil || !key.May(ScopeIngestWrite) || key.Source == "" || !key.Valid(k.now()) {
		return gateway.WriteKey{}, gateway.ErrUnknownKey
	}
	return gateway.WriteKey{
		ID: key.ID, Workspace: key.Workspace, Source: key.Source, Lane: key.StreamLane(), Origins: key.Origins,
	}, nil
}
