use proptest::prelude::*;
use serde_json::{Value, json};
use wire::ambient::UtcMicros;

use super::*;
use crate::tests::authorisation::{Case, SIGNED_ON, read, write};
use crate::tests::platform::*;

fn at(text: &str) -> UtcMicros {
    text.parse().unwrap()
}

fn due(from: &str, days: u32) -> String {
    WorkingCalendar::default().add_working_days(at(from), days).to_string()
}

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    vec![
        read("/api/v1/calendar", "/api/v1/calendar"),
        read("/api/v1/calendar/{year}", "/api/v1/calendar/2026"),
        read("/api/v1/calendar/{year}/versions", "/api/v1/calendar/2026/versions"),
        write(
            "/api/v1/calendar/{year}/replace",
            "/api/v1/calendar/2028/replace",
            form(),
            &[STATE_MANAGER],
        ),
    ]
}

fn form() -> Value {
    json!({
        "weekend": ["saturday", "sunday"],
        "source": "Thông báo về lịch nghỉ lễ, Tết",
        "days_off": [{"day": "2028-01-03", "name": "Nghỉ bù Tết Dương lịch", "verified": true}],
    })
}

#[test]
fn the_shipped_years_are_sound_and_say_what_is_not_certain() {
    let years = shipped();
    assert_eq!(years.iter().map(|year| year.year).collect::<Vec<_>>(), [2025, 2026, 2027]);
    for year in &years {
        for off in &year.days_off {
            assert!(off.day.year() == year.year && !year.weekend.contains(&off.day.weekday()));
        }
        for worked in &year.worked {
            assert!(worked.day.year() == year.year && year.weekend.contains(&worked.day.weekday()));
        }
    }
    assert!(years.iter().all(|year| !year.is_verified()), "moved days are to be checked");
    let lunar_2027 = years[2].days_off.iter().filter(|day| day.name.contains("Tết Nguyên đán"));
    assert!(lunar_2027.clone().count() > 0 && lunar_2027.clone().all(|day| !day.verified));
}

#[test]
fn a_deadline_ends_at_midnight_in_viet_nam_and_skips_weekends() {
    // Monday 23 November 2026, 15:00 in Việt Nam.
    assert_eq!(due("2026-11-23T08:00:00.000000Z", 5), "2026-11-30T17:00:00.000000Z");
    assert_eq!(due("2026-11-23T08:00:00.000000Z", 0), "2026-11-23T17:00:00.000000Z");
    // 18:00 UTC on Monday is Tuesday in Việt Nam.
    assert_eq!(due("2026-11-23T18:00:00.000000Z", 1), "2026-11-25T17:00:00.000000Z");
    // Friday.
    assert_eq!(due("2026-11-27T08:00:00.000000Z", 1), "2026-11-30T17:00:00.000000Z");
}

#[test]
fn tet_is_skipped_and_moved_days_are_worked() {
    // Friday 13 February 2026 → Tết from 14 to 22 → Monday 23.
    assert_eq!(due("2026-02-13T02:00:00.000000Z", 1), "2026-02-23T17:00:00.000000Z");
    // Friday 21 August 2026 → Saturday 22 is worked for Monday 31.
    assert_eq!(due("2026-08-21T02:00:00.000000Z", 1), "2026-08-22T17:00:00.000000Z");
    // Friday 28 August → Monday 31 moved, 1 and 2 September National Day → Thursday 3.
    assert_eq!(due("2026-08-28T02:00:00.000000Z", 1), "2026-09-03T17:00:00.000000Z");
}

#[test]
fn a_deadline_says_whether_the_calendar_is_sure_of_it() {
    let calendar = WorkingCalendar::default();
    let sure = |from: &str, days| calendar.deadline(at(from), days).verified;
    assert!(sure("2026-11-23T08:00:00.000000Z", 5));
    assert!(!sure("2026-08-28T02:00:00.000000Z", 1), "over a moved day that was not checked");
    assert!(!sure("2027-12-30T02:00:00.000000Z", 5), "into a year that is not known");
}

/// Any year, with days off and worked ones that need not be sensible.
fn any_year() -> impl Strategy<Value = WorkingYear> {
    let day = (1_u8..=12, 1_u8..=28).prop_map(|(month, day)| SpecialDay {
        day: format!("2026-{month:02}-{day:02}").parse().unwrap(),
        name: "x".to_owned(),
        verified: true,
    });
    let days = prop::collection::vec(day, 0..60);
    let weekend = prop::sample::subsequence(
        vec![Weekday::Monday, Weekday::Friday, Weekday::Saturday, Weekday::Sunday],
        1..=3,
    );
    (weekend, days.clone(), days).prop_map(|(weekend, days_off, worked)| WorkingYear {
        year: 2026,
        weekend,
        source: "x".to_owned(),
        days_off,
        worked,
    })
}

