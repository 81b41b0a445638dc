package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/segmentio/kafka-go"
)

// chooser is the kafka.GroupBalancer of the owners' group: it gives everything to one member.
type chooser struct {
	claim atomic.Uint32 // this member's epoch if it owns, else 0
}

// ProtocolName implements kafka.GroupBalancer.
func (*chooser) ProtocolName() string { return "one-owner" }

// UserData implements kafka.GroupBalancer.
func (c *chooser) UserData() ([]byte, error) {
	return strconv.AppendUint(nil, uint64(c.claim.Load()), 10), nil
}

// AssignGroups implements kafka.GroupBalancer: who owns goes on, of several the last; else the least id.
func (*chooser) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	best, claimed := "", uint64(0)
	for _, m := range members {
		claim, _ := strconv.ParseUint(string(m.UserData), 10, 32) // what is no number claims nothing
		if best == "" || claim > claimed || claim == claimed && m.ID < best {
			best, claimed = m.ID, claim
		}
	}
	all := map[string][]int{}
	for _, p := range partitions {
		all[p.Topic] = append(all[p.Topic], p.ID)
	}
	assignments := kafka.GroupMemberAssignments{}
	for _, m := range members {
		assignments[m.ID] = map[string][]int{}
		if m.ID == best {
			assignments[m.ID] = all
		}
	}
	return assignments
}

// outdated says whether the coordinator refuses a member's word, since its generation is over.
func outdated(err error) bool {
	for _, code := range []error{
		kafka.IllegalGeneration, kafka.UnknownMemberId, kafka.RebalanceInProgress, kafka.FencedInstanceID,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// commit puts text into the metadata of the group's offset of the topic's partition 0, as a member of a
// generation.
func (l *Log) commit(ctx context.Context, g *kafka.Generation, topic, text string) error {
	answer, err := l.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: g.GroupID, GenerationID: int(g.ID), MemberID: g.MemberID,
		Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Metadata: text}}},
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, p := range answer.Topics[topic] {
		if p.Error != nil {
			return fmt.Errorf("commit: %w", p.Error)
		}
	}
	return nil
}

// committed is the text that a group committed last; "" if it never did.
func (l *Log) committed(ctx context.Context, group, topic string) (string, error) {
	answer, err := l.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0}}})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return "", fmt.Errorf("fetch what was committed: %w", err)
	}
	partitions := answer.Topics[topic]
	if len(partitions) != 1 {
		return "", errors.New("fetch what was committed: the answer lacks the partition")
	}
	if err := partitions[0].Error; err != nil {
		return "", fmt.Errorf("fetch what was committed: %w", err)
	}
	return partitions[0].Metadata, nil
}
