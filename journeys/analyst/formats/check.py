"""Reads what everything.sql came to in each format by the libraries that analysts use, and compares values, types and
how many rows there are with what is expected, which is said here in words of its own.

    check.py FOLDER ROWS    reads FOLDER/ROWS.{json,csv,arrow,parquet}; exits 1 and prints every difference
"""

import datetime as dt
import decimal
import json
import math
import sys
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

decimal.getcontext().prec = 76
UTC, BERLIN, NEW_YORK = dt.timezone.utc, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def micros(at):
    return (at.astimezone(UTC) - EPOCH) // dt.timedelta(microseconds=1)


def expected(i):
    """Row i. Moments are whole nanoseconds since 1970: no library of Python has all of them otherwise."""
    ms = micros(dt.datetime(2026, 3, 29, 0, 59, 59, 123000, BERLIN)) * 1000 + i * 10**9
    us = micros(dt.datetime(2026, 3, 1, 10, 0, 0, 123456, NEW_YORK)) * 1000 + i * 10**9
    ns = micros(dt.datetime(2026, 3, 1, 10, tzinfo=UTC)) * 1000 + 123456789 + i * 10**9
    return {
        "i64": i - 35000,
        "u64": 2**64 - 1 - i,
        "i8": i % 200 - 100,
        "f64": (i - 35000) / 8,
        "f32": i / 8,
        "holed": math.nan if i % 3 == 0 else i / 4,
        "s": f"é, \"{i}\"\n 'x'",
        "low": "low",
        "b": i % 2 == 1,
        "d18": decimal.Decimal(f"-{i}.1234"),
        "d38": decimal.Decimal(f"123456789012345678901234{i}.00000001"),
        "day": dt.date(2026, 1, 1) + dt.timedelta(days=i % 1000),
        "day32": dt.date(1925, 1, 1) + dt.timedelta(days=i % 1000),
        "t": micros(dt.datetime(2026, 3, 1, 10, tzinfo=BERLIN)) * 1000 + i * 10**9,
        "ms": ms,
        "us": us,
        "ns": ns,
        "maybe": None if i % 5 == 0 else i,
        "word": None if i % 5 == 0 else "" if i % 5 == 1 else str(i),
        "time": None if i % 5 == 0 else micros(dt.datetime(2026, 3, 1, 10, 0, 0, 123000, UTC)) * 1000,
        "list": [None if x == 1 else x + i for x in range(i % 4)],
        "lists": [["a", str(i)], []],
        "pairs": {"a": i, "é": -1},
        "two": {"1": i, "2": "x"},
        "id": "018f6a52-0000-4000-8000-000000000001",
    }


MOMENTS = ["t", "ms", "us", "ns", "time"]
ARROW = {
    "i64": pa.int64(), "u64": pa.uint64(), "i8": pa.int8(), "f64": pa.float64(), "f32": pa.float32(), "holed": pa.float64(),
    "s": pa.string(), "low": pa.string(), "b": pa.bool_(), "d18": pa.decimal128(18, 4), "d38": pa.decimal128(38, 8),
    "day": pa.date32(), "day32": pa.date32(), "t": pa.timestamp("ms", "UTC"), "ms": pa.timestamp("ms", "Europe/Berlin"),
    "us": pa.timestamp("us", "America/New_York"), "ns": pa.timestamp("ns", "UTC"), "maybe": pa.int64(), "word": pa.string(),
    "time": pa.timestamp("ms", "UTC"), "list": pa.list_(pa.int64()), "lists": pa.list_(pa.list_(pa.string())),
    "pairs": pa.map_(pa.string(), pa.int64()), "two": pa.struct([("1", pa.int64()), ("2", pa.string())]), "id": pa.string(),
}
NULLABLE = {"maybe", "word", "time"}
POLARS = {
    "i64": pl.Int64, "u64": pl.UInt64, "i8": pl.Int8, "f64": pl.Float64, "f32": pl.Float32, "holed": pl.Float64, "s": pl.String,
    "low": pl.String, "b": pl.Boolean, "d18": pl.Decimal(18, 4), "d38": pl.Decimal(38, 8), "day": pl.Date, "day32": pl.Date,
    "t": pl.Datetime("ms", "UTC"), "ms": pl.Datetime("ms", "Europe/Berlin"), "us": pl.Datetime("us", "America/New_York"),
    "ns": pl.Datetime("ns", "UTC"), "maybe": pl.Int64, "word": pl.String, "time": pl.Datetime("ms", "UTC"), "list": pl.List(pl.Int64),
    "lists": pl.List(pl.List(pl.String)), "two": pl.Struct({"1": pl.Int64, "2": pl.String}), "id": pl.String,
}
DUCKDB = {
    "i64": "BIGINT", "u64": "UBIGINT", "i8": "TINYINT", "f64": "DOUBLE", "f32": "FLOAT", "holed": "DOUBLE", "s": "VARCHAR",
    "low": "VARCHAR", "b": "BOOLEAN", "d18": "DECIMAL(18,4)", "d38": "DECIMAL(38,8)", "day": "DATE", "day32": "DATE",
    **{name: "TIMESTAMP WITH TIME ZONE" for name in MOMENTS}, "ns": "TIMESTAMPTZ_NS",
    "maybe": "BIGINT", "word": "VARCHAR", "list": "BIGINT[]", "lists": "VARCHAR[][]", "pairs": "MAP(VARCHAR, BIGINT)",
    "two": 'STRUCT("1" BIGINT, "2" VARCHAR)', "id": "VARCHAR",
}

