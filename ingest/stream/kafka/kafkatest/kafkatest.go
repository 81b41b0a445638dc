// Package kafkatest runs Apache Kafka itself for tests: brokers in KRaft mode, each a process that is
// broker and controller, from the artifacts that `make kafka` fetched. Brokers can be killed, stopped,
// frozen and started again on the same data and addresses.
package kafkatest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// Listener is a way to reach a broker. Every broker has all that its cluster was asked for.
type Listener string

// The listeners.
const (
	Plaintext Listener = "PLAINTEXT"
	TLS       Listener = "TLS"
	MutualTLS Listener = "MTLS" // the client shows a certificate
	SASL      Listener = "SASL" // SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN, over TLS
)

// User and Password are known to the SASL listener.
const (
	User     = "tributary"
	Password = "correct horse"
)

// patience ends a wait that hangs. Nothing is measured by it.
const patience = 3 * time.Minute

// Options say what is started.
type Options struct {
	// Brokers is how many there are. Default 1. Internal topics are replicated to all of them.
	Brokers int
	// Secure adds the listeners TLS, MutualTLS and SASL, with certificates made for the occasion.
	Secure bool
	// HeapMB bounds each broker's heap, in MiB. Default 256.
	HeapMB int
	// Settings are added to each broker's server.properties, such as "message.max.bytes=1000".
	Settings []string
}

// Cluster is a Kafka that runs.
type Cluster struct {
	Brokers []*Broker
	// CAFile signed the brokers' certificates, CertFile and KeyFile are a client's: PEM, with Secure.
	CAFile, CertFile, KeyFile string
	// StrangerFile is a CA that signed nothing here.
	StrangerFile string

	options Options
	dir     string
	library string // folder of the artifacts
	id      string
}

// Start runs a cluster for as long as the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	c, err := New(t.Context(), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// New runs a cluster on an empty folder, for a TestMain; it is ready when New returns. Close ends it.
func New(ctx context.Context, dir string, o Options) (*Cluster, error) {
	o.Brokers, o.HeapMB = cmp.Or(o.Brokers, 1), cmp.Or(o.HeapMB, 256)
	c := &Cluster{options: o, dir: dir, id: randomID()}
	var err error
	if c.library, err = library(); err != nil {
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	if o.Secure {
		if err := c.makeCertificates(); err != nil {
			return nil, fmt.Errorf("start kafka: make certificates: %w", err)
		}
	}
	if err := c.reserve(); err != nil {
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	if err := c.launch(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	return c, nil
}

// launch formats the folders, starts the brokers, side by side, and waits for them.
func (c *Cluster) launch(ctx context.Context) error {
	errs := make([]error, len(c.Brokers))
	var wg sync.WaitGroup
	for i, b := range c.Brokers {
		wg.Go(func() {
			if errs[i] = b.format(ctx); errs[i] == nil {
				errs[i] = b.Start()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return c.AwaitReady(ctx)
}

// library finds the artifacts: in TRIBUTARY_KAFKA_LIB, or in .tools/kafka of the module.
func library() (string, error) {
	dir := os.Getenv("TRIBUTARY_KAFKA_LIB")
	if dir == "" {
		root, err := os.Getwd()
		if err != nil {
			return "", err
		}
		for !isFile(filepath.Join(root, "go.mod")) {
			if root == filepath.Dir(root) {
				return "", errors.New("no go.mod above the working directory: name the artifacts' folder in TRIBUTARY_KAFKA_LIB")
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(root, ".tools", "kafka")
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "kafka_*.jar")); len(found) == 0 {
		return "", fmt.Errorf("no artifacts of Kafka in %s: run `make kafka`", dir)
	}
	return dir, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// randomID is a cluster id as Kafka makes them: 16 bytes in URL-safe base64.
func randomID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// Addrs returns the brokers' addresses of a listener.
func (c *Cluster) Addrs(l Listener) []string {
	var addrs []string
	for _, b := range c.Brokers {
		addrs = append(addrs, b.Addr(l))
	}
	return addrs
}

// Close kills what runs.
func (c *Cluster) Close() {
	for _, b := range c.Brokers {
		b.Kill()
	}
}

// AwaitReady waits until every broker that runs knows of all the others that run.
func (c *Cluster) AwaitReady(ctx context.Context) error {
	var running []*Broker
	for _, b := range c.Brokers {
		if b.Running() {
			running = append(running, b)
		}
	}
	for _, b := range running {
		err := poll(ctx, func() (bool, error) {
			if !b.Running() {
				return false, fmt.Errorf("broker %d ended:\n%s", b.id, b.LogTail())
			}
			return b.knows(ctx, running), nil
		})
		if err != nil {
			return fmt.Errorf("wait for kafka: %w\n%s", err, b.LogTail())
		}
	}
	return nil
}

// knows says whether the broker answers, and lists the others as alive.
func (b *Broker) knows(ctx context.Context, others []*Broker) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	transport := &kafka.Transport{Context: ctx}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(b.Addr(Plaintext)), Transport: transport}
	answer, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return false
	}
	alive := make(map[int]bool)
	for _, other := range answer.Brokers {
		alive[other.ID] = true
	}
	for _, other := range others {
		if !alive[other.id] {
			return false
		}
	}
	return true
}

// poll asks every now and then, for there is no signal from another process.
func poll(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
