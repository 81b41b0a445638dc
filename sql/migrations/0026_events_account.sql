-- What events say of a membership in their account: group calls, account.member_joined, account.member_left.
-- A membership ends with valid_until, the column of consent.
ALTER TABLE events /* ON_CLUSTER */
    ADD COLUMN IF NOT EXISTS account_kind LowCardinality(String) COMMENT 'company, household or contract' AFTER valid_until,
    ADD COLUMN IF NOT EXISTS account_role LowCardinality(String) AFTER account_kind,
    ADD COLUMN IF NOT EXISTS valid_from DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC') COMMENT '1970: not said' CODEC(ZSTD(1)) AFTER account_role;
