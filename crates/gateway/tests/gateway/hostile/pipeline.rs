//! What stands behind a request on the same connection; invitations that are abused; leaving.

use crate::caller::Ask;
use crate::hostile::scene::{Scene, get_with, with_lines};

/// Every kind of refusal after which the end of the message is in doubt has its own test, through
/// [`Scene::refuses`]; here are those that leave no doubt, and bodies that look like requests.
#[tokio::test]
async fn a_body_that_looks_like_a_request_is_a_body() {
    let scene = Scene::new().await;
    let inner = Ask::get("/smuggled").bytes(&scene.city);
    for chunked in [false, true] {
        let ask = Ask::post("/units", inner.clone()).with(|ask| ask.chunked = chunked);
        assert_eq!(scene.passes(|city| ask.bytes(city)).await.body, inner);
        // Refused by its head, its body is read over and not read as a call.
        let refused = Ask::post("/units", inner.clone()).key("nobody");
        let mut line = scene.city.line().await;
        let answer = line.ask(&refused.bytes(&scene.city)).await;
        assert_eq!((answer.status, &*answer.code()), (401, "key.unknown"));
        assert_eq!(line.ask(&Ask::get("/after").bytes(&scene.city)).await.status, 200);
    }
    let requests = scene.tape.requests();
    assert!(requests.iter().all(|request| request.line() != "get /smuggled http/1.1"));
}

#[tokio::test]
async fn a_get_with_a_length_does_not_hand_its_body_on_as_a_call() {
    let scene = Scene::new().await;
    let inner = Ask::get("/smuggled").bytes(&scene.city);
    // A body needs a digest that is signed, whatever the method.
    let lines = format!("Content-Length: {}\r\n", inner.len());
    let bytes = [get_with(&scene.city, &lines), inner].concat();
    let mut line = scene.city.line().await;
    let answer = line.ask(&bytes).await;
    assert_eq!((answer.status, &*answer.code()), (401, "signature.component_missing"));
    assert_eq!(line.ask(&Ask::get("/after").bytes(&scene.city)).await.status, 200);
    assert_eq!(scene.tape.requests().len(), 1);
}

#[tokio::test]
async fn after_a_refused_invitation_nothing_is_read() {
    let scene = Scene::new().await;
    for (key, expect) in
        [("nobody", "100-continue"), ("nobody", "100-Continue, x"), ("nobody", "x,100-continue")]
    {
        let ask = Ask::post("/units", "hello").key(key).header("Expect", expect);
        let mut line = scene.city.line().await;
        line.send(ask.head(&scene.city).as_bytes()).await;
        let answer = line.answer(false).await;
        assert_eq!((answer.status, answer.header("connection")), (401, Some("close")), "{expect}");
        line.try_send(&Ask::get("/smuggled").bytes(&scene.city)).await;
        assert!(line.is_closed().await);
    }
    assert_eq!(scene.tape.bytes(), b"");
}

#[tokio::test]
async fn an_invitation_is_sent_at_most_once_and_only_where_a_body_is_to_come() {
    let scene = Scene::new().await;
    // Without a body there is nothing to invite.
    let lines = "Expect: 100-continue\r\nExpect: 100-continue\r\n";
    assert!(scene.passes(|city| get_with(city, lines)).await.values("expect").is_empty());
    // A body that is here already needs none.
    let ask = Ask::post("/units", "hello");
    let write = |city: &_| format!("{}hello", with_lines(&ask.head(city), lines)).into();
    assert_eq!(scene.passes(write).await.body, b"hello");
    // Asked for twice, it is sent once.
    let ask = Ask::post("/units", "hello");
    let mut line = scene.city.line().await;
    line.send(with_lines(&ask.head(&scene.city), lines).as_bytes()).await;
    assert_eq!(line.head().await.status, 100);
    line.send(b"hello").await;
    assert_eq!(line.answer(false).await.status, 200);
}

#[tokio::test]
async fn other_expectations_are_read_over_and_go_no_further() {
    let scene = Scene::new().await;
    let request = scene.passes(|city| get_with(city, "Expect: the-unexpected\r\n")).await;
    assert!(request.values("expect").is_empty());
}
