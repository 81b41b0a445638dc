// Package config composes the configuration of the program from one YAML file, the environment and
// defaults. Example holds the file with every key, commented.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tributary/api"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/gateway"
	"tributary/ingest/stream/embedded"
	"tributary/ingest/stream/kafka"
	"tributary/profiles"
	"tributary/profiles/sink"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Example is the commented file that `tributary config example` prints; all its values are defaults.
//
//go:embed example.yaml
var Example string

// Config is everything that can be set. example.yaml says what each key means.
type Config struct {
	DataDir   string   `yaml:"data_dir"`
	Workspace string   `yaml:"workspace"`
	Roles     []string `yaml:"roles"`

	Logging    Logging    `yaml:"logging"`
	Runtime    Runtime    `yaml:"runtime"`
	HTTP       HTTP       `yaml:"http"`
	Auth       Auth       `yaml:"auth"`
	Gateway    Gateway    `yaml:"gateway"`
	Log        Log        `yaml:"log"`
	State      State      `yaml:"state"`
	Stream     Stream     `yaml:"stream"`
	Identity   Identity   `yaml:"identity"`
	Profiles   Profiles   `yaml:"profiles"`
	Journeys   Journeys   `yaml:"journeys"`
	Privacy    Privacy    `yaml:"privacy"`
	Sink       Sink       `yaml:"sink"`
	ClickHouse ClickHouse `yaml:"clickhouse"`
	Sources    []Source   `yaml:"sources"`
}

// Source is a configured source of a connector.
type Source struct {
	Name      string            `yaml:"name"`
	Connector string            `yaml:"connector"` // one of the program's
	File      string            `yaml:"file"`      // or a declarative connector's file
	Workspace string            `yaml:"workspace"`
	Settings  map[string]string `yaml:"settings"`
	Every     Duration          `yaml:"every"`
	Since     Moment            `yaml:"since"`
}

// Logging is how the program talks to its operator.
type Logging struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Gateway limits what sources may send.
type Gateway struct {
	RatePerSecond float64 `yaml:"rate_per_second"`
	Burst         int     `yaml:"burst"`
	Memory        Size    `yaml:"memory"`

	ClientEventsPerSecond float64 `yaml:"client_events_per_second"`
	ClientBurst           int     `yaml:"client_burst"`
}

// Log is the durable log.
type Log struct {
	Driver    string   `yaml:"driver"`
	Shards    int      `yaml:"shards"`
	Retention Duration `yaml:"retention"`
	Cache     Size     `yaml:"cache"`
	MemTable  Size     `yaml:"mem_table"`
	Bulk      Mark     `yaml:"bulk_watermark"`
	Live      Mark     `yaml:"live_watermark"`
	Kafka     Kafka    `yaml:"kafka"`
}

// Mark is a disk watermark: the smaller of the two.
type Mark struct {
	Free    Size    `yaml:"free"`
	Percent float64 `yaml:"percent"`
}

// Kafka is how to reach a cluster.
type Kafka struct {
	Brokers           []string `yaml:"brokers"`
	TopicPrefix       string   `yaml:"topic_prefix"`
	Partitions        int      `yaml:"partitions"`
	ReplicationFactor int      `yaml:"replication_factor"`
	SessionTimeout    Duration `yaml:"session_timeout"`
	SASLMechanism     string   `yaml:"sasl_mechanism"`
	SASLUser          string   `yaml:"sasl_user"`
	SASLPasswordFile  string   `yaml:"sasl_password_file"`
	TLS               bool     `yaml:"tls"`
	CAFile            string   `yaml:"ca_file"`
	CertFile          string   `yaml:"cert_file"`
	KeyFile           string   `yaml:"key_file"`
}

// State is the hot state.
type State struct {
	Cache         Size     `yaml:"cache"`
	MemTable      Size     `yaml:"mem_table"`
	DedupeHorizon Duration `yaml:"dedupe_horizon"`
	LiveEntries   int      `yaml:"live_entries"`
	LiveAge       Duration `yaml:"live_age"`
}

// Identity is who is who.
type Identity struct {
	KeyFile       string            `yaml:"key_file"`
	DefaultRegion string            `yaml:"default_region"`
	Regions       map[string]string `yaml:"regions"`
	MailProviders bool              `yaml:"mail_providers"`
	Shareable     []string          `yaml:"shareable"`
	Exclusive     []string          `yaml:"exclusive"`
	Blocked       []Block           `yaml:"blocked"`
}

