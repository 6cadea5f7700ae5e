//! `lgsp init`: everything a new node needs, made once and never over something that exists.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::keys::{KeySecret, SystemRandomness};
use clap::{Args, ValueEnum};
use wire::checkpoint::Origin;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use super::{environment, on_runtime};
use crate::assembly::{Core, DataDirectory, key_folder, keys_problem};
use crate::complaint::Complaint;
use crate::config::{Config, keys, log_name};
use crate::terminal::{say, say_json};

/// Make a new node: data directory, keys, configuration file, and the first three API tokens.
///
/// The tokens are shown once and stored only as hashes. Nothing that exists is overwritten.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The configuration file to write.
    #[arg(long, value_name = "FILE", default_value = "lgsp.toml")]
    config: PathBuf,
    /// The data directory to create, relative to the configuration file.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Name of this node's evidence log, never to be changed: letters, digits, '.', '-', '_' and
    /// '/', such as lgsp.haiphong.gov.vn/1.
    #[arg(long, value_name = "NAME", value_parser = log_name)]
    origin: Origin,
    /// A PostgreSQL database instead of a file in the data directory:
    /// postgres://USER@HOST:PORT/DATABASE. Give its password in the environment
    /// (`LGSP__DATABASE__PASSWORD`), or put its file into the configuration later.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Organisation code of the operator of the platform.
    #[arg(long, value_name = "CODE")]
    operator: OrganisationCode,
    /// Organisation code of the state manager, who approves connections.
    #[arg(long, value_name = "CODE")]
    state_manager: OrganisationCode,
    /// Organisation code of the auditor, who only reads.
    #[arg(long, value_name = "CODE")]
    auditor: OrganisationCode,
    /// Encrypt the key files at rest.
    #[arg(long, value_enum, value_name = "HOW", default_value = "none")]
    protect: Protect,
    /// The key file to encrypt them with; made if it is not there. Keep it outside of the data.
    #[arg(long, value_name = "FILE", required_if_eq("protect", "key_file"))]
    key_file: Option<PathBuf>,
    /// Make the signing keys in a security module: its PKCS#11 library. The PIN comes from
    /// `LGSP_KEYS_PIN`, a systemd credential, or is asked for.
    #[arg(long, value_name = "FILE", requires = "pkcs11_token")]
    pkcs11_module: Option<PathBuf>,
    /// The label of the token in it.
    #[arg(long, value_name = "LABEL", requires = "pkcs11_module")]
    pkcs11_token: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What the key files are to be encrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Protect {
    /// Nothing.
    None,
    /// A passphrase: `LGSP_KEYS_PASSPHRASE`, a systemd credential, or asked on the terminal.
    Passphrase,
    /// A file of random bytes.
    KeyFile,
}

const EXAMPLE: &str = "Example (the codes are illustrative):
  lgsp init --config /etc/lgsp/lgsp.toml --data /var/lib/lgsp --origin lgsp.haiphong.gov.vn/1 \\
            --operator H24.15.1 --state-manager H24.15 --auditor H24.18";

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let folder = options.config.parent().unwrap_or(Path::new(""));
    let data = folder.join(&options.data);
    refuse_one_organisation_in_two_roles(options)?;
    refuse_to_overwrite(&options.config, &data)?;
    let tokens = make(options, &data)?;
    report(options, &data, &tokens);
    Ok(ExitCode::SUCCESS)
}

fn make(options: &Options, data: &Path) -> Result<Vec<MadeToken>, Complaint> {
    let was_there = data.exists();
    DataDirectory::create(data)?;
    let made = write_config(options).and_then(|()| {
        let made = load(options).and_then(|config| {
            make_key_file(options, &config)?;
            on_runtime(make_tokens(config, options))
        });
        // The file is this init's own: it was made new. What can't be removed the next init names.
        made.inspect_err(|_| drop(std::fs::remove_file(&options.config)))
    });
    if made.is_err() {
        take_away(data, was_there);
    }
    made
}

/// What the environment overrides is overridden here too: init makes what serve will use.
fn load(options: &Options) -> Result<Config, Complaint> {
    Config::load(Some(&options.config), environment()).map_err(|problems| {
        Complaint::usage(problems, "unset the variable, or give it an allowed value")
    })
}

/// A key file that is there is used; one that a failed init leaves has encrypted nothing.
fn make_key_file(options: &Options, config: &Config) -> Result<(), Complaint> {
    match &config.keys.key_file {
        Some(path) if options.protect == Protect::KeyFile && !path.exists() => {
            key_folder::refuse_within(&config.data, path)?;
            KeySecret::make_key_file(path, &SystemRandomness).map_err(keys_problem)?;
        }
        _ => {}
    }
    Ok(())
}

