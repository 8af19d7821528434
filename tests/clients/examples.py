"""Validates the examples of an OpenAPI document by their schemas, and prints their number."""

import json
import sys

import jsonschema_rs


def examples(value, at):
    """Returns each schema of a body that has an example, with its location."""
    if isinstance(value, dict):
        if "schema" in value and "example" in value:
            yield at, value["schema"], value["example"]
        for name, member in value.items():
            yield from examples(member, f"{at}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from examples(item, f"{at}/{number}")


with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
count, wrong = 0, 0
for at, schema, example in examples(document["paths"], "#/paths"):
    count += 1
    whole = {**schema, "components": document["components"]}
    for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(example):
        wrong += 1
        print(f"{at}: {error.message} at {error.instance_path}", file=sys.stderr)
print(count)
sys.exit(wrong > 0)