// Block is a value that identifies nobody.
type Block struct {
	Type    string `yaml:"type"`
	Value   string `yaml:"value"`
	Pattern string `yaml:"pattern"`
}

// Profiles is what the golden record goes by.
type Profiles struct {
	SourceRank   map[string][]string `yaml:"source_rank"`
	PublishAfter Duration            `yaml:"publish_after"`
	JudgeAfter   Duration            `yaml:"judge_after"`
	SQLTraits    []SQLTrait          `yaml:"sql_traits"`
}

// Sink is the way into ClickHouse.
type Sink struct {
	MaxRows      int      `yaml:"max_rows"`
	FlushEvery   Duration `yaml:"flush_every"`
	Timeout      Duration `yaml:"timeout"`
	DrainTimeout Duration `yaml:"drain_timeout"`
}

// ClickHouse is the analytics store.
type ClickHouse struct {
	DSN           string `yaml:"dsn"`
	Database      string `yaml:"database"`
	Cluster       string `yaml:"cluster"`
	Library       string `yaml:"library"`
	MaxMemory     Size   `yaml:"max_memory"`
	InspectListen string `yaml:"inspect_listen"`
}

// The roles of a server.
const (
	RoleGateway = "gateway"
	RoleUnify   = "unify"
	RoleSink    = "sink"
	RoleAPI     = "api"
	// RolePull asks the vendors of configured sources; one process at a time may.
	RolePull = "pull"
)

// The log's drivers.
const (
	DriverEmbedded = "embedded"
	DriverKafka    = "kafka"
)

// Default is the configuration without a file.
func Default() Config {
	return Config{
		DataDir:   "data",
		Workspace: "default",
		Roles:     []string{RoleGateway, RolePull, RoleUnify, RoleSink, RoleAPI},
		Logging:   Logging{Level: "info", Format: "text"},
		Runtime:   Runtime{Threads: 0, GCPercent: defaultGCPercent, MemoryLimit: defaultMemoryLimit},
		HTTP:      HTTP{Listen: "127.0.0.1:8080", HeaderTimeout: Duration(5 * time.Second), RequestTimeout: Duration(30 * time.Second), ReportTimeout: Duration(api.DefaultReportTimeout), ShutdownTimeout: Duration(30 * time.Second), TLS: TLS{MinVersion: "1.2"}},
		Gateway: Gateway{
			Memory:                gateway.DefaultMemoryBytes,
			ClientEventsPerSecond: gateway.DefaultClientEventsPerSecond, ClientBurst: gateway.DefaultClientBurst,
		},
		Log: Log{
			Driver: DriverEmbedded, Shards: embedded.DefaultShards, Retention: Duration(7 * 24 * time.Hour),
			Cache: embedded.DefaultCacheBytes, MemTable: embedded.DefaultMemTableBytes,
			Bulk: Mark{Free: 4 << 30, Percent: 10}, Live: Mark{Free: 1 << 30, Percent: 3},
			Kafka: Kafka{TopicPrefix: kafka.DefaultTopicPrefix, Partitions: kafka.DefaultPartitions, ReplicationFactor: kafka.DefaultReplicationFactor, SessionTimeout: Duration(kafka.DefaultSessionTimeout)},
		},
		State: State{
			MemTable:      state.DefaultMemTableBytes,
			DedupeHorizon: Duration(state.DefaultHorizon), LiveEntries: state.DefaultLiveEntries, LiveAge: Duration(state.DefaultLiveAge),
		},
		Stream: defaultStream(),
		Identity: Identity{
			DefaultRegion: "US",
			Shareable:     []string{event.IDEmail, event.IDPhone}, Exclusive: []string{event.IDUser},
		},
		Profiles: Profiles{PublishAfter: Duration(unify.DefaultPublishAfter), JudgeAfter: Duration(unify.DefaultJudgeAfter)},
		Journeys: defaultJourneys(),
		Privacy:  defaultPrivacy(),
		Sink: Sink{
			MaxRows: 30_000, FlushEvery: Duration(time.Second),
			Timeout: Duration(time.Minute), DrainTimeout: Duration(10 * time.Second),
		},
		ClickHouse: ClickHouse{Database: "tributary", MaxMemory: 4 << 30},
	}
}

