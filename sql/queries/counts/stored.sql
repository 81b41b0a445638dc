-- How many events the store holds of each source, and how many values their query column lacks.
SELECT workspace, source, count() AS stored, sum(query_left_out) AS query_left_out
FROM events
GROUP BY workspace, source
ORDER BY workspace, source
