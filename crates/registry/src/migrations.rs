//! The tables of the registry: TEXT, BIGINT (µs since 1970) and BYTEA only, so that one SQL text
//! serves every database.

use store::Migrations;

/// To be run before [`Registry`](crate::Registry) is used, after [`evidence::MIGRATIONS`].
pub static MIGRATIONS: Migrations = Migrations {
    name: "registry",
    steps: &[
        ("organisation", ORGANISATION),
        ("system", SYSTEM),
        ("credential", CREDENTIAL),
        ("service", SERVICE),
        ("connection", CONNECTION),
        ("node", NODE),
        ("service_signing", SERVICE_SIGNING),
        ("key rotation", KEY_ROTATION),
        ("working year", WORKING_YEAR),
        ("regulation", REGULATION),
        ("connection deadline", CONNECTION_DEADLINE),
        ("life of an organisation", ORGANISATION_LIFE),
        ("suspension", SUSPENSION),
        ("import", crate::import::sql::CREATE),
        ("service description", SERVICE_DESCRIPTION),
        ("environment", ENVIRONMENT),
        ("alias", ALIAS),
        ("agreement", crate::connection::agreement::sql::CREATE),
        ("credential expiry", CREDENTIAL_EXPIRY),
        ("life of a service", SERVICE_LIFE),
        ("care of a system", SYSTEM_CARE),
        ("sandbox test", crate::connection::sandbox_test::sql::CREATE),
        ("compromise", COMPROMISE),
        ("data set", crate::dataset::sql::CREATE),
        ("technical profile", crate::profile::sql::CREATE),
        ("dispute", crate::dispute::sql::CREATE),
        ("end of an algorithm", crate::profile::sunset::sql::CREATE),
        ("late publication", LATE_PUBLICATION),
        ("code list", crate::codelist::sql::CREATE),
        ("document of a credential", CREDENTIAL_DOCUMENT),
        ("planned reorganisation", crate::organisation::plan::sql::CREATE),
        ("data set event", crate::dataset::sql::CREATE_EVENTS),
    ],
};

const ORGANISATION: &str = "
CREATE TABLE organisation (
    code TEXT PRIMARY KEY,
    parent TEXT REFERENCES organisation (code),
    name TEXT NOT NULL,
    name_en TEXT,
    legacy_code TEXT UNIQUE,
    registered_at BIGINT NOT NULL
);";

const SYSTEM: &str = "
CREATE TABLE system (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    name TEXT NOT NULL,
    registered_at BIGINT NOT NULL
);
CREATE INDEX system_organisation ON system (organisation, id);";

const CREDENTIAL: &str = "
CREATE TABLE credential (
    keyid TEXT PRIMARY KEY,
    system TEXT NOT NULL REFERENCES system (id),
    algorithm TEXT NOT NULL,
    public_key BYTEA,
    sealed_secret BYTEA,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    revoked_at BIGINT,
    replaces TEXT REFERENCES credential (keyid)
);
CREATE INDEX credential_system ON credential (system, keyid);";

