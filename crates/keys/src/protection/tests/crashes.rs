//! The process ends at every step of every change, one after the other.

use super::*;
use crate::key_directory::disk::crash;

/// Makes a place, begins `change` in it and ends the process after no step, one step, two steps
/// …, until the change comes to its end; calls `look` at what each left.
fn at_every_crash(
    make: impl Fn() -> Place,
    change: impl Fn(&Place) -> Result<(), KeyError>,
    look: impl Fn(&Place),
) -> usize {
    for steps in 0.. {
        let place = make();
        let (done, lived) = crash::after(steps, || change(&place));
        look(&place);
        if lived {
            done.unwrap();
            return steps;
        }
    }
    unreachable!("a change ends")
}

/// What the files hold, read as whoever runs the node would: plain, or with one of the secrets.
fn read_by(place: &Place, secrets: &[KeySecret]) -> BTreeMap<String, Vec<u8>> {
    if place.folder.protection().unwrap().is_none() {
        return contents(&place.folder);
    }
    let open = secrets.iter().find_map(|secret| place.unlock(secret).ok());
    contents(&open.expect("one of the secrets opens it"))
}

#[test]
fn wherever_protecting_ends_every_key_opens_and_doing_it_again_leaves_no_secret_on_the_disk() {
    let protect = |place: &Place| place.folder.protect(&secret(1), Cost::LEAST, &randomness());
    let steps = at_every_crash(Place::plain, protect, |place| {
        assert_eq!(read_by(place, &[secret(1)]), place.plain);
        protect(place).unwrap();
        assert!(!place.folder.is_half_protected().unwrap());
        assert!(!place.shows_a_secret());
        assert_eq!(contents(&place.unlock(&secret(1)).unwrap()), place.plain);
    });
    assert!(steps > 7 * 8, "every file has its steps: {steps}");
}

#[test]
fn wherever_unprotecting_ends_every_key_opens_and_it_can_be_done_again_or_taken_back() {
    let make = || Place::protected(&secret(1));
    let unprotect = |place: &Place| -> Result<(), KeyError> {
        // An end just before the last step leaves nothing to do but that; after it, nothing.
        match place.folder.unprotect(&secret(1), Cost::LEAST, &randomness()) {
            Err(KeyError::NotProtected { .. }) => Ok(()),
            done => done,
        }
    };
    at_every_crash(make, unprotect, |place| {
        assert_eq!(read_by(place, &[secret(1)]), place.plain);
        unprotect(place).unwrap();
        assert_eq!(contents(&place.folder), place.plain);
    });
    at_every_crash(make, unprotect, |place| {
        place.folder.protect(&secret(1), Cost::LEAST, &randomness()).unwrap();
        assert!(!place.shows_a_secret());
        assert_eq!(contents(&place.unlock(&secret(1)).unwrap()), place.plain);
    });
}

#[test]
fn wherever_a_change_of_secret_ends_exactly_one_of_the_two_opens() {
    let change = |place: &Place| {
        place.folder.change_secret(&secret(1), &secret(2), Cost::LEAST, &SystemRandomness)
    };
    at_every_crash(
        || Place::protected(&secret(1)),
        change,
        |place| {
            let opening =
                [secret(1), secret(2)].into_iter().filter(|one| place.unlock(one).is_ok());
            assert_eq!(opening.count(), 1);
            assert_eq!(read_by(place, &[secret(1), secret(2)]), place.plain);
            // Doing it again ends it, and no lock that the first secret opens lies about.
            change(place).unwrap();
            assert!(place.unlock(&secret(2)).is_ok() && place.unlock(&secret(1)).is_err());
            place.assert_nothing_hidden();
        },
    );
}

#[test]
fn a_protection_that_sealed_nothing_yet_can_be_begun_again_with_another_secret() {
    let begin = |secret: &KeySecret, place: &Place| {
        place.folder.protect(secret, Cost::LEAST, &randomness())
    };
    let place = Place::plain();
    // The lock takes its place with the fifth step, before any file is touched.
    let (_, lived) = crash::after(6, || begin(&secret(1), &place));
    assert!(!lived && place.folder.is_half_protected().unwrap());
    begin(&secret(2), &place).unwrap();
    assert_eq!(contents(&place.unlock(&secret(2)).unwrap()), place.plain);
}
