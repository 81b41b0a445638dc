package declarative

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
)

// Try returns what a sample makes: a delivery of the webhook, or, with a stream's name, a page of its
// records, one record, or a list of them. No signature is checked, and settings have the values that stand
// under samples, or invented ones. The stream may be left out where there is no webhook and one stream.
func (f *File) Try(stream string, sample []byte) (connector.Batch, error) {
	c := f.Connector()
	settings := f.sampleSettings()
	if f.Pull != nil {
		settings[f.Pull.Base] = "https://example.com"
	}
	cfg, err := c.Configure(f.Name, settings, func(value string) (string, error) { return value, nil })
	if err != nil {
		return connector.Batch{}, err
	}
	if stream == "" && f.Webhook != nil {
		return f.decoder(cfg).Decode(&connector.Request{Body: sample})
	}
	return f.tryStream(cfg, stream, sample)
}

func (f *File) tryStream(cfg connector.Config, stream string, sample []byte) (connector.Batch, error) {
	b := connector.Batch{}
	if f.Pull == nil {
		return b, errors.New("this connector pulls nothing: leave the stream out")
	}
	i := slices.IndexFunc(f.Pull.Streams, func(s Stream) bool { return s.Name == stream })
	if stream == "" && len(f.Pull.Streams) == 1 {
		i = 0
	}
	if i < 0 {
		names := make([]string, len(f.Pull.Streams))
		for i := range names {
			names[i] = f.Pull.Streams[i].Name
		}
		return b, fmt.Errorf("name a stream: %s", strings.Join(names, ", "))
	}
	s := &f.Pull.Streams[i]
	body, err := mapping.Decode(sample)
	if err != nil {
		return b, errJSON
	}
	ctx := context.Background() // every item has its own limit
	vars := mapping.Vars{Settings: f.plain(cfg), Body: body}
	records, err := f.items[s.Name].of(ctx, sample, &vars)
	if err != nil {
		if json.Unmarshal(sample, &records) != nil {
			records = []json.RawMessage{sample}
		}
	}
	for _, record := range records {
		f.mappers[s.Mapping].Map(ctx, &b, &cfg, record, vars)
	}
	return b, nil
}
