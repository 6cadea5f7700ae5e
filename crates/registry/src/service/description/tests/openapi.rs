//! What of OpenAPI is taken, what is not, and where it is said to be wrong.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::service::description::*;

const UNITS: &str = include_str!("units.yaml");

fn mistake(format: Format, text: &str) -> (u32, u32, String, String, String) {
    let Mistakes(mistakes) = read(format, text.as_bytes()).unwrap_err();
    let Mistake { place, part, what, rule } = mistakes.into_iter().next().unwrap();
    (place.line, place.column, part, what.en.into_owned(), rule)
}

fn refused(format: Format, text: &str, line: u32, column: u32, says: &str) {
    let (at_line, at_column, part, what, rule) = mistake(format, text);
    assert!(what.contains(says), "{what} ({part})");
    assert_eq!((at_line, at_column), (line, column), "{what} ({part}; {rule})");
    assert!(!rule.is_empty());
}

/// The document with `old` replaced by `new`, which must be there.
fn with(old: &str, new: &str) -> String {
    assert!(UNITS.contains(old), "{old}");
    UNITS.replacen(old, new, 1)
}

#[test]
fn the_operations_and_fields_of_a_document_are_listed() {
    let described = read(Format::Yaml, UNITS.as_bytes()).unwrap();
    insta::assert_json_snapshot!(described);
}

#[test]
fn json_and_yaml_of_one_document_say_the_same() {
    let value = yaml::read(UNITS).unwrap().to_value();
    for text in [value.to_string(), format!("{value:#}").replace("  ", "\t")] {
        let json = read(Format::Json, text.as_bytes()).unwrap();
        assert_eq!(json, read(Format::Yaml, UNITS.as_bytes()).unwrap());
    }
}

#[test]
fn a_mistake_of_form_is_told_where_it_stands() {
    let yaml = Format::Yaml;
    refused(yaml, &with("  title: Danh mục đơn vị hành chính\n", ""), 2, 1, "`title` is missing");
    refused(yaml, &with("summary:", "sumary:"), 9, 7, "no member `sumary`");
    refused(yaml, &with("in: path", "in: paths"), 38, 7, "one of");
    refused(yaml, &with("/units:", "units:"), 6, 3, "no member `units`");
    refused(yaml, &with("3.1.0", "3.2.0"), 1, 1, "3.0 or 3.1");
    refused(yaml, &with("openapi: 3.1.0", "swagger: '2.0'"), 1, 1, "3.0 or 3.1");
    refused(yaml, &with("openapi: 3.1.0\n", ""), 1, 1, "3.0 or 3.1");
    let older = UNITS.replace("3.1.0", "3.0.3");
    let wrong = older.replace("                type: object", "                type: map");
    refused(yaml, &wrong, 16, 17, "one of");
    assert_eq!(read(yaml, older.as_bytes()).unwrap().specification, "OpenAPI 3.0");
}

#[test]
fn what_a_schema_cannot_say_is_judged_too() {
    let yaml = Format::Yaml;
    refused(yaml, &with("operationId: readUnit", "operationId: listUnits"), 26, 20, "another's");
    refused(yaml, &with("name: unit-code", "name: code"), 25, 5, "`{unit-code}`");
    refused(
        yaml,
        &with("#/components/schemas/Unit'\n  /", "#/components/schemas/Unity'\n  /"),
        21,
        29,
        "nowhere",
    );
    let twice = with(
        "components:\n",
        "  /units/{other}:\n    get: {responses: {'200': {description: x}}}\ncomponents:\n",
    );
    refused(yaml, &twice, 34, 3, "same form");
    let bad_path = with("/units:", "'/units/../x':");
    refused(yaml, &bad_path, 6, 3, "do not pass on");
    let nothing = json!({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}});
    refused(Format::Json, &nothing.to_string(), 1, 55, "nothing to call");
}

