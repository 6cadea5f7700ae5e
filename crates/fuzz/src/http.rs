//! What the gateway reads before it knows who sent it.

use gateway::fuzzing;

/// A head means the same however it arrives, and every line of it is one line to anybody.
pub(crate) fn h1_head(bytes: &[u8]) {
    let read = fuzzing::head(bytes, usize::MAX);
    for step in [1, 7] {
        let in_steps = fuzzing::head(bytes, step);
        // A head that goes wrong late is refused late; one that passes passes always.
        if let (Ok(Some(one)), Ok(Some(other))) = (&read, &in_steps) {
            assert_eq!(one, other);
        }
        assert_eq!(matches!(read, Ok(Some(_))), matches!(in_steps, Ok(Some(_))), "step {step}");
    }
    let Ok(Some(head)) = read else {
        return;
    };
    let raw = &bytes[..head.length];
    assert!(!raw.contains(&0));
    let text = raw.strip_suffix(b"\r\n\r\n").expect("an empty line ends the head");
    let mut lines = text.split(|byte| *byte == b'\n').collect::<Vec<_>>().into_iter().enumerate();
    let last = lines.len() - 1;
    // The last line has lost its carriage return with the suffix.
    let mut lines = lines.by_ref().map(|(number, line)| {
        if number == last { line } else { line.strip_suffix(b"\r").expect("CRLF ends each line") }
    });
    let first = lines.next().expect("a request line");
    if first.is_empty() {
        // An empty line before the request line is read over, here by the connection.
        return;
    }
    let words: Vec<_> = first.split(|byte| *byte == b' ').collect();
    assert_eq!(words.len(), 3);
    assert_eq!(words[0], head.method.as_bytes());
    assert_eq!(words[1], head.target.as_bytes());
    let naive: Vec<_> = lines
        .map(|line| {
            let colon = line.iter().position(|byte| *byte == b':').expect("a colon");
            let name = std::str::from_utf8(&line[..colon]).expect("a name").to_ascii_lowercase();
            (name, line[colon + 1..].trim_ascii().to_vec())
        })
        .collect();
    let fields: Vec<_> = head
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), value.trim_ascii().to_vec()))
        .collect();
    assert_eq!(naive, fields);
    let times = |name: &str| naive.iter().filter(|(line, _)| line == name).count();
    match head.content_length {
        None => assert_eq!((times("transfer-encoding"), times("content-length")), (1, 0)),
        Some(0) => assert!(times("transfer-encoding") == 0 && times("content-length") <= 1),
        Some(length) => {
            let said = naive.iter().find(|(name, _)| name == "content-length").expect("a length");
            assert_eq!(times("transfer-encoding"), 0);
            assert_eq!(times("content-length"), 1);
            let digits = std::str::from_utf8(&said.1).expect("digits");
            assert_eq!(digits.parse(), Ok(length));
        }
    }
}

/// A chunked body means the same however it arrives, and what a plain reader makes of it.
pub(crate) fn chunked_body(bytes: &[u8]) {
    let read = fuzzing::chunks(bytes, usize::MAX);
    for step in [1, 5] {
        assert_eq!(fuzzing::chunks(bytes, step), read, "step {step}");
    }
    let Ok(Some(body)) = read else {
        return;
    };
    let (mut rest, mut data) = (&bytes[..body.length], Vec::new());
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").expect("a line");
        let line = std::str::from_utf8(&rest[..end]).expect("text");
        let digits = line.split([';', ' ', '\t']).next().expect("a size");
        let size = usize::from_str_radix(digits, 16).expect("hex");
        rest = &rest[end + 2..];
        if size == 0 {
            break;
        }
        data.extend_from_slice(&rest[..size]);
        rest = rest[size..].strip_prefix(b"\r\n").expect("a line end behind the data");
    }
    assert_eq!(data, body.data);
    assert!(rest == b"\r\n" || rest.ends_with(b"\r\n\r\n"));
    assert_eq!(rest.split(|byte| *byte == b'\n').count(), body.trailers + 2);
}

