package storetest

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// GenerateContacts puts rows events of a year from since on into a workspace, for benchmarks: 20 of each observation, 10
// pages that it saw at any time, a conversation of 7 events in half an hour, a survey about it that three of four answer, and a case. Every third
// observation belongs to another, which had its conversation two days before. The identity map is to be loaded after it.
func GenerateContacts(b *testing.B, conn driver.Conn, workspace string, since time.Time, rows uint64) {
	b.Helper()
	for _, text := range contacts {
		err := conn.Exec(b.Context(), text, clickhouse.Named("rows", rows), clickhouse.Named("workspace", workspace), clickhouse.Named("since", since.UnixMilli()))
		if err != nil {
			b.Fatal(err)
		}
	}
}

var contacts = []string{
	`INSERT INTO events (workspace, source, message_id, type, name, channel, at, original_at, received_at, client, observation, observation_key, log_offset,
    conversation_id, direction, author_role, agent_id, team, queue, case_id, topic, wait_s, talk_s, hold_s, wrap_s, resolution, survey_id, survey, about_conversation_id, score, scale, cost)
WITH
    number % 20 AS k,
    ['conversation.started', 'conversation.queued', 'conversation.answered', 'conversation.message', 'conversation.message', 'conversation.answered', 'conversation.ended'] AS course,
    fromUnixTimestamp64Milli({since:Int64}, 'UTC') AS day0,
    cityHash64(who - if(who % 3 = 1 AND who > 1, 1, 0), 1) % 31363200 + if(who % 3 = 1, 172800, 0) AS began,
    k >= 10 AND k < 17 AS talks,
    k = 12 OR k = 13 AS by_ai, k = 15 AND who % 2 = 0 OR k = 14 AND who % 2 = 0 AS by_human,
    who % 4 = 1 AS asked
SELECT {workspace:String}, 'shop', toString(number), 'track',
    multiIf(k < 10, 'page.viewed', talks, if(k = 15 AND who % 2 = 1, 'conversation.message', course[k - 9]), k = 17, if(asked, 'survey.sent', 'survey.answered'), k = 18, 'case.opened', who % 10 = 0, ['sla.met', 'sla.breached'][1 + intDiv(who, 10) % 2], 'case.resolved'),
    if(k < 10, 'web', ['chat', 'voice', 'email'][1 + who % 3]),
    day0 + toIntervalSecond(if(k < 10, cityHash64(number, 3) % 31536000, began + k * 180)) AS at, at AS original, at AS received, 1 + who,
    toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who)), 12, '0'))), bitOr(bitShiftLeft(toUInt64(1), 63), who), number,
    if(talks, concat('c', toString(who)), ''), if(talks, 'inbound', ''), multiIf(by_ai, 'ai', by_human, 'human', ''), if(k = 15 AND by_human, concat('agent', toString(who % 200)), ''),
    ['north', 'south'][1 + who % 2], ['first', 'second'][1 + who % 2], if(k >= 18, concat('case', toString(who)), ''),
    if(talks OR k > 17, ['invoice', 'delivery', 'return', 'login', 'outage', 'plan', 'refund', 'price'][1 + who % 8], ''),
    if(k = 12, who % 90, NULL), if(k = 16, 60 + who % 600, NULL), if(k = 16, who % 60, NULL), if(k = 16, who % 40, NULL),
    if(k = 16, ['confirmed', 'unconfirmed'][1 + who % 2], ''), if(k = 17, concat('s', toString(who)), ''), if(k = 17, ['csat', 'nps', 'ces'][1 + who % 3], ''),
    if(k = 17, concat('c', toString(who)), ''), if(k = 17 AND NOT asked, 1 + cityHash64(who, 5) % 5, NULL), if(k = 17, ['1-5', '0-10', '1-5'][1 + who % 3], ''), if(k = 16, 0.25, NULL)
FROM (SELECT number, toUInt64(intDiv(number, 20)) AS who FROM numbers({rows:UInt64}))
SETTINGS max_partitions_per_insert_block = 100`,
	`INSERT INTO identity_map (workspace, observation, observation_key, profile, version, changed_at, log_offset)
SELECT {workspace:String}, toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who)), 12, '0'))), bitOr(bitShiftLeft(toUInt64(1), 63), who),
    toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who - 1)), 12, '0'))), 1, now64(3), who
FROM (SELECT 1 + 3 * number AS who FROM numbers(intDiv({rows:UInt64}, 60)))`,
}
