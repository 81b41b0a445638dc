-- Empties a table whose rows are all made again, however large it is.
TRUNCATE TABLE {table:Identifier} /* ON_CLUSTER */
SETTINGS max_table_size_to_drop = 0
