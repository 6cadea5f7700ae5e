//! `docs/first-hour.md` and `docs/connections.md`, which goes on where the first ends, run as they
//! stand there.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::binary::LGSP;

/// Runs before the document's own commands.
const BEFORE: &str = r#"
set -euo pipefail
mkdir provider && echo '{"units":[]}' > provider/units.json
"#;

/// Where the document says that the node is started: on free ports, with a provider beside it.
const START: &str = r#"
CONTROL=http://$LGSP__CONTROL__LISTEN GATEWAY=http://$LGSP__GATEWAY__LISTEN
UPSTREAM=http://$PROVIDER_LISTENS
lgsp check --config lgsp.toml > check.txt
lgsp serve --config lgsp.toml > serve.txt 2>&1 & NODE=$!
python3 -m http.server --bind "${PROVIDER_LISTENS%:*}" --directory provider "${PROVIDER_LISTENS#*:}" \
    > provider.txt 2>&1 & SYSTEM=$!
trap 'kill $NODE $SYSTEM' EXIT
until curl --silent --fail "http://$LGSP__OPERATIONS__LISTEN/readyz" > /dev/null; do kill -0 $NODE; done
until curl --silent --fail "$UPSTREAM/units.json" > /dev/null; do kill -0 $SYSTEM; done
"#;

/// Between two blocks.
const NEXT: &str = "\n# the next block\n";

#[test]
fn the_pages_go_as_they_are_written() {
    let (first_hour, connections) = (commands("first-hour.md"), commands("connections.md"));
    let (make, rest) = first_hour.split_once(NEXT).unwrap();
    let script = [BEFORE, make, START, rest, &connections].concat();

    let folder = tempfile::tempdir().unwrap();
    let [control, gateway, operations, provider] = free_addresses();
    let binaries = Path::new(LGSP).parent().unwrap().to_str().unwrap();
    let path = format!("{binaries}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(&folder).env("PATH", path);
    shell.env("LGSP__CONTROL__LISTEN", control).env("LGSP__GATEWAY__LISTEN", gateway);
    shell.env("LGSP__OPERATIONS__LISTEN", operations).env("PROVIDER_LISTENS", provider);
    shell.env("LGSP__GATEWAY__LOOPBACK_UPSTREAMS", "true").env("LANG", "en_US.UTF-8");
    let output = shell.output().unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("System H24.14/mot-cua itself signed the request \"GET http"), "{said}");
    let refused_then_resumed = "connection.not_active [] active";
    assert!(words.contains(refused_then_resumed), "{said}");
    assert!(words.contains("decided"), "{said}");
    let answered_by_the_former_code = "200 H24.40/don-vi-hanh-chinh/danh-muc/v1 ended";
    assert!(words.contains(answered_by_the_former_code), "{said}");
}

/// The page's blocks of commands, one after the other.
fn commands(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let page = std::fs::read_to_string(path).unwrap();
    let blocks = page.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join(NEXT)
}

fn free_addresses() -> [String; 4] {
    let sockets = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().to_string())
}
