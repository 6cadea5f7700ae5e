//! `META-INF/ASiCManifest.xml` (ETSI EN 319 162-1 §A.4): the SHA-256 of every file of the bundle
//! but `mimetype` and itself. A seal will sign this file; until there is one, the manifest has no
//! `SigReference`, because it would point to nothing.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::container::File;
use crate::merkle::sha256;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
"#;

const TAIL: &str = "</asic:ASiCManifest>\n";

/// The manifest of `files`, one line each. File names need no escaping: see `container`.
pub(super) fn write(files: &[File]) -> String {
    let mut xml = HEAD.to_owned();
    for (name, bytes) in files {
        let (media_type, digest) = (media_type(name), STANDARD.encode(sha256(&[bytes])));
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            xml,
            "  <asic:DataObjectReference URI=\"{name}\" MimeType=\"{media_type}\">\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <ds:DigestValue>{digest}</ds:DigestValue></asic:DataObjectReference>"
        );
    }
    xml.push_str(TAIL);
    xml
}

fn media_type(name: &str) -> &'static str {
    let is_json = name.rsplit_once('.').is_some_and(|(_, extension)| extension == "json");
    if is_json { "application/json" } else { "text/plain; charset=utf-8" }
}
