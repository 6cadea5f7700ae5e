//! A stranger (PyPI `schemathesis`) reads the control API's description and asks for everything in
//! it, right and wrong, in every role that changes something.

use std::process::Command;

use crate::drill::python;
use crate::running::Demo;

/// What no answer may be: a failure of ours, or one that the description does not name.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,allow_header_conformance,unsupported_method";

#[test]
fn no_request_to_the_described_api_fails_for_a_reason_of_ours_or_in_an_undescribed_way() {
    for role in ["operator", "state_manager", "organisation_admin"] {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::start(&folder.path().join("data"));
        let document = format!("{}/api/openapi.json", demo.text("portal"));
        let token = demo.token(role, None);
        let mut asking = Command::new(python());
        asking.args(["-m", "schemathesis.cli", "run", &document, "--header"]);
        asking.arg(format!("Authorization: Bearer {token}"));
        asking.args(["--phases", "examples,coverage", "--continue-on-failure", "--seed", "1"]);
        asking.args(["--checks", CHECKS, "--warnings", "off", "--no-color"]);
        // The token's own end would make the rest of the run a stranger's.
        asking.args(["--exclude-path-regex", "/api/v1/tokens/.*/revoke"]);
        if let Some(ca) = demo.ca() {
            asking.arg("--tls-verify").arg(ca);
        }
        let output = asking.current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "as {role}: {said}");
        let tested = said.lines().find_map(|line| line.trim().strip_prefix("Tested: "));
        let tested: u32 = tested.unwrap_or_else(|| panic!("{said}")).parse().unwrap();
        assert!(tested >= 60, "as {role} only {tested} operations were asked for: {said}");
    }
}
