//! The one table of configuration keys. An unknown key is measured against it, `lgsp init` writes
//! it out as a commented file, and a test reads every key of it.

/// One key an operator may set.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// `section.key`.
    pub name: &'static str,
    /// The default as TOML, or `None` where there is none: either required or derived.
    pub default: Option<&'static str>,
    /// What values are allowed, to stand after "allowed: ".
    pub allowed: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
}

/// All keys, section by section.
pub const KEYS: &[Key] = &[
    Key {
        name: "data.directory",
        default: Some("\"data\""),
        allowed: "a folder, relative to this file",
        meaning: "where keys, database and evidence log live",
    },
    Key {
        name: "keys.protection",
        default: Some("\"none\""),
        allowed: "\"none\", \"passphrase\" or \"key_file\"",
        meaning: "what encrypts the key files at rest; changed by `lgsp keys protect`",
    },
    Key {
        name: "keys.passphrase_file",
        default: None,
        allowed: "a file with mode 0600, relative to this file",
        meaning: "where the passphrase stands; unset: LGSP_KEYS_PASSPHRASE, a credential, or asked",
    },
    Key {
        name: "keys.key_file",
        default: None,
        allowed: "a file with mode 0600 outside of the data directory, relative to this file",
        meaning: "the 32 random bytes or more that encrypt the keys",
    },
    Key {
        name: "keys.secrets_directory",
        default: None,
        allowed: "a folder, relative to this file",
        meaning: "holds secret-ring.key, the same for all nodes; unset: keys in the data directory",
    },
    Key {
        name: "pkcs11.module",
        default: None,
        allowed: "the path of a library",
        meaning: "the PKCS#11 module of a security module that holds signing keys; unset: none does",
    },
    Key {
        name: "pkcs11.token",
        default: None,
        allowed: "the label of one token",
        meaning: "which token",
    },
    Key {
        name: "pkcs11.slot",
        default: None,
        allowed: "a whole number from 0",
        meaning: "the slot of the token, where pkcs11.token is not set",
    },
    Key {
        name: "pkcs11.pin_file",
        default: None,
        allowed: "a file with mode 0600, relative to this file",
        meaning: "where its PIN stands; unset: LGSP_KEYS_PIN, a credential, or asked",
    },
    Key {
        name: "pkcs11.log",
        default: None,
        allowed: "the label of an Ed25519 key in the token",
        meaning: "a key to be taken for the log, where it would be made; unset: one is made",
    },
    Key {
        name: "pkcs11.directory",
        default: None,
        allowed: "the label of an Ed25519 key in the token",
        meaning: "the same for the directory",
    },
    Key {
        name: "pkcs11.response",
        default: None,
        allowed: "the label of an Ed25519 key in the token",
        meaning: "the same for answers",
    },
    Key {
        name: "database.url",
        default: None,
        allowed: "sqlite:PATH, relative to this file, or postgres://USER@HOST:PORT/DATABASE",
        meaning: "the database; unset: platform.db in the data directory",
    },
    Key {
        name: "database.password",
        default: None,
        allowed: "the password of the database server; better by LGSP__DATABASE__PASSWORD",
        meaning: "the password of the database server, if it does not stand in a file",
    },
    Key {
        name: "database.password_file",
        default: None,
        allowed: "a file, relative to this one, that only its owner may read",
        meaning: "the file that holds the password of the database server",
    },
    Key {
        name: "database.connections",
        default: Some("8"),
        allowed: "a whole number from 2 to 100",
        meaning: "connections of this node to a database server",
    },
    Key {
        name: "database.listen",
        default: Some("true"),
        allowed: "true or false",
        meaning: "listen to the database's notices; false behind a pooler of transactions",
    },
    Key {
        name: "database.poll_ms",
        default: Some("1000"),
        allowed: "a whole number of milliseconds from 50 to 60000",
        meaning: "how often to look for what other nodes published, notice or not",
    },
    Key {
        name: "control.listen",
        default: Some("\"127.0.0.1:8080\""),
        allowed: "an address and port such as 127.0.0.1:8080",
        meaning: "the API, the evidence and the pages",
    },
    Key {
        name: "control.tls_certificates",
        default: Some("[]"),
        allowed: "a list of PEM files, each a certificate with its chain; relative to this file",
        meaning: "what the control listener shows in TLS, chosen by SNI, else the first; empty: plain HTTP",
    },
    Key {
        name: "control.tls_keys",
        default: Some("[]"),
        allowed: "a list of PEM files, one for each of control.tls_certificates, in its order",
        meaning: "the certificates' private keys, mode 0600; changed files are taken by themselves",
    },
    Key {
        name: "control.trusted_proxies",
        default: Some("[]"),
        allowed: "a list of addresses and networks such as 10.24.0.0/16",
        meaning: "proxies whose PROXY headers are believed",
    },
    Key {
        name: "control.proxy_protocol",
        default: Some("false"),
        allowed: "true or false; true needs control.trusted_proxies",
        meaning: "every connection comes from one of them and begins with a PROXY header, version 2",
    },
    Key {
        name: "control.public_url",
        default: None,
        allowed: "an http:// or https:// URL without a path",
        meaning: "how others reach the control listener; unset: as it listens",
    },
    Key {
        name: "gateway.listen",
        default: Some("\"127.0.0.1:8081\""),
        allowed: "an address and port such as 127.0.0.1:8081",
        meaning: "the synchronous calls between systems",
    },
    Key {
        name: "gateway.tls_certificates",
        default: Some("[]"),
        allowed: "a list of PEM files, each a certificate with its chain; relative to this file",
        meaning: "what the gateway shows in TLS, chosen by SNI, else the first; empty: plain HTTP",
    },
    Key {
        name: "gateway.tls_keys",
        default: Some("[]"),
        allowed: "a list of PEM files, one for each of gateway.tls_certificates, in its order",
        meaning: "the certificates' private keys, mode 0600; changed files are taken by themselves",
    },
    Key {
        name: "gateway.trusted_proxies",
        default: Some("[]"),
        allowed: "a list of addresses and networks such as 10.24.0.0/16",
        meaning: "proxies whose Forwarded and PROXY headers are believed",
    },
    Key {
        name: "gateway.proxy_protocol",
        default: Some("false"),
        allowed: "true or false; true needs gateway.trusted_proxies",
        meaning: "every connection comes from one of them and begins with a PROXY header, version 2",
    },
    Key {
        name: "gateway.public_urls",
        default: Some("[]"),
        allowed: "a list of http:// and https:// URLs without a path",
        meaning: "the URLs callers sign for; empty: as it listens, if that is one address",
    },
    Key {
        name: "gateway.h2_without_tls",
        default: Some("false"),
        allowed: "true or false",
        meaning: "whether callers may speak HTTP/2 without TLS (in TLS they may always)",
    },
    Key {
        name: "gateway.threads",
        default: Some("0"),
        allowed: "a whole number from 0 to 256",
        meaning: "threads that carry calls; 0: one per core",
    },
    Key {
        name: "gateway.connect_timeout_ms",
        default: Some("3000"),
        allowed: "a whole number of milliseconds from 10 to 60000",
        meaning: "how long a provider may take to accept a connection",
    },
    Key {
        name: "gateway.upstream_ca",
        default: None,
        allowed: "a PEM file of root certificates, relative to this file",
        meaning: "whom providers' certificates may lead to, beside the system's roots",
    },
    Key {
        name: "gateway.loopback_upstreams",
        default: Some("false"),
        allowed: "true or false",
        meaning: "whether a service may stand on this machine's loopback addresses",
    },
    Key {
        name: "gateway.max_head_bytes",
        default: Some("16384"),
        allowed: "a whole number of bytes from 8192 to 1048576",
        meaning: "the longest request head",
    },
    Key {
        name: "gateway.nonces_per_key",
        default: Some("500000"),
        allowed: "a whole number from 1000 to 100000000",
        meaning: "nonces of one key remembered at once; a key beyond it gets 503",
    },
    Key {
        name: "gateway.drain_s",
        default: Some("30"),
        allowed: "a whole number of seconds from 0 to 3600",
        meaning: "how long running calls may take to end when the node stops",
    },
    Key {
        name: "cluster.listen",
        default: Some("\"127.0.0.1:0\""),
        allowed: "an address and port such as 10.24.0.11:7443; port 0: any",
        meaning: "where the other nodes of one PostgreSQL database ask this one, in TLS; unused on SQLite",
    },
    Key {
        name: "cluster.peer_address",
        default: None,
        allowed: "a host and port such as lgsp-1.internal:7443",
        meaning: "how the other nodes reach cluster.listen; unset: as it listens, if that is one address",
    },
    Key {
        name: "cluster.patience_ms",
        default: Some("500"),
        allowed: "a whole number of milliseconds from 10 to 10000",
        meaning: "how long another node may take to answer; then the call is refused with 503",
    },
    Key {
        name: "operations.listen",
        default: Some("\"127.0.0.1:9090\""),
        allowed: "an address and port such as 127.0.0.1:9090",
        meaning: "/healthz, /readyz and /metrics; keep it on loopback or an operators' network",
    },
    Key {
        name: "operations.tls_certificates",
        default: Some("[]"),
        allowed: "a list of PEM files, each a certificate with its chain; relative to this file",
        meaning: "what the operations listener shows in TLS, chosen by SNI, else the first; empty: plain HTTP",
    },
    Key {
        name: "operations.tls_keys",
        default: Some("[]"),
        allowed: "a list of PEM files, one for each of operations.tls_certificates, in its order",
        meaning: "the certificates' private keys, mode 0600; changed files are taken by themselves",
    },
    Key {
        name: "operations.trusted_proxies",
        default: Some("[]"),
        allowed: "a list of addresses and networks such as 10.24.0.0/16",
        meaning: "proxies whose PROXY headers are believed",
    },
    Key {
        name: "operations.proxy_protocol",
        default: Some("false"),
        allowed: "true or false; true needs operations.trusted_proxies",
        meaning: "every connection comes from one of them and begins with a PROXY header, version 2",
    },
    Key {
        name: "code_lists.listen",
        default: None,
        allowed: "an address and port such as 10.24.0.11:8082",
        meaning: "the platform's own service of code lists, for its gateways alone; unset: none",
    },
    Key {
        name: "evidence.origin",
        default: None,
        allowed: "letters, digits, '.', '-', '_' and '/', such as lgsp.haiphong.gov.vn/1",
        meaning: "the name of this node's evidence log, never to be changed (required)",
    },
    Key {
        name: "evidence.checkpoint_every_ms",
        default: Some("1000"),
        allowed: "a whole number of milliseconds from 10 to 60000",
        meaning: "the longest time between news in the log and its checkpoint",
    },
    Key {
        name: "evidence.entries",
        default: Some("\"auditor\""),
        allowed: "\"auditor\" or \"public\"",
        meaning: "who may read entries (checkpoints and hashes are public always)",
    },
    Key {
        name: "evidence.witnesses",
        default: Some("[]"),
        allowed: "a list, each the URL of a witness, a space, and its verifier key (name+hash+key)",
        meaning: "who cosigns the log's checkpoints: witnesses (`lgsp witness`) of other organisations",
    },
    Key {
        name: "evidence.witnesses_needed",
        default: Some("1"),
        allowed: "a whole number from 1 to the number of witnesses, which is at most 20",
        meaning: "how many of them make a checkpoint a cosigned one",
    },
    Key {
        name: "log.format",
        default: Some("\"auto\""),
        allowed: "\"auto\", \"human\" or \"json\"",
        meaning: "auto: human on a terminal, JSON otherwise",
    },
    Key {
        name: "log.level",
        default: Some("\"info\""),
        allowed: "error, warn, info, debug, trace, or target=level, comma separated",
        meaning: "what is logged",
    },
];

