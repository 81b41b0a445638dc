-- One page of the timeline of some observations, newest first: what stands before a cursor, the place of
-- the last event of the page before. channels are those that are told of; none: all.
--
-- ordered_at, by which events are told, is the corrected time, at, but within a session of a client never
-- later than that of what the client itself did after it; a session ends where a client did nothing for
-- 30 minutes. The reasons are those of profiles.Arrange. It takes the narrow columns of all events of the
-- observations; the wide ones are read for a page alone.
WITH
    page AS (
        SELECT log_partition, log_offset, if(client = 0, at, least_at) AS ordered_at
        FROM (
            SELECT *,
                min(at) OVER (PARTITION BY client, client_session ORDER BY original_at DESC, client_order DESC, message_id DESC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS least_at
            FROM (
                SELECT *,
                    sum(begins) OVER (PARTITION BY client ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS client_session
                FROM (
                    SELECT client, channel, at, original_at, client_order, message_id, source, log_partition, log_offset,
                        at > lagInFrame(at, 1, at) OVER (PARTITION BY client ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) + toIntervalMinute(30) AS begins
                    FROM events
                    WHERE workspace = {workspace:String}
                      AND observation_key IN {observation_keys:Array(UInt64)}
                      AND observation IN {observations:Array(UUID)}
                )
            )
        )
        WHERE (ordered_at, client, original_at, client_order, message_id, toString(source)) < (
            fromUnixTimestamp64Milli({before_ordered_at:Int64}, 'UTC'), {before_client:UInt64},
            fromUnixTimestamp64Milli({before_original_at:Int64}, 'UTC'), {before_order:Int64},
            {before_message_id:String}, {before_source:String})
          AND (empty({channels:Array(String)}) OR channel IN {channels:Array(String)})
        ORDER BY ordered_at DESC, client DESC, original_at DESC, client_order DESC, message_id DESC, source DESC
        LIMIT {limit:UInt32}
    )
SELECT
    source, message_id, type, name, channel, at, received_at, original_at, client_order, client, page.ordered_at AS ordered_at, observation,
    conversation_id, direction, author_role, agent_id, case_id, topic, survey, score, scale,
    toString(amount) AS amount, currency, resolution, text, log_partition, log_offset
FROM events
INNER JOIN page USING (log_partition, log_offset)
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
ORDER BY ordered_at DESC, client DESC, original_at DESC, client_order DESC, message_id DESC, source DESC