faults = []


def fault(reader, what):
    faults.append(f"{reader}: {what}")


def same(got, want):
    if isinstance(want, float):
        return isinstance(got, float) and (got == want or math.isnan(got) and math.isnan(want))
    return type(got) is type(want) and got == want


def sample(rows):
    """Rows at the borders of batches (4,096) and row groups (65,536), and some between."""
    near = [b + d for b in (0, 4096, 65536, rows) for d in (-2, -1, 0, 1)]
    return sorted({i for i in [*near, *range(0, rows, 997)] if 0 <= i < rows})


def compare(reader, rows, names, count, row, but=()):
    """names are columns that row(i) has; those in but are another thing to the reader, and are left out."""
    if list(names) != list(ARROW):
        fault(reader, f"has the columns {list(names)}")
    if count != rows:
        fault(reader, f"has {count} rows, want {rows}")
        return
    for i in sample(rows):
        want, got = expected(i), row(i)
        for name in want:
            if name not in but and not same(got[name], want[name]):
                fault(reader, f"row {i}, {name}: {got[name]!r}, want {want[name]!r}")


def types(reader, got, want):
    for name in want:
        if got.get(name) != want[name]:
            fault(reader, f"{name} is {got.get(name)}, want {want[name]}")


def nanos(table):
    """Moments as whole nanoseconds."""
    for name in MOMENTS:
        i = table.schema.get_field_index(name)
        zoned = table.column(i).cast(pa.timestamp("ns", table.schema.field(i).type.tz))
        table = table.set_column(i, name, zoned.cast(pa.int64()))
    return table


def shape(t):
    """A type without what its elements are called and whether they may be missing."""
    if pa.types.is_map(t):
        return "map", shape(t.key_type), shape(t.item_type)
    if pa.types.is_list(t):
        return "list", shape(t.value_type)
    if pa.types.is_struct(t):
        return "struct", *((t.field(i).name, shape(t.field(i).type)) for i in range(t.num_fields))
    return str(t)


def shapes(of):
    return {name: shape(t) for name, t in of.items()}


def arrow(reader, table, rows):
    types(reader, shapes({f.name: f.type for f in table.schema}), shapes(ARROW))
    for f in table.schema:
        if f.nullable != (f.name in NULLABLE):
            fault(reader, f"{f.name} is nullable: {f.nullable}")
    table.validate(full=True)
    plain = nanos(table)

    def row(i):
        values = plain.slice(i, 1).to_pylist()[0]
        return {**values, "pairs": dict(values["pairs"])}

    compare(reader, rows, table.column_names, table.num_rows, row)


def pandas(reader, frame, rows):
    """With types of Arrow behind, as pandas has no others for whole numbers with holes, decimals, days and lists."""
    arrow(reader, pa.Table.from_pandas(frame, schema=pa.schema(
        [pa.field(n, t, n in NULLABLE) for n, t in ARROW.items()]), preserve_index=False), rows)
    types(reader, shapes({n: t.pyarrow_dtype for n, t in frame.dtypes.items()}), shapes(ARROW))


def polars(reader, frame, rows):
    types(reader, dict(frame.schema), POLARS)
    types(reader, {"pairs": str(frame.schema["pairs"])}, {"pairs": "Map(String, Int64)"})
    plain = frame.with_columns([pl.col(n).dt.cast_time_unit("ns").dt.timestamp("ns").alias(n) for n in MOMENTS])

    def row(i):
        values = plain.row(i, named=True)
        return values

    compare(reader, rows, frame.columns, frame.height, row)


def duck(reader, relation, rows):
    types(reader, dict(zip(relation.columns, map(str, relation.types))), DUCKDB)
    columns = [f'epoch_ns("{n}") AS "{n}"' if n in MOMENTS else f'"{n}"' for n in relation.columns]
    values = relation.project(", ".join(columns)).fetchall()

    def row(i):
        return dict(zip(relation.columns, values[i]))

    compare(reader, rows, relation.columns, len(values), row)


