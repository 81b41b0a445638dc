-- Every value of a file, once: what reading it takes, and nothing else.
SELECT count() AS rows, max(cityHash64(*)) AS all_columns
FROM file({path:String}, {format:String})
