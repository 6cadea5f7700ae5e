use proptest::prelude::*;

use evidence::SpentNonce;
use wire::ambient::UtcMicros;

use super::frame::{Frame, frame};
use super::*;
use crate::cluster::node_list::Fingerprint;

fn questions() -> impl Strategy<Value = Question> {
    let claim = ("[A-Za-z0-9._-]{1,64}", any::<[u8; 16]>(), any::<i64>()).prop_map(
        |(keyid, fingerprint, expires)| {
            About::Claim(SpentNonce { keyid: keyid.parse().unwrap(), fingerprint, expires })
        },
    );
    let permits = any::<u16>().prop_map(|wanted| About::Permits {
        connection: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
        wanted,
    });
    (0..i64::MAX / 100_000, any::<Fingerprint>(), prop_oneof![claim, permits])
        .prop_map(|(at, list, about)| Question { at: UtcMicros::from_micros(at), list, about })
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::NotUnderstood),
        Just(Answer::Claim(Verdict::Fresh)),
        Just(Answer::Claim(Verdict::Replayed)),
        Just(Answer::Claim(Verdict::Full)),
        any::<u8>().prop_map(|byte| Answer::Claim(Verdict::Refused(Reason::of(byte)))),
        any::<u8>().prop_map(|byte| Answer::Permits(Grant::Refused(Reason::of(byte)))),
        any::<u64>().prop_map(|wait_nanos| Answer::Permits(Grant::Spent { wait_nanos })),
        any::<(u16, u32, u32)>().prop_map(|(permits, remaining, reset_s)| {
            Answer::Permits(Grant::Granted { permits, remaining, reset_s })
        }),
    ]
}

fn only_frame(bytes: &[u8]) -> Frame<'_> {
    match next(bytes) {
        Next::Frame(frame, length) => {
            assert_eq!(length, bytes.len());
            frame
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn what_is_said_is_understood(question in questions(), answer in answers(), number: u32) {
        let mut bytes = Vec::new();
        question.put(number, &mut bytes);
        let frame = only_frame(&bytes);
        prop_assert_eq!(frame.number, number);
        prop_assert_eq!(Question::read(frame), Some(question));
        bytes.clear();
        answer.put(number, &mut bytes);
        let frame = only_frame(&bytes);
        prop_assert_eq!(frame.number, number);
        prop_assert_eq!(Answer::read(frame), Some(answer));
    }

    #[test]
    fn half_a_frame_is_waited_for(question in questions(), cut in 0..100_usize) {
        let mut bytes = Vec::new();
        question.put(7, &mut bytes);
        let cut = bytes.len() * cut / 100;
        prop_assert!(matches!(next(&bytes[..cut]), Next::Incomplete));
    }

    #[test]
    fn whatever_comes_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Next::Frame(frame, length) = next(&bytes) {
            prop_assert!(length <= bytes.len());
            let _ = (Question::read(frame), Answer::read(frame));
        }
    }
}

#[test]
fn a_question_of_an_unknown_kind_is_known_as_such() {
    let mut bytes = Vec::new();
    frame(&mut bytes, 0x7f, 3, |out| out.extend_from_slice(b"new"));
    let read = Question::read(only_frame(&bytes)).unwrap();
    assert_eq!(read.about, About::Unknown);
}
