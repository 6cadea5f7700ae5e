//! `lgsp apply`: bring organisations, systems and services into the state that a file describes.
//!
//! Through the ordinary routes of the control API, so that roles, rules and records are those of
//! every other change. Connections are not among it: a permission is asked for and decided about.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use wire::digest::{ContentDigest, DigestAlgorithm};

use super::control::{Control, ControlOptions};
use super::import::files;
use super::on_runtime;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Bring the registry into the state that a file describes; show the difference first.
///
/// The file is a document as `lgsp export` writes it, of which `organisation`, `system` and `service`
/// are looked at, and of these only the fields that it names. What is here and not in the file stays.
/// Without --yes the difference is shown and nothing is done. Exits 0 if there is nothing (more) to do;
/// 1 if there is a difference and no --yes, or a change was refused: those before it stand; 2 if the
/// file is wrong.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The document.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Make the changes.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    control: ControlOptions,
}

const EXAMPLE: &str = "Examples:
  lgsp apply desired.json --token-file operator.token          show the difference
  lgsp apply desired.json --token-file operator.token --yes    and make it so";

/// What has to be asked for to come closer to the file.
struct Wanted {
    /// For people: `+ organisation H24.13`.
    told: String,
    path: String,
    body: Value,
    /// The state in which the thing was seen.
    etag: Option<String>,
}

/// Nouns in the order in which they need each other: name, key, path below `/api/v1`.
const NOUNS: [(&str, &str, &str); 3] = [
    ("organisation", "code", "organisations"),
    ("system", "id", "systems"),
    ("service", "id", "services"),
];

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let document = files::document(std::slice::from_ref(&options.file))?;
    let control = options.control.control()?;
    on_runtime(async {
        let wanted = difference(&control, &document).await?;
        if options.control.json {
            let all = wanted.iter().map(|one| json!({"path": one.path, "body": one.body}));
            say_json(&Value::Array(all.collect()));
        } else {
            for one in &wanted {
                say(&one.told);
            }
        }
        if wanted.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        if !options.yes {
            if std::io::stdout().is_terminal() && !options.control.json {
                say("(--yes)");
            }
            return Ok(ExitCode::FAILURE);
        }
        for one in &wanted {
            carry_out(&control, one).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn carry_out(control: &Control, wanted: &Wanted) -> Result<(), Complaint> {
    // Of the whole request, so that a repetition after a broken connection is known as one.
    let named = format!("{}\n{}\n{:?}", wanted.path, wanted.body, wanted.etag);
    let key = ContentDigest::of(DigestAlgorithm::Sha256, named.as_bytes()).to_string();
    let key = key.trim_start_matches("sha-256=").to_owned();
    let mut headers = vec![("idempotency-key", key.as_str())];
    if let Some(etag) = &wanted.etag {
        headers.push(("if-match", etag));
    }
    let heard = control.send(Method::POST, &wanted.path, Some(&wanted.body), &headers).await?;
    heard.success().map(drop).map_err(|complaint| Complaint {
        what: format!("{}: {}", wanted.told, complaint.what),
        ..complaint
    })
}

async fn difference(control: &Control, document: &Value) -> Result<Vec<Wanted>, Complaint> {
    let mut wanted = Vec::new();
    for (noun, key, path) in NOUNS {
        for row in document.get(noun).and_then(Value::as_array).into_iter().flatten() {
            let (Some(row), Some(id)) = (row.as_object(), row.get(key).and_then(Value::as_str))
            else {
                return Err(Complaint::usage(
                    format_args!("a row of {noun} has no {key}"),
                    "give each row its key",
                ));
            };
            let path = format!("/api/v1/{path}");
            let here = control.get(&format!("{path}/{id}")).await?;
            if here.0.status == StatusCode::NOT_FOUND {
                wanted.push(new(noun, id, &path, row));
            } else {
                let etag = here.0.etag.clone();
                wanted.extend(changed(noun, id, &path, row, &here.success()?, etag));
            }
        }
    }
    Ok(wanted)
}

fn new(noun: &str, id: &str, path: &str, row: &Map<String, Value>) -> Wanted {
    let given = |names: &[&str]| {
        let given =
            names.iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone())));
        given.filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>()
    };
    let body = match noun {
        "organisation" => given(&["code", "name", "name_en", "legacy_code"]),
        "system" => {
            let (organisation, code) = id.split_once('/').unwrap_or((id, ""));
            let mut body = given(&["name"]);
            body.insert("organisation".to_owned(), organisation.into());
            body.insert("code".to_owned(), code.into());
            body
        }
        _ => given(&[
            "id",
            "title",
            "upstream",
            "timeout_ms",
            "record",
            "max_body_bytes",
            "signed_answers",
            "signed_requests",
        ]),
    };
    Wanted {
        told: format!("+ {noun} {id}"),
        path: path.to_owned(),
        body: Value::Object(body),
        etag: None,
    }
}

/// A change of what a route can change; a field that none can is told as what it is.
fn changed(
    noun: &str,
    id: &str,
    path: &str,
    row: &Map<String, Value>,
    here: &Value,
    etag: Option<String>,
) -> Option<Wanted> {
    let (route, names): (&str, &[&str]) = match noun {
        "organisation" => ("rename", &["name", "name_en"]),
        "service" => (
            "terms",
            &[
                "upstream",
                "timeout_ms",
                "record",
                "max_body_bytes",
                "signed_answers",
                "signed_requests",
            ],
        ),
        _ => return None,
    };
    let differs: Vec<_> = names
        .iter()
        .filter_map(|name| Some((*name, here.get(*name).unwrap_or(&Value::Null), row.get(*name)?)))
        .filter(|(_, here, there)| here != there)
        .collect();
    if differs.is_empty() {
        return None;
    }
    let told = differs.iter().map(|(name, here, there)| format!("\n    {name}: {here} → {there}"));
    let told = format!("~ {noun} {id}{}", told.collect::<String>());
    // What the file does not name stays as it is here.
    let value = |name: &str| row.get(name).or_else(|| here.get(name)).cloned();
    let body: Map<_, _> = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value(name)?)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    Some(Wanted { told, path: format!("{path}/{id}/{route}"), body: Value::Object(body), etag })
}
