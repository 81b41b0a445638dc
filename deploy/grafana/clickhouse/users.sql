-- Who owns the views, and who reads them, for one workspace: @WORKSPACE@ stands for its name. To be run once, by somebody who may manage users,
-- in the database of Tributary; the password is that of deploy/grafana/provisioning.

-- Nobody can log in as the owner of the views: it is there so that whoever reads them needs no right to a table.
CREATE USER IF NOT EXISTS tributary_grafana_views HOST NONE;
GRANT SELECT, dictGet ON tributary.* TO tributary_grafana_views;

CREATE SETTINGS PROFILE IF NOT EXISTS tributary_grafana SETTINGS
    readonly = 1,
    max_execution_time = 60 CHANGEABLE_IN_READONLY, -- the plug-in sets it
    max_memory_usage = 2000000000,
    max_rows_to_read = 1000000000,
    max_result_rows = 100000,
    result_overflow_mode = 'throw',
    allow_ddl = 0;

CREATE USER IF NOT EXISTS `grafana_@WORKSPACE@` IDENTIFIED WITH sha256_password BY '@PASSWORD@'
    DEFAULT DATABASE tributary SETTINGS PROFILE tributary_grafana;
CREATE QUOTA IF NOT EXISTS `grafana_@WORKSPACE@` FOR INTERVAL 1 minute MAX queries = 600 TO `grafana_@WORKSPACE@`;

GRANT SELECT ON tributary.`grafana_@WORKSPACE@_contacts` TO `grafana_@WORKSPACE@`;
GRANT SELECT ON tributary.`grafana_@WORKSPACE@_surveys` TO `grafana_@WORKSPACE@`;
GRANT SELECT ON tributary.`grafana_@WORKSPACE@_resolutions` TO `grafana_@WORKSPACE@`;
GRANT SELECT ON tributary.`grafana_@WORKSPACE@_slas` TO `grafana_@WORKSPACE@`;
GRANT SELECT ON tributary.`grafana_@WORKSPACE@_backlog` TO `grafana_@WORKSPACE@`;
GRANT SELECT ON tributary.`grafana_@WORKSPACE@_intake` TO `grafana_@WORKSPACE@`;
GRANT SELECT ON tributary.`grafana_@WORKSPACE@_quarantine` TO `grafana_@WORKSPACE@`;
