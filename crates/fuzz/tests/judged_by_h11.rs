//! A stranger's reader as judge: whatever our reader of requests accepts, h11 reads as the same
//! request, with the same body and the same end. h11 may refuse more than we do only where a
//! reason stands here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "smoke/mutator.rs"]
mod mutator;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gateway::fuzzing;
use serde_json::{Value, json};
use testkit::SeededRandomness;

use crate::mutator::Mutator;

/// Requests from which mutations are made.
const REQUESTS: &[&str] = &[
    "GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nX-Empty:\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: b\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nGET / HTTP/1.1\r\n",
    "OPTIONS http://a/b HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nX: a, b\r\nX:\tc \r\n\r\n",
];

struct Judge(Child);

impl Judge {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge_h11.py");
        let child = Command::new(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// What h11 makes of these requests.
    fn judge(mut self, requests: &[Vec<u8>]) -> Vec<Value> {
        let mut stdin = self.0.stdin.take().unwrap();
        let lines: Vec<_> = requests.iter().map(|request| hex(request)).collect();
        let writing = std::thread::spawn(move || {
            for line in lines {
                writeln!(stdin, "{line}").unwrap();
            }
        });
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let read = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        writing.join().unwrap();
        assert!(self.0.wait().unwrap().success());
        read
    }
}

/// The Python that has the judges, as `cargo xtask setup` makes it.
fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/python/bin/python");
    std::env::var_os("LGSP_TEST_PYTHON").map_or(made, PathBuf::from)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// What we make of a request, in the judge's words; `None` where we refuse or wait for more.
fn ours(request: &[u8]) -> Option<Value> {
    let head = fuzzing::head(request, usize::MAX).ok()??;
    let after = &request[head.length..];
    let (body, length) = if let Some(length) = head.content_length {
        let length = usize::try_from(length).ok()?;
        (after.get(..length)?.to_vec(), length)
    } else {
        let body = fuzzing::chunks(after, usize::MAX).ok()??;
        (body.data, body.length)
    };
    let shown = |(name, value): &(String, Vec<u8>)| {
        let value = value.trim_ascii();
        // The judge writes this one in small letters.
        let is_coding = name == "transfer-encoding";
        json!([name, hex(&if is_coding { value.to_ascii_lowercase() } else { value.to_vec() })])
    };
    let fields: Vec<_> = head.fields.iter().map(shown).collect();
    Some(json!({
        "method": head.method,
        "target": head.target,
        "fields": fields,
        "body": hex(&body),
        "rest": after.len() - length,
    }))
}

/// Where h11 refuses what our reader accepts: it wants one Host and only one, as in our gateway
/// the step behind the reader does.
fn is_excused(request: &[u8]) -> bool {
    let head = fuzzing::head(request, usize::MAX).unwrap().unwrap();
    let hosts = head.fields.iter().filter(|(name, _)| name == "host").count();
    hosts != 1
}

#[test]
fn what_we_accept_a_stranger_reads_as_the_same_request() {
    let corpus: Vec<_> = REQUESTS.iter().map(|request| request.as_bytes().to_vec()).collect();
    let mut accepted: Vec<_> =
        corpus.iter().cloned().map(|bytes| (ours(&bytes).unwrap(), bytes)).collect();
    for seed in 0..20_000 {
        let input = Mutator::new(SeededRandomness::new(seed), &corpus).input();
        if let Some(ours) = ours(&input) {
            accepted.push((ours, input));
        }
    }
    assert!(accepted.len() > 2000, "only {} were accepted: nothing is judged", accepted.len());
    let requests: Vec<_> = accepted.iter().map(|(_, bytes)| bytes.clone()).collect();
    let theirs = Judge::start().judge(&requests);
    assert_eq!(theirs.len(), requests.len());
    let mut judged = 0;
    for ((ours, bytes), theirs) in accepted.iter().zip(&theirs) {
        if theirs.is_null() && is_excused(bytes) {
            continue;
        }
        assert_eq!(ours, theirs, "{}", bytes.escape_ascii());
        judged += 1;
    }
    assert!(judged > 1000, "only {judged} were judged");
}
