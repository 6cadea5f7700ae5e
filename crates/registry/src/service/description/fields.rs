//! The fields of an operation's successful answers, out of their schemas.

use super::budget::{Budget, Spent};
use super::mistake::cut;
use super::placed::Placed;
use super::references::{followed, target};

/// The most fields that are told of one operation.
const MAX_FIELDS: usize = 500;
/// How deep schemas are followed: one that contains itself has no end.
const MAX_DEPTH: usize = 8;
/// How many schemas are looked at for one operation.
const MAX_STEPS: usize = 5_000;

/// `ho_ten`, `dia_chi.xa`, …, each once, in the document's order.
///
/// Operations may share answers by reference, so all of a document draw on one budget.
pub(super) fn of_answers(
    document: &Placed,
    operation: &Placed,
    budget: &mut Budget,
) -> Result<Vec<String>, Spent> {
    let mut search = Search { document, budget, found: Vec::new(), steps: 0 };
    let responses = operation.get("responses").map(Placed::members).unwrap_or_default();
    search.budget.look_at(responses.len())?;
    for response in responses.iter().filter(|response| response.name.starts_with('2')) {
        let response = followed(document, &response.value);
        let contents = response.get("content").map(Placed::members).unwrap_or_default();
        search.budget.look_at(contents.len())?;
        for content in contents {
            if let Some(schema) = content.value.get("schema") {
                search.look(schema, "", MAX_DEPTH)?;
            }
        }
    }
    Ok(search.found)
}

struct Search<'a, 'b> {
    document: &'a Placed,
    budget: &'b mut Budget,
    found: Vec<String>,
    steps: usize,
}

impl<'a> Search<'a, '_> {
    fn look(&mut self, schema: &'a Placed, prefix: &str, depth: usize) -> Result<(), Spent> {
        self.steps += 1;
        let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
        if self.is_enough() {
            return Ok(());
        }
        self.budget.look_at(1 + schema.members().len())?;
        // In 3.1 other keywords may stand beside `$ref`.
        if let Some(to) = schema.text_of("$ref").and_then(|to| target(self.document, to)) {
            self.look(to, prefix, depth)?;
        }
        for member in schema.members() {
            match member.name.as_str() {
                "properties" => {
                    for property in member.value.members() {
                        self.add(&property.name, &property.value, prefix, depth)?;
                    }
                }
                "items" => self.look(&member.value, prefix, depth)?,
                "allOf" | "anyOf" | "oneOf" => {
                    for one in member.value.items() {
                        self.look(one, prefix, depth)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: &str,
        schema: &'a Placed,
        prefix: &str,
        depth: usize,
    ) -> Result<(), Spent> {
        if self.is_enough() {
            return Ok(());
        }
        self.budget.look_at(1)?;
        let name = cut(name);
        let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        if !self.found.contains(&path) {
            self.budget.name(&path)?;
            self.found.push(path.clone());
        }
        self.look(schema, &path, depth)
    }

    fn is_enough(&self) -> bool {
        self.steps > MAX_STEPS || self.found.len() >= MAX_FIELDS
    }
}
