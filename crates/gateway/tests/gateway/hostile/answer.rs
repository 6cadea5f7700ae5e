//! Providers that die, stall, lie about lengths, answer without end, and say more than they were
//! asked.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::provider::Provider;

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// A provider that, on each connection, reads a request and sends these bytes, then closes.
async fn saying(bytes: impl Into<Vec<u8>>) -> Provider {
    let bytes = bytes.into();
    Provider::playing(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(&bytes).await;
            close(stream).await;
        }
    })
    .await
}

/// Closes so that what was sent arrives: with unread bytes the system would send a reset.
async fn close(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

async fn city_before(provider: &Provider) -> City {
    let mut setting = Setting::new(provider.address);
    setting.policy.service.timeout_ms = 2000;
    setting.start().await
}

/// What the caller is told of an answer: the code, which is also in the log, once.
async fn faulted(bytes: impl Into<Vec<u8>>) -> String {
    let provider = saying(bytes).await;
    let city = city_before(&provider).await;
    let answer = city.ask(&Ask::get("/")).await;
    let code = answer.code();
    assert_eq!(answer.json()["fault"], "provider");
    let entries = city.entries(answer.header("lgsp-request-id").unwrap()).await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&*entries[0].action, &*entries[0].outcome), ("call.refused", &*code));
    code
}

#[tokio::test]
async fn a_provider_that_dies_leaves_a_broken_call_wherever_it_dies() {
    let whole = format!("{OK}Content-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123456789");
    for length in 0..whole.len() {
        // Tearing everywhere takes long; every seventh place, and all around the line ends.
        let is_edge = whole[..length].ends_with(['\r', '\n']);
        if length % 7 == 0 || is_edge || length + 1 == whole.len() {
            assert_eq!(
                faulted(&whole.as_bytes()[..length]).await,
                "provider.broke_off",
                "{length}"
            );
        }
    }
    for chunks in
        ["", "5", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n"]
    {
        let bytes = format!("{OK}Transfer-Encoding: chunked\r\n\r\n{chunks}");
        assert_eq!(faulted(bytes).await, "provider.broke_off", "{chunks:?}");
    }
}

#[tokio::test]
async fn a_provider_that_stalls_is_given_up_before_the_head_within_it_and_within_the_body() {
    for part in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"] {
        let provider = Provider::playing(move |mut stream| async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(part.as_bytes()).await;
            let _ = stream.read(&mut head).await;
        })
        .await;
        let mut setting = Setting::new(provider.address);
        setting.policy.service.timeout_ms = 30;
        setting.config.limits.body_idle = Duration::from_millis(30);
        let city = setting.start().await;
        let answer = city.ask(&Ask::get("/")).await;
        assert_eq!((answer.status, &*answer.code()), (504, "provider.timeout"), "{part:?}");
        assert_eq!(city.entry_of(&answer).await.outcome, "provider.timeout");
    }
}

#[tokio::test]
async fn an_answer_that_is_shorter_than_it_says_is_broken() {
    for length in ["6", "1000", "65536"] {
        let bytes = format!("{OK}Content-Length: {length}\r\n\r\nhello");
        assert_eq!(faulted(bytes).await, "provider.broke_off", "{length}");
    }
    // A long one has been opened in the log by then; it is cut off and never looks whole.
    let part = "x".repeat(70_000);
    for length in ["70001", "9000000000000000000"] {
        let provider = saying(format!("{OK}Content-Length: {length}\r\n\r\n{part}")).await;
        let city = city_before(&provider).await;
        let mut line = city.line().await;
        line.send(&Ask::get("/").bytes(&city)).await;
        assert!(!line.answer(false).await.is_whole, "{length}");
        assert_eq!(city.entry(0).await.action, "call.opened");
        let closed = city.entry_after(1).await;
        assert_eq!((&*closed.action, &*closed.outcome), ("call.closed", "aborted"), "{length}");
    }
}

