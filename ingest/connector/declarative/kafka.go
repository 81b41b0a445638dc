package declarative

import (
	"context"
	"fmt"
	"slices"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kafkatopic"
	"tributary/ingest/connector/mapping"
)

// Kafka reads a topic. The connector has the settings of one (kafkatopic.Settings: brokers, topic, format …)
// beside its own, and the mapping's item is a kafkatopic.Document: key, value, headers, deleted …
type Kafka struct {
	Mapping string `yaml:"mapping"`
}

func (c *checker) kafka(at string, k *Kafka) {
	c.mapping(at+".mapping", k.Mapping)
	for _, s := range kafkatopic.Settings() {
		if slices.ContainsFunc(c.Settings, func(own Setting) bool { return own.Name == s.Name }) {
			c.fault("settings", "%s is a setting that every topic has: leave it out", s.Name)
		}
	}
}

// topic gives a connector the puller of a topic.
func (f *File) topic(c connector.Connector) connector.Connector {
	return kafkatopic.Mapped(c, func(cfg connector.Config) (kafkatopic.Mapper, error) {
		return &documents{mapper: f.mappers[f.Kafka.Mapping], cfg: cfg, settings: f.plain(cfg)}, nil
	})
}

type documents struct {
	mapper   *mapping.Mapper
	cfg      connector.Config
	settings map[string]any
}

// Map implements kafkatopic.Mapper.
func (d *documents) Map(ctx context.Context, b *connector.Batch, document []byte) {
	d.mapper.Map(ctx, b, &d.cfg, document, mapping.Vars{Settings: d.settings})
}

// one sees that there is at most one thing to pull from.
func (c *checker) one() {
	given := 0
	for _, has := range []bool{c.Pull != nil, c.Database != nil, c.Kafka != nil} {
		if has {
			given++
		}
	}
	if given > 1 {
		c.fault("pull", "stands beside database or kafka: make connectors of them, each with its own checkpoint")
	}
	if given == 0 && c.Webhook == nil {
		c.faults = append(c.faults, fmt.Errorf("webhook: or pull, database or kafka must be given"))
	}
}
