//! What a node keeps: keys, database, evidence log, and the recorder over both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::{Disk, Log, LogConfig, LogKeys, Looked, NodeCards, RealDisk, Recorder, Recovered};
use identity::token::command;
use keys::{
    DetailKeys, KeyDirectory, KeyError, PeerKey, PlatformKey, PlatformKeys, SecretBox,
    SystemRandomness,
};
use registry::node::Node;
use store::{Database, Migrations};
use wire::ambient::{Clock, Randomness, UtcMicros};
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use super::data_directory::DataDirectory;
use super::power::PowerRecord;
use super::problem::{StartProblem, keys_problem};
use super::{key_folder, key_place, membership, rotations};
use crate::ambient::SystemClock;
use crate::complaint::Complaint;
use crate::config::Config;

/// The opened stores of a node.
pub struct Core {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) keys: PlatformKeys,
    pub(super) secrets: SecretBox,
    pub(super) database: Database,
    pub(super) log: Log,
    pub(super) recorder: Recorder,
    /// What the log found when it was opened; taken by whoever starts the gateway.
    pub(super) recovered: Recovered,
    folder: KeyDirectory,
    /// Kept while a gateway runs that other nodes depend on.
    power: Option<PowerRecord>,
    // Last, so that it is freed when all of the above is closed.
    data: DataDirectory,
}

impl Core {
    /// Locks the data directory and opens everything in it, making what a new node lacks.
    pub async fn open(config: &Config) -> Result<Self, StartProblem> {
        Self::open_by(config, Arc::new(SystemClock)).await
    }

