package auth

import (
	"encoding/json"
	"fmt"
)

// FromBrowsers says whether anybody may have spoken as a source: a key that writes to it is, or was, for browsers,
// where everybody reads it.
func (k *Keys) FromBrowsers(workspace, source string) (bool, error) {
	revision := k.docs.DocsRevision() // before the documents, as in find
	k.mu.RLock()
	sources, fresh := k.browsers, k.browsersRevision == revision
	k.mu.RUnlock()
	if !fresh || sources == nil {
		var err error
		if sources, err = k.browserSources(); err != nil {
			return false, err
		}
		k.mu.Lock()
		k.browsers, k.browsersRevision = sources, revision
		k.mu.Unlock()
	}
	return sources[spoken{workspace, source}], nil
}

// spoken is a source of a workspace.
type spoken struct{ workspace, source string }

func (k *Keys) browserSources() (map[spoken]bool, error) {
	docs, err := k.docs.Docs(Bucket)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	sources := map[spoken]bool{}
	for _, d := range docs {
		var key Key
		if err := json.Unmarshal(d.Value, &key); err != nil {
			return nil, fmt.Errorf("list keys: %w", err)
		}
		if len(key.Origins) > 0 {
			sources[spoken{key.Workspace, key.Source}] = true
		}
	}
	return sources, nil
}
