//! Methods that are about the connection, or that no connection permits.

use crate::caller::Ask;
use crate::city::City;
use crate::hostile::scene::Scene;

fn closing(method: &str, path: &str) -> Ask {
    Ask::new(method, path).header("Connection", "close")
}

#[tokio::test]
async fn connect_opens_no_tunnel() {
    let scene = Scene::new().await;
    for target in ["HOST", "127.0.0.1:22", "other.example:443", "http://HOST", "*"] {
        let write = |city: &City| {
            let ask = closing("CONNECT", "/");
            let target = target.replace("HOST", city.host());
            ask.head(city).replacen(&ask.target, &target, 1).into_bytes()
        };
        scene.refuses("request.path_not_normal", write).await;
    }
    let plain = closing("CONNECT", "/units");
    scene.refuses("connection.operation_not_allowed", |city| plain.bytes(city)).await;
}

#[tokio::test]
async fn trace_reflects_nothing() {
    let scene = Scene::new().await;
    for method in ["TRACE", "TRACK", "DEBUG"] {
        let ask = closing(method, "/units").header("Cookie", "a=secret");
        let answer =
            scene.refuses("connection.operation_not_allowed", |city| ask.bytes(city)).await;
        assert!(!String::from_utf8(answer.body).unwrap().contains("secret"));
    }
}

#[tokio::test]
async fn options_of_the_whole_server_is_refused() {
    let scene = Scene::new().await;
    let write = |city: &City| {
        let ask = closing("OPTIONS", "/");
        ask.head(city).replacen(&ask.target, "*", 1).into_bytes()
    };
    scene.refuses("request.path_not_normal", write).await;
}

#[tokio::test]
async fn a_method_is_compared_letter_by_letter() {
    let scene = Scene::new().await;
    for method in ["get", "Get", "GETS", "GE", "PRI", "X-GET", "GET*"] {
        let ask = closing(method, "/units");
        scene.refuses("connection.operation_not_allowed", |city| ask.bytes(city)).await;
    }
    for method in ["G(T", "G,T", "G/T", "G\"T", "GET:"] {
        let ask = closing(method, "/units");
        scene.refuses("request.malformed", |city| ask.bytes(city)).await;
    }
}