// Validate reports every fault, each with the path of its key.
func (c Config) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.DataDir == "", "data_dir: must be given")
	fault(!event.ValidSource(c.Workspace), "workspace: %q must be lower-case letters, digits, - and _", c.Workspace)
	fault(len(c.Roles) == 0, "roles: name at least one")
	for _, role := range c.Roles {
		fault(!slices.Contains(Default().Roles, role), "roles: %q is none of %v", role, Default().Roles)
	}
	_, err := c.Level()
	fault(err != nil, "logging.level: %q is none of debug, info, warn, error", c.Logging.Level)
	fault(!slices.Contains([]string{"text", "json"}, c.Logging.Format), "logging.format: %q is neither text nor json", c.Logging.Format)
	faults = append(faults, prefixed("runtime", c.Runtime.Validate())...)
	fault(!validListen(c.HTTP.Listen), "http.listen: %q is not host:port", c.HTTP.Listen)
	fault(c.HTTP.ShutdownTimeout <= 0, "http.shutdown_timeout: must be greater than 0")
	c.HTTP.validate(fault)
	faults = append(faults, c.Auth.faults()...)
	fault(c.HTTP.PprofListen != "" && !loopback(c.HTTP.PprofListen),
		"http.pprof_listen: %q is not host:port of a loopback address", c.HTTP.PprofListen)
	fault(c.Gateway.RatePerSecond < 0, "gateway.rate_per_second: must not be negative")
	fault(c.Profiles.PublishAfter <= 0, "profiles.publish_after: must be greater than 0")
	fault(c.Profiles.JudgeAfter <= 0, "profiles.judge_after: must be greater than 0")
	fault(c.Gateway.Burst < 0, "gateway.burst: must not be negative")
	fault(c.Gateway.ClientEventsPerSecond < 0, "gateway.client_events_per_second: must not be negative")
	fault(c.Gateway.ClientBurst < 0, "gateway.client_burst: must not be negative")
	fault(c.Gateway.Memory < gateway.LeastMemoryBytes, "gateway.memory: must be at least %d MiB", gateway.LeastMemoryBytes>>20)
	fault(c.Log.Retention < 0, "log.retention: must not be negative")
	fault(c.ClickHouse.InspectListen != "" && !loopback(c.ClickHouse.InspectListen),
		"clickhouse.inspect_listen: %q is not host:port of a loopback address", c.ClickHouse.InspectListen)
	switch c.Log.Driver {
	case DriverEmbedded:
		faults = append(faults, prefixed("log", c.EmbeddedLog().Validate())...)
	case DriverKafka:
		if kafkaConfig, err := c.KafkaLog(); err != nil {
			faults = append(faults, fmt.Errorf("log.kafka: %w", err))
		} else {
			faults = append(faults, prefixed("log.kafka", kafkaConfig.Validate())...)
		}
	default:
		fault(true, "log.driver: %q is neither %s nor %s", c.Log.Driver, DriverEmbedded, DriverKafka)
	}
	faults = append(faults, prefixed("state", c.HotState().Validate())...)
	fault(c.State.LiveEntries == 0, "state.live_entries: must be at least 1, or -1 for no feed")
	fault(c.State.LiveAge == 0, "state.live_age: must be at least a minute")
	c.Stream.validate(fault)
	faults = append(faults, prefixed("identity", c.IdentityEngine(make([]byte, 32)).Validate())...)
	faults = append(faults, prefixed("sink", c.SinkConfig().Validate())...)
	faults = append(faults, c.validateSources()...)
	faults = append(faults, c.Privacy.faults()...)
	faults = append(faults, c.Journeys.Classifier.faults()...)
	faults = append(faults, c.validateSQLTraits()...)
	return errors.Join(faults...)
}

// validateSources checks what needs no connector; node.CheckSources does the rest.
func (c Config) validateSources() []error {
	var faults []error
	seen := map[string]bool{}
	for i, s := range c.Sources {
		fault := func(bad bool, format string, args ...any) {
			if bad {
				faults = append(faults, fmt.Errorf("sources[%d].%w", i, fmt.Errorf(format, args...)))
			}
		}
		fault(!event.ValidSource(s.Name), "name: %q must be lower-case letters, digits, - and _, at most 64", s.Name)
		fault(s.Name != "" && seen[s.Name], "name: %q stands twice", s.Name)
		fault((s.Connector == "") == (s.File == ""), "connector: give a connector (tributary connectors list) or a file, one of them")
		fault(s.Workspace != "" && !event.ValidSource(s.Workspace), "workspace: %q must be lower-case letters, digits, - and _, at most 64", s.Workspace)
		fault(s.Every < 0 || s.Every > 0 && s.Every < Duration(time.Second), "every: must be at least 1s")
		seen[s.Name] = true
	}
	return faults
}

