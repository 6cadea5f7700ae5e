//! Proposing an import, deciding about its conflicts, rehearsing it, carrying it out, taking it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use evidence::{Actor, Change};
use serde_json::Value;
use store::StoreError;
use web::IfMatch;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::Directory;
use wire::id::ImportId;
use wire::problem::Text;

use super::conflict::Resolution;
use super::document::{Document, DocumentProblem};
use super::merge::{Fate, Proposal, Terms, propose as merge};
use super::rehearsal::{RecordedCall, Rehearsed, compare};
use super::{Import, ImportState, Report, ReportedProblem, Resolutions, rows, sql};
use crate::authority::{must_manage_the_state, must_operate, must_run_the_platform};
use crate::directory::build::build;
use crate::refused::{Noun, Refused};
use crate::{Registry, codelist, connection, dispute, profile};

/// A document of another registry.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// What it is about.
    pub title: String,
    /// On which legal basis.
    pub legal_basis: String,
    /// The document.
    pub document: Value,
}

/// Compares a document with the registry and keeps it. Nothing of it is written yet.
pub async fn propose(
    registry: &Registry,
    actor: &Actor,
    new: NewImport,
) -> Result<Import, Refused> {
    must_operate(actor)?;
    let theirs = Document::read(&new.document).map_err(|problems| unreadable(&problems))?;
    let mut change = registry.recorder.change(actor, "import.proposed").await?;
    let terms = Terms { at: change.time(), decision: &new.legal_basis };
    let ours = rows::all(&mut change, rows::compared_with(&theirs)).await?;
    let proposal = merge(&ours, theirs, &[], terms);
    let import = Import {
        id: ImportId::new(change.time(), registry.randomness.as_ref()),
        title: new.title,
        legal_basis: new.legal_basis,
        state: ImportState::Proposed,
        proposed_at: change.time(),
        applied_at: None,
        undone_at: None,
        digest: digest(&new.document)?,
        report: report(&proposal),
    };
    sql::insert(&mut change, &import, &new.document).await?;
    sql::note_fates(&mut change, &import.id, &proposal).await?;
    change.record(subject(&import)).await?;
    Ok(import)
}

/// Decides about conflicts: all decisions there are, in place of those before.
pub async fn resolve(
    registry: &Registry,
    actor: &Actor,
    id: &ImportId,
    resolutions: Vec<Resolution>,
) -> Result<Import, Refused> {
    must_operate(actor)?;
    let mut change = registry.recorder.change(actor, "import.resolved").await?;
    let mut import = proposed(&mut change, id).await?;
    let (document, _) = content(&mut change, id).await?;
    let proposal = made_anew(&mut change, &import, &document, &resolutions).await?;
    import.report = report(&proposal);
    sql::update(&mut change, &import).await?;
    sql::decide(&mut change, id, &resolutions).await?;
    sql::note_fates(&mut change, id, &proposal).await?;
    change.record(subject(&import)).await?;
    Ok(import)
}

