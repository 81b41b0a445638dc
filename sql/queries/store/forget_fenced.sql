-- Takes away what owners before an epoch wrote into a table whose rows are all made again. It touches no
-- row of a later owner, should it come late.
ALTER TABLE {table:Identifier} /* ON_CLUSTER */ DELETE WHERE writer < {epoch:UInt32}
SETTINGS mutations_sync = 2
