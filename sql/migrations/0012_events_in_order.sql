-- The events of a workspace with the profile each belongs to now and the time by which it is told among
-- others: order by (ordered_at, client, original_at, client_order, message_id, source).
--
--     SELECT profile, groupArray(name) FROM (
--         SELECT * FROM events_in_order(workspace = 'acme', since = '2026-03-01', until = '2026-04-01')
--         ORDER BY ordered_at, client, original_at, client_order, message_id, source)
--     GROUP BY profile
--
-- ordered_at is the corrected time, at, but within a session of a client never later than that of what
-- the client itself did after it; a session ends where a client did nothing for 30 minutes. The reasons
-- are those of profiles.Arrange, and timeline/page says the same. Events within a session that began
-- more than a day before since, or ended more than a day after until, may lack some of it.
CREATE VIEW IF NOT EXISTS events_in_order /* ON_CLUSTER */
AS SELECT * EXCEPT (begins, client_session, least_at),
    if(client = 0, at, least_at) AS ordered_at
FROM (
    SELECT *,
        min(at) OVER (PARTITION BY profile, client, client_session ORDER BY original_at DESC, client_order DESC, message_id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS least_at
    FROM (
        SELECT *,
            sum(begins) OVER (PARTITION BY profile, client ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS client_session
        FROM (
            SELECT *,
                dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile,
                at > lagInFrame(at, 1, at) OVER (PARTITION BY profile, client ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) + toIntervalMinute(30) AS begins
            FROM events
            WHERE workspace = {workspace:String}
              AND at >= toDateTime64({since:String}, 3, 'UTC') - toIntervalDay(1)
              AND at < toDateTime64({until:String}, 3, 'UTC') + toIntervalDay(1)
        )
    )
)
WHERE ordered_at >= toDateTime64({since:String}, 3, 'UTC') AND ordered_at < toDateTime64({until:String}, 3, 'UTC');
