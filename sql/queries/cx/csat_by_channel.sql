-- CSAT by channel: of the answers to CSAT surveys, the share that is satisfied, that is in the upper
-- two fifths of the declared scale (4 and 5 of 1-5), and the mean. An answer without a scale counts
-- as 1-5. restated_events: how many answers of these days are left out since they were erased, so that an
-- earlier report may have said something else.
WITH
    arrayMap(x -> toFloat64OrZero(x), splitByChar('-', if(scale = '', '1-5', scale))) AS bounds,
    bounds[1] AS lowest,
    bounds[2] AS highest,
    answered AS
    (
        SELECT
            channel,
            count() AS answers,
            countIf(score >= lowest + 0.75 * (highest - lowest)) AS satisfied,
            satisfied / answers AS csat,
            avg(score) AS mean_score
        FROM events
        WHERE workspace = {workspace:String}
          AND name = 'survey.answered'
          AND survey = 'csat'
          AND isNotNull(score)
          AND at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
          AND at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        GROUP BY channel
    ),
    restated AS
    (
        SELECT channel, sum(scores) AS restated_events
        FROM erased_counts
        WHERE workspace = {workspace:String}
          AND name = 'survey.answered'
          AND survey = 'csat'
          AND day >= toDate32(fromUnixTimestamp64Milli({from:Int64}, 'UTC'))
          AND day <= toDate32(fromUnixTimestamp64Milli({to:Int64} - 1, 'UTC'))
        GROUP BY channel
    )
SELECT a.channel AS channel, a.answers AS answers, a.satisfied AS satisfied, a.csat AS csat, a.mean_score AS mean_score, r.restated_events AS restated_events
FROM answered AS a
LEFT JOIN restated AS r ON r.channel = a.channel
ORDER BY channel