// prefixed puts the path of a section before each fault that the section's package reports.
func prefixed(path string, err error) []error {
	if err == nil {
		return nil
	}
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	for i := range parts {
		parts[i] = fmt.Errorf("%s.%w", path, parts[i])
	}
	return parts
}

func validListen(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != ""
}

// loopback says whether an address can be reached from this machine alone.
func loopback(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Has says whether the server has a role.
func (c Config) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Level is the least level that is logged.
func (c Config) Level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(c.Logging.Level))
	return level, err
}

// Path is a path within the data folder.
func (c Config) Path(name string) string { return filepath.Join(c.DataDir, name) }

// EmbeddedLog is the configuration of the embedded log.
func (c Config) EmbeddedLog() embedded.Config {
	return embedded.Config{
		Dir: c.Path("log"), Shards: c.Log.Shards, CacheBytes: int64(c.Log.Cache), MemTableBytes: int64(c.Log.MemTable),
		BulkWatermark: embedded.Watermark{Bytes: uint64(c.Log.Bulk.Free), Percent: c.Log.Bulk.Percent},
		LiveWatermark: embedded.Watermark{Bytes: uint64(c.Log.Live.Free), Percent: c.Log.Live.Percent},
	}
}

// KafkaLog is the configuration of a log on Kafka. It reads the password from its file.
func (c Config) KafkaLog() (kafka.Config, error) {
	k := c.Log.Kafka
	password := ""
	if k.SASLPasswordFile != "" {
		text, err := os.ReadFile(k.SASLPasswordFile)
		if err != nil {
			return kafka.Config{}, fmt.Errorf("sasl_password_file: %w", err)
		}
		password = strings.TrimSpace(string(text))
	}
	return kafka.Config{
		Brokers: k.Brokers, TopicPrefix: k.TopicPrefix, Partitions: k.Partitions,
		ReplicationFactor: k.ReplicationFactor, SessionTimeout: time.Duration(k.SessionTimeout),
		TLS:  kafka.TLS{Enabled: k.TLS, CAFile: k.CAFile, CertFile: k.CertFile, KeyFile: k.KeyFile},
		SASL: kafka.SASL{Mechanism: kafka.Mechanism(k.SASLMechanism), Username: k.SASLUser, Password: password},
	}, nil
}

// HotState is the configuration of the hot state.
func (c Config) HotState() state.Config {
	return state.Config{
		Dir: c.Path("state"), CacheBytes: c.stateCache(), MemTableBytes: int64(c.State.MemTable),
		Horizon:     time.Duration(c.State.DedupeHorizon),
		LiveEntries: c.State.LiveEntries, LiveAge: time.Duration(c.State.LiveAge),
	}
}

// IdentityEngine is the configuration of the identity engine, under the data folder's key.
func (c Config) IdentityEngine(key []byte) identity.Config {
	blocked := make([]identity.Block, len(c.Identity.Blocked))
	for i, b := range c.Identity.Blocked {
		blocked[i] = identity.Block(b)
	}
	regions := make(map[identity.Place]string, len(c.Identity.Regions))
	for source, region := range c.Identity.Regions {
		regions[identity.Place{Source: source}] = region
	}
	return identity.Config{
		Key: key, DefaultRegion: c.Identity.DefaultRegion, Regions: regions, MailProviders: c.Identity.MailProviders,
		Shareable: c.Identity.Shareable, Exclusive: c.Identity.Exclusive, Blocked: blocked,
	}
}

// Survivorship is which of several values of a trait counts.
func (c Config) Survivorship() profiles.Rules {
	rules := profiles.Rules{Traits: map[string]profiles.Rule{}}
	for name, sources := range c.Profiles.SourceRank {
		rule := profiles.Rule{By: profiles.StrategySourceRank, Sources: sources}
		if name == "*" {
			rules.Default = rule
			continue
		}
		rules.Traits[name] = rule
	}
	return rules
}

// SinkConfig is the configuration of the sink.
func (c Config) SinkConfig() sink.Config {
	return sink.Config{
		MaxRows: c.Sink.MaxRows, FlushEvery: time.Duration(c.Sink.FlushEvery),
		Timeout: time.Duration(c.Sink.Timeout), DrainTimeout: time.Duration(c.Sink.DrainTimeout),
	}
}
