//! A gateway before a [`Tape`], and the questions that are asked of every hostile request.

use std::time::Duration;

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::hostile::tape::{Request, Tape};
use crate::line::Answer;

/// A caller with a good key that writes its bytes itself: what is refused here is refused for its
/// form and for nothing else.
pub struct Scene {
    pub city: City,
    pub tape: Tape,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Setting)) -> Self {
        let tape = Tape::friendly().await;
        let mut setting = Setting::new(tape.address);
        change(&mut setting);
        Self { city: setting.start().await, tape }
    }

    /// Sends what `write` writes and, right behind it on the same connection, a call that is
    /// signed as it should be. The first is refused with this code, the second is never read;
    /// neither reaches the provider; the refusal is in the log.
    pub async fn refuses(&self, code: &str, write: impl FnOnce(&City) -> Vec<u8>) -> Answer {
        let answer = self.refuses_midway(code, write).await;
        assert_eq!(self.tape.bytes(), b"", "something reached the provider");
        answer
    }

    /// The same of a request whose fault is in its body: the provider may have seen its head, but
    /// no whole request.
    pub async fn refuses_midway(&self, code: &str, write: impl FnOnce(&City) -> Vec<u8>) -> Answer {
        // Another minute, so that this refusal is not folded into the one before.
        self.city.clock.advance(Duration::from_mins(1));
        let mut bytes = write(&self.city);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
        bytes.extend(Ask::get("/smuggled").bytes(&self.city));
        let mut line = self.city.line().await;
        line.try_send(&bytes).await;
        let answer = line.answer(bytes.starts_with(b"HEAD ")).await;
        assert_eq!(answer.code(), code, "{shown:?}");
        assert_eq!(answer.header("connection"), Some("close"), "{shown:?}");
        assert!(line.is_closed().await, "more than one answer: {shown:?}");
        assert_eq!(self.tape.requests(), [], "a whole request reached the provider: {shown:?}");
        let entry = self.city.entry_of(&answer).await;
        assert_eq!((&*entry.action, &*entry.outcome), ("call.refused", code), "{shown:?}");
        answer
    }

    /// Sends what `write` writes and a plain call behind it. Both pass; what the provider got for
    /// the first is returned.
    pub async fn passes(&self, write: impl FnOnce(&City) -> Vec<u8>) -> Request {
        let before = self.tape.requests().len();
        let mut bytes = write(&self.city);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
        bytes.extend(Ask::get("/next").bytes(&self.city));
        let mut line = self.city.line().await;
        line.send(&bytes).await;
        for _ in 0..2 {
            let answer = line.answer(false).await;
            assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]), "{shown:?}");
        }
        let mut requests = self.tape.requests();
        assert_eq!(requests.len(), before + 2, "{shown:?}");
        assert_eq!(requests.pop().unwrap().line(), "get /next http/1.1");
        requests.pop().unwrap()
    }
}

/// A signed GET with further lines at its end, which its signature does not cover.
pub fn get_with(city: &City, lines: &str) -> Vec<u8> {
    with_lines(&Ask::get("/units").head(city), lines).into_bytes()
}

/// A signed POST of `hello` whose framing lines are these and whose body is written so.
pub fn post_with(city: &City, framing: &str, body: &str) -> Vec<u8> {
    let head = Ask::post("/units", "hello").head(city);
    let head = head.replacen("Content-Length: 5\r\n", framing, 1);
    [head.as_bytes(), body.as_bytes()].concat()
}

/// A signed POST of `hello` in chunks that are written so.
pub fn chunks(city: &City, body: impl AsRef<[u8]>) -> Vec<u8> {
    let ask = Ask::post("/units", "hello").with(|ask| ask.chunked = true);
    [ask.head(city).as_bytes(), body.as_ref()].concat()
}

pub fn with_lines(head: &str, lines: &str) -> String {
    let open = head.strip_suffix("\r\n").unwrap();
    format!("{open}{lines}\r\n")
}
