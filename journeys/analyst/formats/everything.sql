-- A column of each type that programs of analysts have to read, with other values in each row. check.py says the same
-- values in its own words.
SELECT toInt64(number) - 35000 AS i64,
    toUInt64(18446744073709551615 - number) AS u64,
    toInt8(number % 200 - 100) AS i8,
    (number - 35000) / 8 AS f64,
    toFloat32(number / 8) AS f32,
    if(number % 3 = 0, (number - number) / 0, number / 4) AS holed,
    concat('é, "', toString(number), '"\n ''x''') AS s,
    CAST('low' AS LowCardinality(String)) AS low,
    CAST(number % 2 AS Bool) AS b,
    CAST(concat('-', toString(number), '.1234') AS Decimal(18, 4)) AS d18,
    CAST(concat('123456789012345678901234', toString(number), '.00000001') AS Decimal(38, 8)) AS d38,
    toDate('2026-01-01') + toIntervalDay(number % 1000) AS day,
    toDate32('1925-01-01') + toIntervalDay(number % 1000) AS day32,
    toDateTime('2026-03-01 10:00:00', 'Europe/Berlin') + toIntervalSecond(number) AS t,
    toDateTime64('2026-03-29 00:59:59.123', 3, 'Europe/Berlin') + toIntervalSecond(number) AS ms,
    toDateTime64('2026-03-01 10:00:00.123456', 6, 'America/New_York') + toIntervalSecond(number) AS us,
    toDateTime64('2026-03-01 10:00:00.123456789', 9, 'UTC') + toIntervalSecond(number) AS ns,
    if(number % 5 = 0, NULL, toInt64(number)) AS maybe,
    if(number % 5 = 0, NULL, if(number % 5 = 1, '', toString(number))) AS word,
    if(number % 5 = 0, NULL, toDateTime64('2026-03-01 10:00:00.123', 3, 'UTC')) AS time,
    arrayMap(x -> if(x = 1, NULL, toInt64(x + number)), arraySlice([0, 1, 2], 1, number % 4)) AS list,
    [['a', toString(number)], []] AS lists,
    map('a', toInt64(number), 'é', toInt64(-1)) AS pairs,
    (toInt64(number), 'x') AS two,
    toUUID('018f6a52-0000-4000-8000-000000000001') AS id
FROM numbers(70000)
ORDER BY number
LIMIT {rows:UInt64}
