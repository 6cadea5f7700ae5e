//! From the token in a request to the actor behind it.

use evidence::Actor;
use web::{Authentication, Authenticator};
use wire::error_code::ErrorCode;
use wire::problem::{Problem, Text};

use super::refused::failed;
use super::{Bearer, sql};
use crate::Identity;

impl Authenticator for Identity {
    fn authenticate<'a>(&'a self, bearer: &'a str) -> Authentication<'a> {
        Box::pin(self.actor_behind(bearer))
    }
}

impl Identity {
    /// Asks the database every time: a token is refused from the moment it is revoked.
    async fn actor_behind(&self, bearer: &str) -> Result<Actor, Problem> {
        let bearer = Bearer::parse(bearer).ok_or_else(not_accepted)?;
        let found = sql::find_with_hash(self.database(), bearer.id)
            .await
            .map_err(|error| Problem::new(ErrorCode::DatabaseUnavailable, failed(&error)))?;
        let (token, hash) = found.ok_or_else(not_accepted)?;
        // The secret first: who does not have it learns nothing about the token.
        if !hash.matches(&bearer.secret) {
            return Err(not_accepted());
        }
        if let Some(revoked_at) = token.revoked_at {
            return Err(invalid(Text::new(
                format!("Mã truy cập này đã bị thu hồi lúc {revoked_at}."),
                format!("This token was revoked at {revoked_at}."),
            )));
        }
        let expires_at = token.expires_at;
        if !token.is_valid(self.recorder.now()) {
            return Err(invalid(Text::new(
                format!("Mã truy cập này đã hết hạn lúc {expires_at}."),
                format!("This token expired at {expires_at}."),
            )));
        }
        // Its organisation may have got another code since the token was made.
        let organisation = self.organisations.today(&token.organisation).await;
        Ok(Actor {
            organisation: organisation.map_err(|refusal| refusal.0)?,
            role: token.role,
            credential: token.id.to_string(),
        })
    }
}

fn not_accepted() -> Problem {
    invalid(Text::new("Mã truy cập không được chấp nhận.", "The token is not accepted."))
}

fn invalid(detail: Text) -> Problem {
    Problem::new(ErrorCode::TokenInvalid, detail)
}
