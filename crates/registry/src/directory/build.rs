//! From the registry's tables to the records of a directory.

use std::collections::{HashMap, HashSet};

use evidence::Change;
use keys::{SecretBox, Zeroizing};
use store::{Database, StoreError};
use wire::ambient::UtcMicros;
use wire::directory::{
    ConnectionRecord, CredentialRecord, OrganisationRecord, Record, ServiceRecord, SystemRecord,
};
use wire::id::KeyId;

use crate::connection::Connection;
use crate::connection::lifecycle::State;
use crate::credential::{Credential, TOLD_AFTER_ITS_END};
use crate::organisation::Organisation;
use crate::service::Service;
use crate::system::System;
use crate::{alias, connection, credential, organisation, profile, service, system};

/// The records of a version, and the secrets that go beside it.
pub(crate) struct Built {
    pub(crate) records: Vec<Record>,
    pub(crate) hmac_secrets: HashMap<KeyId, Zeroizing<Vec<u8>>>,
}

/// Reads the registry as it stands within `change`: no other writer is under way, so the records
/// fit together.
pub(crate) async fn build(change: &mut Change, secrets: &SecretBox) -> Result<Built, StoreError> {
    let now = change.time();
    let organisations = organisation::sql::all_open(&mut *change).await?;
    let systems = system::sql::all_open(&mut *change).await?;
    let services = service::sql::all(&mut *change).await?;
    let connections = connection::sql::published(&mut *change).await?;
    let planned = connection::suspension::planned(change).await?;
    let since = now.saturating_sub(TOLD_AFTER_ITS_END);
    let credentials = credential::sql::not_ended_before(&mut *change, since).await?;

    let mut built = Built { records: Vec::new(), hmac_secrets: HashMap::new() };
    let aliases = alias::sql::all(&mut *change).await?;
    built.records.extend(aliases.into_iter().map(|alias| Record::Alias(alias.into())));
    built.records.extend(organisations.into_iter().map(organisation_record));
    // The services of a closed system ended with it.
    let open: HashSet<_> = systems.iter().map(|system| system.id.clone()).collect();
    let services = services.into_iter().filter(|service| open.contains(&service.id.system_id()));
    built.records.extend(services.map(service_record));
    built.records.extend(systems.into_iter().map(system_record));
    let connection_record = |connection: Connection| {
        let suspended_from = planned.get(&connection.id).copied();
        connection_record(connection, suspended_from)
    };
    built.records.extend(worth_telling(connections, now).map(connection_record));
    let (profiles, assignments) = profile::sql::known(change).await?.worth_telling(now);
    built.records.extend(profiles.into_iter().map(Record::Profile));
    built.records.extend(assignments.into_iter().map(Record::ProfileAssignment));
    for (credential, sealed) in credentials {
        built.add_credential(credential, sealed.as_deref(), secrets);
    }
    Ok(built)
}

/// The secrets of all HMAC credentials that have not ended; one that does not open is left out.
pub(crate) async fn secrets(
    database: &Database,
    now: UtcMicros,
    secrets: &SecretBox,
) -> Result<HashMap<KeyId, Zeroizing<Vec<u8>>>, StoreError> {
    let since = now.saturating_sub(TOLD_AFTER_ITS_END);
    let mut built = Built { records: Vec::new(), hmac_secrets: HashMap::new() };
    for (credential, sealed) in credential::sql::not_ended_before(database, since).await? {
        built.add_credential(credential, sealed.as_deref(), secrets);
    }
    Ok(built.hmac_secrets)
}

impl Built {
    /// A secret that does not open leaves its credential out: refusing to publish at all would
    /// keep every later suspension and revocation from coming into force.
    fn add_credential(
        &mut self,
        credential: Credential,
        sealed: Option<&[u8]>,
        secrets: &SecretBox,
    ) {
        if let Some(sealed) = sealed {
            match secrets.open(credential.keyid.as_str().as_bytes(), sealed) {
                Ok(secret) => {
                    self.hmac_secrets.insert(credential.keyid.clone(), secret);
                }
                Err(error) => {
                    tracing::error!(keyid = %credential.keyid, %error, "a secret does not open");
                    return;
                }
            }
        }
        self.records.push(credential_record(credential));
    }
}

/// Ended connections stay so that a call is told what became of them: until their period is over,
/// or until an amendment took their place.
fn worth_telling(connections: Vec<Connection>, now: UtcMicros) -> impl Iterator<Item = Connection> {
    let amended: HashSet<_> = connections.iter().filter_map(|one| one.amends).collect();
    connections.into_iter().filter(move |one| {
        one.state != State::Ended || (now < one.asked.until && !amended.contains(&one.id))
    })
}

fn organisation_record(organisation: Organisation) -> Record {
    Record::Organisation(OrganisationRecord { code: organisation.code, name: organisation.name })
}

fn system_record(system: System) -> Record {
    Record::System(SystemRecord {
        id: system.id,
        name: system.name,
        networks: system.networks,
        level: system.security_level,
    })
}

fn credential_record(credential: Credential) -> Record {
    Record::Credential(CredentialRecord {
        keyid: credential.keyid,
        system: credential.system,
        algorithm: credential.algorithm,
        environment: credential.environment,
        public_key: credential.public_key,
        not_before: credential.not_before,
        not_after: credential.not_after,
        revoked_at: credential.revoked_at,
    })
}

fn service_record(service: Service) -> Record {
    Record::Service(ServiceRecord {
        id: service.id,
        title: service.title,
        upstream: service.terms.upstream.to_string(),
        sandbox_upstream: service.terms.sandbox_upstream.map(Into::into),
        timeout_ms: service.terms.timeout_ms,
        record: service.terms.record,
        max_body_bytes: service.terms.max_body_bytes,
        signed_answers: service.terms.signed_answers,
        signed_requests: service.terms.signed_requests,
        deprecated_at: service.life.deprecated_at,
        retired_at: service.life.retired_at,
        successor: service.life.successor,
    })
}

pub(crate) fn connection_record(
    connection: Connection,
    suspended_from: Option<UtcMicros>,
) -> Record {
    Record::Connection(ConnectionRecord {
        id: connection.id,
        consumer: connection.consumer,
        service: connection.service,
        purpose: connection.asked.purpose,
        legal_basis: connection.asked.legal_basis,
        operations: connection.asked.operations,
        fields: connection.asked.fields,
        quota: connection.asked.quota,
        from: connection.asked.from,
        until: connection.asked.until,
        active: connection.state == State::Active,
        testing: connection.state == State::Testing,
        state: connection.state.to_string(),
        suspended_from,
    })
}
