//! `lgsp call`: sign a call, make it, and check what comes back.
//!
//! The answer's body goes to standard output, what was checked to standard error, so that a pipe
//! gets the answer alone. `identity` finds out who signs and whom to believe, `report` says what
//! was found, `bars` shows how far large bodies have got.

mod bars;
mod identity;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use client::{Answer, Call, Client, ClientError, Content, Finding, State};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use keys::SystemRandomness;
use tokio::io::AsyncWrite;
use url::Url;
use wire::id::PurposeCode;
use wire::problem::Language;

use self::identity::{Identity, IdentityOptions};
use super::language::{Tongue, spoken};
use super::on_runtime;
use crate::ambient::SystemClock;
use crate::complaint::Complaint;

/// Make a signed call and check the answer.
///
/// Signs with a system's key (RFC 9421), sends, prints the answer, and checks what came back: the
/// body against its digest, the platform's signature, and the call's entry in the public log.
/// Exits 0 if the answer is good and nothing that was checked is wrong; 1 if it is a refusal,
/// something is wrong, or no whole answer came; 2 if the call cannot be made as it was asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The HTTP method.
    #[arg(value_name = "METHOD")]
    method: Method,
    /// What to call.
    #[arg(value_name = "URL")]
    url: Url,
    /// What to send: the text itself, or @FILE to stream a file.
    #[arg(short, long, value_name = "TEXT|@FILE")]
    data: Option<String>,
    /// A further header line; may be given several times.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The purpose of the call, where several are granted.
    #[arg(long, value_name = "CODE")]
    purpose: Option<PurposeCode>,
    #[command(flatten)]
    identity: IdentityOptions,
    /// Believe the root certificates in this PEM file too, beside the system's.
    #[arg(long, value_name = "FILE", env = "LGSP_CA")]
    ca: Option<PathBuf>,
    /// Write the answer's body here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Answer in JSON: status, checks and (without --output) the body.
    #[arg(long)]
    json: bool,
    /// Language of the checks [default: that of the environment, else Vietnamese].
    #[arg(long, value_enum)]
    lang: Option<Tongue>,
}

const EXAMPLE: &str = "Examples:
  lgsp call --demo demo-data GET http://127.0.0.1:8081/H24.12/don-vi-hanh-chinh/danh-muc/v1/units
  lgsp call --key system.pem --keyid mot-cua-1 --trust trust.json POST URL --data @request.json
  lgsp call --key rsa.pem --alg rsa-pss-sha512 --keyid mot-cua-2 GET URL";

/// How long to wait for a checkpoint that covers the call; the log publishes one each second.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command.
pub fn run(options: Options) -> Result<ExitCode, Complaint> {
    on_runtime(make(options))
}

async fn make(options: Options) -> Result<ExitCode, Complaint> {
    let language = spoken(options.lang);
    let mut identity = options.identity.load(&options.url)?;
    let client = Client::new(
        identity.signer.clone(),
        identity.trust.clone(),
        Arc::new(SystemClock),
        Arc::new(SystemRandomness),
    );
    let mut client = client.map_err(|error| complaint(&error))?;
    if let Some(ca) = options.ca.as_ref().or(identity.ca.as_ref()) {
        client = client.with_ca(ca).map_err(|error| complaint(&error))?;
        let log = identity.log.map(|log| log.with_ca(ca)).transpose();
        identity.log = log.map_err(|error| complaint(&error))?;
    }
    let bars = bars::Bars::new(options.output.is_some() || options.json);
    let mut body = Vec::new();
    let answer = {
        let mut sink = sink(&options, &mut body).await?;
        let call = call_of(&options, language);
        client.call(call, &mut *sink, Some(bars.watcher())).await
    };
    bars.finish();
    let answer = answer.map_err(|error| complaint(&error))?;
    let entry = check_entry(&answer, &identity).await;
    let findings: Vec<&Finding> = answer.findings.iter().chain([&entry]).collect();
    if options.json {
        let body = options.output.is_none().then_some(body.as_slice());
        report::as_json(&answer, &findings, body);
    } else {
        report::to_person(&answer, &findings, language);
    }
    let refused = answer.status.is_client_error() || answer.status.is_server_error();
    let wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    Ok(if refused || wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn call_of(options: &Options, language: Language) -> Call {
    let mut call = Call::new(options.method.clone(), options.url.clone());
    call.purpose.clone_from(&options.purpose);
    for (name, value) in &options.headers {
        call.headers.append(name, value.clone());
    }
    let tag = HeaderValue::from_static(language.tag());
    call.headers.entry(ACCEPT_LANGUAGE).or_insert(tag);
    if let Some(data) = &options.data {
        call.content = match data.strip_prefix('@') {
            Some(path) => Content::File(path.into()),
            None => Content::Bytes(data.clone().into()),
        };
        let json = HeaderValue::from_static("application/json");
        call.headers.entry(CONTENT_TYPE).or_insert(json);
    }
    call
}

/// Where the body goes.
async fn sink<'b>(
    options: &Options,
    body: &'b mut Vec<u8>,
) -> Result<Box<dyn AsyncWrite + Unpin + Send + 'b>, Complaint> {
    if let Some(path) = &options.output {
        let file = tokio::fs::File::create(path).await.map_err(|error| {
            let what = format!("{} cannot be written: {error}", path.display());
            Complaint::usage(what, "name a file that this user may write")
        })?;
        return Ok(Box::new(file));
    }
    Ok(if options.json { Box::new(body) } else { Box::new(tokio::io::stdout()) })
}

