//! What a connection permits: a method on paths of one form.
//!
//! A path is that after the service's own prefix. A template is compared segment by segment with
//! the path **as it was sent**, still percent-encoded: `{name}` stands for one segment that is not
//! empty, `/**` at the end for the path up to there and all below it.

use serde::{Deserialize, Serialize};

/// A method and a path template: `GET /units/{id}`, `POST /**`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The HTTP method, in capital letters.
    pub method: String,
    /// The path template.
    pub path: String,
}

/// A method or path template that permits nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOperation {
    /// Not capital letters, or one that is about the connection and not about the service.
    #[error("a method is capital letters, like GET, and not CONNECT or TRACE")]
    Method,
    /// Not a path template.
    #[error("a path template is like /units/{{id}} or /units/**")]
    Path,
}

impl Operation {
    /// The operation, if it is written as one.
    pub fn new(method: &str, path: &str) -> Result<Self, NotAnOperation> {
        let is_method = !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
        if !is_method || matches!(method, "CONNECT" | "TRACE") {
            return Err(NotAnOperation::Method);
        }
        let fixed = path.strip_suffix("/**").unwrap_or(path);
        let is_root = fixed.is_empty() && path == "/**";
        let segments = fixed.strip_prefix('/').map(|fixed| fixed.split('/'));
        if is_root || segments.is_some_and(|mut segments| segments.all(is_segment)) {
            Ok(Self { method: method.to_owned(), path: path.to_owned() })
        } else {
            Err(NotAnOperation::Path)
        }
    }

    /// Whether the operation permits `method` on `path`. Paths with dot segments, which another
    /// reader may resolve to another path, are never permitted.
    pub fn permits(&self, method: &str, path: &str) -> bool {
        let has_dots = path.as_bytes().split(|byte| *byte == b'/').any(is_dot_segment);
        self.method == method && path.starts_with('/') && !has_dots && self.matches(path)
    }

    fn matches(&self, path: &str) -> bool {
        let (template, below) = match self.path.strip_suffix("/**") {
            Some(template) => (template, true),
            None => (self.path.as_str(), false),
        };
        let mut segments = path.split('/');
        for wanted in template.split('/') {
            match segments.next() {
                Some(segment) if wanted == segment => {}
                Some(segment) if is_parameter(wanted) && !segment.is_empty() => {}
                _ => return false,
            }
        }
        below || segments.next().is_none()
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// A segment of a template: a parameter, or what may stand in a path (RFC 3986 §3.3).
fn is_segment(segment: &str) -> bool {
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = inner {
        return !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    }
    let is_path_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()+,;=:@".contains(&b);
    segment.bytes().all(is_path_byte) && !is_dot_segment(segment.as_bytes())
}

/// `.` or `..`, also percent-encoded, also with `;parameters` that some readers drop first.
fn is_dot_segment(segment: &[u8]) -> bool {
    if !matches!(segment.first(), Some(b'.' | b'%')) {
        return false;
    }
    let segment = String::from_utf8_lossy(segment);
    let decoded = segment.replace("%2e", ".").replace("%2E", ".");
    let decoded = decoded.replace("%3b", ";").replace("%3B", ";");
    matches!(decoded.split(';').next(), Some("." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn get(path: &str) -> Operation {
        Operation::new("GET", path).unwrap()
    }

    #[test]
    fn a_template_permits_paths_of_its_form() {
        for (template, permitted, refused) in [
            ("/units", &["/units"][..], &["/", "/units/", "/unit", "/units/1", "/UNITS"][..]),
            ("/units/{id}", &["/units/1", "/units/a%2Fb"], &["/units", "/units/", "/units/1/2"]),
            ("/units/{id}/name", &["/units/1/name"], &["/units/1", "/units//name"]),
            ("/units/**", &["/units", "/units/", "/units/1/2"], &["/", "/unitsx", "/unit"]),
            ("/**", &["/", "/units", "/units/1"], &["", "units", "*"]),
            ("/", &["/"], &["", "/units", "//"]),
        ] {
            for path in permitted {
                assert!(get(template).permits("GET", path), "{template} permits {path}");
                assert!(!get(template).permits("POST", path));
            }
            for path in refused {
                assert!(!get(template).permits("GET", path), "{template} refuses {path}");
            }
        }
    }

    #[test]
    fn no_template_permits_a_way_up() {
        for path in [
            "/..",
            "/units/../secret",
            "/units/%2e%2E/secret",
            "/./units",
            "/units/.%2e",
            "/units/..;/secret",
            "/units/%2e.%3Bx=1/secret",
        ] {
            assert!(!get("/**").permits("GET", path), "{path}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for path in
            ["", "**", "units", "/a b", "/{", "/{}", "/a/**/b", "/a*", "/..", "/a?b", "/**/"]
        {
            assert_eq!(Operation::new("GET", path), Err(NotAnOperation::Path), "{path}");
        }
        for method in ["", "get", "GET ", "*", "CONNECT", "TRACE"] {
            assert_eq!(Operation::new(method, "/"), Err(NotAnOperation::Method));
        }
    }

    proptest! {
        #[test]
        fn any_path_is_permitted_or_refused(template in "\\PC{0,12}", path in "\\PC{0,12}") {
            if let Ok(operation) = Operation::new("GET", &template) {
                operation.permits("GET", &path);
            }
        }
    }
}
