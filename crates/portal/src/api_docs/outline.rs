//! An OpenAPI 3.1 document, flattened to what a reader looks for: groups of operations, each with
//! its parameters, the fields of its body and its answers.
//!
//! Whatever the document lacks is left out; a document of another shape gives an empty outline.

use std::collections::BTreeMap;

use serde_json::Value;

use super::prose::Prose;

/// The order methods are listed in, under one path.
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// How many objects deep the members of a body are listed.
const DEEPEST: usize = 3;

/// The operations that share a tag.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) operations: Vec<Operation>,
}

/// One method on one path.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: Prose,
    pub(super) description: Prose,
    pub(super) fields: Vec<Field>,
    /// A body that is accepted, as JSON.
    pub(super) example: Option<String>,
    pub(super) answers: Vec<Answer>,
}

/// A parameter, or a member of the JSON body.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) place: &'static str,
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) description: Prose,
}

/// A status and what it means.
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) description: Prose,
}

/// All operations of the document, grouped by their first tag, in the order of their paths.
pub(super) fn of(openapi: &Value) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    let paths = openapi.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or("api");
            let outlined = outline(openapi, method, path, item, operation);
            groups.entry(tag.to_owned()).or_default().push(outlined);
        }
    }
    groups.into_iter().map(|(name, operations)| Group { name, operations }).collect()
}

fn outline(
    openapi: &Value,
    method: &str,
    path: &str,
    item: &Value,
    operation: &Value,
) -> Operation {
    let shared = item.get("parameters").and_then(Value::as_array);
    let own = operation.get("parameters").and_then(Value::as_array);
    let parameters = shared.into_iter().flatten().chain(own.into_iter().flatten());
    let mut fields: Vec<Field> =
        parameters.map(|parameter| parameter_field(openapi, parameter)).collect();
    fields.extend(body_fields(openapi, operation));
    let answers = operation.get("responses").and_then(Value::as_object);
    let answers = answers.into_iter().flatten().map(|(status, answer)| Answer {
        status: status.clone(),
        description: prose(answer, "description"),
    });
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: prose(operation, "summary"),
        description: prose(operation, "description"),
        fields,
        example: operation
            .pointer("/requestBody/content/application~1json/example")
            .and_then(|example| serde_json::to_string_pretty(example).ok()),
        answers: answers.collect(),
    }
}

fn parameter_field(openapi: &Value, parameter: &Value) -> Field {
    Field {
        name: text(parameter, "name"),
        place: if text(parameter, "in") == "path" { "path" } else { "query" },
        kind: parameter.get("schema").map_or_else(String::new, |schema| kind(openapi, schema)),
        required: parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
        description: prose(parameter, "description"),
    }
}

fn body_fields(openapi: &Value, operation: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        add_members(openapi, schema, "", &mut fields);
    }
    fields
}

/// Adds the members of an object, and those of the objects in it: `asked.purpose`, and
/// `asked.operations[].path` of each one of a list.
fn add_members(openapi: &Value, schema: &Value, prefix: &str, fields: &mut Vec<Field>) {
    let schema = resolve(openapi, schema);
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| {
        required.is_some_and(|names| names.iter().any(|one| one.as_str() == Some(name)))
    };
    let members = schema.get("properties").and_then(Value::as_object);
    for (name, member) in members.into_iter().flatten() {
        let full = format!("{prefix}{name}");
        fields.push(Field {
            name: full.clone(),
            place: "body",
            kind: kind(openapi, member),
            required: is_required(name),
            description: prose(member, "description"),
        });
        // A schema that contains itself would never end.
        if full.matches('.').count() < DEEPEST {
            match member.get("items") {
                Some(items) => add_members(openapi, items, &format!("{full}[]."), fields),
                None => add_members(openapi, member, &format!("{full}."), fields),
            }
        }
    }
}

/// What a schema says about a value, in a few words: `string`, `array of Operation`, `a | b`.
fn kind(openapi: &Value, schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let resolved = resolve(openapi, schema);
        if let Some(values) = enumeration(resolved) {
            return values;
        }
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    if let Some(values) = enumeration(schema) {
        return values;
    }
    let alternatives = ["oneOf", "anyOf", "allOf"].iter().find_map(|name| schema.get(name));
    if let Some(alternatives) = alternatives.and_then(Value::as_array) {
        let kinds = alternatives.iter().map(|one| kind(openapi, one));
        return kinds.filter(|kind| kind != "null").collect::<Vec<_>>().join(" | ");
    }
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
        }
        _ => String::new(),
    };
    match schema.get("items") {
        Some(items) if name == "array" => format!("array of {}", kind(openapi, items)),
        _ => name,
    }
}

fn enumeration(schema: &Value) -> Option<String> {
    let values = schema.get("enum")?.as_array()?.iter().filter_map(Value::as_str);
    Some(values.collect::<Vec<_>>().join(" | "))
}

/// The schema a `$ref` into this document names; also of a reference wrapped to be described.
fn resolve<'a>(openapi: &'a Value, schema: &'a Value) -> &'a Value {
    let wrapped = schema.pointer("/allOf/0").unwrap_or(schema);
    let reference = wrapped.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| openapi.pointer(pointer)).unwrap_or(schema)
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn prose(value: &Value, name: &str) -> Prose {
    value.get(name).and_then(Value::as_str).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_listed_by_its_fields_and_an_enumeration_by_its_values() {
        let openapi = serde_json::json!({
            "paths": {"/things/{id}": {"post": {
                "tags": ["thing"], "summary": "Make a thing",
                "parameters": [{"name": "id", "in": "path", "required": true,
                                "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {
                    "example": {"colour": "red"},
                    "schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"201": {"description": "made"}}}}},
            "components": {"schemas": {
                "Thing": {"required": ["colour"], "properties": {
                    "colour": {"$ref": "#/components/schemas/Colour"},
                    "parts": {"type": "array", "items": {"type": "string"}},
                    "lids": {"type": "array", "items": {"$ref": "#/components/schemas/Size"}},
                    "size": {"allOf": [{"$ref": "#/components/schemas/Size"}]}}},
                "Size": {"required": ["width"], "properties": {"width": {"type": "integer"}}},
                "Colour": {"type": "string", "enum": ["red", "blue"]}}}
        });
        let groups = of(&openapi);
        let operation = &groups[0].operations[0];
        let fields = operation.fields.iter();
        let fields = fields.map(|field| (field.place, field.name.as_str(), field.kind.as_str()));
        assert_eq!(
            fields.collect::<Vec<_>>(),
            [
                ("path", "id", "string"),
                ("body", "colour", "red | blue"),
                ("body", "lids", "array of Size"),
                ("body", "lids[].width", "integer"),
                ("body", "parts", "array of string"),
                ("body", "size", "Size"),
                ("body", "size.width", "integer"),
            ]
        );
        assert!(operation.fields[1].required && !operation.fields[2].required);
        assert_eq!(operation.answers[0].status, "201");
        assert_eq!(operation.example.as_deref(), Some("{\n  \"colour\": \"red\"\n}"));
    }

    #[test]
    fn a_document_of_another_shape_gives_an_empty_outline() {
        assert!(of(&serde_json::json!([1, 2])).is_empty());
    }
}
