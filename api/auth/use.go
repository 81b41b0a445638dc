package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// UseBucket is where the day on which a key was last used is kept, by the key's id.
const UseBucket = "key_use"

// uses knows when keys were last used: to the moment in memory, to the UTC day in the run-time
// configuration, so that a key costs one command a day at most.
type uses struct {
	mu   sync.Mutex
	last map[string]use // by id; only keys that exist
}

type use struct {
	at        time.Time
	workspace string
	kept      string // the day that is in the configuration
}

type useDoc struct {
	Day string `json:"day"`
}

func (u *uses) note(key *Key, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[string]use{}
	}
	known := u.last[key.ID]
	known.at, known.workspace = at, key.Workspace
	u.last[key.ID] = known
}

// KeepUse writes down on which day keys were last used, where it is not written yet. Call it now and
// then.
func (k *Keys) KeepUse(ctx context.Context) error {
	for id, u := range k.used.unkept() {
		day := u.at.UTC().Format(time.DateOnly)
		if kept, err := k.keptUse(id); err != nil {
			return err
		} else if kept < day {
			value, err := json.Marshal(useDoc{day})
			if err == nil {
				err = k.config.Put(ctx, u.workspace, UseBucket, id, value)
			}
			if err != nil {
				return fmt.Errorf("keep when a key was used: %w", err)
			}
		}
		k.used.keep(id, day)
	}
	return nil
}

func (u *uses) unkept() map[string]use {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := map[string]use{}
	for id, use := range u.last {
		if use.at.UTC().Format(time.DateOnly) != use.kept {
			found[id] = use
		}
	}
	return found
}

func (u *uses) keep(id, day string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known := u.last[id]
	known.kept = day
	u.last[id] = known
}

func (k *Keys) keptUse(id string) (day string, err error) {
	value, ok, err := k.docs.Doc(UseBucket, id)
	if err != nil || !ok {
		return "", err
	}
	var doc useDoc
	if err := json.Unmarshal(value, &doc); err != nil {
		return "", fmt.Errorf("read when a key was used: %w", err)
	}
	return doc.Day, nil
}

// LastUsed says when a key was last used: to the minute since this process started, else to the UTC day;
// zero for never.
func (k *Keys) LastUsed(id string) (time.Time, error) {
	k.used.mu.Lock()
	at := k.used.last[id].at
	k.used.mu.Unlock()
	if !at.IsZero() {
		return at.UTC().Truncate(time.Minute), nil
	}
	day, err := k.keptUse(id)
	if err != nil || day == "" {
		return time.Time{}, err
	}
	return time.Parse(time.DateOnly, day)
}
