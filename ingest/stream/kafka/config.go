package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"tributary/ingest/stream"
)

// Defaults of Config.
const (
	DefaultTopicPrefix       = "tributary."
	DefaultPartitions        = 8
	DefaultReplicationFactor = 3
	DefaultMaxValueBytes     = 1 << 20
	DefaultRequestTimeout    = 10 * time.Second
	DefaultSessionTimeout    = 10 * time.Second
)

// Config says where the log is kept. The zero value of every field but Brokers is its default.
type Config struct {
	// Brokers are addresses, host:port, of which one must answer.
	Brokers []string
	// TopicPrefix begins the names of the two topics, which end in "live" and "bulk".
	// Default "tributary.".
	TopicPrefix string
	// Partitions is the number of partitions of each topic. Topics that exist must have as many:
	// adding some would break the order of sources. Default 8.
	Partitions int
	// ReplicationFactor and MaxValueBytes are used when topics are created. Defaults: 3, 1 MiB.
	// Records that are larger than MaxValueBytes are refused in any case.
	ReplicationFactor int
	MaxValueBytes     int
	// RequestTimeout bounds one request to Kafka; Append tries again up to five times.
	// Default 10 s.
	RequestTimeout time.Duration
	// SessionTimeout is how long the owner may be silent before another takes over (Own). Brokers allow
	// 6 s to 30 minutes if they are not set otherwise. Default 10 s.
	SessionTimeout time.Duration
	// TLS and SASL are off by default.
	TLS  TLS
	SASL SASL
	// Logger receives what operators need to know. Default: nothing is logged.
	Logger *slog.Logger
}

// TLS says how connections are encrypted. All files are PEM.
type TLS struct {
	Enabled bool
	// CAFile is who may sign the brokers' certificates. Default: the system's.
	CAFile string
	// CertFile and KeyFile identify this client; both or none.
	CertFile, KeyFile string
	// ServerName is expected in the brokers' certificates. Default: the host of the address.
	ServerName string
}

// Mechanism is a way of proving who the client is.
type Mechanism string

// The mechanisms.
const (
	MechanismPlain       Mechanism = "plain"
	MechanismScramSHA256 Mechanism = "scram-sha-256"
	MechanismScramSHA512 Mechanism = "scram-sha-512"
)

// SASL says who the client is; no mechanism means no SASL.
type SASL struct {
	Mechanism          Mechanism
	Username, Password string
}

// Validate reports every fault of the configuration, each with its field.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	check := func(ok bool, field, fault string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: %s", field, fault))
		}
	}
	check(len(c.Brokers) > 0, "brokers", "is empty")
	for i, b := range c.Brokers {
		check(b != "", fmt.Sprintf("brokers[%d]", i), "is empty")
	}
	check(c.Partitions >= 1 && c.Partitions <= stream.MaxShards, "partitions", fmt.Sprintf("is not between 1 and %d", stream.MaxShards))
	check(c.ReplicationFactor >= 1 && c.ReplicationFactor <= 100, "replication_factor", "is not between 1 and 100")
	check(c.MaxValueBytes >= 1 && c.MaxValueBytes <= 64<<20, "max_value_bytes", "is not between 1 and 64 MiB")
	check(c.RequestTimeout > 0, "request_timeout", "is negative")
	check(c.SessionTimeout >= time.Second, "session_timeout", "is less than a second")
	return errors.Join(append(faults, ValidateAccess(c.TLS, c.SASL))...)
}

// ValidateAccess reports every fault of how a client shows who it is, each with its field.
func ValidateAccess(t TLS, s SASL) error {
	var faults []error
	check := func(ok bool, field, fault string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: %s", field, fault))
		}
	}
	check((t.CertFile == "") == (t.KeyFile == ""), "tls.key_file", "certificate and key come together")
	check(t.Enabled || t == TLS{}, "tls.enabled", "is false, but other fields of tls are set")
	switch s.Mechanism {
	case "":
		check(s == SASL{}, "sasl.mechanism", "is empty, but a user or password is set")
	case MechanismPlain:
		check(t.Enabled, "sasl.mechanism", "plain shows the password to the network: enable tls")
		fallthrough
	case MechanismScramSHA256, MechanismScramSHA512:
		check(s.Username != "", "sasl.username", "is empty")
		check(s.Password != "", "sasl.password", "is empty")
	default:
		check(false, "sasl.mechanism", "is none of plain, scram-sha-256, scram-sha-512")
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	setDefault(&c.TopicPrefix, DefaultTopicPrefix)
	setDefault(&c.Partitions, DefaultPartitions)
	setDefault(&c.ReplicationFactor, DefaultReplicationFactor)
	setDefault(&c.MaxValueBytes, DefaultMaxValueBytes)
	setDefault(&c.RequestTimeout, DefaultRequestTimeout)
	setDefault(&c.SessionTimeout, DefaultSessionTimeout)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// NewTransport makes what requests to Kafka go through; dial bounds the making of a connection.
func NewTransport(t TLS, s SASL, dial time.Duration) (*kafka.Transport, error) {
	tlsConfig, err := t.config()
	if err != nil {
		return nil, err
	}
	mechanism, err := s.mechanism()
	if err != nil {
		return nil, fmt.Errorf("sasl: %w", err)
	}
	return &kafka.Transport{
		ClientID: "tributary", TLS: tlsConfig, SASL: mechanism, DialTimeout: dial,
		// Who leads a partition is asked again within this time: as long a change of leaders may be felt.
		MetadataTTL: time.Second,
	}, nil
}

func (t TLS) config() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("tls.ca_file: no certificate in it")
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (s SASL) mechanism() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case MechanismPlain:
		return plain.Mechanism{Username: s.Username, Password: s.Password}, nil
	case MechanismScramSHA256:
		return scram.Mechanism(scram.SHA256, s.Username, s.Password)
	case MechanismScramSHA512:
		return scram.Mechanism(scram.SHA512, s.Username, s.Password)
	}
	return nil, nil
}
