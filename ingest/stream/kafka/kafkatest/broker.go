package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Broker is one process of Kafka.
type Broker struct {
	cluster *Cluster
	id      int // from 1 on
	dir     string
	ports   map[Listener]string

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
}

// controller is the listener between the brokers' controllers.
const controller Listener = "CONTROLLER"

func (c *Cluster) listeners() []Listener {
	if c.options.Secure {
		return []Listener{Plaintext, TLS, MutualTLS, SASL}
	}
	return []Listener{Plaintext}
}

// host is an address of the loopback net that this process has for itself, so that a port stays free
// while its broker is down: connections of others begin at 127.0.0.1. Other systems than Linux have
// that address alone.
func host() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 1+pid>>15&0x7f, pid>>7&0xff, 1+pid&0x7f)
}

// reserve lets the kernel choose the ports, each another.
func (c *Cluster) reserve() error {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	for id := 1; id <= c.options.Brokers; id++ {
		b := &Broker{cluster: c, id: id, dir: filepath.Join(c.dir, "broker"+strconv.Itoa(id)), ports: make(map[Listener]string)}
		for _, name := range append(c.listeners(), controller) {
			l, err := net.Listen("tcp", net.JoinHostPort(host(), "0")) //nolint:noctx // answers at once
			if err != nil {
				return err
			}
			held = append(held, l)
			_, b.ports[name], _ = net.SplitHostPort(l.Addr().String())
		}
		c.Brokers = append(c.Brokers, b)
	}
	return nil
}

// ID is the broker's number, from 1 on.
func (b *Broker) ID() int { return b.id }

// Addr is the broker's host:port of a listener.
func (b *Broker) Addr(l Listener) string { return net.JoinHostPort(host(), b.ports[l]) }

// format makes the folder one of the cluster.
func (b *Broker) format(ctx context.Context) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(b.path("server.properties"), []byte(b.properties()), 0o600); err != nil {
		return err
	}
	args := []string{"format", "--cluster-id=" + b.cluster.id, "--config", b.path("server.properties")}
	for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
		args = append(args, "--add-scram", fmt.Sprintf(`%s=[name="%s",password="%s"]`, mechanism, User, Password))
	}
	out, err := b.java(ctx, "kafka.tools.StorageTool", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("format the folder of broker %d: %w\n%s", b.id, err, out)
	}
	return nil
}

func (b *Broker) path(name string) string { return filepath.Join(b.dir, name) }

func (b *Broker) java(ctx context.Context, class string, args ...string) *exec.Cmd {
	flags := []string{
		fmt.Sprintf("-Xmx%dm", b.cluster.options.HeapMB), "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError",
		"-Dorg.apache.logging.log4j.level=INFO", "-cp", filepath.Join(b.cluster.library, "*"), class,
	}
	return exec.CommandContext(ctx, "java", append(flags, args...)...)
}

// Start runs the broker on what its folder holds. It does not wait until it is ready.
func (b *Broker) Start() error {
	if b.Running() {
		return fmt.Errorf("broker %d runs already", b.id)
	}
	log, err := os.OpenFile(b.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := b.java(context.Background(), "kafka.Kafka", b.path("server.properties"))
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, attributes()
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // a process started with attributes ends with the thread that started it
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // a killed process has an error, as meant
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start broker %d: %w", b.id, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cmd, b.exited = cmd, exited
	return nil
}

// Running says whether the process is there; it may be frozen.
func (b *Broker) Running() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cmd == nil {
		return false
	}
	select {
	case <-b.exited:
		return false
	default:
		return true
	}
}

// Kill ends the broker as a power switch would, except that the system keeps what it wrote.
func (b *Broker) Kill() {
	if b.signal(syscall.SIGKILL) == nil {
		<-b.exited
	}
}

// CPU is the processor time that the broker's last process used. It must have ended.
func (b *Broker) CPU() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cmd == nil || b.cmd.ProcessState == nil {
		return 0
	}
	return b.cmd.ProcessState.UserTime() + b.cmd.ProcessState.SystemTime()
}

// Stop ends the broker in order: it hands its partitions to others first.
func (b *Broker) Stop() error {
	if err := b.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-b.exited:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("broker %d did not stop:\n%s", b.id, b.LogTail())
	}
}

// Freeze stops the broker's process without ending it; Thaw lets it go on.
func (b *Broker) Freeze() error { return b.signal(syscall.SIGSTOP) }

// Thaw lets a frozen broker go on.
func (b *Broker) Thaw() error { return b.signal(syscall.SIGCONT) }

var errNotRunning = errors.New("broker does not run")

func (b *Broker) signal(s syscall.Signal) error {
	if !b.Running() {
		return errNotRunning
	}
	return b.cmd.Process.Signal(s)
}

// LogTail is the end of what the broker said, for the message of a failed test.
func (b *Broker) LogTail() string {
	text, err := os.ReadFile(b.path("log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}
