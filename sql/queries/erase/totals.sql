-- Keeps what reports need of the events that are to be removed; see erased_counts. Erasures that are counted
-- already are left out.
INSERT INTO erased_counts (workspace, day, source, channel, type, name, survey, scale, currency, events, scores, score, amount, erasure)
SELECT
    e.workspace, toDate32(e.at), e.source, e.channel, e.type, if(has({vocabulary:Array(String)}, e.name), e.name, '') AS known,
    e.survey, e.scale, e.currency,
    count(), count(e.score), sum(ifNull(e.score, 0)), sum(ifNull(e.amount, 0)), r.erasure
FROM events AS e
INNER JOIN (SELECT any(erasure) AS erasure, log_partition, log_offset, ordinal FROM erasing_rows WHERE table = 'events' AND text = '' GROUP BY log_partition, log_offset, ordinal) AS r
    ON r.log_partition = e.log_partition AND r.log_offset = e.log_offset AND r.ordinal = e.ordinal
WHERE e.observation_key IN (SELECT observation_key FROM erasing_subjects)
  AND r.erasure NOT IN (SELECT erasure FROM erased_counts)
GROUP BY ALL
SETTINGS max_insert_block_size = 1000000000, min_insert_block_size_rows = 1000000000, min_insert_block_size_bytes = 0, max_insert_threads = 1
