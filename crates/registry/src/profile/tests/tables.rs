use super::*;

/// Publishing such a profile is refused with this code and by a detail that names this.
async fn refused(platform: &Platform, profile: Value, code: &str, named: &str) {
    let form = json!({"profile": profile, "date": "2031-01-01T00:00:00Z"});
    let (status, answer) = platform.post(STATE_MANAGER, PREVIEWS, form).await;
    assert_eq!((status, &answer["code"]), (422, &code.into()), "{named}: {answer}");
    assert!(answer["detail"].as_str().unwrap().contains(named), "{named}: {answer}");
    assert!(!answer["next_step"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_row_that_breaks_a_bound_is_refused_by_its_field() {
    let platform = Platform::with_service().await;
    for (rules, named) in [
        (json!([rule("rsa-md5", json!({}))]), "`profile.rules[0].algorithm`"),
        (json!([{"algorithm": "ed25519", "method": "pigeon"}]), "`profile.rules[0].method`"),
        (
            json!([rule("ed25519", json!({"environment": "x"}))]),
            "`profile.rules[0].scope.environment`",
        ),
        (json!([rule("ed25519", json!({"min_level": 6}))]), "`profile.rules[0].scope.min_level`"),
        (
            json!([rule("ed25519", json!({"min_level": 4, "max_level": 2}))]),
            "`profile.rules[0].scope.max_level`",
        ),
        (
            json!([rule(
                "ed25519",
                json!({"from": "2027-01-01T00:00:00Z",
                "until": "2027-01-01T00:00:00Z"})
            )]),
            "`profile.rules[0].scope.until`",
        ),
        (json!(vec![rule("ed25519", json!({})); 201]), "`profile.rules`"),
    ] {
        refused(&platform, table(rules), "field.invalid", named).await;
    }
    let mut nameless = table(json!([rule("ed25519", json!({}))]));
    nameless["title"] = "".into();
    refused(&platform, nameless, "field.invalid", "`profile.title`").await;
}

#[tokio::test]
async fn a_table_whose_rows_undo_each_other_or_allow_nothing_is_refused_by_its_rows() {
    let platform = Platform::with_service().await;
    let until = |moment: &str| json!({ "until": moment });
    for (rules, named) in [
        (json!([]), "No row of `rules` is in force"),
        (json!([rule("ed25519", until("2026-01-01T00:00:00Z"))]), "No row of `rules`"),
        (
            json!([
                rule("hmac-sha256", until("2027-01-01T00:00:00Z")),
                rule("ed25519", json!({})),
                rule("hmac-sha256", json!({}))
            ]),
            "`rules[0]` and `rules[2]` allow the same",
        ),
        (json!([{"algorithm": "ed25519", "method": "axis_headers"}]), "`rules[0]`: axis_headers"),
    ] {
        refused(&platform, table(rules), "profile.table_invalid", named).await;
    }
    // What follows, lies elsewhere or is of other levels is no overlap.
    let rules = json!([
        rule("hmac-sha256", json!({"until": "2027-01-01T00:00:00Z", "environment": "production"})),
        rule("hmac-sha256", json!({"environment": "sandbox"})),
        rule("hmac-sha256", json!({"from": "2027-01-01T00:00:00Z", "max_level": 2,
            "environment": "production"})),
        rule("hmac-sha256", json!({"from": "2027-01-01T00:00:00Z", "min_level": 3,
            "until": "2028-01-01T00:00:00Z", "environment": "production"})),
        {"algorithm": "hmac-sha256", "method": "axis_headers"},
    ]);
    let form = json!({"profile": table(rules), "date": "2031-01-01T00:00:00Z"});
    platform.made(STATE_MANAGER, PREVIEWS, form).await;
}

#[tokio::test]
async fn a_demand_that_nothing_can_meet_is_refused_with_the_moment_from_which() {
    let platform = Platform::with_service().await;
    let with = |demand: Value| {
        let mut profile = table(json!([
            rule("hmac-sha256", json!({})),
            rule("ed25519", json!({"until": "2027-01-01T00:00:00Z"}))
        ]));
        profile["demands"] = json!([demand]);
        profile
    };
    let demand = |asymmetric: bool, scope: Value| json!({"asymmetric": asymmetric, "signed_answers": false, "scope": scope});
    for (demand, named) in [
        (demand(false, json!({})), "`demands[0]` demands nothing"),
        (demand(true, json!({})), "but from 2027-01-01T00:00:00.000000Z on no row"),
        (
            demand(true, json!({"from": "2028-01-01T00:00:00Z", "environment": "sandbox"})),
            "but from 2028-01-01T00:00:00.000000Z on no row",
        ),
    ] {
        refused(&platform, with(demand), "profile.table_invalid", named).await;
    }
    let met = json!({"until": "2027-01-01T00:00:00Z"});
    let mut form = json!({"profile": with(demand(true, met)), "date": "2031-01-01T00:00:00Z"});
    platform.made(STATE_MANAGER, PREVIEWS, form.clone()).await;
    form["profile"]["demands"][0]["service"] = "H24.12/don-vi-hanh-chinh/khac/v1".into();
    let refused = platform.refused(STATE_MANAGER, PREVIEWS, form).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
}
