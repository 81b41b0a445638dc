package kafkatest

import (
	"fmt"
	"strings"
)

// properties is the broker's configuration (https://kafka.apache.org/documentation/#brokerconfigs):
// small buffers, and short times until others notice that a broker is gone.
func (b *Broker) properties() string {
	c := b.cluster
	n := len(c.Brokers)
	var voters, listeners, protocols []string
	for _, other := range c.Brokers {
		voters = append(voters, fmt.Sprintf("%d@%s", other.id, other.Addr(controller)))
	}
	for _, l := range c.listeners() {
		listeners = append(listeners, fmt.Sprintf("%s://%s", l, b.Addr(l)))
	}
	for l, protocol := range map[Listener]string{
		controller: "PLAINTEXT", Plaintext: "PLAINTEXT", TLS: "SSL", MutualTLS: "SSL", SASL: "SASL_SSL",
	} {
		protocols = append(protocols, string(l)+":"+protocol)
	}
	lines := []string{
		"process.roles=broker,controller",
		fmt.Sprintf("node.id=%d", b.id),
		"controller.quorum.voters=" + strings.Join(voters, ","),
		"controller.listener.names=" + string(controller),
		"inter.broker.listener.name=" + string(Plaintext),
		"listeners=" + strings.Join(append(listeners, fmt.Sprintf("%s://%s", controller, b.Addr(controller))), ","),
		"advertised.listeners=" + strings.Join(listeners, ","),
		"listener.security.protocol.map=" + strings.Join(protocols, ","),
		"log.dirs=" + b.path("data"),
		"auto.create.topics.enable=false",
		"num.network.threads=2", "num.io.threads=4", "background.threads=2",
		"log.cleaner.dedupe.buffer.size=4194304", // 128 MiB otherwise
		"log.retention.check.interval.ms=500", "log.initial.task.delay.ms=500", "log.segment.delete.delay.ms=1000",
		"broker.heartbeat.interval.ms=500", "broker.session.timeout.ms=6000",
		"group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000",
		"offsets.topic.num.partitions=2", fmt.Sprintf("offsets.topic.replication.factor=%d", n),
		fmt.Sprintf("transaction.state.log.replication.factor=%d", n), "transaction.state.log.min.isr=1",
		fmt.Sprintf("share.coordinator.state.topic.replication.factor=%d", n), "share.coordinator.state.topic.min.isr=1",
	}
	if c.options.Secure {
		lines = append(lines, c.security()...)
	}
	return strings.Join(append(lines, c.options.Settings...), "\n") + "\n"
}

// security configures the listeners that are not in the clear.
func (c *Cluster) security() []string {
	lines := []string{
		"ssl.keystore.type=PEM", "ssl.keystore.location=" + c.file("broker.pem"),
		"ssl.truststore.type=PEM", "ssl.truststore.location=" + c.CAFile,
		"listener.name.mtls.ssl.client.auth=required",
		"listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		fmt.Sprintf(`listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%s="%s";`, User, Password),
	}
	for _, mechanism := range []string{"scram-sha-256", "scram-sha-512"} {
		lines = append(lines, "listener.name.sasl."+mechanism+".sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;")
	}
	return lines
}