/// A target that passes is one path to the WHATWG reader of URLs too, which resolves dots.
pub(crate) fn request_target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (host, raw) = text.split_once('\n').unwrap_or(("gateway.example", text));
    let Some((uri, path)) = fuzzing::target(raw, host) else {
        return;
    };
    let plain = host.trim().to_ascii_lowercase();
    assert!(matches!(plain.as_str(), "gateway.example" | "gateway.example:80"), "{host:?}");
    let url = url::Url::parse(&uri).expect("a URL");
    assert_eq!(url.host_str(), Some("gateway.example"));
    assert_eq!(url.path(), path, "{raw:?}");
    assert_eq!(
        (url.username(), url.password(), url.fragment(), url.port()),
        ("", None, None, None)
    );
    let authority = if raw.starts_with('/') { 0 } else { "http://".len() };
    let sent = authority + raw[authority..].find('/').expect("a path");
    assert_eq!(format!("http://gateway.example{}", &raw[sent..]), uri);
}

/// No spelling of a name that belongs to the platform, or to one connection, reaches a provider.
pub(crate) fn field_names(bytes: &[u8]) {
    let lines: Vec<_> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
        })
        .collect();
    for name in fuzzing::names_towards_provider(&lines, "if-match") {
        let plain: String = name
            .chars()
            .map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' })
            .collect();
        assert!(!plain.starts_with("lgsp-") && !plain.starts_with("x-forwarded"), "{name}");
        let never = [
            "forwarded",
            "via",
            "host",
            "connection",
            "transfer-encoding",
            "content-length",
            "te",
            "trailer",
            "upgrade",
            "signature",
            "signature-input",
            "x-real-ip",
            "expect",
            "proxy-authorization",
            "keep-alive",
            "x-http-method-override",
            "x-original-url",
        ];
        assert!(!never.contains(&plain.as_str()), "{name}");
        assert!(plain != "content-digest" || name == plain);
        assert!(plain != "if-match" || name == plain);
    }
}

/// An address that passes reads the same when it is printed, and a path stays at its end.
pub(crate) fn upstream(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Some((printed, target)) = fuzzing::upstream(text, "/units?a=b") else {
        return;
    };
    assert_eq!(fuzzing::upstream(&printed, "/units?a=b"), Some((printed.clone(), target.clone())));
    assert!(target.starts_with('/') && target.ends_with("/units?a=b"));
    let url = url::Url::parse(&printed).expect("a URL");
    assert!(url.query().is_none() && url.fragment().is_none() && url.username().is_empty());
}

/// What `Forwarded` says is an address, one of our schemes, and a host that fits into one line.
pub(crate) fn forwarded(bytes: &[u8]) {
    let Some((peer, scheme, host)) = fuzzing::forwarded(bytes) else {
        return;
    };
    peer.parse::<std::net::IpAddr>().expect("an address");
    assert!(matches!(scheme, "http" | "https"));
    if let Some(host) = host {
        assert!(host.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{host:?}");
    }
}

/// A PROXY header is read to its end and no further, whatever stands behind it.
pub(crate) fn proxy_header(bytes: &[u8]) {
    let Some((said, length)) = transport::fuzzing::proxy_header(bytes) else {
        return;
    };
    assert!(bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n"));
    assert_eq!(length, 16 + usize::from(u16::from_be_bytes([bytes[14], bytes[15]])));
    let alone = transport::fuzzing::proxy_header(&bytes[..length]);
    assert_eq!(alone, Some((said, length)));
    assert_eq!(transport::fuzzing::proxy_header(&bytes[..length - 1]), None);
}

/// A provider's answer means the same however it arrives, and its connection serves again only if
/// nothing came after an end that the answer itself told.
pub(crate) fn provider_answer(bytes: &[u8]) {
    let read = fuzzing::answer(bytes, usize::MAX);
    for step in [1, 7] {
        let in_steps = fuzzing::answer(bytes, step);
        // What comes unasked is seen where it comes with the answer.
        let same = |answer: &fuzzing::ReadAnswer| {
            (answer.status, answer.fields.clone(), answer.data.clone())
        };
        assert_eq!(read.as_ref().map(same), in_steps.as_ref().map(same), "step {step}");
    }
    let Ok(answer) = read else {
        return;
    };
    assert!((200..=999).contains(&answer.status) || answer.status == 101);
    if answer.serves_again {
        let has = |name: &str| answer.fields.iter().any(|(line, _)| line == name);
        let is_bodiless = matches!(answer.status, 204 | 304 | 101);
        assert!(is_bodiless || has("content-length") || has("transfer-encoding"));
        assert!(bytes.ends_with(b"\n") || bytes.ends_with(&answer.data), "more came than was read");
    }
}
