-- How many events of a span were erased, by what reports divide them by: a number that counts them no more
-- was restated.
SELECT channel, name, sum(events) AS events, sum(scores) AS scores, sum(score) AS score
FROM erased_counts
WHERE workspace = {workspace:String} AND day >= toDate32({from:Date32}) AND day <= toDate32({to:Date32})
GROUP BY channel, name
ORDER BY channel, name
