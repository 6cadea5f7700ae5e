use super::*;
use proptest::prelude::*;

/// Fills with one byte over and over.
struct Same(u8);

impl Randomness for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

#[test]
fn a_slug_has_no_hyphen_at_its_ends() {
    for text in ["a", "danh-muc", "a--b", "1", &"a".repeat(63)] {
        assert!(text.parse::<SystemCode>().is_ok(), "{text}");
    }
    for text in ["", "-a", "a-", "A", "a_b", "a.b", "đ", "a/b", &"a".repeat(64)] {
        assert!(text.parse::<SystemCode>().is_err(), "{text}");
    }
}

#[test]
fn a_service_id_names_organisation_system_service_and_major() {
    let id: ServiceId = "H24.12/don-vi-hanh-chinh/danh-muc/v1".parse().unwrap();
    assert_eq!(id.major, 1);
    assert_eq!(id.system_id().to_string(), "H24.12/don-vi-hanh-chinh");
    assert_eq!(id.to_string(), "H24.12/don-vi-hanh-chinh/danh-muc/v1");
    for text in [
        "H24.12/a/b",
        "H24.12/a/b/1",
        "H24.12/a/b/v",
        "H24.12/a/b/v0",
        "H24.12/a/b/v01",
        "H24.12/a/b/v+1",
        "H24.12/a/b/v65536",
        "H24.12/a/b/v1/",
        "/H24.12/a/b/v1",
    ] {
        assert!(text.parse::<ServiceId>().is_err(), "{text}");
    }
}

#[test]
fn a_drawn_id_carries_its_time() {
    let now = UtcMicros::from_micros(1_795_420_800_123_456);
    let id = RequestId::new(now, &Same(0xff));
    assert_eq!(id.time_ms(), 1_795_420_800_123);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(RequestId::from_bytes(*id.as_bytes()), Some(id));
    assert!(RequestId::new(now.saturating_add(std::time::Duration::from_millis(1)), &Same(0)) > id);
}

#[test]
fn only_one_spelling_of_version_seven_is_an_id() {
    for text in [
        "019ab0c4-7b3f-7fff-bfff-ffffffffffff ",
        "019AB0C4-7B3F-7FFF-BFFF-FFFFFFFFFFFF",
        "019ab0c47b3f7fffbfffffffffffffff",
        "{019ab0c4-7b3f-7fff-bfff-ffffffffffff}",
        "019ab0c4-7b3f-4fff-bfff-ffffffffffff",
        "019ab0c4-7b3f-7fff-cfff-ffffffffffff",
        "00000000-0000-0000-0000-000000000000",
    ] {
        assert!(text.parse::<RequestId>().is_err(), "{text}");
    }
    assert!("019ab0c4-7b3f-7fff-bfff-ffffffffffff".parse::<RequestId>().is_ok());
    assert_eq!(EntryId::from_bytes([0; 16]), None);
}

#[test]
fn serde_reads_and_writes_the_text() {
    let id: ServiceId = serde_json::from_str("\"H24/a/b/v2\"").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"H24/a/b/v2\"");
    let refusal = serde_json::from_str::<KeyId>("\"a b\"").unwrap_err().to_string();
    assert!(refusal.contains("not a key id"), "{refusal}");
    assert_eq!(serde_json::to_string(&Role::OrganisationAdmin).unwrap(), "\"organisation_admin\"");
}

#[test]
fn every_role_reads_back() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    assert!("Operator".parse::<Role>().is_err());
}

proptest! {
    #[test]
    fn any_text_is_refused_or_prints_as_it_was_read(
        text in prop_oneof![
            "[a-z0-9-]{0,70}",
            "[A-Za-z0-9._-]{0,70}",
            "H24\\.[0-9]{1,2}/[a-z-]{1,5}(/[a-z0-9-]{1,5}/v[0-9]{1,6})?",
            "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            "\\PC*",
        ]
    ) {
        fn holds<T: FromStr + ToString>(text: &str) -> bool {
            text.parse::<T>().map_or(true, |read| read.to_string() == text)
        }
        prop_assert!(holds::<SystemCode>(&text) && holds::<ServiceCode>(&text));
        prop_assert!(holds::<PurposeCode>(&text) && holds::<KeyId>(&text));
        prop_assert!(holds::<SystemId>(&text) && holds::<ServiceId>(&text));
        prop_assert!(holds::<RequestId>(&text) && holds::<Role>(&text));
    }
}