const SERVICE: &str = "
CREATE TABLE service (
    id TEXT PRIMARY KEY,
    system TEXT NOT NULL REFERENCES system (id),
    title TEXT NOT NULL,
    upstream TEXT NOT NULL,
    timeout_ms BIGINT NOT NULL,
    record_mode TEXT NOT NULL,
    max_body_bytes BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX service_system ON service (system, id);";

const CONNECTION: &str = "
CREATE TABLE connection (
    id TEXT PRIMARY KEY,
    consumer TEXT NOT NULL REFERENCES system (id),
    service TEXT NOT NULL REFERENCES service (id),
    state TEXT NOT NULL,
    amends TEXT REFERENCES connection (id),
    asked TEXT NOT NULL,
    requested_at BIGINT NOT NULL
);
CREATE INDEX connection_consumer ON connection (consumer, id);
CREATE INDEX connection_service ON connection (service, id);
CREATE INDEX connection_state ON connection (state, id);
CREATE TABLE connection_step (
    connection TEXT NOT NULL REFERENCES connection (id),
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    credential TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    reason TEXT,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (connection, number)
);";

const NODE: &str = "
CREATE TABLE node (
    origin TEXT PRIMARY KEY,
    peer_address TEXT NOT NULL,
    peer_certificate BYTEA NOT NULL,
    entered_at BIGINT NOT NULL,
    decides_from BIGINT NOT NULL,
    decides_until BIGINT
);";

/// What services published before demanded nothing.
const SERVICE_SIGNING: &str = "
ALTER TABLE service ADD COLUMN signed_answers TEXT NOT NULL DEFAULT 'not_required';
ALTER TABLE service ADD COLUMN signed_requests TEXT NOT NULL DEFAULT 'not_required';";

const KEY_ROTATION: &str = "
CREATE TABLE key_rotation (
    retired TEXT PRIMARY KEY,
    keyid TEXT NOT NULL,
    purpose TEXT NOT NULL,
    node TEXT NOT NULL,
    rotated_at BIGINT NOT NULL
);";

/// What is not here is as it came with the platform.
const WORKING_YEAR: &str = "
CREATE TABLE working_year (
    year BIGINT NOT NULL,
    version BIGINT NOT NULL,
    plan TEXT NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (year, version)
);";

/// What is not here is as it came with the platform.
const REGULATION: &str = "
CREATE TABLE regulation (
    version BIGINT PRIMARY KEY,
    in_force_from BIGINT NOT NULL,
    rules TEXT NOT NULL,
    added_at BIGINT NOT NULL
);";

const CONNECTION_DEADLINE: &str = "
CREATE TABLE connection_deadline (
    connection TEXT NOT NULL REFERENCES connection (id),
    duty TEXT NOT NULL,
    by_party TEXT NOT NULL,
    since BIGINT NOT NULL,
    due BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    waiting TEXT NOT NULL,
    closed_at BIGINT,
    passed_at BIGINT
);
CREATE INDEX connection_deadline_connection ON connection_deadline (connection, closed_at);
CREATE INDEX connection_deadline_due ON connection_deadline (closed_at, due);";

/// What was registered before events were kept came into force when it was registered.
const ORGANISATION_LIFE: &str = "
ALTER TABLE organisation ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN closed_at BIGINT;
ALTER TABLE organisation ADD COLUMN successors TEXT NOT NULL DEFAULT '';
UPDATE organisation SET issued_at = registered_at;
CREATE INDEX organisation_parent ON organisation (parent, code);
CREATE TABLE organisation_event (
    organisation TEXT NOT NULL REFERENCES organisation (code),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    effective_at BIGINT NOT NULL,
    decision TEXT,
    recorded_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT,
    legacy_code TEXT,
    counterparts TEXT NOT NULL,
    sequence BIGINT,
    PRIMARY KEY (organisation, number)
);
INSERT INTO organisation_event
    (organisation, number, kind, effective_at, recorded_at, name, name_en, legacy_code, counterparts)
    SELECT code, 1, 'issued', registered_at, registered_at, name, name_en, legacy_code, ''
    FROM organisation;
CREATE TABLE organisation_contact (
    organisation TEXT NOT NULL REFERENCES organisation (code),
    number BIGINT NOT NULL,
    duty TEXT NOT NULL,
    phone TEXT NOT NULL,
    email TEXT NOT NULL,
    PRIMARY KEY (organisation, number)
);
ALTER TABLE system ADD COLUMN closed_at BIGINT;";

/// Connections that ended before named no ground.
const SUSPENSION: &str = "
ALTER TABLE connection_step ADD COLUMN ground TEXT;
CREATE TABLE suspension (
    connection TEXT NOT NULL REFERENCES connection (id),
    number BIGINT NOT NULL,
    planned BIGINT NOT NULL,
    announced_at BIGINT NOT NULL,
    takes_force_at BIGINT NOT NULL,
    expected_recovery BIGINT,
    content TEXT NOT NULL,
    measures TEXT,
    restored_when TEXT,
    told_at BIGINT,
    over_at BIGINT,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    credential TEXT NOT NULL,
    PRIMARY KEY (connection, number)
);
CREATE INDEX suspension_open ON suspension (over_at, takes_force_at);";

const SERVICE_DESCRIPTION: &str = "
CREATE TABLE service_description (
    service TEXT NOT NULL REFERENCES service (id),
    revision BIGINT NOT NULL,
    format TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    document BYTEA NOT NULL,
    described TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (service, revision)
);";

/// What was registered before there was a sandbox is of production.
const ENVIRONMENT: &str = "
ALTER TABLE credential ADD COLUMN environment TEXT NOT NULL DEFAULT 'production';
ALTER TABLE service ADD COLUMN sandbox_upstream TEXT;";
/// Names are never taken out; the same name never gets another successor.
const ALIAS: &str = "
CREATE TABLE alias (
    name TEXT PRIMARY KEY,
    successor TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    same_organisation BIGINT NOT NULL,
    decision TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX alias_successor ON alias (successor, name);";

const CREDENTIAL_EXPIRY: &str = "
CREATE TABLE credential_expiry (
    keyid TEXT NOT NULL REFERENCES credential (keyid),
    days BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    noted_at BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (keyid, days)
);
CREATE INDEX credential_expiry_sequence ON credential_expiry (sequence);
CREATE INDEX credential_not_after ON credential (not_after);";

/// What was there before had been published when it was registered.
const SERVICE_LIFE: &str = "
ALTER TABLE service ADD COLUMN stage TEXT NOT NULL DEFAULT 'published';
ALTER TABLE service ADD COLUMN about TEXT;
ALTER TABLE service ADD COLUMN ready_at BIGINT;
ALTER TABLE service ADD COLUMN publish_due BIGINT;
ALTER TABLE service ADD COLUMN deprecated_at BIGINT;
ALTER TABLE service ADD COLUMN retired_at BIGINT;
ALTER TABLE service ADD COLUMN successor TEXT REFERENCES service (id);";
/// Systems registered before call from anywhere, and no level of theirs is known.
const SYSTEM_CARE: &str = "
ALTER TABLE system ADD COLUMN security_level BIGINT CHECK (security_level BETWEEN 1 AND 5);
ALTER TABLE system ADD COLUMN level_decision TEXT;
ALTER TABLE system ADD COLUMN networks TEXT NOT NULL DEFAULT '';
CREATE TABLE system_contact (
    system TEXT NOT NULL REFERENCES system (id),
    number BIGINT NOT NULL,
    duty TEXT NOT NULL,
    phone TEXT NOT NULL,
    email TEXT NOT NULL,
    PRIMARY KEY (system, number)
);";
/// What is late already is said at the first look.
const LATE_PUBLICATION: &str = "
ALTER TABLE service ADD COLUMN publish_passed_at BIGINT;";
const COMPROMISE: &str = "
ALTER TABLE credential ADD COLUMN revoked_because TEXT;";

/// The certificate or certificate request in PEM in which a public key came.
const CREDENTIAL_DOCUMENT: &str = "
ALTER TABLE credential ADD COLUMN document TEXT;";