    /// The same for a node that goes by another clock than the machine's.
    pub async fn open_by(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartProblem> {
        Self::open_with(config, None, clock).await
    }

    /// Like [`Self::open`], after one of the keys was retired and a new one put in its place; the
    /// entry of that is durable when this returns.
    pub async fn open_rotating(config: &Config, key: PlatformKey) -> Result<Self, StartProblem> {
        Self::open_with(config, Some(key), Arc::new(SystemClock)).await
    }

    async fn open_with(
        config: &Config,
        rotate: Option<PlatformKey>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartProblem> {
        let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
        let data = DataDirectory::open(&config.data)?;
        let folder = KeyDirectory::create(data.keys()).map_err(keys_problem)?;
        let folder = key_folder::open(folder, config, &randomness)?;
        let place = key_place::open(config)?;
        let (now, random) = (clock.now(), randomness.as_ref());
        let load = match rotate {
            // The one that is lost may be the one to be rotated, and so may others after it.
            Some(_) => PlatformKeys::load_even_if_lost,
            None => PlatformKeys::load_or_generate_in,
        };
        let mut keys = load(&folder, &place, now, random).map_err(keys_problem)?;
        let shared = match &config.keys.secrets_directory {
            Some(path) => key_folder::open(ring_folder(path)?, config, &randomness)?,
            None => folder.clone(),
        };
        let secrets = SecretBox::load_or_generate(&shared, Arc::clone(&randomness));
        let secrets = secrets.map_err(keys_problem)?;
        let detail = folder.folder("detail").map_err(keys_problem)?;
        let detail = DetailKeys::new(detail, Arc::clone(&randomness));

        let database = open_database(config).await?;
        if let Some(key) = rotate {
            // Asked first: a key is not changed where the change could not be recorded.
            look_at_log(config, &data, &keys)?;
            refuse_before_the_log(key, &keys)?;
            // A crash from here on leaves a rotation without its entry; the next opening records it.
            keys.rotate(key, &place, now, random).map_err(keys_problem)?;
        }
        let (log, recovered) = Log::open(
            log_config(config, &data),
            &log_keys(&keys),
            detail,
            Arc::new(RealDisk),
            Arc::clone(&clock),
            Arc::clone(&randomness),
        )
        .map_err(|error| log_problem(&error))?;
        let recorder = Recorder::open(database.clone(), log.clone(), Arc::clone(&clock)).await;
        let recorder = recorder.map_err(|error| StartProblem::Part {
            part: "the recorder",
            reason: error.to_string(),
        })?;
        rotations::record(&recorder, &keys, &config.evidence.origin).await?;
        Ok(Self {
            clock,
            randomness,
            keys,
            secrets,
            database,
            log,
            recorder,
            recovered,
            folder,
            power: None,
            data,
        })
    }

    /// Makes an API token without anybody asking for it: how a platform gets its first actors.
    /// The making is recorded like any other.
    pub async fn bootstrap_token(
        &self,
        role: Role,
        organisation: &OrganisationCode,
    ) -> Result<String, Complaint> {
        let made = command::bootstrap(&self.recorder, self.randomness.as_ref(), role, organisation);
        made.await.map(|token| token.to_string()).map_err(|error| {
            Complaint::new(
                format_args!("a token of {} could not be made: {error}", role.as_str()),
                "see `lgsp check`",
            )
        })
    }

    /// The platform's signing keys and their history.
    pub fn keys(&self) -> &PlatformKeys {
        &self.keys
    }

    /// Key and certificate towards other nodes, made if they are not there.
    pub(super) fn peer_key(&self) -> Result<PeerKey, StartProblem> {
        let key = PeerKey::load_or_generate(&self.folder, self.randomness.as_ref());
        key.map_err(keys_problem)
    }

    /// Notes that a node begins to grant what it must remember; says since when it may not know
    /// all that it had granted.
    pub(super) fn begin_to_grant(&mut self) -> Result<Option<UtcMicros>, StartProblem> {
        let record = PowerRecord::begin(self.data.boot(), self.clock.now());
        let record = record.map_err(|error| self.data.unusable(&error))?;
        let lost_before = record.lost_before;
        self.power = Some(record);
        Ok(lost_before)
    }

    /// Signs the last checkpoint and closes everything.
    pub async fn close(mut self) {
        let is_kept = self.log.sync_spent().await.is_ok();
        self.log.close().await;
        if let Some(power) = self.power.take().filter(|_| is_kept)
            && let Err(error) = power.end()
        {
            tracing::warn!(%error, "a start after the next boot will refuse calls for minutes");
        }
        self.database.close().await;
    }
}

/// The entry of a rotation needs a checkpoint, so the key that signs those comes first.
fn refuse_before_the_log(key: PlatformKey, keys: &PlatformKeys) -> Result<(), StartProblem> {
    if key == PlatformKey::Log || keys.log.lost().is_none() {
        return Ok(());
    }
    Err(StartProblem::KeysClosed {
        reason: "the log's key is lost too, and the rotation is to stand in the log".to_owned(),
        next_step: "run `lgsp keys rotate --key log` first".to_owned(),
    })
}

/// The platform's keys as [`Core::open`] would find them; makes none. `None` before the first start.
pub fn look_at_keys(
    config: &Config,
    data: &DataDirectory,
) -> Result<Option<PlatformKeys>, StartProblem> {
    if !data.keys().exists() {
        return Ok(None);
    }
    let folder = KeyDirectory::open(data.keys()).map_err(keys_problem)?;
    let Some(folder) = key_folder::look(folder, config)? else {
        return Ok(None);
    };
    let place = key_place::open(config)?;
    PlatformKeys::find(&folder, place.hsm()).map_err(keys_problem)
}

/// The ring of secrets as [`Core::open`] would find it, held against those of the nodes that are
/// known; makes none. `keys` are this node's own, if they could be opened: the ring stands beside
/// them unless the configuration names a folder. Returns where it stands and how many nodes have the
/// same; `None` before the first start.
pub async fn look_at_ring(
    config: &Config,
    keys: Option<&PlatformKeys>,
) -> Result<(PathBuf, Option<usize>), StartProblem> {
    let (path, folder) = match (&config.keys.secrets_directory, keys) {
        (Some(path), _) => (path.clone(), key_folder::look(ring_folder(path)?, config)?),
        // Not opened again, which might ask for a passphrase again.
        (None, Some(keys)) => (keys.folder().path().to_owned(), Some(keys.folder().clone())),
        (None, None) => (config.data.join("keys"), None),
    };
    let find = |folder| SecretBox::find(folder, Arc::new(SystemRandomness)).map_err(keys_problem);
    let secrets = folder.as_ref().map(find).transpose()?.flatten();
    let known = known_nodes(config).await;
    match (secrets, known.0.first()) {
        (Some(secrets), _) => {
            membership::refuse_another_ring(&known, &secrets)?;
            Ok((path, Some(known.0.len())))
        }
        // A start would make one, and then see that the others have another.
        (None, Some(node)) => Err(StartProblem::NoRing { path, node: node.origin.clone() }),
        (None, None) => Ok((path, None)),
    }
}

fn ring_folder(path: &Path) -> Result<KeyDirectory, StartProblem> {
    KeyDirectory::open(path).map_err(|error| match error {
        KeyError::Missing { path } => StartProblem::KeysClosed {
            reason: format!("there is no folder {} (keys.secrets_directory)", path.display()),
            next_step: "bring the ring of another node there, or correct keys.secrets_directory"
                .to_owned(),
        },
        other => keys_problem(other),
    })
}

/// What the nodes that share the database say of themselves; nothing where it cannot be read, which
/// [`look_at_database`] tells.
async fn known_nodes(config: &Config) -> NodeCards {
    let none = NodeCards(Vec::new());
    // Opening would make the file.
    let file = config.database.url.strip_prefix("sqlite:").map(Path::new);
    if file.is_some_and(|file| !file.exists()) {
        return none;
    }
    let Ok(database) = Database::open(&config.database).await else {
        return none;
    };
    let known = NodeCards::read(&database).await;
    database.close().await;
    known.unwrap_or(none)
}

/// The log as [`Core::open`] would find it; changes nothing. `None` before the first start.
pub fn look_at_log(
    config: &Config,
    data: &DataDirectory,
    keys: &PlatformKeys,
) -> Result<Option<Looked>, StartProblem> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    Log::look(&log_config(config, data), &log_keys(keys), &disk)
        .map_err(|error| log_problem(&error))
}

/// How many steps the database's schema lacks; applies none.
pub async fn look_at_database(config: &Config) -> Result<usize, StartProblem> {
    let problem = |error: store::StoreError| database_problem(config, &error);
    let database = Database::open(&config.database).await.map_err(problem)?;
    let missing = database.missing_steps(SCHEMA).await;
    database.close().await;
    missing.map_err(problem)
}

/// The nodes that share the database; none where its schema has no list of them yet.
pub async fn look_at_nodes(config: &Config) -> Vec<Node> {
    let Ok(database) = Database::open(&config.database).await else {
        return Vec::new();
    };
    let listed = registry::node::command::list(&database).await;
    database.close().await;
    listed.map(|listed| listed.nodes).unwrap_or_default()
}

/// All tables of the platform.
const SCHEMA: &[Migrations] = &[evidence::MIGRATIONS, identity::MIGRATIONS, registry::MIGRATIONS];

async fn open_database(config: &Config) -> Result<Database, StartProblem> {
    let problem = |error: store::StoreError| database_problem(config, &error);
    let database = Database::open(&config.database).await.map_err(problem)?;
    database.migrate(SCHEMA).await.map_err(problem)?;
    Ok(database)
}

fn database_problem(config: &Config, error: &store::StoreError) -> StartProblem {
    StartProblem::Database { url: config.database.shown(), reason: error.to_string() }
}

fn log_config(config: &Config, data: &DataDirectory) -> LogConfig {
    LogConfig {
        checkpoint_every: config.evidence.checkpoint_every,
        ..LogConfig::new(data.log(), config.evidence.origin.clone())
    }
}

fn log_problem(error: &evidence::OpenError) -> StartProblem {
    StartProblem::Log(error.to_string())
}

/// The key that signs checkpoints from now on, and those that did.
fn log_keys(keys: &PlatformKeys) -> LogKeys {
    let history = keys.history().iter().filter(|key| key.name == PlatformKey::Log);
    let retired = history.filter(|key| key.until.is_some()).map(|key| key.public);
    LogKeys { signer: keys.log.clone(), retired: retired.collect() }
}

#[cfg(test)]
mod schema_tests;
