//! Who is asking: a bearer token becomes an [`Actor`] before any handler runs.
//!
//! How a token is checked is a matter of `identity`; this crate only knows that somebody can.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use evidence::Actor;
use wire::error_code::ErrorCode;
use wire::problem::{Problem, Text};

use crate::refusal::Refusal;

/// The answer to "whose token is this?".
pub type Authentication<'a> = Pin<Box<dyn Future<Output = Result<Actor, Problem>> + Send + 'a>>;

/// Knows the tokens. Implemented by `identity`; a test may know its own.
pub trait Authenticator: Send + Sync {
    /// Whose token `bearer` is, or why it is not accepted.
    fn authenticate<'a>(&'a self, bearer: &'a str) -> Authentication<'a>;
}

/// The signed-on actor. A handler that takes this cannot run for a stranger: without
/// [`require_sign_on`] around it, nobody is signed on and every request is refused.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Actor);

/// Lets only signed-on actors reach `routes`, whether or not their handlers ask who it is.
pub fn require_sign_on(routes: Router, authenticator: Arc<dyn Authenticator>) -> Router {
    routes.route_layer(from_fn_with_state(authenticator, sign_on))
}

async fn sign_on(
    State(authenticator): State<Arc<dyn Authenticator>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let bearer = bearer(request.headers())?.to_owned();
    let actor = authenticator.authenticate(&bearer).await?;
    request.extensions_mut().insert(Authenticated(actor));
    Ok(next.run(request).await)
}

/// The token of RFC 6750 §2.1. Two `Authorization` lines are refused: which one would count?
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(not_signed_on());
    };
    let (scheme, token) =
        line.to_str().ok().and_then(|line| line.split_once(' ')).ok_or_else(not_signed_on)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(not_signed_on())
    }
}

fn not_signed_on() -> Refusal {
    Refusal::new(
        ErrorCode::TokenMissing,
        Text::new(
            "Yêu cầu phải có đúng một dòng «Authorization: Bearer <mã truy cập>».",
            "The request must carry exactly one line `Authorization: Bearer <token>`.",
        ),
    )
}

impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(not_signed_on)
    }
}