/// Keys whose values may hold a password: never shown, not even when they are wrong.
pub fn is_secret(name: &str) -> bool {
    matches!(name, "database.url" | "database.password")
}

/// The key of that name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known key that reads most like `name`, if one does at all.
pub fn nearest(name: &str) -> Option<&'static str> {
    let scored = KEYS.iter().map(|key| (strsim::jaro_winkler(name, key.name), key.name));
    // A key written under the wrong section is found by its last part.
    let last = name.rsplit('.').next().unwrap_or(name);
    let by_last = KEYS.iter().map(|key| {
        let key_last = key.name.rsplit('.').next().unwrap_or(key.name);
        (strsim::jaro_winkler(last, key_last) - 0.05, key.name)
    });
    let best = scored.chain(by_last).max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(score, _)| *score > 0.7).map(|(_, name)| name)
}

/// The whole table as a commented TOML file; `set` gives the values that stand uncommented.
pub fn as_toml(set: &[(&str, String)]) -> String {
    let mut lines = vec![
        "# Configuration of one lgsp node. A line that starts with '#' shows a default.".to_owned(),
        "# Any key can also be set by an environment variable: LGSP__SECTION__KEY=value."
            .to_owned(),
    ];
    let mut section = "";
    for key in KEYS {
        let Some((of, name)) = key.name.split_once('.') else {
            continue;
        };
        if of != section {
            section = of;
            lines.push(format!("\n[{section}]"));
        }
        lines.push(format!("# {}", key.meaning));
        let value = set.iter().find(|(name, _)| *name == key.name);
        lines.push(match (value, key.default) {
            (Some((_, value)), _) => format!("{name} = {value}"),
            (None, Some(default)) => format!("#{name} = {default}"),
            (None, None) => format!("#{name} = …  # {}", key.allowed),
        });
    }
    lines.join("\n") + "\n"
}
