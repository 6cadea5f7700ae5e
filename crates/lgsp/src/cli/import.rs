//! `lgsp import`: another registry becomes part of this one.
//!
//! `files` turns JSON and CSV files into one document, `report` says what would become of it.

pub(super) mod files;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use self::report::{Words, template};
use super::control::{Control, ControlOptions};
use super::on_runtime;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Merge another registry into this one.
///
/// The operator proposes it and decides about what the two registries disagree on; the state manager,
/// with a token of its own, carries it out, all of it or nothing, and can take it back. Exits 0 if it
/// was done; 1 if the answer is no (conflicts undecided, calls that would fail, a refusal); 2 if the
/// files or options are wrong.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    #[command(subcommand)]
    step: Step,
}

const EXAMPLE: &str = "Example:
  lgsp import propose hai-duong.json --title 'LGSP Hải Dương' --legal-basis '01/2025/QĐ-UBND' \\
      --decisions decisions.json
  (decide about each conflict in decisions.json)
  lgsp import resolve ID decisions.json
  lgsp import rehearse ID calls.json
  lgsp import apply ID --token-file state-manager.token
  lgsp import undo ID --token-file state-manager.token";

#[derive(Debug, Subcommand)]
enum Step {
    Propose(Propose),
    Show(Show),
    /// Decide about conflicts: all decisions there are, in place of those before.
    Resolve(WithFile),
    /// Judge recorded calls by the registry as the import would make it. Nothing is written.
    Rehearse(WithFile),
    /// Carry it out, all of it or nothing. For the state manager.
    Apply(OnlyId),
    /// Take it back. For the state manager.
    Undo(OnlyId),
}

/// Compare files with the registry. Nothing of them is written yet.
///
/// A JSON document as `lgsp export` writes it, or CSV tables as spreadsheets write them, whose names
/// say what they hold: `organisation.csv`, `system.csv`, `service.csv`.
#[derive(Debug, Args)]
struct Propose {
    /// JSON documents and CSV tables.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What the import is about.
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// On which legal basis.
    #[arg(long, value_name = "TEXT")]
    legal_basis: String,
    /// Write the conflicts here, to be decided about.
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    #[command(flatten)]
    control: ControlOptions,
}

/// Say what would become, or became, of an import.
#[derive(Debug, Args)]
struct Show {
    /// The import.
    #[arg(value_name = "ID")]
    id: String,
    /// Every row with this fate too: added, same, taken, kept, joined or `left_out`.
    #[arg(long, value_name = "FATE")]
    rows: Option<String>,
    #[command(flatten)]
    control: ControlOptions,
}

#[derive(Debug, Args)]
struct WithFile {
    /// The import.
    #[arg(value_name = "ID")]
    id: String,
    /// For `resolve` the file of decisions that `propose --decisions` wrote; for `rehearse` a JSON list
    /// of calls `{"consumer", "method", "path", "purpose"?, "keyid"?}`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    control: ControlOptions,
}

#[derive(Debug, Args)]
struct OnlyId {
    /// The import.
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    control: ControlOptions,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    match &options.step {
        Step::Propose(step) => propose(step),
        Step::Show(step) => show(step),
        Step::Resolve(step) => resolve(step),
        Step::Rehearse(step) => rehearse(step),
        Step::Apply(step) => carry_out(step, "apply"),
        Step::Undo(step) => carry_out(step, "undo"),
    }
}

fn propose(step: &Propose) -> Result<ExitCode, Complaint> {
    let document = files::document(&step.files)?;
    let control = step.control.control()?;
    let form = json!({"title": step.title, "legal_basis": step.legal_basis, "document": document});
    let import = on_runtime(control.post("/api/v1/imports", &form))?;
    if let Some(file) = &step.decisions {
        write(file, &template(&import))?;
    }
    tell(&import, &control, step.control.json);
    Ok(is_ready(&import))
}

fn show(step: &Show) -> Result<ExitCode, Complaint> {
    let control = step.control.control()?;
    let path = format!("/api/v1/imports/{}", step.id);
    let import = on_runtime(async { control.get(&path).await?.success() })?;
    tell(&import, &control, step.control.json);
    if let Some(fate) = &step.rows {
        on_runtime(rows(&control, &path, fate, step.control.json))?;
    }
    Ok(is_ready(&import))
}

async fn rows(control: &Control, path: &str, fate: &str, json: bool) -> Result<(), Complaint> {
    let mut after = String::new();
    loop {
        let cursor = if after.is_empty() { String::new() } else { format!("&after={after}") };
        let page = format!("{path}/rows?fate={fate}&limit=200{cursor}");
        let page = control.get(&page).await?.success()?;
        for row in page.get("items").and_then(Value::as_array).into_iter().flatten() {
            if json {
                say_json(row);
            } else {
                say(Words::of(control.language).row(row));
            }
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut after),
            None => return Ok(()),
        }
    }
}

fn resolve(step: &WithFile) -> Result<ExitCode, Complaint> {
    let control = step.control.control()?;
    let decisions = files::json(&step.file)?;
    let path = format!("/api/v1/imports/{}/resolve", step.id);
    let import = on_runtime(control.post(&path, &files::decisions(&decisions, &step.file)?))?;
    tell(&import, &control, step.control.json);
    Ok(is_ready(&import))
}

fn rehearse(step: &WithFile) -> Result<ExitCode, Complaint> {
    let control = step.control.control()?;
    let path = format!("/api/v1/imports/{}/rehearse", step.id);
    let calls = json!({"calls": files::json(&step.file)?});
    let rehearsed = on_runtime(control.post(&path, &calls))?;
    if step.control.json {
        say_json(&rehearsed);
    } else {
        say(Words::of(control.language).rehearsed(&rehearsed));
    }
    let is_clean = rehearsed.get("failing").and_then(Value::as_array).is_some_and(Vec::is_empty);
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn carry_out(step: &OnlyId, what: &str) -> Result<ExitCode, Complaint> {
    let control = step.control.control()?;
    let path = format!("/api/v1/imports/{}/{what}", step.id);
    let import = on_runtime(async {
        // What is carried out is what stands there now, and is told below.
        let seen = control.get(&format!("/api/v1/imports/{}", step.id)).await?;
        let tag = seen.0.etag.clone().unwrap_or_default();
        seen.success()?;
        let headers = [("if-match", tag.as_str())];
        control.send(Method::POST, &path, Some(&json!({})), &headers).await?.success()
    })?;
    tell(&import, &control, step.control.json);
    Ok(ExitCode::SUCCESS)
}

fn tell(import: &Value, control: &Control, json: bool) {
    if json {
        say_json(import);
    } else {
        say(Words::of(control.language).import(import));
    }
}

/// Whether nothing stands in the way of carrying it out.
fn is_ready(import: &Value) -> ExitCode {
    let report = import.get("report");
    let undecided = report.and_then(|it| it.get("undecided")).and_then(Value::as_u64);
    let problems = report.and_then(|it| it.get("problems")).and_then(Value::as_array);
    if undecided == Some(0) && problems.is_some_and(Vec::is_empty) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn write(file: &Path, content: &Value) -> Result<(), Complaint> {
    fs::write(file, format!("{content:#}\n")).map_err(|error| {
        Complaint::new(format_args!("{}: {error}", file.display()), "name a file that can be made")
    })
}
