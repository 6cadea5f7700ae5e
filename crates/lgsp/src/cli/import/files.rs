//! Files of another registry as one document.

use std::fs;
use std::path::{Path, PathBuf};

use registry::import::sheet;
use serde_json::{Map, Value, json};

use crate::complaint::Complaint;

/// All files as one document: rows of one noun come together.
pub(in crate::cli) fn document(files: &[PathBuf]) -> Result<Value, Complaint> {
    let mut document = Map::new();
    document.insert("lgsp_registry".to_owned(), 1.into());
    for file in files {
        let is_sheet = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
        let members = if is_sheet { table(file)? } else { members(file)? };
        for (noun, rows) in members {
            match (document.get_mut(&noun), rows) {
                (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
                (_, rows) => drop(document.insert(noun, rows)),
            }
        }
    }
    Ok(Value::Object(document))
}

/// A JSON file.
pub(super) fn json(file: &Path) -> Result<Value, Complaint> {
    let bytes = read(file)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Complaint::usage(
            format_args!("{} is not JSON: {error}", file.display()),
            "mend the line and column that it names",
        )
    })
}

/// The decisions of a file as the API takes them: those that were made.
pub(super) fn decisions(decisions: &Value, file: &Path) -> Result<Value, Complaint> {
    let Some(all) = decisions.as_array() else {
        return Err(Complaint::usage(
            format_args!("{} is not a list of decisions", file.display()),
            "let `lgsp import propose … --decisions FILE` write one",
        ));
    };
    let decided = all.iter().filter(|one| one.get("choice").is_some_and(|it| !it.is_null()));
    let decided: Vec<_> = decided
        .map(|one| json!({"conflict": one.get("conflict"), "choice": one.get("choice")}))
        .collect();
    Ok(json!({"resolutions": decided}))
}

fn members(file: &Path) -> Result<Map<String, Value>, Complaint> {
    match json(file)? {
        Value::Object(members) if members.contains_key("lgsp_registry") => Ok(members),
        _ => Err(Complaint::usage(
            format_args!("{} is not the document of a registry", file.display()),
            "it must be a JSON object with \"lgsp_registry\": 1, as `lgsp export` writes it",
        )),
    }
}

fn table(file: &Path) -> Result<Map<String, Value>, Complaint> {
    let noun = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let rows = sheet::rows(noun, &read(file)?).map_err(|problems| {
        let told: Vec<_> = problems
            .iter()
            .take(20)
            .map(|(place, rule)| format!("  {place}: {}\n    {}", rule.vi, rule.en))
            .collect();
        Complaint::usage(
            format_args!(
                "{} has {} mistakes:\n{}",
                file.display(),
                problems.len(),
                told.join("\n")
            ),
            "mend them; nothing was sent",
        )
    })?;
    Ok([(noun.to_owned(), Value::Array(rows))].into_iter().collect())
}

fn read(file: &Path) -> Result<Vec<u8>, Complaint> {
    fs::read(file).map_err(|error| {
        Complaint::usage(
            format_args!("{}: {error}", file.display()),
            "name a file that can be read",
        )
    })
}