#[tokio::test]
async fn an_answer_whose_end_could_be_found_in_two_ways_is_malformed() {
    for lines in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5x\r\n",
        "Content-Length: \r\n",
        "Content-Length: 18446744073709551615\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: identity\r\n",
    ] {
        let bytes = format!("{OK}{lines}\r\n5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(faulted(bytes).await, "provider.answer_malformed", "{lines}");
    }
    let old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(faulted(old).await, "provider.answer_malformed");
}

#[tokio::test]
async fn status_lines_that_are_none_are_malformed() {
    for line in [
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 X",
        "HTTP/1.1 000 X",
        "HTTP/1.1 600 X",
        "HTTP/1.1 999 X",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1 -20 OK",
        "HTTP/2 200 OK",
        "HTTP/1.2 200 OK",
        "HTTP/0.9 200 OK",
        "ICY 200 OK",
        "200 OK",
        "GET / HTTP/1.1",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 O\rK",
    ] {
        let bytes = format!("{line}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(faulted(bytes).await, "provider.answer_malformed", "{line:?}");
    }
}

#[tokio::test]
async fn heads_of_answers_that_are_none_are_malformed() {
    for lines in [
        "X: a\0b\r\n",
        "X\0: 1\r\n",
        "X : 1\r\n",
        "X: 1\r\n folded\r\n",
        " X: 1\r\n",
        "no colon\r\n",
        ": 1\r\n",
        "X: 1\rY: 2\r\n",
    ] {
        let bytes = format!("{OK}{lines}Content-Length: 0\r\n\r\n");
        assert_eq!(faulted(bytes).await, "provider.answer_malformed", "{lines:?}");
    }
}

#[tokio::test]
async fn a_huge_head_of_an_answer_is_malformed() {
    let long = format!("{OK}X: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(faulted(long).await, "provider.answer_malformed");
    let many = format!("{OK}{}Content-Length: 0\r\n\r\n", "X: 1\r\n".repeat(10_000));
    assert_eq!(faulted(many).await, "provider.answer_malformed");
    let endless = format!("{OK}X: {}", "x".repeat(2 << 20));
    assert_eq!(faulted(endless).await, "provider.answer_malformed");
}

#[tokio::test]
async fn a_storm_of_interim_answers_is_malformed() {
    let provider = Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let storm = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(100);
        while stream.write_all(storm.as_bytes()).await.is_ok() {}
    })
    .await;
    let city = city_before(&provider).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, &*answer.code()), (502, "provider.answer_malformed"));
    assert_eq!(city.entry_of(&answer).await.outcome, "provider.answer_malformed");
}

#[tokio::test]
async fn a_switch_of_protocols_that_nobody_asked_for_is_malformed() {
    for lines in ["Upgrade: h2c\r\nConnection: Upgrade\r\n", "", "Content-Length: 5\r\n"] {
        let bytes = format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\nhello");
        assert_eq!(faulted(bytes).await, "provider.answer_malformed");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off_when_its_caller_leaves() {
    let provider = Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ =
            stream.write_all(format!("{OK}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await;
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        // The end of the loop is the proof: the gateway closes this connection.
        while stream.write_all(chunk.as_bytes()).await.is_ok() {}
    })
    .await;
    let city = city_before(&provider).await;
    let size = city.log.size();
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    assert_eq!(line.head().await.status, 200);
    drop(line);
    let closed = city.entry_after(size + 1).await;
    assert_eq!((&*closed.action, &*closed.outcome), ("call.closed", "aborted"));
    // The provider of this test takes one connection after the other, so it is free again.
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    assert_eq!(line.head().await.status, 200);
}

#[tokio::test]
async fn an_answer_that_comes_in_pieces_is_one_answer() {
    let provider = Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        stream.set_nodelay(true).unwrap();
        let bytes =
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
        for byte in bytes.as_bytes() {
            let _ = stream.write_all(&[*byte]).await;
            tokio::task::yield_now().await;
        }
        close(stream).await;
    })
    .await;
    let city = city_before(&provider).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]));
}

