package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// A batch is kept well below the gateway's limit of 500 KB.
const (
	batchItems = 100
	batchBytes = 400 << 10
)

// Loader sends items to a gateway as their sources would: each source with its own write key, in
// batches and in order; a client whose clock is wrong sends by itself.
type Loader struct {
	URL    string            // of the gateway, without a path
	Keys   map[string]string // write key by source
	Client *http.Client
	// Sent is told how many items more were accepted; it is called from several goroutines.
	Sent func(items int)
}

// Load sends all items and returns when each has been acknowledged. It tries again what the
// gateway asks to try again, and what was cut off: message ids make that safe.
func (l *Loader) Load(ctx context.Context, items []Item) error {
	bySource := map[string][]Item{}
	for _, item := range items {
		bySource[item.Source] = append(bySource[item.Source], item)
	}
	group, ctx := errgroup.WithContext(ctx)
	for source, own := range bySource {
		group.Go(func() error {
			if err := l.loadSource(ctx, l.Keys[source], own); err != nil {
				return fmt.Errorf("load source %s: %w", source, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (l *Loader) loadSource(ctx context.Context, key string, items []Item) error {
	var batch [][]byte
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		body := append([]byte(`{"sentAt":"`+time.Now().UTC().Format(timeFormat)+`","batch":[`), bytes.Join(batch, []byte(","))...)
		if err := l.post(ctx, "/v1/batch", key, append(body, "]}"...)); err != nil {
			return err
		}
		l.Sent(len(batch))
		batch, size = batch[:0], 0
		return nil
	}
	for _, item := range items {
		if item.Skew != 0 {
			if err := l.loadSkewed(ctx, key, item); err != nil {
				return err
			}
			continue
		}
		if len(batch) == batchItems || size+len(item.Body) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, size = append(batch, item.Body), size+len(item.Body)
	}
	return flush()
}

// loadSkewed sends one message with the send time of a clock that is wrong.
func (l *Loader) loadSkewed(ctx context.Context, key string, item Item) error {
	sent := time.Now().UTC().Add(item.Skew).Format(timeFormat)
	body := append([]byte(`{"sentAt":"`+sent+`",`), item.Body[1:]...)
	if err := l.post(ctx, "/v1/"+item.Type, key, body); err != nil {
		return err
	}
	l.Sent(1)
	return nil
}

// post sends a body until it is accepted; it gives up at once on an answer that will not change,
// and otherwise after a minute without success.
func (l *Loader) post(ctx context.Context, path, key string, body []byte) error {
	deadline := time.Now().Add(time.Minute)
	for {
		wait, err := l.try(ctx, path, key, body)
		if err == nil {
			return nil
		}
		if wait == 0 || time.Now().Add(wait).After(deadline) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try sends a body once. With an error it says how long to wait before the next attempt; 0 means
// that there is no use in one.
func (l *Loader) try(ctx context.Context, path, key string, body []byte) (wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth(key, "")
	request.Header.Set("Content-Type", "application/json")
	response, err := l.Client.Do(request)
	if err != nil {
		return time.Second, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return time.Second, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return 0, nil
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil || seconds < 1 {
			seconds = 1
		}
		return time.Duration(seconds) * time.Second, errors.New(response.Status)
	}
	return 0, fmt.Errorf("%s %s: %s: %.200s", http.MethodPost, path, response.Status, answer)
}
