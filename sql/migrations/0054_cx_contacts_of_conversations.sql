-- One row for each conversation with events between since and until (Unix milliseconds): what cx_conversations (0053) says of it, and which
-- contacts of the same person came before and after. It is cx_contacts of 0048, with known_as besides:
-- the observation, or profile as of an identity_version, by which the profile was found.
--
--     SELECT countIf(next_any_at <= started_at + INTERVAL 7 DAY) FROM cx_contacts(workspace = 'acme', since = 1767225600000,
--         until = 1769904000000, known_at = 9183196800000, identity_as_of = 0, restricted = [])
--     WHERE handled
CREATE OR REPLACE VIEW cx_contacts /* ON_CLUSTER */
AS SELECT *,
    -- The nearest eligible contact after and before this one, of the same person, and about the same topic; NULL: none.
    leadInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_any_at,
    leadInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_topic_at,
    lagInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS prev_any_at,
    lagInFrame(toNullable(started_at)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS prev_topic_at,
    max(if(handled, toNullable(started_at), NULL)) OVER (PARTITION BY profile, eligible ORDER BY started_at, conversation_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_handled_any_at,
    max(if(handled, toNullable(started_at), NULL)) OVER (PARTITION BY profile, eligible, topic ORDER BY started_at, conversation_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_handled_topic_at
FROM cx_conversations(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
    known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)});
