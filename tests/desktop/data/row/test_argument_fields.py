"""From a tool's JSON Schema and a call's arguments to the fields of a form, and back."""

import pytest

from tunedesk.desktop.data.row.argument_fields import (
    Kind,
    empty_item,
    fields_of,
    item_kind,
    typed,
    value_in,
    with_argument,
    without_argument,
    written,
)

SCHEMA = {
    "type": "object",
    "$defs": {"Person": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "integer"},
        "price": {"type": ["number", "null"]},
        "fast": {"anyOf": [{"type": "boolean"}, {"type": "null"}], "description": "Or not"},
        "unit": {"enum": ["c", "f", 1]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "who": {"$ref": "#/$defs/Person"},
        "rest": {"type": "object"},
        "grid": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    },
    "required": ["city", "days", "token"],
}


def by_name(arguments, schema=SCHEMA):
    return {field.name: field for field in fields_of(schema, arguments)}


def test_each_property_has_the_field_of_its_type():
    kinds = {name: field.kind for name, field in by_name({}).items()}
    assert kinds == {
        "city": Kind.STRING,
        "days": Kind.INTEGER,
        "price": Kind.NUMBER,
        "fast": Kind.BOOLEAN,
        "unit": Kind.CHOICE,
        "tags": Kind.LIST,
        "who": Kind.GROUP,
        "rest": Kind.JSON,
        "grid": Kind.JSON,
        "token": Kind.JSON,
    }
    assert by_name({})["fast"].description == "Or not"


def test_what_is_required_and_missing_is_said_also_inside_a_group():
    fields = by_name({"city": "Rome"})
    assert [name for name, field in fields.items() if field.trouble] == ["days", "token"]
    assert fields["who"].fields[0].trouble == "Required, but missing"


def test_a_key_that_the_schema_does_not_name_is_kept_and_said():
    field = by_name({"new": 1.5})["new"]
    assert (field.kind, field.value, field.is_known) == (Kind.NUMBER, 1.5, False)
    assert "does not name" in field.trouble


def test_without_a_schema_each_key_is_shown_as_what_it_is():
    fields = by_name({"a": "x", "b": True, "c": {"d": 1}}, None)
    assert [field.kind for field in fields.values()] == [Kind.STRING, Kind.BOOLEAN, Kind.JSON]
    assert not any(field.trouble for field in fields.values())


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("city", 5, Kind.JSON),
        ("days", "two", Kind.INTEGER),
        ("days", 1.5, Kind.INTEGER),
        ("fast", "yes", Kind.STRING),
        ("unit", True, Kind.CHOICE),
        ("tags", "one", Kind.STRING),
        ("who", [1], Kind.JSON),
    ],
)
def test_a_value_of_another_type_is_shown_with_what_is_wrong(key, value, kind):
    field = by_name({key: value})[key]
    assert (field.kind, field.value) == (kind, value)
    assert field.trouble


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5", Kind.INTEGER, 5),
        (" -7 ", Kind.INTEGER, -7),
        ("5.5", Kind.INTEGER, "5.5"),
        ("1.5e3", Kind.NUMBER, 1500.0),
        ("nan", Kind.NUMBER, "nan"),
        ("12345678901234567890123", Kind.INTEGER, 12345678901234567890123),
        ("9" * 5000, Kind.INTEGER, "9" * 5000),
        ('{"a": 1}', Kind.JSON, {"a": 1}),
        ("05", Kind.INTEGER, "05"),
        (" x\u00a0", Kind.STRING, " x\u00a0"),
    ],
)
def test_what_is_typed_becomes_a_value_or_stays_text(text, kind, value):
    assert typed(text, kind) == value
    assert type(typed(text, kind)) is type(value)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1,]"])
def test_half_written_json_is_refused(text):
    with pytest.raises(ValueError):
        typed(text, Kind.JSON)


def test_a_value_is_set_and_taken_out_anywhere():
    made = with_argument({"a": 1}, ("who", "name"), "Ann")
    assert made == {"a": 1, "who": {"name": "Ann"}}
    made = with_argument(made, ("tags", 0), "x")
    made = with_argument(made, ("tags", 1), "y")
    assert value_in(made, ("tags",)) == ["x", "y"]
    assert without_argument(made, ("tags", 0))["tags"] == ["y"]
    assert without_argument(made, ("who", "name"))["who"] == {}
    assert without_argument(made, ("a",)) == {"who": {"name": "Ann"}, "tags": ["x", "y"]}


def test_a_new_item_fits_its_list():
    kind, choices = item_kind(SCHEMA, ("tags",))
    assert (kind, choices) == (Kind.STRING, ())
    assert empty_item(kind, choices) == ""
    assert empty_item(Kind.CHOICE, ("a", "b")) == "a"
    assert empty_item(Kind.INTEGER, ()) == 0


def test_a_schema_that_refers_to_itself_ends():
    schema = {"$defs": {"N": {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}}}}
    fields_of({**schema, "properties": {"n": {"$ref": "#/$defs/N"}}}, {})
    fields_of({"properties": {"n": {"$ref": "#/properties/n"}}}, {"n": 1})


@pytest.mark.parametrize(
    "schema", [{"properties": []}, {"required": 5}, {"properties": {"a": 5}}, {"type": 3}]
)
def test_a_schema_that_is_none_gives_fields_all_the_same(schema):
    assert [field.name for field in fields_of(schema, {"a": 1})] == ["a"]


def test_a_value_is_written_as_it_would_be_typed():
    assert written("a b", Kind.STRING) == "a b"
    assert written(5, Kind.INTEGER) == "5"
    assert typed(written({"ä": [1]}, Kind.JSON), Kind.JSON) == {"ä": [1]}
