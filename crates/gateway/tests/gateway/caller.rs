//! A consumer that signs, or gets it wrong on purpose.

use std::sync::atomic::{AtomicU64, Ordering};

use wire::ambient::Clock;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::signature::{
    Component, Message, Name, Parameters, find_tagged, serialise_input, serialise_signature,
    signature_base,
};

use crate::city::City;
use crate::policy::{HMAC, SERVICE, signing_key};

/// A call to be signed.
#[derive(Clone)]
pub struct Ask {
    pub method: String,
    /// As it is sent.
    pub target: String,
    /// Sent and, if named in `covered`, signed.
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub chunked: bool,
    pub key: String,
    /// The keyid that is claimed, if it is another.
    pub keyid: Option<String>,
    pub covered: Vec<&'static str>,
    /// Seconds before now; negative: after.
    pub age: i64,
    pub life: i64,
    pub nonce: Option<String>,
    pub alg: Option<&'static str>,
    pub tag: &'static str,
}

static NONCE: AtomicU64 = AtomicU64::new(0);

impl Ask {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: format!("/{SERVICE}{path}"),
            headers: Vec::new(),
            body: None,
            chunked: false,
            key: HMAC.to_owned(),
            keyid: None,
            covered: vec!["@method", "@target-uri"],
            age: 0,
            life: 60,
            nonce: Some(format!("n{}", NONCE.fetch_add(1, Ordering::SeqCst))),
            alg: None,
            tag: "lgsp",
        }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST with this body and its digest.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let digest = ContentDigest::of(DigestAlgorithm::Sha256, &body).to_string();
        let mut ask = Self::new("POST", path).header("content-digest", &digest);
        ask.covered.push("content-digest");
        ask.body = Some(body);
        ask
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The request as it goes over the line.
    pub fn bytes(&self, city: &City) -> Vec<u8> {
        let mut request = self.head(city).into_bytes();
        let body = self.body.as_deref().unwrap_or_default();
        if self.chunked {
            for chunk in body.chunks(1000) {
                request.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                request.extend(chunk);
                request.extend(b"\r\n");
            }
            request.extend(b"0\r\n\r\n");
        } else {
            request.extend(body);
        }
        request
    }

    /// The head with its empty line.
    pub fn head(&self, city: &City) -> String {
        let host = city.host();
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if self.chunked {
            head += "Transfer-Encoding: chunked\r\n";
        } else if let Some(body) = &self.body {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        let (input, signature) = self.signature(city);
        head + &format!("Signature-Input: {input}\r\nSignature: {signature}\r\n\r\n")
    }

    /// `Signature-Input` and `Signature`.
    pub fn signature(&self, city: &City) -> (String, String) {
        let created = city.clock.now().as_seconds() - self.age;
        let keyid = self.keyid.as_deref().unwrap_or(&self.key);
        let parameters = Parameters {
            created: Some(created),
            expires: Some(created + self.life),
            nonce: self.nonce.as_deref().map(Into::into),
            keyid: Some(keyid.into()),
            alg: self.alg.map(Into::into),
            tag: Some(self.tag.into()),
        };
        let components: Vec<_> = self.covered.iter().map(|name| component(name)).collect();
        let input = serialise_input("sig", &components, &parameters).unwrap();
        let read_back = find_tagged(&input, self.tag).unwrap().unwrap();
        let signed = Signed { ask: self, public: &city.public };
        let base = signature_base(&read_back, &signed).unwrap();
        let signature = serialise_signature("sig", &signing_key(&self.key).sign(&base).unwrap());
        (input, signature)
    }
}

fn component(name: &'static str) -> Component<'static> {
    match name {
        "@method" => Component::new(Name::Method),
        "@target-uri" => Component::new(Name::TargetUri),
        "@authority" => Component::new(Name::Authority),
        "@path" => Component::new(Name::Path),
        "@query" => Component::new(Name::Query),
        field => Component::field(field),
    }
}

/// A call as its signer sees it.
pub struct Signed<'a> {
    pub ask: &'a Ask,
    pub public: &'a str,
}

impl Message for Signed<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<std::borrow::Cow<'_, str>> {
        let (path, query) = self.ask.target.split_once('?').unwrap_or((&self.ask.target, ""));
        Some(match name {
            Name::Method => (&self.ask.method).into(),
            Name::TargetUri => format!("{}{}", self.public, self.ask.target).into(),
            Name::Authority => self.public.split_once("://")?.1.into(),
            Name::Path => path.into(),
            Name::Query => format!("?{query}").into(),
            _ => return None,
        })
    }

    fn field(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        let values = self.ask.headers.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name));
        let joined: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!joined.is_empty()).then(|| joined.join(", ").into())
    }
}
