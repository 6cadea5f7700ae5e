//! Witnesses of other organisations, asked over HTTP.
//!
//! **Trust**: a witness's answer is only bytes until its key was found under them; a redirection is
//! not followed, and no more is read than an answer may hold.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, redirect};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;
use wire::note::CosignatureVerifier;
use wire::witness::MAX_REQUEST;
use witness::asking::{Answer, Asking, Cosigned, Reach};

use super::core::Core;
use super::problem::StartProblem;
use crate::config::EvidenceConfig;

/// How long a witness may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between two rounds.
const EVERY: Duration = Duration::from_secs(1);

/// What enough witnesses cosigned last, and the task that asks them; none where there are none.
pub(super) struct Asked {
    pub(super) cosigned: watch::Receiver<Option<Arc<Cosigned>>>,
    pub(super) task: Option<JoinHandle<()>>,
}

/// Begins to ask the witnesses that the configuration names.
pub(super) fn start(core: &Core, config: &EvidenceConfig) -> Result<Asked, StartProblem> {
    let verifiers: Vec<_> = config.witnesses.iter().map(|one| one.verifier.clone()).collect();
    let reach = Http::new(config)
        .map_err(|error| StartProblem::Part { part: "the witnesses", reason: error.to_string() })?;
    let (log, clock) = (core.log.clone(), Arc::clone(&core.clock));
    let has_any = !verifiers.is_empty();
    let asking = Asking::new(log, verifiers, config.witnesses_needed, reach, clock);
    let cosigned = asking.cosigned();
    let task = has_any.then(|| tokio::spawn(async move { asking.run(EVERY).await }));
    Ok(Asked { cosigned, task })
}

struct Http {
    client: Client,
    urls: HashMap<String, Url>,
}

impl Http {
    fn new(config: &EvidenceConfig) -> reqwest::Result<Self> {
        let client =
            Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none()).build()?;
        let url = |url: &Url| {
            let mut url = url.clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().push("add-checkpoint");
            }
            url
        };
        let named =
            |one: &crate::config::WitnessConfig| (one.verifier.name().to_owned(), url(&one.url));
        Ok(Self { client, urls: config.witnesses.iter().map(named).collect() })
    }
}

impl Reach for Http {
    async fn ask(&self, witness: &CosignatureVerifier, body: String) -> Result<Answer, String> {
        let url = self.urls.get(witness.name()).ok_or("its URL is not known")?;
        let told = |error: reqwest::Error| error.without_url().to_string();
        let response = self.client.post(url.clone()).body(body).send().await.map_err(told)?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: text(response).await? })
    }
}

async fn text(mut response: Response) -> Result<String, String> {
    let mut bytes = Vec::new();
    while let Some(more) =
        response.chunk().await.map_err(|error| error.without_url().to_string())?
    {
        bytes.extend_from_slice(&more);
        if bytes.len() > MAX_REQUEST {
            return Err("its answer is too long".to_owned());
        }
    }
    String::from_utf8(bytes).map_err(|_| "its answer is no text".to_owned())
}