#[tokio::test]
async fn what_a_provider_says_after_its_answer_is_never_the_answer_to_the_next_call() {
    for (method, first) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"),
    ] {
        for extra in ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "x", "\r\n", "good"] {
            let (provider, mut connections) = adding(format!("{first}{extra}")).await;
            let city = city_before(&provider).await;
            let mut line = city.line().await;
            let mut ask = Ask::get("/first");
            method.clone_into(&mut ask.method);
            // HEAD is not among the operations: a GET is, and a provider that answers it as HEAD
            // is one that lies; so HEAD is asked of a policy that permits it.
            let mut policy = city.policy.clone();
            let head = wire::directory::Operation::new("HEAD", "/**").unwrap();
            policy.connections[0].operations.push(head);
            city.install(&policy);
            assert!(line.ask(&ask.bytes(&city)).await.is_whole);
            let second = line.ask(&Ask::get("/second").bytes(&city)).await;
            let body = String::from_utf8_lossy(&second.body).into_owned();
            assert!(!body.contains("forged"), "{first:?} {extra:?}");
            // Whatever came second came as the answer to its own request, over a new connection.
            assert_eq!(second.status, 200, "{first:?} {extra:?} {body}");
            assert_eq!(body, "fresh");
            assert_eq!(connections.recv().await, Some(1));
            assert_eq!(connections.recv().await, Some(2));
        }
    }
}

/// Sends these bytes over its first connection, which it keeps open; over further ones it answers
/// `fresh`. Tells the number of each connection as it is made.
async fn adding(bytes: String) -> (Provider, tokio::sync::mpsc::UnboundedReceiver<usize>) {
    let (made, connections) = tokio::sync::mpsc::unbounded_channel();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let provider = Provider::playing(move |mut stream| {
        let (bytes, made) = (bytes.clone(), made.clone());
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let _ = made.send(number);
        async move {
            let fresh = format!("{OK}Content-Length: 5\r\n\r\nfresh");
            let say = if number == 1 { bytes } else { fresh };
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(say.as_bytes()).await;
                // Kept open, and deaf: whoever uses it again waits in vain.
                let _ = stream.read(&mut head).await;
                std::future::pending::<()>().await;
            });
        }
    })
    .await;
    (provider, connections)
}

#[tokio::test]
async fn an_answer_before_its_request_was_read_is_not_believed_until_the_body_is_right() {
    // Sent at connect, before a byte of the request was read.
    let provider = Provider::playing(|mut stream| async move {
        let _ = stream.write_all(format!("{OK}Content-Length: 5\r\n\r\nhasty").as_bytes()).await;
        close(stream).await;
    })
    .await;
    let city = city_before(&provider).await;
    let mut wrong = Ask::post("/", "hello");
    wrong.body = Some(b"hellO".to_vec());
    let answer = city.ask(&wrong).await;
    // Which of them depends on what comes first: the provider's haste or the end of the body.
    let codes = [
        "digest.mismatch",
        "provider.answer_malformed",
        "provider.broke_off",
        "provider.unreachable",
    ];
    assert!(codes.contains(&&*answer.code()), "{}", answer.code());
}

#[tokio::test]
async fn a_provider_cannot_speak_for_the_platform() {
    let forged = "Lgsp-Entry: forged/1\r\nLgsp-Request-Id: forged\r\nLgsp_Entry: forged/2\r\n\
                  lgsp.entry: forged\r\nSignature: sig=:AAAA:\r\n\
                  Signature-Input: sig=(\"@status\");keyid=\"forged\"\r\n\
                  RateLimit: \"forged\"\r\nConnection: date, content-type, x-hop\r\n\
                  Keep-Alive: forged\r\nUpgrade: forged\r\nX-Hop: forged\r\n";
    let provider = saying(format!("{OK}{forged}Content-Length: 2\r\n\r\nok")).await;
    let city = city_before(&provider).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!(answer.status, 200);
    let lines: Vec<_> =
        answer.headers.iter().filter(|(_, value)| value.contains("forged")).collect();
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!(city.entry_of(&answer).await.action, "call.completed");
}