/// Writes the import, all of it or nothing. When this returns, gateways know.
pub async fn apply(
    registry: &Registry,
    actor: &Actor,
    id: &ImportId,
    seen: &IfMatch,
) -> Result<Import, Refused> {
    must_manage_the_state(actor)?;
    let mut change = registry.recorder.change(actor, "import.applied").await?;
    let mut import = proposed(&mut change, id).await?;
    // Decisions could be sent again between reading and deciding.
    seen.require_said(&import)?;
    let (document, resolutions) = content(&mut change, id).await?;
    let mut proposal = made_anew(&mut change, &import, &document, &resolutions).await?;
    let now = report(&proposal);
    if now != import.report {
        return Err(Refused::Import(changed_since()));
    }
    must_be_decided(&now)?;
    let sequence = change.sequence().await?;
    proposal.belong_to(sequence);
    rows::write(&mut change, &proposal.changes).await?;
    must_be_readable(registry, &mut change).await?;
    sql::keep_changes(&mut change, id, &proposal.changes).await?;
    import.state = ImportState::Applied;
    import.applied_at = Some(change.time());
    sql::update(&mut change, &import).await?;
    change.record(subject(&import)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(import)
}

/// Takes an import back: what it wrote is as it was before. Refused while something has been changed
/// since, or has come to refer to it; evidence of calls made meanwhile stays what it is.
pub async fn undo(registry: &Registry, actor: &Actor, id: &ImportId) -> Result<Import, Refused> {
    must_manage_the_state(actor)?;
    let mut change = registry.recorder.change(actor, "import.undone").await?;
    let mut import = sql::find(&mut change, id).await?.ok_or_else(|| unknown(id))?;
    if import.state != ImportState::Applied {
        return Err(Refused::Import(not_in_state(ImportState::Applied)));
    }
    let changes = sql::changes(&mut change, id).await?;
    let now = rows::all(&mut change, rows::in_reach_of(&changes)).await?;
    let in_the_way = rows::in_the_way(&now, &changes);
    if !in_the_way.is_empty() {
        let named: Vec<_> = in_the_way.into_iter().take(20).collect();
        return Err(Refused::Import(cannot_be_undone(&named.join(", "))));
    }
    rows::unwrite(&mut change, &changes).await?;
    import.state = ImportState::Undone;
    import.undone_at = Some(change.time());
    sql::update(&mut change, &import).await?;
    change.record(subject(&import)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(import)
}

/// Says what would become of calls after the import. Nothing of it stays.
pub async fn rehearse(
    registry: &Registry,
    actor: &Actor,
    id: &ImportId,
    calls: Vec<RecordedCall>,
) -> Result<Rehearsed, Refused> {
    must_run_the_platform(actor)?;
    // Never recorded, so never committed.
    let mut change = registry.recorder.change(actor, "import.rehearsed").await?;
    let import = proposed(&mut change, id).await?;
    let now = change.time();
    let before = built(registry, &mut change).await?;
    let (document, resolutions) = content(&mut change, id).await?;
    let proposal = made_anew(&mut change, &import, &document, &resolutions).await?;
    rows::write(&mut change, &proposal.changes).await?;
    let after = built(registry, &mut change).await?;
    drop(change);
    let judge = Arc::clone(&registry.call_judge);
    let judged = tokio::task::spawn_blocking(move || {
        let before = judge.judge(before.0, before.1, &calls, now);
        let after = judge.judge(after.0, after.1, &calls, now);
        compare(calls, &before, &after)
    });
    judged.await.map_err(|error| Refused::NotWritable(error.to_string()))
}

/// The whole registry as a document, as it stands at one moment.
pub async fn export(registry: &Registry) -> Result<Value, Refused> {
    // Never recorded, so never committed; meanwhile nobody writes.
    let mut change = registry.recorder.change_by_platform("registry.exported").await?;
    Ok(rows::all(&mut change, rows::whole).await?.to_json())
}

type Snapshot =
    (Arc<Directory>, std::collections::HashMap<wire::id::KeyId, keys::Zeroizing<Vec<u8>>>);

async fn built(registry: &Registry, change: &mut Change) -> Result<Snapshot, Refused> {
    let built = build(change, &registry.secrets).await?;
    let directory = Directory::new(built.records);
    let directory = directory.map_err(|error| Refused::NotWritable(error.to_string()))?;
    Ok((Arc::new(directory), built.hmac_secrets))
}

/// What was written can be read as what it is to be: a word that no noun knows would keep every later
/// directory from being built.
async fn must_be_readable(registry: &Registry, change: &mut Change) -> Result<(), Refused> {
    let mut read = built(registry, change).await.map(drop);
    if read.is_ok() {
        read = connection::sql::all(&mut *change).await.map(drop).map_err(Refused::from);
    }
    if read.is_ok() {
        read = dispute::sql::must_read(change).await.map_err(Refused::from);
    }
    if read.is_ok() {
        read = profile::sql::must_read(change).await.map_err(Refused::from);
    }
    if read.is_ok() {
        read = codelist::sql::must_read(change).await.map_err(Refused::from);
    }
    match read {
        Err(Refused::Store(StoreError::Corrupt(what))) => Err(Refused::Import(not_readable(&what))),
        read => read,
    }
}

async fn proposed(change: &mut Change, id: &ImportId) -> Result<Import, Refused> {
    let import = sql::find(change, id).await?.ok_or_else(|| unknown(id))?;
    if import.state == ImportState::Proposed {
        Ok(import)
    } else {
        Err(Refused::Import(not_in_state(ImportState::Proposed)))
    }
}

/// The document that came in, and what was decided about it.
async fn content(change: &mut Change, id: &ImportId) -> Result<(Value, Resolutions), Refused> {
    sql::content(change, id).await?.ok_or_else(|| unknown(id))
}

/// What the document makes of the registry as it stands now.
async fn made_anew(
    change: &mut Change,
    import: &Import,
    document: &Value,
    resolutions: &[Resolution],
) -> Result<Proposal, Refused> {
    let theirs = Document::read(document).map_err(|problems| unreadable(&problems))?;
    let ours = rows::all(&mut *change, rows::compared_with(&theirs)).await?;
    // By the time of the proposal, so that it is the same one.
    let terms = Terms { at: import.proposed_at, decision: &import.legal_basis };
    Ok(merge(&ours, theirs, resolutions, terms))
}

fn must_be_decided(report: &Report) -> Result<(), Refused> {
    if report.undecided > 0 {
        return Err(Refused::Import(undecided(report.undecided)));
    }
    match report.problems.first() {
        Some(problem) => Err(Refused::Import(has_problems(problem))),
        None => Ok(()),
    }
}

fn report(proposal: &Proposal) -> Report {
    let mut report = Report {
        rows: proposal.fates.len(),
        conflicts: proposal.conflicts.clone(),
        undecided: proposal.conflicts.iter().filter(|one| one.chosen.is_none()).count(),
        aliases: proposal.aliases.clone(),
        unused: proposal.unused.clone(),
        problems: proposal.problems.iter().map(ReportedProblem::from).collect(),
        ..Report::default()
    };
    for (_, _, fate) in &proposal.fates {
        let count = match fate {
            Fate::Added => &mut report.added,
            Fate::Same => &mut report.same,
            Fate::Taken => &mut report.taken,
            Fate::Kept => &mut report.kept,
            Fate::Joined(_) => &mut report.joined,
            Fate::LeftOut(_) => &mut report.left_out,
        };
        *count += 1;
    }
    report
}

impl From<&DocumentProblem> for ReportedProblem {
    fn from(problem: &DocumentProblem) -> Self {
        Self {
            place: problem.place.clone(),
            rule: problem.rule.vi.to_string(),
            rule_en: problem.rule.en.to_string(),
        }
    }
}

/// Ids, the digest of the document and counts; what is in it stays in the database.
fn subject(import: &Import) -> BTreeMap<String, String> {
    let report = &import.report;
    let written = report.added + report.taken;
    BTreeMap::from([
        ("import".to_owned(), import.id.to_string()),
        ("document".to_owned(), import.digest.clone()),
        ("rows".to_owned(), report.rows.to_string()),
        ("written".to_owned(), written.to_string()),
        ("undecided".to_owned(), report.undecided.to_string()),
    ])
}

fn digest(document: &Value) -> Result<String, Refused> {
    let canonical = canonical_of(document)
        .map_err(|error| Refused::Import(not_canonical(&error.to_string())))?;
    Ok(ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string())
}

pub(crate) fn unknown(id: &ImportId) -> Refused {
    Refused::Unknown { noun: Noun::Import, id: id.to_string() }
}

/// At most so many problems are told in a refusal.
const TOLD: usize = 20;

fn unreadable(problems: &[DocumentProblem]) -> Refused {
    let told = |text: fn(&Text) -> &str| {
        let lines = problems.iter().take(TOLD);
        let lines = lines.map(|one| format!("{}: {}", one.place, text(&one.rule)));
        lines.collect::<Vec<_>>().join("\n")
    };
    Refused::Field(web::field::refused(
        "document",
        &Text::new(
            format!("Tài liệu có {} lỗi:\n{}", problems.len(), told(|rule| &rule.vi)),
            format!("The document has {} mistakes:\n{}", problems.len(), told(|rule| &rule.en)),
        ),
    ))
}

fn not_readable(what: &str) -> Text {
    Text::new(
        format!("Không thể nhập: một giá trị không đúng với loại của nó ({what})."),
        format!("It cannot be imported: a value is not of its kind ({what})."),
    )
}

fn changed_since() -> Text {
    Text::new(
        "Sổ đăng ký đã thay đổi sau khi đề xuất; hãy rà soát lại bằng cách gửi lại các quyết định.",
        "The registry was changed since; look at the import anew by sending the decisions again.",
    )
}

fn undecided(count: usize) -> Text {
    Text::new(
        format!("Còn {count} xung đột chưa được quyết định."),
        format!("Nobody has decided about {count} conflicts yet."),
    )
}

fn has_problems(problem: &ReportedProblem) -> Text {
    Text::new(
        format!("Không thể nhập: {}: {}", problem.place, problem.rule),
        format!("It cannot be imported: {}: {}", problem.place, problem.rule_en),
    )
}

fn not_in_state(needed: ImportState) -> Text {
    match needed {
        ImportState::Proposed => Text::new(
            "Chỉ làm được khi đề xuất nhập chưa được thực hiện.",
            "This can be done only before the import is carried out.",
        ),
        ImportState::Applied | ImportState::Undone => Text::new(
            "Chỉ làm được với lần nhập đã thực hiện và chưa được hoàn tác.",
            "This can be done only with an import that was carried out and not taken back.",
        ),
    }
}

fn cannot_be_undone(named: &str) -> Text {
    Text::new(
        format!("Không hoàn tác được vì những mục sau đã thay đổi hoặc mới phát sinh: {named}."),
        format!("It cannot be taken back, for these were changed or made since: {named}."),
    )
}

fn not_canonical(why: &str) -> Text {
    Text::new(
        format!("Tài liệu không viết được ở dạng chuẩn RFC 8785: {why}"),
        format!("The document cannot be written in the canonical form of RFC 8785: {why}"),
    )
}
