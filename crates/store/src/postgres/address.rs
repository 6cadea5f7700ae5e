//! From a URL to a server: what it may say, and that its password is never said again.

use std::net::IpAddr;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::session;
use crate::database::without_password;
use crate::{DatabaseConfig, StoreError};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// What may stand after the '?'. A word that is not known would be a setting that is not made.
const PARAMETERS: [&str; 5] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host"];

/// A server, and how it is named without user and password.
pub(super) struct Address {
    pub(super) place: String,
    pub(super) options: PgConnectOptions,
}

/// Whether the URL is one for this dialect.
pub(crate) fn is_postgres(url: &str) -> bool {
    SCHEMES.iter().any(|scheme| url.starts_with(scheme))
}

/// Reads the URL. Without `sslmode` a server on another machine must prove by its certificate that
/// it is the one named; one on this machine need not.
pub(super) fn read(config: &DatabaseConfig) -> Result<Address, StoreError> {
    let url = config.url.as_str();
    let refused = || StoreError::BadAddress(without_password(url));
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let names = || parameters.split('&').filter_map(|one| one.split('=').next());
    if names().any(|name| !name.is_empty() && !PARAMETERS.contains(&name)) {
        return Err(refused());
    }
    let mut options: PgConnectOptions = url.parse().map_err(|_| refused())?;
    if let Some(password) = &config.password {
        options = options.password(password);
    }
    if !names().any(|name| name == "sslmode") {
        let near = is_this_machine(&options);
        options = options.ssl_mode(if near { PgSslMode::Prefer } else { PgSslMode::VerifyFull });
    }
    let place = place(&options);
    let options = session::settings(options).application_name("lgsp").disable_statement_logging();
    Ok(Address { place, options })
}

fn is_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let is_loopback = |host: &str| host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    options.get_socket().is_some() || host == "localhost" || is_loopback(host)
}

fn place(options: &PgConnectOptions) -> String {
    let server = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    format!("{server}/{}", options.get_database().unwrap_or(options.get_username()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Address, StoreError> {
        super::read(&DatabaseConfig::new(url))
    }

    fn mode(url: &str) -> String {
        format!("{:?}", read(url).ok().unwrap().options.get_ssl_mode())
    }

    #[test]
    fn a_server_elsewhere_must_prove_itself_unless_the_address_says_otherwise() {
        assert_eq!(mode("postgres://a@db.example/lgsp"), "VerifyFull");
        assert_eq!(mode("postgres://a@db.example/lgsp?sslmode=require"), "Require");
        assert_eq!(mode("postgresql://a@127.0.0.1:5433/lgsp"), "Prefer");
        assert_eq!(mode("postgres:///lgsp?host=/run/postgresql"), "Prefer");
    }

    #[test]
    fn a_word_that_is_not_known_is_refused_and_shows_no_password() {
        for url in [
            "postgres://a:geheim@db/lgsp?sslmod=require",
            "postgres://a:geheim@db/lgsp?password=geheim",
            "postgres://a:geheim@db/lgsp?sslmode=perhaps",
            "postgres://a:geheim@db:port/lgsp",
            "postgres://a:ge@heim@db/lgsp?x=geheim",
        ] {
            let error = read(url).err().unwrap();
            assert!(matches!(error, StoreError::BadAddress(_)), "{error}");
            assert!(!format!("{error} {error:?}").contains("heim"), "{error}");
        }
    }

    #[test]
    fn a_place_names_server_and_database_only() {
        let address = read("postgres://lgsp:geheim@db.example:5433/lgsp?sslmode=require").ok();
        assert_eq!(address.unwrap().place, "db.example:5433/lgsp");
    }
}