async fn check_entry(answer: &Answer, identity: &Identity) -> Finding {
    let (Some(place), Some(request_id)) = (&answer.entry, answer.request_id) else {
        return report::no_entry_named();
    };
    let Some(log) = &identity.log else {
        return report::no_log_given(place);
    };
    match log.prove(place, &identity.trust, PATIENCE).await {
        Ok(proved) => proved.finding(request_id),
        Err(unproved) => unproved.finding(),
    }
}

fn complaint(error: &ClientError) -> Complaint {
    let next_step = match error {
        ClientError::Url(_) => {
            "call the platform by an address that begins with https:// or http://"
        }
        ClientError::Roots(_) => "name a PEM file with root certificates, with --ca",
        ClientError::Header(_) => "leave the header out, or give it a value in ASCII",
        ClientError::Content(_) => "name a file that this user may read",
        ClientError::Signature(_) => "check --keyid and --purpose",
        ClientError::Key(_) => "check the key file with `openssl pkey -check`",
        ClientError::OtherScheme(url) => return Complaint::usage(error, next_for_scheme(url)),
        ClientError::Unreachable(_) => "check the address, and that the platform is running",
        ClientError::BrokeOff(_) => {
            "the call may have been carried out: look for it in the evidence log before you repeat it"
        }
        ClientError::Sink(_) => "make room, or name another file with --output",
    };
    let usage = matches!(
        error,
        ClientError::Url(_)
            | ClientError::Roots(_)
            | ClientError::Header(_)
            | ClientError::Content(_)
            | ClientError::Signature(_)
            | ClientError::Key(_)
    );
    Complaint { usage, ..Complaint::new(error, next_step) }
}

/// Going on without TLS is never advised without a doubt: whoever stands between would see all.
fn next_for_scheme(url: &Url) -> String {
    let address = |scheme: &str| {
        let path = url.as_str().trim_start_matches(url.scheme());
        format!("{scheme}{path}")
    };
    if url.scheme() == "https" {
        format!(
            "if the platform is meant to be called without TLS, call {}; otherwise it is not the \
             platform that answers there",
            address("http")
        )
    } else {
        format!("if it speaks TLS, call {}", address("https"))
    }
}

fn header(line: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = line.split_once(':').ok_or("a header line is NAME: VALUE")?;
    let name = name.trim().parse().map_err(|_| format!("{name:?} is no header name"))?;
    let value = value.trim().parse().map_err(|_| "a header value is visible ASCII")?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_line_is_name_and_value() {
        let (name, value) = header("X-Trace: a: b ").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-trace", "a: b"));
        for line in ["", "X-Trace", ": b", "a b: c", "a: \u{7}"] {
            assert!(header(line).is_err(), "{line:?}");
        }
    }
}