def texts(reader, frame, rows):
    """CSV has no types and no NULL: what each value is written as. frame has texts alone."""

    def written(value):
        if value is None or isinstance(value, float) and math.isnan(value):
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return json.dumps(int(value) if value == int(value) else value)
        if isinstance(value, (list, dict)):
            return value
        return str(value)

    def row(i):
        got = {}
        for name, text in frame(i).items():
            if name in MOMENTS and text:
                at, _, fraction = text.partition(".")
                zone = at[19:] or (fraction.lstrip("0123456789"))
                whole = micros(dt.datetime.fromisoformat(at[:19] + zone.replace("Z", "+00:00"))) * 1000
                text = str(whole + int((fraction[: len(fraction) - len(zone)] or "0").ljust(9, "0")))
            elif name in ("list", "lists", "pairs"):
                text = json.loads(text)
            elif name == "two":
                text = dict(zip(("1", "2"), json.loads(text)))
            got[name] = text
        want = expected(i)
        return {n: want[n] if got[n] == written(want[n]) else got[n] for n in got}

    names, count = frame.columns, frame.rows
    compare(reader, rows, names, count, row)


class Texts:
    """Columns of texts."""

    def __init__(self, columns):
        self.values = columns
        self.columns = list(columns)
        self.rows = len(next(iter(columns.values())))

    def __call__(self, i):
        return {n: v[i] for n, v in self.values.items()}


def of_csv(file, rows):
    everything = pyarrow.csv.ConvertOptions(column_types={n: pa.string() for n in ARROW})
    lines = pyarrow.csv.ParseOptions(newlines_in_values=True)
    texts("pyarrow, CSV", Texts(pyarrow.csv.read_csv(file, parse_options=lines, convert_options=everything).to_pydict()), rows)
    texts("pandas, CSV", Texts(pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("list")), rows)
    texts("polars, CSV", Texts(pl.read_csv(file, infer_schema=False).fill_null("").to_dict(as_series=False)), rows)
    read = duckdb.read_csv(file, header=True, all_varchar=True, delimiter=",", quotechar='"', escapechar='"', parallel=False)
    values = read.fetchall()
    texts("DuckDB, CSV", Texts({n: [v[i] or "" for v in values] for i, n in enumerate(read.columns)}), rows)


def of_json(file, rows):
    with open(file, encoding="utf-8") as f:
        answer = json.load(f)
    if answer["row_count"] != rows or answer["truncated"] or [c["name"] for c in answer["columns"]] != list(ARROW):
        fault("JSON", f"says {answer['row_count']} rows of {answer['columns']}")
    if len(answer["rows"]) != rows:
        fault("JSON", f"has {len(answer['rows'])} rows")
    for i in sample(rows):
        got, want = dict(zip(ARROW, answer["rows"][i])), expected(i)
        for name in ("i64", "u64", "i8", "s", "b", "maybe", "word", "list", "lists", "pairs", "id"):
            if not same(got[name], want[name]):
                fault("JSON", f"row {i}, {name}: {got[name]!r}, want {want[name]!r}")
        if got["two"] != [i, "x"]:
            fault("JSON", f"row {i}: {got['two']}")
        if decimal.Decimal(got["d38"]) != want["d38"] or got["f64"] != want["f64"] or got["day"] != str(want["day"]):
            fault("JSON", f"row {i}: {got}")


def main(folder, rows):
    arrow_file, parquet_file = f"{folder}/{rows}.arrow", f"{folder}/{rows}.parquet"
    table = pa.ipc.open_stream(arrow_file).read_all()
    arrow("pyarrow, Arrow", table, rows)
    arrow("pyarrow, Parquet", pa.parquet.read_table(parquet_file), rows)
    pandas("pandas, Arrow", table.to_pandas(types_mapper=pd.ArrowDtype), rows)
    pandas("pandas, Parquet", pd.read_parquet(parquet_file, dtype_backend="pyarrow"), rows)
    polars("polars, Arrow", pl.read_ipc_stream(arrow_file), rows)
    polars("polars, Parquet", pl.read_parquet(parquet_file), rows)
    duck("DuckDB, Arrow", duckdb.from_arrow(table), rows)
    duck("DuckDB, Parquet", duckdb.read_parquet(parquet_file), rows)
    of_csv(f"{folder}/{rows}.csv", rows)
    of_json(f"{folder}/{rows}.json", rows)
    if faults:
        print(f"{len(faults)} differences", *faults[:40], sep="\n")
        return 1
    print(f"{rows} rows: Arrow and Parquet by pyarrow {pa.__version__}, pandas {pd.__version__}, polars {pl.__version__} and "
          f"DuckDB {duckdb.__version__}, CSV by all four, JSON: {len(ARROW)} columns as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