/// What a failed init made has shown nobody a token, and would only keep the next one from
/// working. The folder was empty, or was not there.
fn take_away(data: &Path, was_there: bool) {
    let Ok(_held) = DataDirectory::open(data) else {
        return;
    };
    for entry in std::fs::read_dir(data).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        let _ = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }
    if !was_there {
        let _ = std::fs::remove_dir(data);
    }
}

/// A token just made: the only moment its secret is known.
struct MadeToken {
    role: Role,
    organisation: OrganisationCode,
    token: String,
}

/// Who operates, who approves and who audits must not be one: each is there to check the others.
fn refuse_one_organisation_in_two_roles(options: &Options) -> Result<(), Complaint> {
    let Options { operator, state_manager, auditor, .. } = options;
    for (one, other, organisation, is_same) in [
        ("--operator", "--state-manager", operator, operator == state_manager),
        ("--operator", "--auditor", operator, operator == auditor),
        ("--state-manager", "--auditor", state_manager, state_manager == auditor),
    ] {
        if is_same {
            return Err(Complaint::usage(
                format_args!(
                    "{one} and {other} are both {organisation}, and duties are separate here: who \
                     operates, who approves and who audits check one another"
                ),
                "give each of the three roles to another organisation",
            ));
        }
    }
    Ok(())
}

fn refuse_to_overwrite(config: &Path, data: &Path) -> Result<(), Complaint> {
    let exists = |what: &Path| {
        Complaint::new(
            format_args!("{} exists already, and init never overwrites", what.display()),
            "name another place with --config and --data; a node that exists is run by `lgsp serve`; \
             what an interrupted init left can be deleted: nobody holds its tokens",
        )
    };
    if config.exists() {
        return Err(exists(config));
    }
    let used = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
    if used { Err(exists(data)) } else { Ok(()) }
}

fn write_config(options: &Options) -> Result<(), Complaint> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut set = vec![
        ("data.directory", quoted(&options.data.to_string_lossy())),
        ("evidence.origin", quoted(options.origin.as_ref())),
    ];
    if options.protect != Protect::None {
        let value = options.protect.to_possible_value();
        set.extend(value.map(|value| ("keys.protection", quoted(value.get_name()))));
    }
    if let (Some(module), Some(token)) = (&options.pkcs11_module, &options.pkcs11_token) {
        set.push(("pkcs11.module", quoted(&module.to_string_lossy())));
        set.push(("pkcs11.token", quoted(token)));
    }
    if let Some(path) = &options.key_file {
        set.push(("keys.key_file", quoted(&path.to_string_lossy())));
    }
    set.extend(options.database.as_deref().map(|url| ("database.url", quoted(url))));
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true).mode(0o640);
    let written = file.open(&options.config).and_then(|mut file| {
        let written = file.write_all(keys::as_toml(&set).as_bytes()).and_then(|()| file.sync_all());
        // Half a file is no configuration.
        written.inspect_err(|_| drop(std::fs::remove_file(&options.config)))
    });
    written.map_err(|error| {
        Complaint::new(
            format_args!("{} cannot be written: {error}", options.config.display()),
            "name a file in a folder this user may write to, with --config",
        )
    })
}

async fn make_tokens(config: Config, options: &Options) -> Result<Vec<MadeToken>, Complaint> {
    let core = Core::open(&config).await?;
    let mut made = Vec::new();
    for (role, organisation) in [
        (Role::Operator, &options.operator),
        (Role::StateManager, &options.state_manager),
        (Role::Auditor, &options.auditor),
    ] {
        let token = core.bootstrap_token(role, organisation).await?;
        made.push(MadeToken { role, organisation: organisation.clone(), token });
    }
    core.close().await;
    Ok(made)
}

fn report(options: &Options, data: &Path, tokens: &[MadeToken]) {
    let config = options.config.display();
    if options.json {
        let tokens = tokens.iter().map(|made| {
            serde_json::json!({
                "token": made.token, "role": made.role, "organisation": made.organisation,
            })
        });
        say_json(&serde_json::json!({
            "config": options.config, "data": data, "origin": options.origin.to_string(),
            "tokens": tokens.collect::<Vec<_>>(),
        }));
        return;
    }
    say(format_args!("Configuration  {config}"));
    say(format_args!(
        "Data           {}  (keys, database, evidence log: back it up)",
        data.display()
    ));
    say(format_args!("Evidence log   {}", options.origin));
    say("\nAPI tokens, shown this once and stored only as hashes:");
    for made in tokens {
        let role = made.role.as_str();
        say(format_args!("  {role:14} {:12} {}", made.organisation.to_string(), made.token));
    }
    say(format_args!("\nNext: lgsp check --config {config}\n      lgsp serve --config {config}"));
}
