//! The disk of the log fills up: calls are refused, nothing unlogged passes, service resumes when
//! space returns. On a real file system, a small one in memory that only the platform sees.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::LGSP;
use crate::running::Demo;
use drill::caller::{Answered, Caller};
use drill::provider::{Manner, Provider};

/// Enough for the demo's beginning, little enough to be full after some hundred calls.
const LOG_BYTES: &str = "size=4m";
/// Calls after which a bounded loop gives up.
const PATIENCE: usize = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_calls_and_service_resumes_when_space_returns() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = start_on_small_disk(&data);
    let provider = Provider::start(Manner::Answers).await;
    let url = demo.connect_service("dem", &provider.url).await + "/x";
    let caller = demo.caller();
    let mut passed = Vec::new();
    passed.push(call(&caller, &url).await);
    assert_eq!(passed[0].status, 200, "{:?}", passed[0]);

    let ballast = fill(&demo, &data);
    let refused = call_until(&caller, &url, &mut passed, |status| status == 503).await;
    assert_eq!(refused.code.as_deref(), Some("log.unavailable"));
    let forwarded = provider.calls();
    for _ in 0..20 {
        let refused = call(&caller, &url).await;
        assert_eq!((refused.status, refused.code.as_deref()), (503, Some("log.unavailable")));
    }
    assert_eq!(provider.calls(), forwarded, "what cannot be recorded is not forwarded");

    std::fs::remove_file(ballast).unwrap();
    let mut refused = Vec::new();
    let resumed = call_until(&caller, &url, &mut refused, |status| status == 200).await;
    passed.push(resumed);

    let entries = demo.log().entries_covering(&passed).await;
    let completed: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| {
            entry.action == "call.completed" && entry.subject["service"].contains("dem")
        })
        .map(|entry| entry.subject["request_id"].as_str())
        .collect();
    let answered: BTreeSet<&str> = passed.iter().map(|call| call.request_id.as_str()).collect();
    assert_eq!(completed, answered, "answered calls and logged calls are the same");
}

/// The demo in a mount namespace of its own, its log on a small file system that goes with it.
fn start_on_small_disk(data: &Path) -> Demo {
    let mut command = Command::new("unshare");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let log = data.join("log");
    let script = r#"
        umask 077
        mkdir -p "$0" && mount -t tmpfs -o "$1,mode=0700" tmpfs "$0" && shift && exec "$@""#;
    command.args(["--mount", "sh", "-c", script]);
    command.arg(log).arg(LOG_BYTES).arg(LGSP);
    Demo::start_through(data, command)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Takes what space is left, seen through the process whose file system it is.
fn fill(demo: &Demo, data: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", demo.process.id()));
    let ballast = root.join(data.join("log/ballast").strip_prefix("/").unwrap());
    let mut file = File::create(&ballast).unwrap();
    let block = [0; 512];
    loop {
        match file.write_all(&block) {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
                return ballast;
            }
        }
    }
}

async fn call(caller: &Caller, url: &str) -> Answered {
    caller.send(&caller.sign(url)).await.expect("the gateway answers")
}

/// Calls until the status fits; those before it go to `others`.
async fn call_until(
    caller: &Caller,
    url: &str,
    others: &mut Vec<Answered>,
    fits: impl Fn(u16) -> bool,
) -> Answered {
    for _ in 0..PATIENCE {
        let answered = call(caller, url).await;
        if fits(answered.status) {
            return answered;
        }
        others.push(answered);
    }
    panic!("the status that was waited for never came");
}
