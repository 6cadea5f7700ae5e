//! A whole example body for each request, out of the examples that stand beside its fields.
//!
//! **Invariant**: an example has every required member, and of the others those that have an
//! example of their own; the domain crates' tests send each and see it accepted.

use serde_json::{Map, Value};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, RefOr, Required};

/// How deep an example goes: a schema that contains itself would never end.
const DEEPEST: usize = 8;

/// Gives every request body its example, and says which body may be left out.
pub(super) fn add_to(document: &mut OpenApi) {
    let schemas = serde_json::to_value(&document.components).unwrap_or_default();
    for path in document.paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
            add_to_operation(operation, &schemas);
        }
    }
}

fn add_to_operation(operation: &mut Operation, components: &Value) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let schema = serde_json::to_value(&content.schema).unwrap_or_default();
        let needs_nothing = resolve(&schema, components).get("required").is_none();
        body.required = Some(if needs_nothing { Required::False } else { Required::True });
        content.example = of(&schema, components, DEEPEST);
    }
}

/// An example of what `schema` describes, if it tells enough.
fn of(schema: &Value, components: &Value, depth: usize) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    let schema = resolve(schema, components);
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    let depth = depth.checked_sub(1)?;
    if let Some(items) = schema.get("items") {
        return of(items, components, depth).map(|item| Value::Array(vec![item]));
    }
    let members = schema.get("properties").and_then(Value::as_object)?;
    let known = members.iter().filter_map(|(name, member)| {
        of(member, components, depth).map(|example| (name.clone(), example))
    });
    Some(Value::Object(known.collect::<Map<_, _>>()))
}

/// The schema that a `$ref` names.
fn resolve<'a>(schema: &'a Value, components: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let pointer = reference.and_then(|reference| reference.strip_prefix("#/components"));
    pointer.and_then(|pointer| components.pointer(pointer)).unwrap_or(schema)
}
