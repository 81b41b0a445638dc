package bench

import (
	"context"
	"fmt"
	"os"
)

// kafka measures intake and whole path with the log on Kafka, each right after the same on the
// embedded log.
func (b *bench) kafka(ctx context.Context) error {
	for _, kind := range []struct {
		name string
		each int
	}{{"single events", 1}, {"batches of 100", batchEvents}} {
		var outcomes [2]intakeOutcome
		for i, log := range b.logs("gateway" + fmt.Sprint(kind.each)) {
			b.say("gateway, " + kind.name + ", log " + log.name)
			var err error
			if outcomes[i], err = b.intakeOn(ctx, log, kind.each); err != nil {
				return fmt.Errorf("gateway on %s: %w", log.name, err)
			}
		}
		embedded, kafka := outcomes[0], outcomes[1]
		title := fmt.Sprintf("log on kafka, gateway, %s: ", kind.name)
		b.report.add(title+"durable", kafka.events, UnitPerSecond, "embedded log", embedded.events)
		b.report.add(title+"CPU of the server", kafka.cpu, UnitCPU, "embedded log", embedded.cpu)
		b.report.add(title+"answer p50", kafka.quantile(0.50), UnitSeconds, "embedded log", embedded.quantile(0.50))
		b.report.add(title+"answer p99", kafka.quantile(0.99), UnitSeconds, "embedded log", embedded.quantile(0.99))
	}
	var paths [2]pathOutcome
	for i, log := range b.logs("path") {
		b.say("whole path, log " + log.name)
		var err error
		if paths[i], err = b.pathOn(ctx, log); err != nil {
			return fmt.Errorf("whole path on %s: %w", log.name, err)
		}
	}
	rate := func(w pathOutcome) float64 { return float64(w.events) / w.took.Seconds() }
	cost := func(w pathOutcome) float64 { return perMillion(w.used.server+w.used.engine, w.events) }
	b.report.add("log on kafka, whole path: until queryable", rate(paths[1]), UnitPerSecond, "embedded log", rate(paths[0]), ratioAtLeast(0.8))
	b.report.add("log on kafka, whole path: CPU of server and engine", cost(paths[1]), UnitCPU, "embedded log", cost(paths[0]))
	b.report.note("log on kafka: one broker, replication factor 1, which acknowledges what it has written but not synced, as Kafka does by default. A broker on this machine shares its CPUs, and its share is in no CPU figure.")
	return nil
}

// driver is a log to measure on.
type driver struct {
	name, data string
	env        []string
}

// logs are the two drivers, with a folder and topics of their own.
func (b *bench) logs(purpose string) [2]driver {
	return [2]driver{
		{name: "embedded", data: b.folder(purpose + "-embedded")},
		{name: "kafka", data: b.folder(purpose + "-kafka"), env: []string{
			"TRIBUTARY_LOG_DRIVER=kafka", "TRIBUTARY_LOG_KAFKA_BROKERS=[" + b.cfg.Kafka + "]", "TRIBUTARY_LOG_KAFKA_REPLICATION_FACTOR=1",
			fmt.Sprintf("TRIBUTARY_LOG_KAFKA_TOPIC_PREFIX=bench-%d-%s.", os.Getpid(), purpose),
		}},
	}
}

func (b *bench) intakeOn(ctx context.Context, log driver, each int) (intakeOutcome, error) {
	s, keys, err := b.gatewayAlone(ctx, log.data, log.env...)
	if err != nil {
		return intakeOutcome{}, err
	}
	defer s.close()
	return b.intake(ctx, s, s.process, s.address, keys, each)
}

func (b *bench) pathOn(ctx context.Context, log driver) (pathOutcome, error) {
	s, err := b.serve(ctx, log.data, rolesAll, log.env...)
	if err != nil {
		return pathOutcome{}, err
	}
	defer s.close()
	keys, err := s.writeKeys(ctx)
	if err != nil {
		return pathOutcome{}, err
	}
	return b.feed(ctx, s, keys)
}
