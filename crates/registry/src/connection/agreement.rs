//! Agreements (thỏa thuận kết nối, chia sẻ dữ liệu): what was approved, as a document for people.
//!
//! A document is made of the connection's record in the directory, the very record that gateways
//! enforce, with the names of the two sides and the rules of the day around it. At approval it is
//! kept, and the digest of its text stands in the entry; later changes of names, rules or wording
//! do not touch it; only a reorganisation, which gives the sides other codes, renews it (`follow`).
//!
//! What the platform controls at every call and what it leaves to the two sides (the fields of answers,
//! the use that is made of them) are two annexes, so that nobody takes the one for the other (decision
//! 0040).
//!
//! **Invariant**: whatever gateways enforce stands in the text, so another permission is another
//! text; and nothing comes into force but what its agreement says (`must_hold`).
//! **Trust**: a document convinces by its digest in the log, not by itself.

mod enforced;
mod moved;
pub(crate) mod sql;
#[cfg(test)]
mod tests;
mod text;
mod writing;

use evidence::{Actor, Change};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::{ConnectionRecord, Record};
use wire::id::ConnectionId;

use self::enforced::Enforced;
pub(super) use self::enforced::written;
pub(crate) use self::moved::{Moved, follow, held, moved};
use self::writing::{Occasion, Sides, write};
use super::Connection;
use super::command::load_seen;
use crate::Registry;
use crate::directory::build::connection_record;
use crate::refused::Refused;
use crate::{organisation, regulation, service, system};

/// A document, part by part, in Vietnamese.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// What it is.
    #[schema(example = "THỎA THUẬN KẾT NỐI, CHIA SẺ DỮ LIỆU")]
    pub title: String,
    /// Its number: the connection's id.
    pub number: String,
    /// When it was approved, in words; of a draft, that it is one.
    #[schema(example = "Ngày 23 tháng 11 năm 2026")]
    pub date: String,
    /// On what it rests (căn cứ).
    pub grounds: Vec<String>,
    /// Between whom.
    pub parties: Vec<PartyPart>,
    /// What is agreed.
    pub articles: Vec<Article>,
    /// What gateways enforce at every call, line by line.
    pub annex: Vec<Line>,
    /// What the two sides answer for and gateways do not look at, line by line. Agreements from before
    /// this was parted from the annex have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrusted: Vec<Line>,
}

/// One side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgreementParty)]
pub struct PartyPart {
    /// Which.
    #[schema(example = "Bên cung cấp dữ liệu (Bên A)")]
    pub side: String,
    /// Who that is.
    pub lines: Vec<Line>,
}

/// A name and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgreementLine)]
pub struct Line {
    /// The name.
    #[schema(example = "Mã định danh")]
    pub label: String,
    /// What stands behind it.
    #[schema(example = "H24.12")]
    pub value: String,
}

/// An article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgreementArticle)]
pub struct Article {
    /// Its heading.
    #[schema(example = "Điều 1. Mục đích")]
    pub heading: String,
    /// Its clauses.
    pub clauses: Vec<String>,
}

/// An agreement, or the draft of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Of which connection.
    pub connection: ConnectionId,
    /// When it was approved; `None` for a draft.
    pub approved_at: Option<UtcMicros>,
    /// What it says.
    pub document: Document,
    /// The digest of [`Document::to_text`], like `sha-256=:…:`.
    pub digest: String,
}

impl Document {
    fn digest(&self) -> String {
        ContentDigest::of(DigestAlgorithm::Sha256, self.to_text().as_bytes()).to_string()
    }
}

/// The agreement of a connection that `actor` may see: as it was approved, or as it would be.
pub async fn seen_by(
    registry: &Registry,
    actor: &Actor,
    id: &ConnectionId,
) -> Result<Agreement, Refused> {
    let connection = load_seen(registry, actor, id).await?;
    if let Some(kept) = sql::find(&registry.database, id).await? {
        return Ok(kept);
    }
    let now = registry.clock.now();
    let database = &registry.database;
    let sides = sides(database, &connection).await?;
    let rules = regulation::sql::in_force(database, now).await?;
    let document =
        write(&enforced(connection.clone())?, &sides, &connection, &rules, Occasion::Draft);
    let digest = document.digest();
    Ok(Agreement { connection: *id, approved_at: None, document, digest })
}

/// Keeps the agreement of a connection that is being approved; returns the digest of its text.
pub(super) async fn keep(
    registry: &Registry,
    change: &mut Change,
    connection: &Connection,
) -> Result<String, Refused> {
    let at = change.time();
    // Nobody else writes meanwhile, so what is read beside the change is what it would read.
    let sides = sides(&registry.database, connection).await?;
    let rules = regulation::sql::in_force(&mut *change, at).await?;
    let enforced = enforced(connection.clone())?;
    let document = write(&enforced, &sides, connection, &rules, Occasion::ApprovedAt(at));
    let digest = document.digest();
    let approved_at = Some(at);
    let agreement = Agreement { connection: connection.id, approved_at, document, digest };
    sql::insert(change, &agreement, &enforced.digest()?).await?;
    Ok(agreement.digest)
}

/// Refuses what would come into force if it is not what was approved. No step leads there; this
/// stands for the day when one does.
pub(super) async fn must_hold(
    registry: &Registry,
    change: &mut Change,
    connection: &Connection,
) -> Result<(), Refused> {
    let agreed = sql::find_enforced(&mut *change, &connection.id).await?;
    // Approved by a program that kept no agreements yet.
    let Some(agreed) = agreed else {
        return keep(registry, change, connection).await.map(drop);
    };
    if agreed == enforced(connection.clone())?.digest()? {
        Ok(())
    } else {
        Err(Refused::NotAsAgreed(connection.id))
    }
}

/// What an agreement says that gateways enforce of a connection, out of what they have of it.
pub fn controlled(record: &ConnectionRecord) -> Vec<Line> {
    Enforced::from(record).lines()
}

/// What gateways would enforce of it, out of the directory's own record.
fn enforced(connection: Connection) -> Result<Enforced, Refused> {
    match connection_record(connection, None) {
        Record::Connection(record) => Ok(Enforced::from(&record)),
        other => Err(Refused::NotWritable(format!("{} is no connection", other.key()))),
    }
}

async fn sides(database: &store::Database, connection: &Connection) -> Result<Sides, Refused> {
    let (consumer, provider) = (&connection.consumer, connection.service.system_id());
    Ok(Sides {
        consumer: organisation::sql::find(database, &consumer.organisation)
            .await?
            .map(|it| it.name),
        consuming_system: system::sql::find(database, consumer).await?.map(|it| it.name),
        provider: organisation::sql::find(database, &provider.organisation)
            .await?
            .map(|it| it.name),
        providing_system: system::sql::find(database, &provider).await?.map(|it| it.name),
        service: service::sql::find(database, &connection.service).await?.map(|it| it.title),
    })
}
