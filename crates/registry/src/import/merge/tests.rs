use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn now() -> Terms<'static> {
    Terms { at: "2026-07-01T00:00:00Z".parse().unwrap(), decision: "QĐ 01/2025/QĐ-UBND" }
}

fn document(members: Value) -> Document {
    let mut members = members;
    members["lgsp_registry"] = 1.into();
    Document::read(&members).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn here() -> Document {
    let at = "2025-07-01T00:00:00.000000Z";
    document(json!({
        "organisation": [
            {"code": "H24", "parent": null, "name": "UBND thành phố", "name_en": null,
                "legacy_code": null, "registered_at": at},
            {"code": "H24.12", "parent": "H24", "name": "Sở Nội vụ", "name_en": null,
                "legacy_code": null, "registered_at": at},
        ],
        "system": [{"id": "H24.12/hr", "organisation": "H24.12", "name": "Nhân sự",
            "registered_at": at}],
    }))
}

fn fates(proposal: &Proposal) -> Vec<(String, Fate)> {
    let fates = proposal.fates.iter();
    fates.map(|(noun, key, fate)| (format!("{noun} {key}"), fate.clone())).collect()
}

fn conflicts(proposal: &Proposal) -> Vec<(&str, bool)> {
    proposal.conflicts.iter().map(|one| (one.id.as_str(), one.chosen.is_some())).collect()
}

fn decide(conflict: &str, choice: Choice) -> Resolution {
    Resolution { conflict: conflict.to_owned(), choice }
}

#[test]
fn what_is_here_already_changes_nothing() {
    let proposal = propose(&here(), here(), &[], now());
    assert!(proposal.changes.is_empty() && proposal.conflicts.is_empty());
    assert!(fates(&proposal).iter().all(|(_, fate)| *fate == Fate::Same));
}

/// A platform with a published code list and a technical profile of its own.
fn with_publications(name: &str) -> Document {
    let at = "2025-07-01T00:00:00.000000Z";
    let version = |number: u32| {
        json!({"code_list": "don-vi", "number": number, "effective_on": "2025-07-01", "decision": "x",
            "digest": format!("sha-256=:{name}{number}:"), "entries": 1, "added": 1, "changed": 0,
            "removed": 0, "published_at": at})
    };
    let profile = |version: u32| {
        json!({"code": "2026-modern", "version": version, "content": {"of": name}, "published_at": at,
            "organisation": "H24", "role": "state_manager", "credential": "t", "reason": "x"})
    };
    let mut all = json!({
        "organisation": [{"code": "H24", "name": "UBND thành phố", "registered_at": at}],
        "code_list": [{"code": "don-vi", "organisation": "H24", "about": {"title": "Đơn vị"},
            "registered_at": at}],
        "code_list_version": [version(1)],
        "code_list_entry": [{"code_list": "don-vi", "code": name, "valid_from": "", "from_version": 1,
            "name": name, "parent": "", "valid_until": "", "successors": "", "attributes": {},
            "written": name, "bare": name}],
        "profile_version": [profile(1)],
        "profile_assignment": [{"number": 1, "profile": "2026-modern", "from_at": at, "made_at": at,
            "organisation": "H24", "role": "state_manager", "credential": "t", "reason": name}],
    });
    if name == "theirs" {
        all["code_list_version"].as_array_mut().unwrap().push(version(2));
        all["profile_version"].as_array_mut().unwrap().push(profile(2));
    }
    document(all)
}

/// Histories of versions are never mixed: nobody published what would come of it.
#[test]
fn what_was_published_here_stays_as_it_is_and_nothing_of_theirs_comes_among_it() {
    let proposal = propose(&with_publications("ours"), with_publications("theirs"), &[], now());
    assert!(
        proposal.changes.is_empty() && proposal.conflicts.is_empty(),
        "{:?}",
        proposal.conflicts
    );
    let told: Vec<_> = fates(&proposal)
        .into_iter()
        .filter(|(row, _)| row.starts_with("code_list") || row.starts_with("profile"))
        .collect();
    assert_eq!(told.len(), 7);
    // The list itself is the same; its versions, its entries and the profiles are not.
    assert!(matches!(&told[0].1, Fate::Same), "{told:?}");
    assert!(told[1..].iter().all(|(_, fate)| matches!(fate, Fate::LeftOut(_))), "{told:?}");
}

#[test]
fn where_nothing_was_published_all_of_it_comes_in() {
    let proposal = propose(&here(), with_publications("theirs"), &[], now());
    let added = |table: &str| proposal.changes.iter().filter(|it| it.table.name == table).count();
    assert_eq!((added("code_list_version"), added("code_list_entry")), (2, 1));
    assert_eq!((added("profile_version"), added("profile_assignment")), (2, 1));
    let mut without = with_publications("theirs");
    without.tables.remove("profile_version");
    let proposal = propose(&here(), without, &[], now());
    assert!(!proposal.changes.iter().any(|it| it.table.name == "profile_assignment"));
}

#[test]
fn a_row_need_not_say_what_its_key_says() {
    let theirs = document(json!({"organisation": [{"code": "H24.13", "name": "Sở Y tế"}],
        "system": [{"id": "H24.13/ho-so", "name": "Hồ sơ"}]}));
    let proposal = propose(&here(), theirs, &[], now());
    assert_eq!(proposal.problems, []);
    let [organisation, system, event] = &proposal.changes[..] else { panic!("three changes") };
    assert_eq!(organisation.after["parent"], "H24");
    assert_eq!(system.after["organisation"], "H24.13");
    assert_eq!(organisation.after["registered_at"], now().at.to_string());
    assert_eq!((&event.after["kind"], &event.after["name"]), (&json!("issued"), &json!("Sở Y tế")));
}

#[test]
fn a_service_that_says_no_more_than_what_and_where_it_is_comes_in_published() {
    let theirs = document(json!({"service": [{"id": "H24.12/hr/tra-cuu/v1", "title": "Tra cứu",
        "upstream": "http://10.24.12.5:9000"}]}));
    let proposal = propose(&here(), theirs, &[], now());
    assert_eq!(proposal.problems, []);
    let [service] = &proposal.changes[..] else { panic!("one change") };
    assert_eq!(
        (&service.after["stage"], &service.after["timeout_ms"]),
        (&json!("published"), &json!(10_000))
    );
}

#[test]
fn one_code_with_two_names_is_a_conflict_that_a_person_decides() {
    let theirs = || document(json!({"organisation": [{"code": "H24.12", "name": "Sở Nội vụ cũ"}]}));
    let id = "same_code organisation H24.12";
    let proposal = propose(&here(), theirs(), &[], now());
    assert_eq!(conflicts(&proposal), [(id, false)]);
    assert!(proposal.changes.is_empty());
    let kept = propose(&here(), theirs(), &[decide(id, Choice::Keep)], now());
    assert_eq!((kept.changes.len(), conflicts(&kept)), (0, vec![(id, true)]));
    let taken = propose(&here(), theirs(), &[decide(id, Choice::Take)], now());
    assert_eq!(taken.changes[0].after["name"], "Sở Nội vụ cũ");
    assert_eq!(taken.changes[0].before.as_ref().unwrap()["name"], "Sở Nội vụ");
    let code = "H24.99".to_owned();
    let moved = propose(&here(), theirs(), &[decide(id, Choice::As { code })], now());
    assert_eq!(moved.changes[0].key.to_string(), "H24.99");
    assert!(moved.aliases.is_empty(), "the code leads to the organisation that bears it");
    assert_eq!(moved.problems, []);
}

#[test]
fn organisations_of_one_name_can_be_one() {
    let theirs = document(json!({
        "organisation": [{"code": "H23", "name": "Tỉnh cũ"}, {"code": "H23.07", "name": "SỞ NỘI VỤ"}],
        "system": [{"id": "H23.07/luong", "name": "Lương"}, {"id": "H23.07/hr", "name": "Nhân sự"}],
    }));
    let id = "same_name organisation H23.07";
    let undecided = propose(&here(), theirs.clone(), &[], now());
    assert_eq!(conflicts(&undecided), [(id, false)]);
    let code = "H24.12".to_owned();
    let one = propose(&here(), theirs, &[decide(id, Choice::SameAs { code })], now());
    assert_eq!(one.aliases, [("H23.07".to_owned(), "H24.12".to_owned())].into());
    // The system of the same id is a clash of its own now, named as it came in.
    let clash = fates(&one).into_iter().find(|(row, _)| row == "system H23.07/hr").unwrap();
    assert_eq!(clash.1, Fate::Same, "same name, and no more was said");
    assert!(fates(&one).contains(&("system H23.07/luong".to_owned(), Fate::Added)));
    assert!(
        fates(&one).contains(&("organisation H23.07".to_owned(), Fate::Joined("H24.12".into())))
    );
    assert!(one.changes.iter().any(|change| change.key.to_string() == "H24.12/luong"));
}

#[test]
fn what_refers_to_nothing_or_to_itself_in_a_circle_is_a_problem() {
    let theirs = document(json!({"system": [{"id": "H99/x", "name": "x"}]}));
    let proposal = propose(&here(), theirs, &[], now());
    assert_eq!(proposal.problems.len(), 1, "{:?}", proposal.problems);
    let key = |keyid: &str, replaces: &str| {
        json!({"keyid": keyid, "system": "H24.12/hr", "algorithm": "ed25519", "public_key": "AA==",
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
            "made_at": "2026-01-01T00:00:00Z", "replaces": replaces})
    };
    let theirs = document(json!({"credential": [key("a", "b"), key("b", "a")]}));
    let proposal = propose(&here(), theirs, &[], now());
    assert_eq!((proposal.problems.len(), proposal.changes.len()), (2, 0));
}

#[test]
fn a_decision_about_nothing_is_told_and_one_that_cannot_be_made_is_a_problem() {
    let theirs = document(json!({"organisation": [{"code": "H24.12", "name": "Khác"}]}));
    let nothing = [decide("same_code organisation H24.77", Choice::Keep)];
    let unused = propose(&here(), theirs.clone(), &nothing, now()).unused;
    assert_eq!(unused, ["same_code organisation H24.77"]);
    let impossible = [decide("same_code organisation H24.12", Choice::Both)];
    assert_eq!(propose(&here(), theirs, &impossible, now()).problems.len(), 1);
}

#[test]
fn a_new_code_says_what_the_row_lies_below_and_must_be_one() {
    let theirs = || {
        document(json!({
            "organisation": [
                {"code": "H23", "parent": null, "name": "Tỉnh"},
                {"code": "H23.07", "parent": "H23", "name": "Sở Y tế"},
            ],
            "system": [{"id": "H23.07/x", "organisation": "H23.07", "name": "X"}],
        }))
    };
    let recode =
        |code: &str| decide("recode organisation H23.07", Choice::As { code: code.to_owned() });
    let moved = propose(&here(), theirs(), &[recode("H24.12.07")], now());
    assert_eq!(moved.problems, []);
    let row = |noun: &str| {
        let found = moved.changes.iter().find(|it| it.table.name == noun && it.key.0[0] != "H23");
        &found.unwrap().after
    };
    assert_eq!(row("organisation")["parent"], "H24.12");
    assert_eq!(row("system")["organisation"], "H24.12.07");
    for wrong in ["h24", "H24.", ""] {
        assert_eq!(
            propose(&here(), theirs(), &[recode(wrong)], now()).problems.len(),
            1,
            "{wrong}"
        );
    }
    let other =
        document(json!({"system": [{"id": "H24.12/x", "organisation": "H24", "name": "X"}]}));
    assert_eq!(propose(&here(), other, &[], now()).problems.len(), 1, "not as its id says");
}

#[test]
fn a_code_that_leads_elsewhere_comes_to_nobody() {
    let at = "2026-01-01T00:00:00Z";
    let alias = |name: &str| {
        json!({"name": name, "successor": "H24.12", "from_at": at, "until_at": null,
            "same_organisation": 0, "decision": "01/2025/QĐ-UBND", "made_at": at})
    };
    let mut ours = here();
    for (noun, rows) in document(json!({"alias": [alias("H24.13"), alias("H24.12/cu")]})).tables {
        ours.tables.insert(noun, rows);
    }
    let proposed = |theirs: Value| propose(&ours, document(theirs), &[], now());
    let places = |proposal: &Proposal| {
        proposal.problems.iter().map(|problem| problem.place.clone()).collect::<Vec<_>>()
    };
    let open = proposed(json!({"organisation": [{"code": "H24.13", "name": "Sở Y tế"}]}));
    assert_eq!(places(&open), ["organisation H24.13"]);
    let closed = json!({"organisation": [{"code": "H24.13", "name": "Sở Y tế", "closed_at": at}]});
    assert_eq!(places(&proposed(closed)), [""; 0], "what is over bears nothing");
    let system = proposed(json!({"system": [{"id": "H24.12/cu", "name": "Cũ"}]}));
    assert_eq!(places(&system), ["system H24.12/cu"]);
    let leading_away = proposed(json!({"alias": [alias("H24.12/hr")]}));
    assert_eq!(places(&leading_away), ["alias H24.12/hr"]);
    let same = proposed(json!({"alias": [alias("H24.13")]}));
    assert_eq!(places(&same), [""; 0]);
}

/// Codes that often meet.
fn code() -> impl Strategy<Value = String> {
    (0_u8..2, 0_u8..4).prop_map(|(root, below)| match below {
        0 => format!("H2{root}"),
        below => format!("H2{root}.0{below}"),
    })
}

fn registry() -> impl Strategy<Value = Document> {
    let organisation = (code(), 0_u8..5);
    let system = (code(), 0_u8..2, 0_u8..3);
    (prop::collection::vec(organisation, 0..8), prop::collection::vec(system, 0..6)).prop_map(
        |(organisations, systems)| {
            let mut registry = Document::default();
            let mut add = |noun: &str, row: Value| {
                let one = document(json!({noun: [row]}));
                for (noun, rows) in one.tables {
                    for (key, row) in rows {
                        registry.tables.entry(noun).or_default().entry(key).or_insert(row);
                    }
                }
            };
            for (code, name) in organisations {
                if let Some((root, _)) = code.split_once('.') {
                    add("organisation", json!({"code": root, "name": format!("Gốc {root}")}));
                }
                add("organisation", json!({"code": code, "name": format!("Tên {name}")}));
            }
            for (code, system, name) in systems {
                let id = format!("{code}/s{system}");
                add("system", json!({"id": id, "name": format!("Hệ thống {name}")}));
            }
            registry
        },
    )
}

/// What a proposal makes of a registry.
fn carried_out(ours: &Document, proposal: &Proposal) -> Document {
    let mut after = ours.clone();
    for change in &proposal.changes {
        after.put(change.table, change.after.clone());
    }
    after
}

proptest! {
    #[test]
    fn every_row_has_one_fate_and_what_is_written_can_be_referred_to(theirs in registry(), base in registry()) {
        // A registry that is whole: what `base` makes of an empty one.
        let whole = carried_out(&Document::default(), &propose(&Document::default(), base, &[], now()));
        let came = theirs.len();
        let proposal = propose(&whole, theirs.clone(), &[], now());
        prop_assert_eq!(proposal.fates.len(), came);
        let named: BTreeSet<_> = proposal.fates.iter().map(|(noun, key, _)| (*noun, key.clone())).collect();
        prop_assert_eq!(named.len(), came, "a row has two fates");
        let after = carried_out(&whole, &proposal);
        for (table, rows) in &after.tables {
            for row in rows.values() {
                for column in super::super::shape::table(table).unwrap().columns {
                    let value = row.get(column.name).and_then(Value::as_str);
                    if let (Some(other), Some(value)) = (column.kind.refers_to(), value) {
                        let key = Key(vec![value.to_owned()]);
                        prop_assert!(after.row(other, &key).is_some(), "{other} {value} is missing");
                    }
                }
            }
        }
        // Once it is all here and nothing is disputed, it brings nothing new.
        if proposal.conflicts.is_empty() && proposal.problems.is_empty() {
            let again = propose(&after, theirs, &[], now());
            prop_assert!(again.changes.is_empty());
            prop_assert!(again.fates.iter().all(|(_, _, fate)| *fate == Fate::Same));
        }
    }
}
