//! What the node says about itself while it runs: log lines on standard error, metrics on the
//! operations listener.
//!
//! **Invariant**: a line holds path templates and identifiers, never a path, a body, a secret or
//! the data of a person.

use std::io::IsTerminal;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogFormat};

/// Begins to write log lines to standard error. A second call in one process changes nothing.
///
/// Returns an error if the filter is malformed.
pub fn start_log(config: &LogConfig) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter: EnvFilter = config.level.parse()?;
    // The library reports each mechanism of a token that it has no name for as an error.
    let filter = filter.add_directive("cryptoki::mechanism=off".parse()?);
    let human = match config.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The only failure is that a subscriber stands already: then that one goes on.
    let _ = if human {
        lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
    } else {
        lines.json().flatten_event(true).with_ansi(false).try_init()
    };
    Ok(())
}

/// Upper bounds, in seconds, of the buckets that durations are counted in.
const DURATION_BUCKETS_S: &[f64] =
    &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often counted durations are put into their buckets.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Puts counted durations into their buckets, for ever. Without it they pile up in memory until
/// somebody asks for `/metrics`.
pub async fn keep_up(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}

/// Begins to count. What is counted is rendered by the returned handle.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new().set_buckets(DURATION_BUCKETS_S)?.build_recorder();
    let handle = recorder.handle();
    // A recorder stands already only where a test starts two platforms in one process.
    let _ = metrics::set_global_recorder(recorder);
    Ok(handle)
}
