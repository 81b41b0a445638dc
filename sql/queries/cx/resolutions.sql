-- How often cases were resolved, a row each time, with whether the case was opened again within seven days. Of several
-- resolutions in a row the last counts.
SELECT
    case_id AS id, profile, at, channel, source, topic, '' AS agent_kind, '' AS began, team, queue, language, product,
    name = 'case.resolved' AND following != 'case.resolved' AS resolved,
    resolved AND following = 'case.reopened' AND following_at <= at + toIntervalDay(7) AS reopened,
    at + toIntervalDay(7) <= fromUnixTimestamp64Milli({known_at:Int64}, 'UTC') AS week_over
FROM (
    SELECT case_id, profile, at, channel, source, topic, team, queue, language, product, name,
        leadInFrame(name) OVER following_one AS following,
        leadInFrame(at) OVER following_one AS following_at
    FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
        identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
    WHERE name IN ('case.resolved', 'case.reopened') AND case_id != ''
    WINDOW following_one AS (PARTITION BY case_id ORDER BY at, message_id, source ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
)
