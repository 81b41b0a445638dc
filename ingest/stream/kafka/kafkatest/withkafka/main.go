// Command withkafka runs a program beside a Kafka of its own: it starts one broker in a temporary
// folder, puts its host:port where an argument says {}, and stops it when the program has ended. Then
// it says how much processor time the broker used.
//
//	go run ./ingest/stream/kafka/kafkatest/withkafka bin/tributary bench --kafka {}
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"tributary/ingest/stream/kafka/kafkatest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(max(1, exit.ExitCode()))
	case err != nil:
		fmt.Fprintln(os.Stderr, "withkafka:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) == 0 {
		return errors.New("no program is named: withkafka PROGRAM [ARGUMENT]..., {} is the broker's address")
	}
	dir, err := os.MkdirTemp("", "withkafka-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c, err := kafkatest.New(ctx, dir, kafkatest.Options{HeapMB: 384})
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{}", c.Addrs(kafkatest.Plaintext)[0])
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err = cmd.Run()
	c.Close()
	fmt.Fprintf(os.Stderr, "the broker used %.1f CPU-seconds, its start included\n", c.Brokers[0].CPU().Seconds())
	return err
}
