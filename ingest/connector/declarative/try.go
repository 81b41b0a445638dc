package declarative

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
)

// Try returns what a sample makes: a delivery of the webhook, or, with the name of a stream or a table, a page
// of its records, one record, or a list of them; with "kafka", a topic's documents. No signature is checked,
// and settings have the values that stand under samples, or invented ones. The name may be left out where
// there is no webhook and only one to choose.
func (f *File) Try(stream string, sample []byte) (connector.Batch, error) {
	return f.TryRequest(stream, &connector.Request{Body: sample})
}

// TryRequest is Try of a delivery with its headers.
func (f *File) TryRequest(stream string, r *connector.Request) (connector.Batch, error) {
	c := f.described()
	settings := f.sampleSettings()
	if f.Pull != nil {
		settings[f.Pull.Base] = "https://example.com"
	}
	cfg, err := c.Configure(f.Name, settings, func(value string) (string, error) { return value, nil })
	if err != nil {
		return connector.Batch{}, err
	}
	if stream == "" && f.Webhook != nil {
		return f.decoder(cfg).Decode(r)
	}
	return f.tryStream(cfg, stream, r.Body)
}

func (f *File) tryStream(cfg connector.Config, stream string, sample []byte) (connector.Batch, error) {
	b := connector.Batch{}
	streams := f.streams()
	if len(streams) == 0 {
		return b, errors.New("this connector pulls nothing: leave the stream out")
	}
	names := slices.Sorted(maps.Keys(streams))
	if stream == "" && len(names) == 1 {
		stream = names[0]
	}
	mapper := streams[stream]
	if mapper == nil {
		return b, fmt.Errorf("name a stream: %s", strings.Join(names, ", "))
	}
	body, err := mapping.Decode(sample)
	if err != nil {
		return b, errJSON
	}
	ctx := context.Background() // every item has its own limit
	vars := mapping.Vars{Settings: f.plain(cfg), Body: body}
	var records []json.RawMessage
	if x := f.items[stream]; x != nil {
		records, err = x.of(ctx, sample, &vars)
	}
	if records == nil || err != nil {
		if json.Unmarshal(sample, &records) != nil {
			records = []json.RawMessage{sample}
		}
	}
	for _, record := range records {
		mapper.Map(ctx, &b, &cfg, record, vars)
	}
	return b, nil
}

// streams are the mappers of what is pulled, by name.
func (f *File) streams() map[string]*mapping.Mapper {
	all := map[string]*mapping.Mapper{}
	if f.Pull != nil {
		for _, s := range f.Pull.Streams {
			all[s.Name] = f.mappers[s.Mapping]
		}
	}
	if f.Database != nil {
		for _, t := range f.Database.Tables {
			all[t.Name] = f.mappers[t.Mapping]
		}
	}
	if f.Kafka != nil {
		all["kafka"] = f.mappers[f.Kafka.Mapping]
	}
	return all
}
