-- The events by which some observations said something under a name, as a trait or as an identifying
-- attribute, and the deletions of records that did; newest first: what stands before a cursor, the place
-- of the last one of the page before. The traits of a group call are those of an account.
SELECT observation, source, message_id, at, received_at, record_id, record_version, record_deleted, is_group, traits, subject
FROM (
    SELECT
        observation, source, message_id, at, received_at, record_id, record_version, record_deleted,
        type = 'group' AS is_group, traits, subject,
        NOT record_deleted AND (NOT is_group AND JSONHas(traits, {name:String}) OR JSONHas(subject, 'attributes', {name:String})) AS says,
        max(says) OVER (PARTITION BY observation) AS said
    FROM events
    WHERE workspace = {workspace:String}
      AND observation_key IN {observation_keys:Array(UInt64)}
      AND observation IN {observations:Array(UUID)}
)
WHERE (says OR record_deleted AND said)
  AND (at, message_id, toString(source)) < (fromUnixTimestamp64Milli({before_at:Int64}, 'UTC'), {before_message_id:String}, {before_source:String})
ORDER BY at DESC, message_id DESC, source DESC
LIMIT {limit:UInt32}
