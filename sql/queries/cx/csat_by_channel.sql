-- CSAT by channel: of the answers to CSAT surveys, the share that is satisfied, that is in the upper
-- two fifths of the declared scale (4 and 5 of 1-5), and the mean. An answer without a scale counts
-- as 1-5.
WITH
    arrayMap(x -> toFloat64OrZero(x), splitByChar('-', if(scale = '', '1-5', scale))) AS bounds,
    bounds[1] AS lowest,
    bounds[2] AS highest
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
ORDER BY channel
