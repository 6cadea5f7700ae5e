//! `lgsp credential new`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use keys::public_key_pem;
use serde_json::{Map, Value, json};
use wire::directory::Environment;
use wire::id::SystemId;
use wire::problem::Text;
use wire::signature::Algorithm;

use super::key_file::{self, Reserved};
use super::registered;
use crate::cli::control::ControlOptions;
use crate::cli::on_runtime;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Make a pair of keys here; the private one stays in a file that only this user may read.
///
/// Says the public key, or with --csr a certificate request for it; with --register it becomes a
/// credential of the system at once. The private key is never sent. For hmac-sha256, whose secret the
/// platform makes, --register writes that to the file. Exits 0 if it was done; 1 if the platform
/// refused; 2 if the files or options are wrong.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The system that will sign with the key.
    #[arg(value_name = "SYSTEM")]
    system: SystemId,
    /// Write the private key to this file, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// ed25519, ecdsa-p256-sha256, ecdsa-p384-sha384, rsa-pss-sha512 or rsa-v1_5-sha256 (RSA with
    /// 3072 bits); hmac-sha256 with --register.
    #[arg(long, value_name = "NAME", default_value = "ed25519")]
    alg: Algorithm,
    /// If the file of --key holds a key already, go on with that one: after a run that was cut off.
    #[arg(long)]
    reuse: bool,
    /// Give a certificate request (PKCS#10), for an authority or for the platform.
    #[arg(long)]
    csr: bool,
    /// Write the public key or the request to this file instead of saying it.
    #[arg(long, value_name = "FILE")]
    public: Option<PathBuf>,
    /// Make it a credential of the system, through the control API.
    #[arg(long)]
    register: bool,
    /// Where its calls go: production, or sandbox.
    #[arg(long, value_name = "NAME", requires = "register", default_value = "production")]
    environment: Environment,
    /// Its life in days [default: the platform's].
    #[arg(long, value_name = "DAYS", requires = "register")]
    valid_days: Option<u32>,
    #[command(flatten)]
    control: ControlOptions,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    // The token first: without it no pair need be made.
    let control = options.register.then(|| options.control.control()).transpose()?;
    if options.alg == Algorithm::HmacSha256 {
        let Some(control) = control else {
            return Err(Complaint::usage(
                "the secret of hmac-sha256 is made by the platform",
                "give --register; or choose an algorithm with a pair of keys, which proves more",
            ));
        };
        let file = Reserved::new(&options.key)?;
        let made = on_runtime(control.post(registered::PATH, &Value::Object(form(options))))?;
        return registered::keep_secret(made, file, &options.key, &options.control);
    }
    let key = key_file::pair(&options.key, options.alg, options.reuse)?;
    let request = key.certificate_request(&options.system.to_string());
    let request = request.map_err(|error| Complaint::new(error, "choose another algorithm"))?;
    let public = key.public_key().map(|public| public_key_pem(options.alg, &public));
    let given = if options.csr { request.clone() } else { public.unwrap_or_default() };
    if let Some(file) = &options.public {
        key_file::write_public(file, &given)?;
    }
    let Some(control) = control else {
        tell_pair(options, &given);
        return Ok(ExitCode::SUCCESS);
    };
    let mut form = form(options);
    form.insert("certificate_request".to_owned(), request.into());
    let made = on_runtime(control.post(registered::PATH, &Value::Object(form)));
    let made = made.map_err(|complaint| registered::key_stays(complaint, &options.key))?;
    registered::tell(&made, &options.key, &options.control);
    Ok(ExitCode::SUCCESS)
}

fn form(options: &Options) -> Map<String, Value> {
    let mut form = Map::from_iter([
        ("system".to_owned(), options.system.to_string().into()),
        ("algorithm".to_owned(), options.alg.as_str().into()),
        ("environment".to_owned(), options.environment.as_str().into()),
    ]);
    if let Some(days) = options.valid_days {
        form.insert("valid_days".to_owned(), days.into());
    }
    form
}

fn tell_pair(options: &Options, given: &str) {
    let key = options.key.display().to_string();
    if options.control.json {
        let member = if options.csr { "certificate_request" } else { "public_key" };
        say_json(&json!({"key": key, "algorithm": options.alg.as_str(), member: given}));
        return;
    }
    let told = Text::new(
        format!(
            "Khóa bí mật nằm trong {key}, chỉ người dùng này đọc được. Không gửi tệp này cho bất kỳ ai."
        ),
        format!(
            "The private key is in {key}, which only this user may read. Send that file to nobody."
        ),
    );
    say(told.in_language(options.control.language()));
    if options.public.is_none() {
        say(given.trim_end());
    }
}