#[test]
fn nothing_out_of_the_document_is_referred_to() {
    for reference in [
        "https://example.org/chung.yaml#/Unit",
        "./chung.yaml",
        "file:///etc/passwd",
        "chung.yaml#/components/schemas/Unit",
        "//example.org/x",
    ] {
        let text = with("$ref: '#/components/parameters/Code'", &format!("$ref: '{reference}'"));
        refused(Format::Yaml, &text, 24, 15, "out of the document");
    }
    // In an example it is only data.
    let text = with("      summary:", "      x-note: {example: {$ref: elsewhere}}\n      summary:");
    assert!(read(Format::Yaml, text.as_bytes()).is_ok());
}

#[test]
fn texts_that_grow_without_end_are_refused_before_they_are_built() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n";
    refused(Format::Yaml, bomb, 2, 8, "aliases");
    refused(Format::Yaml, "a: &a 1\n<<: *a\n", 2, 5, "aliases");
    refused(Format::Json, &"[".repeat(MAX_BYTES), 1, 2_097_152, "JSON");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refused(Format::Json, &deep, 1, 66, "levels deep");
    assert!(mistake(Format::Yaml, &deep).3.contains("limit exceeded"));
    let deep: Vec<_> = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let deep = deep.concat();
    refused(Format::Yaml, &deep, 65, 65, "levels deep");
    let wide = format!("[{}]", "1,".repeat(MAX_PARTS) + "1");
    for format in [Format::Json, Format::Yaml] {
        assert!(mistake(format, &wide).3.contains("parts"));
    }
    assert!(read(Format::Yaml, "[".repeat(MAX_BYTES).as_bytes()).is_err());
    assert!(read(Format::Yaml, "- ".repeat(MAX_BYTES / 2).as_bytes()).is_err());
    assert!(read(Format::Yaml, "? ".repeat(MAX_BYTES / 2).as_bytes()).is_err());
    assert!(read(Format::Yaml, "{a: ".repeat(MAX_BYTES / 4).as_bytes()).is_err());
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    refused(
        Format::Yaml,
        &with("  version: 1.0.0", "  version: 1.0.0\n  version: 2.0.0"),
        5,
        3,
        "twice",
    );
    refused(Format::Json, "{\"a\": 1,\n \"a\": 2}", 2, 2, "twice");
    refused(Format::Json, "{\"a\": 1,\n \"\\u0061\": 2}", 2, 2, "twice");
    refused(Format::Yaml, "a: !ma 1", 1, 4, "Tags");
    refused(Format::Yaml, "a: 1\n---\nb: 2\n", 2, 1, "two YAML documents");
    refused(Format::Yaml, "? [a]\n: 1\n", 1, 3, "must be a text");
    refused(Format::Yaml, "", 1, 1, "empty");
    refused(Format::Yaml, "a: 'x", 1, 4, "well-formed");
    refused(Format::Json, "{\"a\": tru}", 1, 10, "well-formed");
    let Mistakes(mistakes) = read(Format::Json, b"{\"a\":\n \"\xff\"}").unwrap_err();
    assert_eq!((mistakes[0].place.line, mistakes[0].place.column), (2, 3));
}

#[test]
fn schemas_that_contain_themselves_have_an_end() {
    let looped = json!({
        "openapi": "3.1.0", "info": {"title": "x", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"$ref": "#/components/responses/A"}}}}},
        "components": {
            "responses": {
                "A": {"$ref": "#/components/responses/B"},
                "B": {"$ref": "#/components/responses/A"},
            },
            "schemas": {"S": {"$ref": "#/components/schemas/S"}},
        },
    });
    assert!(read(Format::Json, looped.to_string().as_bytes()).is_ok());
}

/// `count` paths that all refer to one item.
fn repeated(count: usize, item: &Value) -> Value {
    let mut paths: serde_json::Map<_, _> = (0..count)
        .map(|n| (format!("/p{n}"), json!({"$ref": "#/components/pathItems/Item"})))
        .collect();
    paths.insert("/only".to_owned(), json!({"get": {"responses": {"200": {"description": "x"}}}}));
    json!({
        "openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths,
        "components": {"pathItems": {"Item": item}},
    })
}

