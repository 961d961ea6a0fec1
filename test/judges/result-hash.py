"""The hash of a result as docs/reference/receipts.md describes it, written from that page alone: reads answers as JSON,
one a line, and writes the hash of each."""

import base64
import hashlib
import json
import struct
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal


def counted(tag, data):
    return tag + struct.pack("<I", len(data)) + data


def text(tag, value):
    return counted(tag, value.encode("utf-8"))


def number(value):
    """An int, a float or a Decimal, by its value."""
    if isinstance(value, float):
        if value != value:
            return b"n" + bytes.fromhex("000000000000f87f")
        return b"n" + struct.pack("<d", value + 0.0)
    try:
        double = float(value)
    except OverflowError:
        double = float("inf")
    if abs(double) != float("inf") and Decimal(double) == Decimal(value):
        return b"n" + struct.pack("<d", double + 0.0)
    digits = format(Decimal(value), "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return text(b"d", digits)


def instant(value):
    sign = -1 if value.startswith("-") else 1
    year, rest = (int(value[1:7]), value[7:]) if value[0] in "+-" else (int(value[:4]), value[4:])
    # Python's calendar ends early: eras of 400 years are alike.
    eras = (sign * year - 2000) // 400
    moment = datetime.fromisoformat(f"{sign * year - eras * 400:04}{rest}".replace("Z", "+00:00"))
    ms = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
    return b"i" + struct.pack("<d", ms + eras * 146097 * 86400000)


def pairs(tag, entries):
    return tag + struct.pack("<I", len(entries)) + b"".join(sorted(canonical(k) + canonical(v) for k, v in entries))


def key(name):
    return {"#kw": name[1:]} if name.startswith(":") else name


TAGGED = {
    "#kw": lambda v: text(b"k", v),
    "#sym": lambda v: text(b"y", v),
    "#inst": instant,
    "#uuid": lambda v: text(b"u", v),
    "#uri": lambda v: text(b"r", v),
    "#bytes": lambda v: counted(b"b", base64.b64decode(v)),
    "#long": lambda v: number(int(v)),
    "#bigint": lambda v: number(int(v)),
    "#bigdec": lambda v: number(Decimal(v)),
    "#float": lambda v: number(single(v)),
    "#double": lambda v: number(float(v)),
    "#set": lambda v: b"e" + struct.pack("<I", len(v)) + b"".join(sorted(map(canonical, v))),
    "#map": lambda v: pairs(b"m", v),
    "#tag": lambda v: text(b"#", v[0]) + canonical(v[1]),
    "#str": lambda v: text(b"s", v),
}


def single(value):
    return struct.unpack("<f", struct.pack("<f", float(value)))[0]


def canonical(value):
    if value is None:
        return b"_"
    if value is True or value is False:
        return b"T" if value else b"F"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return text(b"s", value)
    if isinstance(value, list):
        return b"v" + struct.pack("<I", len(value)) + b"".join(map(canonical, value))
    if len(value) == 1:
        (name, held), = value.items()
        if name in TAGGED:
            return TAGGED[name](held)
    return pairs(b"m", [(key(name), held) for name, held in value.items()])


def row_of_map(row):
    """Keys that are no text of JSON make pairs of a map."""
    return [value for _, value in row["#map"]] if "#map" in row else list(row.values())


def rows_of(kind, keys, count, result):
    """The rows of a result, whatever the form of its find."""
    row_of = row_of_map if keys is not None else (lambda row: row)
    if kind == "relation":
        return [row_of(row) for row in result]
    if kind == "collection":
        return [[value] for value in result]
    if count == 0:
        return []
    return [row_of(result)] if kind == "tuple" else [[result]]


def result_hash(kind, keys, width, count, truncated, result):
    rows = rows_of(kind, keys, count, result)
    data = canonical(["varve.result/1", kind, keys, width, count, truncated])
    for place in range(width):
        data += hashlib.sha256(b"".join(canonical(row[place]) for row in rows)).digest()
    return "sha256:" + hashlib.sha256(data).hexdigest()


sys.setrecursionlimit(10_000)
sys.set_int_max_str_digits(0)
for line in sys.stdin:
    print(result_hash(**json.loads(line)))
