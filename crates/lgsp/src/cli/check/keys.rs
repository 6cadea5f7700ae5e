//! Looking at the keys: are they there, where do they stand, and does the ring of secrets fit.

use keys::PlatformKeys;

use super::Finding;
use super::look::from_problem;
use crate::assembly::DataDirectory;
use crate::assembly::core::{look_at_keys, look_at_ring};
use crate::config::Config;

const SUBJECT: &str = "keys";
const RING: &str = "ring";

/// What is found, and the keys if they could be opened.
pub(super) fn at(config: &Config, data: &DataDirectory) -> (Finding, Option<PlatformKeys>) {
    let folder = data.keys();
    let folder = folder.display();
    match look_at_keys(config, data) {
        Ok(Some(keys)) => (Finding::ok(SUBJECT, places(config, data, &keys)), Some(keys)),
        // New keys over an old log: a start would refuse what they did not sign.
        Ok(None) if data.log().join("checkpoint").exists() => {
            let seen =
                format!("{folder} holds no keys, and there is a log that was signed by some");
            (Finding::problem(SUBJECT, seen, "restore the folder from its backup"), None)
        }
        Ok(None) => (Finding::ok(SUBJECT, format!("{folder} is filled at the first start")), None),
        Err(problem) => (from_problem(SUBJECT, &problem), None),
    }
}

/// Which keys stand in a token, and how the others are kept.
fn places(config: &Config, data: &DataDirectory, keys: &PlatformKeys) -> String {
    let folder = data.keys();
    let folder = folder.display();
    let how = match config.keys.protection {
        Some(protection) => format!("encrypted with {protection}"),
        None => "not encrypted".to_owned(),
    };
    let serving = keys.history().iter().filter(|key| key.until.is_none());
    let in_token: Vec<_> =
        serving.filter_map(|key| Some((key.name.as_str(), key.hsm.as_ref()?))).collect();
    let Some((_, place)) = in_token.first() else {
        return format!("{folder} holds the platform's keys, {how}");
    };
    let names: Vec<_> = in_token.iter().map(|(name, _)| *name).collect();
    format!(
        "the token '{}' holds the platform's signing keys ({}); {folder} holds its other keys, {how}",
        place.token,
        names.join(", ")
    )
}

/// Whether the ring of secrets is there, and is that of the other nodes.
pub(super) async fn ring(config: &Config, keys: Option<&PlatformKeys>) -> Finding {
    match look_at_ring(config, keys).await {
        Ok((folder, None)) => {
            let seen = format!("{} gets the ring of secrets at the first start", folder.display());
            Finding::ok(RING, seen)
        }
        Ok((folder, Some(nodes))) => {
            let fits = match nodes {
                0 => "no node has started yet to compare it with".to_owned(),
                _ => format!("it is that of all nodes in the database ({nodes})"),
            };
            Finding::ok(RING, format!("{} holds the ring of secrets; {fits}", folder.display()))
        }
        Err(problem) => from_problem(RING, &problem),
    }
}
