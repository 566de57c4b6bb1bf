# SPDX-License-Identifier: MIT
"""schema.py SCHEMA FILE - each line of FILE is a JSON value that satisfies SCHEMA, and no member is
missing there. Understands the part of JSON Schema that docs/*.schema.json use. Fails with an
AssertionError, also without lines. Also a module: rows(SCHEMA, FILE) returns the values."""
import json
import sys

KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
         "null": type(None)}


def check(value, rule, schema):
    if "$ref" in rule:
        rule = schema["$defs"][rule["$ref"].rsplit("/", 1)[1]]
    if "enum" in rule:
        assert value in rule["enum"], value
        return
    types = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    assert type(value) in [KINDS[t] for t in types], (value, rule)
    if isinstance(value, dict):
        assert set(rule.get("required", [])) <= set(value), value
        for name in value:
            check(value[name], rule["properties"][name], schema)
    elif isinstance(value, list):
        for item in value:
            check(item, rule["items"], schema)


def rows(schema_path, path):
    with open(schema_path) as file:
        schema = json.load(file)
    with open(path) as file:
        values = [json.loads(line) for line in file]
    assert values, "no lines in " + path
    for value in values:
        check(value, schema, schema)
    return values


if __name__ == "__main__":
    rows(sys.argv[1], sys.argv[2])
