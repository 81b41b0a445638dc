-- The migrations that were applied. One that was applied by two programs at once is there twice.
SELECT version, any(name) AS name, any(checksum) AS checksum
FROM schema_migrations
GROUP BY version
ORDER BY version
