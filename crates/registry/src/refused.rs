//! Every way a command of the registry ends without doing what was asked, and what people are told.
//!
//! Refusals of the rules ([`Refused::Step`], [`Refused::Taken`], …) are answers; failures
//! ([`Refused::Record`], [`Refused::Store`], …) are the platform's fault, and nothing was changed
//! unless [`Refused::NotInForce`] says so.

mod detail;
mod noun;

use evidence::{HistoryError, RecordError};
use keys::KeyError;
use store::StoreError;
use web::Refusal;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::error_code::ErrorCode;
use wire::id::{ConnectionId, SystemId};
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;
use wire::signature::Algorithm;

use crate::connection::condition::Condition;
use crate::connection::lifecycle::{Party, StepRefusal};
use crate::connection::refused_step;
use crate::node::NodeRefused;

pub(crate) use self::detail::only;
use self::detail::source_taken;
use self::detail::{
    amended_already, closed, condition_codes, conditions_unmet, failed, last_node, names_taken,
    no_suspension_planned, node_retired, not_as_agreed, not_in_force, not_valid, not_waivable,
    nothing_changed, other_algorithm, parent_unknown, purpose_served, still_used,
    suspension_planned, taken, too_many_credentials, unknown,
};
pub use self::noun::Noun;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A field breaks its rule. Caller's fault; a corrected request may succeed.
    #[error("{}", .0.0.detail.en)]
    Field(Refusal),
    /// The actor may not do this. Caller's fault.
    #[error("only {} may do this", .0.en)]
    NotPermitted(Text),
    /// There is no such thing. Caller's fault.
    #[error("there is no {} {id}", .noun.en())]
    Unknown {
        /// What was looked for.
        noun: Noun,
        /// Under which name.
        id: String,
    },
    /// There is one of that name already. Caller's fault.
    #[error("the {} {id} is registered already", .noun.en())]
    Taken {
        /// What was to be registered.
        noun: Noun,
        /// Under which name.
        id: String,
    },
    /// It is closed: nothing about it changes any more. Caller's fault.
    #[error("the {} {id} is closed since {at}", .noun.en())]
    Closed {
        /// What is closed.
        noun: Noun,
        /// Its name.
        id: String,
        /// Since when.
        at: UtcMicros,
    },
    /// Others depend on what was to end. Caller's fault.
    #[error("the {} {id} is still used by {used_by:?}", .noun.en())]
    StillUsed {
        /// What was to end.
        noun: Noun,
        /// Its name.
        id: String,
        /// By what, each by its name.
        used_by: Vec<String>,
    },
    /// Ids that systems would get are taken, or asked for twice. Caller's fault.
    #[error("taken already: {0:?}")]
    NamesTaken(Vec<String>),
    /// An organisation whose parent is not registered. Caller's fault.
    #[error("the organisation {0} above it is not registered")]
    ParentUnknown(OrganisationCode),
    /// The credential is revoked or past its time. Caller's fault.
    #[error("the credential {0} is not valid any more")]
    CredentialNotValid(String),
    /// There is an amendment of this connection under way. Caller's fault.
    #[error("the connection is being amended by {0} already")]
    AmendedAlready(ConnectionId),
    /// The system has as many credentials as it may. Caller's fault.
    #[error("the system {0} has too many credentials")]
    TooManyCredentials(SystemId),
    /// A successor must have the algorithm of the credential it follows. Caller's fault.
    #[error("the credential to be rotated is for {0}")]
    OtherAlgorithm(Algorithm),
    /// Another data set is the one source of an item. Caller's fault.
    #[error("the data item {item} has its source in {source_set}")]
    SourceTaken {
        /// The item's code.
        item: String,
        /// The code of its data set.
        source_set: String,
    },
    /// The service's life does not allow this now. Caller's fault.
    #[error("{}", .0.en)]
    ServiceState(Text),
    /// A code list does not allow this now. Caller's fault.
    #[error("{}", .0.en)]
    CodeList(Text),
    /// The node is retired already. Caller's fault.
    #[error("the node {origin} is retired: it decides until {until}")]
    NodeRetired {
        /// Its name.
        origin: Origin,
        /// Until when it decides.
        until: UtcMicros,
    },
    /// Without this node nobody would decide. Caller's fault.
    #[error("{0} is the only node that does not retire")]
    LastNode(Origin),
    /// Of this system, service and purpose a connection is in force. Caller's fault.
    #[error("the connection {0} serves this purpose already")]
    PurposeServed(ConnectionId),
    /// What is to come into force is not what was approved: a merge of registries renamed it, or it
    /// was changed behind the lifecycle's back. Caller's fault.
    #[error("the connection {0} is not as its agreement says")]
    NotAsAgreed(ConnectionId),
    /// Conditions that approval needs are not met. Caller's fault.
    #[error("conditions are not met: {}", condition_codes(.0))]
    ConditionsUnmet(Vec<Condition>),
    /// The rules of the day let nobody, or only others, waive a test. Caller's fault.
    #[error("the rules do not let the actor waive a test")]
    NotWaivable(Vec<Party>),
    /// What is there does not allow this. Caller's fault.
    #[error("{}", .0.en)]
    Conflict(Text),
    /// The life of a dispute does not allow the step. Caller's fault.
    #[error(transparent)]
    DisputeStep(#[from] crate::dispute::life::StepRefusal),
    /// A suspension is announced already. Caller's fault.
    #[error("a suspension of the connection {0} is announced already")]
    SuspensionPlanned(ConnectionId),
    /// No suspension is announced. Caller's fault.
    #[error("no suspension of the connection {0} is announced")]
    NoSuspensionPlanned(ConnectionId),
    /// The import cannot go on as it stands. Caller's fault.
    #[error("{}", .0.en)]
    Import(Text),
    /// The lifecycle does not allow the step. Caller's fault.
    #[error(transparent)]
    Step(#[from] StepRefusal),
    /// The change could not be made or recorded. Platform's fault; the same request may be sent
    /// again.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database could not be read. Platform's fault; the same request may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed or opened. Platform's fault.
    #[error(transparent)]
    Secret(#[from] KeyError),
    /// The history of the directory could not be read. Platform's fault.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Something of ours cannot be written in canonical form. Platform's fault.
    #[error("not writable: {0}")]
    NotWritable(String),
    /// The change is made and recorded, but gateways could not be told yet; they will be without
    /// anyone asking again. Platform's fault.
    #[error("the change is recorded but not in force yet: {0}")]
    NotInForce(String),
}

impl Refused {
    /// Whether the platform failed, rather than that the rules refuse it.
    pub(crate) fn is_the_platforms(&self) -> bool {
        matches!(
            self,
            Self::Record(_)
                | Self::Store(_)
                | Self::Secret(_)
                | Self::History(_)
                | Self::NotWritable(_)
                | Self::NotInForce(_)
        )
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Field(refusal)
    }
}

impl From<NodeRefused> for Refused {
    fn from(refused: NodeRefused) -> Self {
        match refused {
            NodeRefused::Unknown(origin) => {
                Self::Unknown { noun: Noun::Node, id: origin.to_string() }
            }
            NodeRefused::Retired { origin, until } => Self::NodeRetired { origin, until },
            NodeRefused::Last(origin) => Self::LastNode(origin),
            NodeRefused::Store(error) => Self::Store(error),
            NodeRefused::Record(error) => Self::Record(error),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (code, detail) = match refused {
            Refused::Field(refusal) => return refusal,
            Refused::NotPermitted(who) => (ErrorCode::RoleNotPermitted, only(&who)),
            Refused::Unknown { noun, id } => (ErrorCode::ResourceNotFound, unknown(noun, &id)),
            Refused::Taken { noun, id } => (ErrorCode::ResourceExists, taken(noun, &id)),
            Refused::Closed { noun, id, at } => (ErrorCode::ResourceClosed, closed(noun, &id, at)),
            Refused::StillUsed { noun, id, used_by } => {
                (ErrorCode::ResourceInUse, still_used(noun, &id, &used_by))
            }
            Refused::NamesTaken(ids) => (ErrorCode::ResourceConflict, names_taken(&ids)),
            Refused::ParentUnknown(code) => (ErrorCode::ResourceConflict, parent_unknown(&code)),
            Refused::CredentialNotValid(keyid) => (ErrorCode::ResourceConflict, not_valid(&keyid)),
            Refused::AmendedAlready(id) => (ErrorCode::ResourceConflict, amended_already(&id)),
            Refused::PurposeServed(id) => (ErrorCode::ResourceConflict, purpose_served(&id)),
            Refused::NotWaivable(by) => (ErrorCode::ConnectionStepNotPossible, not_waivable(&by)),
            Refused::SuspensionPlanned(id) => {
                (ErrorCode::ResourceConflict, suspension_planned(&id))
            }
            Refused::NoSuspensionPlanned(id) => {
                (ErrorCode::ResourceConflict, no_suspension_planned(&id))
            }
            Refused::TooManyCredentials(system) => {
                (ErrorCode::ResourceConflict, too_many_credentials(&system))
            }
            Refused::OtherAlgorithm(algorithm) => {
                (ErrorCode::ResourceConflict, other_algorithm(algorithm))
            }
            Refused::SourceTaken { item, source_set } => {
                (ErrorCode::ResourceConflict, source_taken(&item, &source_set))
            }
            Refused::NodeRetired { origin, until } => {
                (ErrorCode::ResourceConflict, node_retired(&origin, until))
            }
            Refused::LastNode(origin) => (ErrorCode::ResourceConflict, last_node(&origin)),
            Refused::ServiceState(why)
            | Refused::CodeList(why)
            | Refused::Import(why)
            | Refused::Conflict(why) => (ErrorCode::ResourceConflict, why),
            Refused::DisputeStep(refusal) => crate::dispute::command::refused_step(&refusal),
            Refused::Step(refusal) => refused_step(&refusal),
            Refused::Record(RecordError::DoneAlready) => {
                (ErrorCode::IdempotencyDoneAlready, web::idempotency::done_already())
            }
            Refused::Record(error) => (error.code(), failed(&error)),
            Refused::Store(error) => (ErrorCode::DatabaseUnavailable, failed(&error)),
            Refused::Secret(error) => (ErrorCode::PlatformInternal, failed(&error)),
            Refused::ConditionsUnmet(unmet) => {
                (ErrorCode::ConnectionConditionsUnmet, conditions_unmet(&unmet))
            }
            Refused::NotAsAgreed(id) => {
                tracing::error!(connection = %id, "a connection is not as its agreement says");
                (ErrorCode::ResourceConflict, not_as_agreed(&id))
            }
            Refused::NotWritable(why) => {
                tracing::error!(%why, "a command of the registry failed");
                (ErrorCode::PlatformInternal, nothing_changed())
            }
            Refused::History(error) => (ErrorCode::PlatformInternal, failed(&error)),
            Refused::NotInForce(_) => (ErrorCode::LogUnavailable, not_in_force()),
        };
        Self::new(code, detail)
    }
}
