//! Connections (kết nối): which system may use which service version, for which purpose, on which
//! legal basis, which operations, how much, from when until when.
//!
//! Read first: [`lifecycle`] (the table of steps), then [`command`] (how a step is taken).
//! An amendment is a connection of its own that names the one it amends; it goes the same way
//! beside it and takes its place when it is activated.
//!
//! **Invariant**: what a connection allows is fixed from the moment it is submitted: changing it
//! means handing it in again. Each step stands in its history with its actor, and in the log.
//! **Trust**: an active connection lets a system read data; four different actors stand before it.

pub mod agreement;
pub mod api;
pub mod command;
pub mod condition;
pub mod deadline;
pub mod lifecycle;
pub mod said;
pub mod sandbox_test;
pub(crate) mod sql;
pub mod suspension;
#[cfg(test)]
mod tests;
pub mod usage;
mod wording;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::{Operation, Quota};
use wire::id::{ConnectionId, PurposeCode, Role, ServiceId, SystemId};
use wire::organisation_code::OrganisationCode;

use self::lifecycle::{State, Step};
pub(crate) use self::wording::{parties as parties_in_words, refused_step};

/// One connection, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id; ids sort by the time of the request.
    pub id: ConnectionId,
    /// The system that wants to use the service.
    pub consumer: SystemId,
    /// The service version it wants to use.
    pub service: ServiceId,
    /// Where it stands.
    pub state: State,
    /// The connection it amends, if it is an amendment.
    pub amends: Option<ConnectionId>,
    /// What was asked for.
    pub asked: Asked,
    /// When it was requested.
    pub requested_at: UtcMicros,
}

/// What a request names: the form of NĐ 47/2020/NĐ-CP, with operations and quota beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// The purpose, as a code that calls can name.
    #[schema(value_type = String, example = "doi-soat-dia-ban")]
    pub purpose: PurposeCode,
    /// How the data will be used.
    #[schema(example = "Đối soát địa bàn của hồ sơ một cửa")]
    pub usage: String,
    /// On which legal basis.
    #[schema(example = "QĐ 01/2025/QĐ-UBND")]
    pub legal_basis: String,
    /// Which operations.
    #[schema(value_type = Vec<OperationShape>)]
    pub operations: Vec<Operation>,
    /// Which data.
    pub data_items: Vec<DataItem>,
    /// Which fields of the answers may be used; all that the operations answer if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["units[].code", "units[].name"]))]
    pub fields: Vec<String>,
    /// How often.
    #[schema(example = "hằng ngày")]
    pub frequency: String,
    /// How many calls.
    #[schema(value_type = QuotaShape)]
    pub quota: Quota,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: UtcMicros,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: UtcMicros,
}

/// One kind of data that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataItem {
    /// What it is called.
    #[schema(example = "Tên đơn vị hành chính cấp xã")]
    pub name: String,
    /// How many of it, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

// How `wire::directory::Operation` looks in the API.
/// A method on paths of one form.
#[derive(ToSchema)]
#[schema(as = Operation)]
pub struct OperationShape {
    /// The HTTP method, in capital letters.
    #[schema(example = "GET")]
    pub method: String,
    /// The path below the service: `/units/{id}`, or `/units/**` for all below.
    #[schema(example = "/units")]
    pub path: String,
}

// How `wire::directory::Quota` looks in the API.
/// How many calls may be made.
#[derive(ToSchema)]
#[schema(as = Quota)]
pub struct QuotaShape {
    /// Calls per minute in the long run: 1 to 1000000.
    #[schema(example = 600, minimum = 1, maximum = 1_000_000)]
    pub per_minute: u32,
    /// Calls at once: 1 to `per_minute`.
    #[schema(example = 60, minimum = 1)]
    pub burst: u32,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenStep {
    /// 0 is the request.
    pub number: u32,
    /// Which step.
    pub step: Step,
    /// The state it led to.
    pub state: State,
    /// On behalf of which organisation.
    pub organisation: OrganisationCode,
    /// In which role.
    pub role: Role,
    /// With which credential.
    pub credential: String,
    /// When.
    pub at: UtcMicros,
    /// Why, where the actor said so.
    pub reason: Option<String>,
    /// On which ground of the rules, where it ended the connection.
    pub ground: Option<String>,
    /// The number of the change, by which its entry in the log is found.
    pub sequence: u64,
}
