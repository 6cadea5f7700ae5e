//! `docs/first-hour.md`, run as it stands there.

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

#[test]
fn the_first_hour_goes_as_it_is_written() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/first-hour.md");
    let document = std::fs::read_to_string(document).unwrap();
    let blocks: Vec<&str> =
        document.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let (make, rest) = blocks.split_first().unwrap();
    let script = [BEFORE, make, START, &rest.concat()].concat();

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
}

fn free_addresses() -> [String; 4] {
    let sockets = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().to_string())
}
