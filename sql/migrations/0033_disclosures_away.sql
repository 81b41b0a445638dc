-- The table of 0010 named the profile alone, and nothing ever wrote to it. 0034 makes it anew.
DROP TABLE IF EXISTS disclosures /* ON_CLUSTER */
SYNC;