proptest! {
    #[test]
    fn a_deadline_is_a_working_day_with_as_many_working_days_before_it(
        year in any_year(),
        from in 1_766_000_000_i64..1_800_000_000,
        days in 1_u32..60,
    ) {
        let calendar = WorkingCalendar::new([year]);
        let from = UtcMicros::from_seconds(from);
        let due = calendar.add_working_days(from, days);
        let last = Day::of(UtcMicros::from_micros(due.as_micros() - 1));
        prop_assert!(calendar.is_working_day(last));
        prop_assert_eq!(last.end(), due);
        prop_assert_eq!(calendar.working_days_between(from, due), days);
    }

    #[test]
    fn more_days_end_later_and_a_later_start_never_earlier(
        year in any_year(),
        from in 1_766_000_000_i64..1_800_000_000,
        later in 0_i64..2_000_000,
        days in 0_u32..60,
    ) {
        let calendar = WorkingCalendar::new([year]);
        let [from, later] = [from, from + later].map(UtcMicros::from_seconds);
        let due = calendar.add_working_days(from, days);
        prop_assert!(calendar.add_working_days(from, days + 1) > due);
        prop_assert!(calendar.add_working_days(later, days) >= due);
        prop_assert!(due > from);
    }

    #[test]
    fn counting_goes_on_where_it_stopped(
        year in any_year(),
        from in 1_766_000_000_i64..1_800_000_000,
        (first, second) in (1_u32..30, 1_u32..30),
    ) {
        let calendar = WorkingCalendar::new([year]);
        let from = UtcMicros::from_seconds(from);
        let stop = UtcMicros::from_micros(calendar.add_working_days(from, first).as_micros() - 1);
        prop_assert_eq!(
            calendar.add_working_days(stop, second),
            calendar.add_working_days(from, first + second)
        );
    }

    #[test]
    fn a_day_has_one_spelling(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}") {
        if let Ok(day) = text.parse::<Day>() {
            prop_assert_eq!(day.to_string(), text);
        }
    }
}

#[test]
fn counting_ends_at_the_end_of_time() {
    let calendar = WorkingCalendar::default();
    assert_eq!(calendar.add_working_days(UtcMicros::MAX, 1_000_000), UtcMicros::MAX);
    assert!("2026-W01-1".parse::<Day>().is_err() && "20260101".parse::<Day>().is_err());
}

#[tokio::test]
async fn the_state_manager_replaces_a_year_and_what_was_there_stays_readable() {
    let platform = Platform::start().await;
    let before = platform.get("/api/v1/calendar/2027").await;
    assert_eq!((&before["version"], &before["verified"]), (&json!(0), &json!(false)));
    let mut form = form();
    form["days_off"][0]["day"] = "2027-11-24".into();
    platform.made(STATE_MANAGER, "/api/v1/calendar/2027/replace", form).await;
    let now = platform.get("/api/v1/calendar/2027").await;
    assert_eq!((&now["version"], &now["verified"]), (&json!(1), &json!(true)));
    assert_eq!(now["days"]["days_off"][0]["day"], "2027-11-24");
    let versions = platform.get("/api/v1/calendar/2027/versions").await;
    assert_eq!(versions["items"], json!([before, now]));
    let calendar = sql::load(&platform.registry.database).await.unwrap();
    let due = calendar.add_working_days(at("2027-11-23T01:00:00.000000Z"), 1);
    assert_eq!(due.to_string(), "2027-11-25T17:00:00.000000Z");
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(entry.action, "calendar.replaced");
    assert_eq!((entry.subject["year"].as_str(), entry.subject["version"].as_str()), ("2027", "1"));
}

#[tokio::test]
async fn the_years_are_listed_in_order_and_an_unknown_one_is_none() {
    let platform = Platform::start().await;
    platform.made(STATE_MANAGER, "/api/v1/calendar/2028/replace", form()).await;
    let first = platform.get("/api/v1/calendar?limit=2").await;
    let next = first["next"].as_str().unwrap();
    let second = platform.get(&format!("/api/v1/calendar?limit=2&after={next}")).await;
    let years = |page: &Value| -> Vec<u64> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["days"]["year"].as_u64().unwrap()).collect()
    };
    assert_eq!((years(&first), years(&second)), (vec![2025, 2026], vec![2027, 2028]));
    for path in ["/api/v1/calendar/2031", "/api/v1/calendar/2031/versions"] {
        assert_eq!(platform.ask(OPERATOR, "GET", path, None).await.0, 404, "{path}");
    }
    assert_eq!(platform.ask(OPERATOR, "GET", "/api/v1/calendar/26", None).await.0, 422);
}

#[tokio::test]
async fn days_that_break_a_rule_are_refused_by_their_field() {
    let platform = Platform::start().await;
    let day = |day: &str| json!([{"day": day, "name": "x", "verified": true}]);
    for (field, value, named) in [
        ("weekend", json!([]), "weekend"),
        ("weekend", json!(["monday", "tuesday", "wednesday", "thursday"]), "weekend"),
        ("weekend", json!(["sunday", "sunday"]), "weekend"),
        ("source", json!(" "), "source"),
        ("days_off", day("2027-01-04"), "days_off[0].day"),
        ("days_off", day("2028-01-01"), "days_off[0].day"),
        ("days_off", day("2028-02-30"), "days_off[0].day"),
        ("days_off", json!([day("2028-01-03")[0], day("2028-01-03")[0]]), "days_off[1].day"),
        ("worked", day("2028-01-03"), "worked[0].day"),
    ] {
        let mut form = form();
        form[field] = value;
        let (status, answer) =
            platform.post(STATE_MANAGER, "/api/v1/calendar/2028/replace", form).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{field} {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(&format!("`{named}`")), "{answer}");
    }
}

#[test]
fn everyone_who_is_signed_on_may_read_the_calendar() {
    assert!(cases().iter().filter(|case| case.method == "GET").all(|case| case.may == SIGNED_ON));
}
