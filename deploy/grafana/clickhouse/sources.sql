-- What the dashboard of sources reads of one workspace: @WORKSPACE@ stands for its name. No row says who it is about.

CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_intake` DEFINER = tributary_grafana_views SQL SECURITY DEFINER
AS SELECT
    source, channel, name, at, received_at,
    (toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(at)) / 1000 AS delay_s
FROM events
WHERE workspace = '@WORKSPACE@'
  AND received_at BETWEEN {since:DateTime} - toIntervalDay(1) AND {until:DateTime} + toIntervalDay(1);

-- reason and field are our own words and the path of the field at fault; what was refused is not shown.
CREATE OR REPLACE VIEW `grafana_@WORKSPACE@_quarantine` DEFINER = tributary_grafana_views SQL SECURITY DEFINER
AS SELECT source, stage, reason, field, status, received_at, changed_at
FROM quarantine FINAL
WHERE workspace = '@WORKSPACE@'
  AND received_at BETWEEN {since:DateTime} - toIntervalDay(1) AND {until:DateTime} + toIntervalDay(1);
