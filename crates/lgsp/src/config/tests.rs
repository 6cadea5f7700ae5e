use super::*;

/// A file with these contents, and what came of loading it with these variables.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigProblems> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lgsp.toml");
    std::fs::write(&file, text).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Config::load(Some(&file), variables.collect::<Vec<_>>()).inspect_err(|problems| {
        let shown = problems.to_string();
        assert!(shown.contains("lgsp.toml") || shown.contains("LGSP__"), "{shown}");
    })
}

fn told(text: &str, variables: &[(&str, &str)]) -> String {
    let problems = load(text, variables).unwrap_err().to_string();
    let lines = problems.lines().map(|line| match line.rsplit_once("/lgsp.toml") {
        Some((_, rest)) => format!("lgsp.toml{rest}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

const ORIGIN: &str = "[evidence]\norigin = \"lgsp.test\"\n";

#[test]
fn a_file_with_the_origin_alone_gives_the_defaults() {
    let config = load(ORIGIN, &[]).unwrap();
    assert_eq!(config.control.listener.listen.port(), 8080);
    assert_eq!(config.gateway.listener.listen.port(), 8081);
    assert_eq!(config.gateway.threads, 0);
    assert!(!config.gateway.loopback_upstreams);
    assert_eq!(config.evidence.entries, EntriesAccess::Auditor);
    assert!(config.data.ends_with("data") && config.data.is_absolute());
    assert!(config.database.url.ends_with("data/platform.db"));
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = format!("{ORIGIN}[gateway]\nthreads = 3\n");
    let variables = [
        ("LGSP__GATEWAY__THREADS", "5"),
        ("LGSP__GATEWAY__PUBLIC_URLS", "http://lgsp.test, http://10.0.0.1:81"),
        ("PATH", "/bin"),
    ];
    let config = load(&file, &variables).unwrap();
    assert_eq!(config.gateway.threads, 5);
    assert_eq!(config.gateway.public_urls.len(), 2);
}

#[test]
fn every_problem_is_told_at_once_with_its_line_or_variable() {
    let file = "[gateway]\nlisten = \"here\"\nthreds = 4\n\n[contrl]\nlisten = \"127.0.0.1:1\"\n";
    let variables = [("LGSP__GATEWAY__CONNECT_TIMEOUT_MS", "soon"), ("LGSP__LOG__COLOUR", "1")];
    insta::assert_snapshot!(told(file, &variables));
}

#[test]
fn a_file_that_is_not_toml_is_told_with_its_line() {
    insta::assert_snapshot!(told("[gateway]\nlisten = \n", &[]));
}

#[test]
fn a_number_out_of_range_and_a_url_with_a_path_are_refused() {
    let file = format!("{ORIGIN}[gateway]\nthreads = 257\npublic_urls = [\"http://a/b\"]\n");
    insta::assert_snapshot!(told(&file, &[]));
}

#[test]
fn a_gateway_on_every_address_needs_to_know_by_which_urls_it_is_called() {
    for listen in ["0.0.0.0:8081", "[::]:8081"] {
        let file = format!("{ORIGIN}[gateway]\nlisten = \"{listen}\"\n");
        let problems = told(&file, &[]);
        assert!(problems.starts_with("lgsp.toml, line 4: `gateway.listen`"), "{problems}");
        assert!(problems.contains("set `gateway.public_urls`"), "{problems}");
        let named = format!("{file}public_urls = [\"http://lgsp.test\"]\n");
        assert_eq!(load(&named, &[]).unwrap().gateway.public_urls.len(), 1);
    }
    let variable = [("LGSP__GATEWAY__LISTEN", "0.0.0.0:81")];
    assert!(told(ORIGIN, &variable).starts_with("environment variable LGSP__GATEWAY__LISTEN:"));
}

#[test]
fn a_certificate_has_a_key_and_a_proxy_header_a_proxy() {
    let file = format!("{ORIGIN}[gateway]\ntls_certificates = [\"a.pem\", \"b.pem\"]\n");
    let problems = told(&file, &[("LGSP__GATEWAY__TLS_KEYS", "a.key")]);
    assert!(problems.contains("one for each of gateway.tls_certificates"), "{problems}");
    let config = load(&file, &[("LGSP__GATEWAY__TLS_KEYS", "a.key, b.key")]).unwrap();
    let [first, second] = &config.gateway.listener.certificates[..] else {
        panic!("two certificates: {config:?}")
    };
    assert!(first.chain.is_absolute() && first.key.ends_with("a.key"));
    assert!(second.chain.ends_with("b.pem") && second.key.ends_with("b.key"));

    let file = format!("{ORIGIN}[control]\nproxy_protocol = true\n");
    assert!(told(&file, &[]).contains("true needs control.trusted_proxies"));
    for proxies in ["10.0.0.1/8", "everybody", "10.0.0.0/40"] {
        let problems = told(&file, &[("LGSP__CONTROL__TRUSTED_PROXIES", proxies)]);
        assert!(problems.contains("addresses and networks"), "{problems}");
    }
    assert!(load(&file, &[("LGSP__CONTROL__TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).is_ok());
}

#[test]
fn a_list_in_a_variable_that_is_written_as_in_the_file_is_told_the_right_form() {
    for (key, wrong, right) in [
        ("public_urls", r#"["https://a", "https://b"]"#, "https://a,https://b"),
        ("public_urls", r#""https://a""#, "https://a"),
        ("trusted_proxies", "[::1]", "::1"),
        ("tls_certificates", "['a.pem']", "a.pem"),
    ] {
        let name = format!("LGSP__GATEWAY__{}", key.to_uppercase());
        let told = told(ORIGIN, &[(&name, wrong)]);
        let begins = format!("environment variable {name}: `gateway.{key}` is {wrong:?}; ");
        assert!(told.starts_with(&begins), "{told}");
        let ends = format!("a list has commas and neither brackets nor quotes: {right}");
        assert!(told.ends_with(&ends), "{told}");
        let takes_it_so = load(ORIGIN, &[(&name, right)]).is_ok();
        assert_eq!(takes_it_so, key != "tls_certificates", "{right}: a certificate needs its key");
    }
}

#[test]
fn a_word_that_is_no_level_does_not_silence_the_log() {
    for level in ["loud", "info,loud", "gateway=loud", "=info", "info,", "gate way=info"] {
        let problems = told(ORIGIN, &[("LGSP__LOG__LEVEL", level)]);
        assert!(
            problems.ends_with(
                "allowed: error, warn, info, debug, trace, or target=level, comma separated"
            ),
            "{problems}"
        );
    }
    for level in ["trace", "INFO", "info,gateway=debug", "warn, lgsp::demo=info"] {
        let config = load(ORIGIN, &[("LGSP__LOG__LEVEL", level)]).unwrap();
        config.log.level.parse::<tracing_subscriber::EnvFilter>().unwrap();
    }
}

#[test]
fn the_password_of_the_database_comes_from_a_variable_or_a_private_file_and_is_shown_nowhere() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("password");
    let file = format!("{ORIGIN}[database]\nurl = \"postgres://a:geheim@db/x\"\n");
    let variable = [("LGSP__DATABASE__PASSWORD", "geheim")];
    let config = load(&file, &variable).unwrap();
    assert_eq!(config.database.password.as_deref().map(String::as_str), Some("geheim"));
    assert!(!format!("{config:?}").contains("geheim"));

    std::fs::write(&secret, "geheim\n").unwrap();
    let named = format!("{file}password_file = {:?}\n", secret.display().to_string());
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(told(&named, &[]).contains("chmod 0600"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = load(&named, &[]).unwrap();
    assert_eq!(config.database.password.as_deref().map(String::as_str), Some("geheim"));

    for wrong in ["url = [\"postgres://a:geheim@db/x\"]", "password = [\"geheim\"]"] {
        let problems = told(&format!("{ORIGIN}[database]\n{wrong}\n"), &[]);
        assert!(problems.contains("not allowed") && !problems.contains("geheim"), "{problems}");
    }
}

#[test]
fn every_key_of_the_table_is_read_and_its_default_allowed() {
    let source = Source::read(None, [("LGSP__EVIDENCE__ORIGIN".into(), "a".into())]).unwrap();
    let mut reader = Reader::new(source);
    reader.text("data.directory");
    assert!(Config::read(&mut reader, Path::new(""), PathBuf::new()).is_some());
    let mut read = reader.read.clone();
    read.sort_unstable();
    let mut table: Vec<&str> = keys::KEYS.iter().map(|key| key.name).collect();
    table.sort_unstable();
    assert_eq!(read, table);
    reader.finish().unwrap();
}

#[test]
fn the_file_that_init_writes_loads() {
    let text = keys::as_toml(&[("evidence.origin", "\"lgsp.test\"".to_owned())]);
    load(&text, &[]).unwrap();
    insta::assert_snapshot!(text);
}
