use proptest::prelude::*;

use super::*;

#[test]
fn our_signature_is_found_by_its_tag_among_others() {
    let field = r#"proxy=("@method" "x";sf);tag="other", mine=( "@method"  "@path");created=5;x=?0;tag="lgsp""#;
    let input = find_tagged(field, "lgsp").unwrap().unwrap();
    assert_eq!(input.label, "mine");
    assert_eq!(input.components, [Component::new(Name::Method), Component::new(Name::Path)]);
    assert_eq!(input.parameters.created, Some(5));
    assert_eq!(input.raw, r#"( "@method"  "@path");created=5;x=?0;tag="lgsp""#);
    assert_eq!(find_tagged(field, "none"), Ok(None));
    assert_eq!(find_tagged("", "lgsp"), Ok(None));
}

#[test]
fn two_signatures_that_could_be_meant_are_ambiguous() {
    for field in [
        r#"a=("@method");tag="lgsp", b=("@method");tag="lgsp""#,
        r#"a=("@method");tag="lgsp", a=("@method");tag="lgsp""#,
        r#"a=("@method");tag="lgsp", a=("@method");tag="other""#,
    ] {
        assert_eq!(find_tagged(field, "lgsp"), Err(SignatureError::Ambiguous), "{field}");
    }
    assert_eq!(signature_bytes("a=:AA==:, a=:AQ==:", "a"), Err(SignatureError::Ambiguous));
}

#[test]
fn a_malformed_signature_of_ours_is_refused_and_a_strangers_is_not() {
    let many = format!("a=({});tag=\"lgsp\"", r#""x-a";req;key="1" "#.repeat(65).trim_end());
    for field in [
        "a",
        r#"a="text";tag="lgsp""#,
        r#"a=(@method);tag="lgsp""#,
        r#"a=("@method";tag="lgsp""#,
        r#"a=(token);tag="lgsp""#,
        r#"a=("@unknown");tag="lgsp""#,
        r#"a=("Content-Digest");tag="lgsp""#,
        r#"a=("x";sf);tag="lgsp""#,
        r#"a=("x";bs);tag="lgsp""#,
        r#"a=("x";tr="y");tag="lgsp""#,
        r#"a=("@method";tr);tag="lgsp""#,
        r#"a=("@method";key="x");tag="lgsp""#,
        r#"a=("x" "y" "x");tag="lgsp""#,
        r#"a=("x");created="1";tag="lgsp""#,
        r#"a=("x");created=1;created=1;tag="lgsp""#,
        r#"a=("x");nonce=token;tag="lgsp""#,
        r#"a=("x");created;tag="lgsp""#,
        &many,
    ] {
        match find_tagged(field, "lgsp") {
            Err(error) => assert_eq!(error.code(), ErrorCode::SignatureMalformed, "{field}"),
            // Without a tag it is no signature of ours.
            Ok(found) => assert!(found.is_none() && !field.contains("lgsp"), "{field}"),
        }
        let other = field.replace("lgsp", "other");
        let beside = format!("{other}, b=(\"@method\");tag=\"lgsp\"");
        if let Ok(found) = find_tagged(&beside, "lgsp") {
            assert_eq!(found.map(|input| input.label), Some("b"), "{field}");
        }
    }
}

#[test]
fn a_signature_of_the_wrong_type_is_refused() {
    assert_eq!(signature_bytes("a=:AAEC:", "a"), Ok(Some(vec![0, 1, 2])));
    assert_eq!(signature_bytes("b=:AAEC:", "a"), Ok(None));
    assert_eq!(signature_bytes("a=\"AAEC\"", "a"), Err(SignatureError::NotBytes));
    assert_eq!(signature_bytes("a=(:AAEC:)", "a"), Err(SignatureError::NotBytes));
    assert_eq!(signature_bytes("a=:AAEC", "a"), Err(SignatureError::NotADictionary));
}

#[test]
fn accept_signature_may_leave_choices_to_the_signer() {
    let wanted = r#"other=("@status");tag="x", mine=("@status");created;nonce="n";tag="lgsp""#;
    let input = find_requested(wanted, "lgsp").unwrap().unwrap();
    assert_eq!((input.label, input.parameters.nonce.as_deref()), ("mine", Some("n")));
    assert_eq!(find_requested("any=()", "lgsp").unwrap().unwrap().label, "any");
    assert_eq!(find_requested(r#"other=();tag="x""#, "lgsp"), Ok(None));
}

#[test]
fn a_component_that_is_not_there_has_no_base() {
    let message = Parts {
        derived: vec![(Name::Method, "GET")],
        fields: vec![("x-lines", "a\n\"@path\": /b"), ("x-dict", "a=1, b"), ("x-bad", "a=")],
        request: None,
    };
    for identifier in [
        "\"x-absent\"",
        "\"@path\"",
        "\"@method\";req",
        "\"x-lines\";tr",
        "\"x-lines\"",
        "\"x-dict\";key=\"c\"",
        "\"x-bad\";key=\"a\"",
        "\"@query-param\";name=\"a\"",
    ] {
        let field = format!("s=({identifier});tag=\"lgsp\"");
        let input = find_tagged(&field, "lgsp").unwrap().unwrap();
        let absent = SignatureError::ComponentAbsent(identifier.to_owned());
        assert_eq!(signature_base(&input, &message), Err(absent), "{identifier}");
    }
    let field = "s=(\"x-dict\";key=\"b\");tag=\"lgsp\"";
    let input = find_tagged(field, "lgsp").unwrap().unwrap();
    let base = String::from_utf8(signature_base(&input, &message).unwrap()).unwrap();
    assert!(base.starts_with("\"x-dict\";key=\"b\": ?1\n"), "{base}");
}

#[test]
fn what_no_field_can_carry_is_not_written() {
    let parameters = Parameters { nonce: Some("đ".into()), ..Parameters::default() };
    assert!(serialise_input("a", &[], &parameters).is_err());
}

fn component() -> impl Strategy<Value = Component<'static>> {
    let name = prop_oneof![
        Just(Name::Method),
        Just(Name::TargetUri),
        Just(Name::Authority),
        Just(Name::Scheme),
        Just(Name::RequestTarget),
        Just(Name::Path),
        Just(Name::Query),
        Just(Name::Status),
        "[!-~]{1,8}".prop_map(|name| Name::QueryParam(name.into())),
        "[a-z0-9-]{1,12}".prop_map(|name| Name::Field(name.into())),
    ];
    let key = proptest::option::of("[ -~]{0,8}");
    (name, any::<bool>(), any::<bool>(), key).prop_map(|(name, req, tr, key)| {
        let is_field = matches!(name, Name::Field(_));
        let key = key.filter(|_| is_field).map(Cow::Owned);
        Component { name, req, tr: tr && is_field, key }
    })
}

fn parameters() -> impl Strategy<Value = Parameters<'static>> {
    let integer = || proptest::option::of(-999_999_999_999_999..=999_999_999_999_999_i64);
    let string = || proptest::option::of("[ -~]{0,12}".prop_map(Cow::Owned));
    (integer(), integer(), string(), string(), string()).prop_map(
        |(created, expires, nonce, keyid, alg)| Parameters {
            created,
            expires,
            nonce,
            keyid,
            alg,
            tag: Some("lgsp".into()),
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        mut components in proptest::collection::vec(component(), 0..8), parameters in parameters()
    ) {
        let mut seen = Vec::new();
        components.retain(|it| !seen.contains(it) && { seen.push(it.clone()); true });
        let text = serialise_input("sig1", &components, &parameters).unwrap();
        let input = find_tagged(&text, "lgsp").unwrap().unwrap();
        prop_assert_eq!(input.raw, &text["sig1=".len()..]);
        let again = serialise_input(input.label, &input.components, &input.parameters).unwrap();
        prop_assert_eq!(again, text.clone());
        prop_assert_eq!(input.components, components);
        prop_assert_eq!(input.parameters, parameters);
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_itself(
        at in 0..200_usize, byte in b' '..=b'~'
    ) {
        let field = r#"a=("@status");tag="x", s=("@method" "x-d";key="k" "@query-param";name="q");created=1;expires=2;nonce="a\"b";keyid="k";tag="lgsp""#;
        let mut changed = field.as_bytes().to_vec();
        let at = at % changed.len();
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        if let Ok(Some(input)) = find_tagged(&changed, "lgsp") {
            let member = format!("{}={}", input.label, input.raw);
            prop_assert!(changed.contains(&member), "{}", member);
            // What was understood is what stands there, up to unread parameters and spelling.
            let again = serialise_input(input.label, &input.components, &input.parameters).unwrap();
            let again = find_tagged(&again, "lgsp").unwrap().unwrap();
            prop_assert_eq!(again.components, input.components);
            prop_assert_eq!(again.parameters, input.parameters);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in prop_oneof!["\\PC*", "([a-z*]{1,3}|[=();,:?\" \\\\0-9])*", "s=\\(\"[^\"]{0,9}\"\\)[ -~]*"]
    ) {
        let message = Parts { derived: vec![(Name::Query, "?%&=%C3")], ..Parts::default() };
        for found in [find_tagged(&text, "lgsp"), find_requested(&text, "lgsp")] {
            if let Ok(Some(input)) = found {
                let _ = signature_base(&input, &message);
            }
        }
        let _ = signature_bytes(&text, "s");
    }
}
