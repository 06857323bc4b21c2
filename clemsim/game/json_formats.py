"""From a JSON schema, as pydantic writes it, to the format of the JSON that decoding can be held to.

Objects have all their keys, in the order of the schema. Kept to: types, enumerations, bounds of numbers, lengths of texts
and lists. Not kept to: `pattern`, `format`, `multipleOf` and validators of one's own, which a call may then fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import ceil, floor
from typing import Any

from clemsim.errors import ArenaError
from clemsim.game.formats import LETTERS, Characters, Format, either, literal, one_of, sequence

MOST_TEXT = 100  # characters of a text without a limit of its own
MOST_ITEMS = 4  # of a list, beyond the least
MOST_NUMBER = 999_999_999
MOST_NESTED = 8

JsonSchema = Mapping[str, Any]


def format_of(schema: JsonSchema) -> Format:
    """Return the format of the values of a schema. Raises ArenaError where it is nested without end."""
    return _value(schema, schema.get("$defs", {}), MOST_NESTED)


def _value(schema: JsonSchema, definitions: JsonSchema, depth: int) -> Format:
    if depth == 0:
        raise ArenaError(f"the parameters of a tool are nested more than {MOST_NESTED} deep: make them flatter")
    if "$ref" in schema:
        return _value(definitions[str(schema["$ref"]).rpartition("/")[2]], definitions, depth - 1)
    if "const" in schema or "enum" in schema:
        return one_of(*(_written(value) for value in schema.get("enum", [schema.get("const")])))
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return either(*(_value(option, definitions, depth - 1) for option in schema[name]))
    match schema.get("type"):
        case "object":
            return _object(schema, definitions, depth)
        case "array":
            return _array(schema, definitions, depth)
        case "integer":
            return integers(*_bounds(schema))
        case "number":
            return _number(schema)
        case "boolean":
            return one_of("true", "false")
        case "null":
            return literal("null")
    return _text(int(schema.get("minLength", 0)), schema.get("maxLength"))


def _object(schema: JsonSchema, definitions: JsonSchema, depth: int) -> Format:
    parts, begin = list[Format](), "{"
    for name, own in schema.get("properties", {}).items():
        parts += [literal(f"{begin}{_written(name)}: "), _value(own, definitions, depth - 1)]
        begin = ", "
    return sequence([*parts, literal("}" if parts else "{}")])


def _array(schema: JsonSchema, definitions: JsonSchema, depth: int) -> Format:
    least = int(schema.get("minItems", 0))
    most = min(int(schema.get("maxItems", least + MOST_ITEMS)), least + MOST_ITEMS)
    tuple_ = [_value(item, definitions, depth - 1) for item in schema.get("prefixItems", ())]
    item = _value(schema.get("items") or {}, definitions, depth - 1)
    lists = [tuple_] if tuple_ else [[item] * size for size in range(least, most + 1)]
    return either(*(sequence([literal("["), *_separated(items), literal("]")]) for items in lists))


def _separated(items: list[Format]) -> Iterator[Format]:
    for place, item in enumerate(items):
        yield literal(", ") + item if place else item


def _text(least: int, most: int | None) -> Format:
    most = max(least, MOST_TEXT) if most is None else most
    pattern = f'[^"\\\\\\r\\n\\t]{{{least},{most}}}'
    return literal('"') + Format(pattern, pattern, (Characters(LETTERS, least, most),)) + literal('"')


def _bounds(schema: JsonSchema) -> tuple[int, int]:
    """Return the least and the most whole number."""
    least, most = schema.get("minimum", -MOST_NUMBER), schema.get("maximum", MOST_NUMBER)
    if "exclusiveMinimum" in schema:
        least = floor(schema["exclusiveMinimum"]) + 1
    if "exclusiveMaximum" in schema:
        most = ceil(schema["exclusiveMaximum"]) - 1
    return ceil(least), floor(most)


def _number(schema: JsonSchema) -> Format:
    least, most = _bounds(schema)
    whole, begin, end = integers(least, most), max(0, least), most - 1
    if begin > end:
        return whole
    fraction = Format("\\.[0-9]{1,3}", '"." [0-9]{1,3}', (literal(".").parts[0], Characters("0123456789", 1, 3)))
    return either(whole, integers(begin, end) + fraction)


def integers(least: int, most: int) -> Format:
    """Return the format of the whole numbers from `least` to `most`. Raises ArenaError where there are none."""
    if least > most:
        raise ArenaError(f"there is no whole number from {least} to {most}")
    if most == MOST_NUMBER and least in (0, -MOST_NUMBER):
        return _any_integer(signed=least < 0)
    ranges = []
    if least < 0:
        ranges += [literal("-") + pattern for pattern in _patterns(max(1, -most), -least)]
    if most >= 0:
        ranges += list(_patterns(max(0, least), most))
    return either(*ranges)


def _any_integer(*, signed: bool) -> Format:
    digits = Format("[1-9][0-9]{0,8}", "[1-9] [0-9]{0,8}", (Characters("123456789", 1, 1), Characters("0123456789", 0, 3)))
    return either(literal("0"), digits, *([literal("-") + digits] if signed else []))


def _patterns(least: int, most: int) -> Iterator[Format]:
    """Yield formats, of a class of digits at each place, that together are the whole numbers of a range, from 0 on."""
    ends, power = {most}, 10
    while (end := least // power * power + power - 1) < most:
        ends.add(end)
        power *= 10
    power = 10
    while (end := (most + 1) // power * power - 1) >= least:
        ends.add(end)
        power *= 10
    begin = least
    for end in sorted(ends):
        yield sequence([_digit(low, high) for low, high in zip(str(begin), str(end), strict=True)])
        begin = end + 1


def _digit(low: str, high: str) -> Format:
    if low == high:
        return literal(low)
    return Format(
        f"[{low}-{high}]", f"[{low}-{high}]", (Characters("".join(map(str, range(int(low), int(high) + 1))), 1, 1),)
    )


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
