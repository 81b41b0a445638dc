package kafkatopic

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/event"
	log "tributary/ingest/stream/kafka"
)

// Connector returns the connector of topics that nobody mapped: each record is a free event, named
// after the topic, with the value as its properties.
func Connector() connector.Connector {
	return Mapped(connector.Connector{
		Name: "kafka", Title: "Apache Kafka", Summary: "The records of a topic, JSON or Avro with a schema registry.",
		Docs: []string{
			"https://kafka.apache.org/documentation/",
			"https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format",
		},
	}, func(cfg connector.Config) (Mapper, error) { return free{cfg}, nil })
}

// Mapped gives a connector the settings and the puller of a topic, and the mapper that it makes.
func Mapped(c connector.Connector, newMapper func(connector.Config) (Mapper, error)) connector.Connector {
	c.Settings = append(Settings(), c.Settings...)
	c.NewPuller = func(cfg connector.Config) (connector.Puller, error) {
		m, err := newMapper(cfg)
		if err != nil {
			return nil, err
		}
		return New(options(cfg), m)
	}
	return c
}

// Settings are those of a topic.
func Settings() []connector.Setting {
	return []connector.Setting{
		{Name: "brokers", Kind: connector.KindList, Required: true, Summary: "Addresses of brokers, host:port, of which one must answer."},
		{Name: "topic", Required: true, Summary: "The topic; all of its partitions are read."},
		{Name: "format", Kind: connector.KindChoice, Choices: []string{string(FormatJSON), string(FormatAvro)}, Default: string(FormatJSON), Summary: "How its values are written."},
		{Name: "registry_url", Kind: connector.KindURL, Summary: "The schema registry, for avro."},
		{Name: "registry_user", Summary: "User of the schema registry, if it asks for one."},
		{Name: "registry_password", Kind: connector.KindSecret, Summary: "Password of that user."},
		{Name: "sasl_mechanism", Kind: connector.KindChoice, Choices: []string{string(log.MechanismPlain), string(log.MechanismScramSHA256), string(log.MechanismScramSHA512)}, Summary: "How the brokers want to know who asks; nothing: not at all."},
		{Name: "sasl_user", Summary: "User of the brokers."},
		{Name: "sasl_password", Kind: connector.KindSecret, Summary: "Password of that user."},
		{Name: "tls", Kind: connector.KindFlag, Default: "false", Summary: "Whether connections to brokers are encrypted."},
		{Name: "ca_file", Summary: "PEM file of who signed the brokers' certificates; nothing: the system's."},
		{Name: "cert_file", Summary: "PEM file of this client's certificate, where the brokers ask for one."},
		{Name: "key_file", Summary: "PEM file of its key."},
	}
}

func options(cfg connector.Config) Options {
	return Options{
		Brokers: cfg.List("brokers"), Topic: cfg.Text("topic"), Format: Format(cfg.Text("format")),
		TLS:      log.TLS{Enabled: cfg.Flag("tls"), CAFile: cfg.Text("ca_file"), CertFile: cfg.Text("cert_file"), KeyFile: cfg.Text("key_file")},
		SASL:     log.SASL{Mechanism: log.Mechanism(cfg.Text("sasl_mechanism")), Username: cfg.Text("sasl_user"), Password: cfg.Text("sasl_password")},
		Registry: Registry{URL: strings.TrimSuffix(cfg.Text("registry_url"), "/"), Username: cfg.Text("registry_user"), Password: cfg.Text("registry_password")},
	}
}

// free is the Mapper of a topic that nobody mapped.
type free struct{ cfg connector.Config }

// Map implements Mapper. The key is a record's id, its offset the version; a tombstone deletes it.
func (f free) Map(_ context.Context, b *connector.Batch, document []byte) {
	var d Document
	if err := json.Unmarshal(document, &d); err != nil {
		b.Reject("", "record", "is not a document", document) // it was made by us
		return
	}
	e := event.Event{Name: f.cfg.Free(d.Topic)}
	if d.Deleted {
		e.Name += ".deleted"
	}
	var key string
	if json.Unmarshal(d.Key, &key) == nil && key != "" {
		e.Record = &event.Record{ID: key, Version: strconv.FormatInt(d.Offset, 10), Deleted: d.Deleted}
	}
	e.Properties = d.Value
	if len(d.Value) == 0 || d.Value[0] != '{' {
		e.Properties = connector.JSON(map[string]json.RawMessage{"key": d.Key, "value": d.Value})
	}
	b.Add(e)
}