#[test]
fn what_references_repeat_is_told_a_bounded_number_of_times() {
    let strays: Vec<_> = (0..60)
        .map(|n| json!({"name": format!("n{n}"), "in": "path", "required": true, "schema": {}}))
        .collect();
    let get = json!({"responses": {"200": {"description": "x"}}});
    let document = repeated(20, &json!({"parameters": strays, "get": get}));
    let Mistakes(mistakes) = read(Format::Json, document.to_string().as_bytes()).unwrap_err();
    assert_eq!(mistakes.len(), 100, "of the 1,200 that there are");

    let lost: Vec<_> = (0..300).map(|_| json!({"$ref": "#/nowhere"})).collect();
    let document = repeated(1, &json!({"parameters": lost, "get": get}));
    let Mistakes(mistakes) = read(Format::Json, document.to_string().as_bytes()).unwrap_err();
    assert_eq!(mistakes.len(), 100, "of the 300 that there are");
}

#[test]
fn what_references_repeat_is_looked_at_a_bounded_number_of_times() {
    let queries: Vec<_> =
        (0..600).map(|n| json!({"name": format!("n{n}"), "in": "query", "schema": {}})).collect();
    let get = json!({"responses": {"200": {"description": "x"}}});
    let document = repeated(1_000, &json!({"parameters": queries, "get": get}));
    let (_, _, part, what, rule) = mistake(Format::Json, &document.to_string());
    assert!(what.contains("more than 500000 parts"), "{what} ({part})");
    assert_eq!(rule, "docs/limits.md");
}

#[test]
fn answers_that_operations_share_do_not_multiply_the_names_of_their_fields() {
    let properties: serde_json::Map<_, _> =
        (0..100).map(|n| (format!("{n:0>100}"), json!({}))).collect();
    let schema = json!({"type": "object", "properties": properties});
    let content = json!({"application/json": {"schema": schema}});
    let get = json!({"responses": {"200": {"description": "x", "content": content}}});
    let few = repeated(100, &json!({"get": get}));
    let described = read(Format::Json, few.to_string().as_bytes()).unwrap();
    let names: usize = described.operations.iter().map(|one| one.fields.len()).sum();
    assert_eq!(names, 10_000);
    let many = repeated(200, &json!({"get": get}));
    let (_, _, part, what, rule) = mistake(Format::Json, &many.to_string());
    assert!(what.contains("more than 1048576 bytes"), "{what} ({part})");
    assert_eq!(rule, "docs/limits.md");
}

#[test]
fn a_long_reference_is_refused() {
    let text = with("#/components/parameters/Code", &format!("#/{}", "c".repeat(1_000)));
    refused(Format::Yaml, &text, 24, 15, "longer than 1000 bytes");
}

#[test]
fn both_schemas_of_the_specification_compile() {
    for schema in
        [include_str!("../schemas/openapi-3.0.json"), include_str!("../schemas/openapi-3.1.json")]
    {
        let schema: Value = serde_json::from_str(schema).unwrap();
        jsonschema::validator_for(&schema).unwrap();
    }
}

#[test]
fn plain_scalars_are_those_of_the_core_schema() {
    let text = "[~, null, true, FALSE, 1, -2, +3, 0x1F, 0o17, 1.5, 1e3, .5, 1.0.0, no, 2026-11-25, '1', !!str 1, .e, e]";
    let read = yaml::read(text).unwrap().to_value();
    let expected = json!([
        null,
        null,
        true,
        false,
        1,
        -2,
        3,
        31,
        15,
        1.5,
        1000.0,
        0.5,
        "1.0.0",
        "no",
        "2026-11-25",
        "1",
        "1",
        ".e",
        "e",
    ]);
    assert_eq!(read, expected);
}

proptest! {
    #[test]
    fn json_reads_back_as_serde_reads_it(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(json::read(&text).unwrap().to_value(), value);
    }

    #[test]
    fn any_text_is_described_or_refused_at_a_place_in_it(text in "\\PC{0,60}|[-{}\\[\\]:,\"'&*!a \n]{0,60}") {
        for format in [Format::Json, Format::Yaml, Format::Xml] {
            if let Err(Mistakes(mistakes)) = read(format, text.as_bytes()) {
                prop_assert!(!mistakes.is_empty());
                for Mistake { place, .. } in mistakes {
                    prop_assert!(place.line >= 1 && place.column >= 1);
                }
            }
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}|[\"\\\\\n\t]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
