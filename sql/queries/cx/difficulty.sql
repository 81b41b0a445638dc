-- How hard conversations looked before anybody answered them, a row each: what AI and people are compared over, as
-- journeys/cx/README.md says. What a source says goes first: its property difficulty (easy, medium, hard) of an event of
-- the conversation before the first answer or message of an AI or a human. Else what was there at the start: the person's
-- contacts of the seven days before, and cases of theirs that were open.
SELECT
    c.conversation_id AS conversation,
    multiIf(c.given != '', c.given, c.recent >= 2, 'recurring', c.recent = 1 OR cases.open > 0, 'returning', 'new') AS difficulty
FROM (
    SELECT t.conversation_id AS conversation_id, t.profile AS profile, t.started_at AS started_at, t.recent AS recent, said.given AS given
    FROM (
        SELECT conversation_id, profile, started_at,
            countIf(eligible) OVER (PARTITION BY profile ORDER BY started_ms RANGE BETWEEN 604800000 PRECEDING AND 1 PRECEDING) AS recent
        FROM (
            SELECT conversation_id, profile, started_at, eligible, toUnixTimestamp64Milli(started_at) AS started_ms
            FROM cx_conversations(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
                known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
        )
    ) AS t
    LEFT JOIN (
        SELECT conversation_id, argMaxIf(e.word, e.place, e.word IN ('easy', 'medium', 'hard') AND e.place < e.first_reply) AS given
        FROM (
            SELECT conversation_id, word, place, minIf(place, reply) OVER (PARTITION BY conversation_id) AS first_reply
            FROM (
                SELECT conversation_id, lower(JSONExtractString(properties, 'difficulty')) AS word, tuple(at, message_id, source) AS place,
                    multiIf(author_role != '', author_role, name != 'conversation.answered', '', model = '', 'human', 'ai') AS author,
                    name IN ('conversation.answered', 'conversation.message') AND author IN ('ai', 'human') AS reply
                FROM scope_events(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
                    identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
                WHERE conversation_id != ''
            )
        ) AS e
        GROUP BY conversation_id
    ) AS said ON said.conversation_id = t.conversation_id
) AS c
ASOF LEFT JOIN (
    -- How many cases of a person are open from a time on: each counts for whose it is by its last event.
    SELECT profile, at, sum(change) OVER (PARTITION BY profile ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS open
    FROM (
        SELECT profile, at, sum(toInt64(is_open) - toInt64(ifNull(was_open, false))) AS change
        FROM (
            SELECT at, name != 'case.resolved' AS is_open,
                lagInFrame(toNullable(is_open)) OVER (PARTITION BY case_id ORDER BY e.place ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS was_open,
                argMax(e.profile, e.place) OVER (PARTITION BY case_id) AS profile
            FROM (
                SELECT *, tuple(at, message_id, source) AS place
                FROM scope_events(workspace = {workspace:String}, since = {cases_since:Int64}, until = {read_until:Int64}, known_at = {known_at:Int64},
                    identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
                WHERE name IN ('case.opened', 'case.reopened', 'case.resolved') AND case_id != ''
            ) AS e
        )
        GROUP BY profile, at
    )
) AS cases ON cases.profile = c.profile AND cases.at < c.started_at
