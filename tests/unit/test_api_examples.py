"""The API's schema shows a whole, valid example of everything that goes in or comes out."""

from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import validator_for


def test_every_object_of_the_schema_has_an_example_that_is_valid():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    objects = {key: one for key, one in schema["components"]["schemas"].items() if one.get("type") == "object"}
    assert len(objects) > 20
    for name, one in objects.items():
        if not one.get("properties"):
            continue
        whole = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
        found = [error.message for error in validator_for(_plain(whole)).iter_errors(one["example"])]
        assert not found, f"{name}: {found}"


def test_no_two_objects_of_the_schema_share_a_name(capsys):
    SchemaGenerator().get_schema(request=None, public=True)
    assert [line for line in capsys.readouterr().err.splitlines() if "identical names" in line] == []


def _plain(node):
    """OpenAPI 3.0's `nullable` said as JSON Schema says it."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _plain(value) for key, value in node.items() if key not in ("nullable", "example", "readOnly")}
    if node.get("nullable") is True:
        return {"anyOf": [kept, {"type": "null"}]}
    return kept
