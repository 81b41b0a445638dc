-- Ends the statements of owners before an epoch, by their names: sink-<epoch>-<unique>. See kill.sql.
KILL QUERY /* ON_CLUSTER */
WHERE current_database = currentDatabase()
  AND match(if(startsWith(query_id, 'sink-'), query_id, Settings['log_comment']), '^sink-[0-9]+-')
  AND toUInt32OrZero(extract(if(startsWith(query_id, 'sink-'), query_id, Settings['log_comment']), '^sink-([0-9]+)-')) < {epoch:UInt32}
SYNC
