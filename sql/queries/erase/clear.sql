-- Has the engine remove the old parts of a table now, rather than when it next looks for work: it does so after
-- every dropping of a partition, and there is none of this name.
ALTER TABLE {table:Identifier} /* ON_CLUSTER */ DROP PARTITION ID 'none'
