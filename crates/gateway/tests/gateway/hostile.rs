//! Hostile input, one noun a file: whatever a stranger, a caller or a provider sends, this gateway
//! reads it in one way or refuses it, and says so in the log.
//!
//! [`CLASSES`] says which tests show each class; a test sees to it that none is missing.

mod answer;
mod chunk;
mod framing;
mod h2;
mod head;
mod hop;
mod host;
mod method;
mod pipeline;
mod scene;
mod signature;
mod slow;
mod tape;
mod target;
mod trailer;

use std::collections::BTreeSet;

/// Each class of hostile input, and the tests of this folder that show what becomes of it.
const CLASSES: &[(&str, &[&str])] = &[
    ("CL.TE", &["framing::a_length_before_chunks_is_refused"]),
    ("TE.CL", &["framing::chunks_before_a_length_are_refused"]),
    (
        "TE.TE",
        &[
            "framing::a_transfer_coding_that_is_not_plainly_chunked_is_refused",
            "framing::chunked_in_any_case_between_blanks_is_one_coding",
            "framing::a_transfer_coding_spelt_as_a_program_behind_a_server_reads_it_goes_no_further",
        ],
    ),
    (
        "lengths that are none",
        &[
            "framing::a_length_that_is_no_plain_number_or_stands_twice_is_refused",
            "framing::a_body_in_http_1_0_has_a_length_or_is_refused",
        ],
    ),
    (
        "h2 downgrade",
        &[
            "head::other_versions_of_http_are_refused",
            "hop::upgrades_are_not_offered_to_the_provider_and_never_happen",
            "h2::a_good_call_over_frames_written_by_hand_passes",
            "h2::line_breaks_and_controls_in_fields_never_become_lines",
            "h2::fields_of_a_connection_are_refused_over_http_2",
            "h2::pseudo_fields_stand_once_first_and_whole",
            "h2::a_path_or_method_that_would_break_the_request_line_is_refused",
            "h2::authority_scheme_and_host_that_contradict_each_other_are_refused",
            "h2::a_length_that_lies_over_http_2_leaves_no_whole_request",
            "h2::ten_thousand_fields_and_a_field_of_100_kib_are_refused_over_http_2",
            "h2::a_connection_is_told_how_many_calls_and_how_long_heads_it_may_have",
        ],
    ),
    ("obs-fold", &["head::folded_lines_are_refused"]),
    (
        "absolute-form",
        &[
            "host::an_absolute_target_for_us_is_served_by_its_path",
            "host::an_absolute_target_that_contradicts_its_host_is_refused",
            "host::an_absolute_target_for_others_is_foreign_even_where_host_agrees",
            "host::a_target_of_another_form_is_refused",
            "host::an_absolute_target_of_the_other_scheme_is_foreign",
        ],
    ),
    (
        "duplicate Host",
        &[
            "host::a_host_that_is_missing_empty_or_repeated_is_refused",
            "host::a_host_that_is_not_exactly_ours_is_foreign",
            "host::a_name_without_port_is_ours_with_the_default_port_only",
            "host::a_name_without_port_is_not_ours_with_another_port",
            "host::a_request_of_http_1_0_needs_a_host_like_any_other",
        ],
    ),
    (
        "bare LF",
        &["head::a_bare_line_feed_ends_no_line", "chunk::line_ends_around_chunks_are_exact"],
    ),
    ("bare CR", &["head::a_bare_carriage_return_ends_no_line"]),
    (
        "NUL",
        &[
            "head::nul_and_other_controls_are_refused_wherever_they_stand",
            "head::blanks_where_none_may_be_are_refused",
        ],
    ),
    (
        "100 KiB headers",
        &[
            "head::a_line_of_100_kib_is_refused",
            "head::many_lines_of_100_kib_together_are_refused",
            "head::a_head_without_end_is_refused_at_its_limit",
        ],
    ),
    ("10,000 headers", &["head::ten_thousand_lines_are_refused"]),
    (
        "chunk extensions",
        &[
            "chunk::short_plain_extensions_are_read_over",
            "chunk::extensions_that_could_hide_a_line_end_are_refused",
            "chunk::an_endless_chunk_line_is_refused_before_it_ends",
            "chunk::many_chunks_with_an_extension_each_cannot_cost_more_than_their_body_allows",
        ],
    ),
    (
        "chunk sizes",
        &[
            "chunk::a_chunk_size_that_is_not_plain_hex_is_refused",
            "chunk::a_chunk_size_may_be_in_capitals_and_have_zeros_before_it",
        ],
    ),
    (
        "trailers",
        &[
            "trailer::a_trailer_never_reaches_the_provider_whatever_it_says",
            "trailer::a_digest_in_a_trailer_is_refused_however_it_is_spelt",
            "trailer::trailers_that_are_no_header_lines_or_speak_of_framing_are_refused",
            "trailer::many_and_endless_trailers_are_refused",
        ],
    ),
    (
        "hop-by-hop abuse",
        &[
            "hop::connection_cannot_take_away_what_was_signed_or_what_the_platform_says",
            "hop::lines_of_one_connection_end_here",
            "hop::connection_close_closes_however_it_is_written",
        ],
    ),
    (
        "forged lgsp-* and forwarding lines",
        &[
            "hop::nobody_but_the_platform_says_who_calls",
            "hop::another_spelling_of_a_signed_field_does_not_go_on_beside_it",
            "hop::a_purpose_that_is_not_signed_is_refused",
            "answer::a_provider_cannot_speak_for_the_platform",
        ],
    ),
    (
        "CONNECT, TRACE and OPTIONS *",
        &[
            "method::connect_opens_no_tunnel",
            "method::trace_reflects_nothing",
            "method::options_of_the_whole_server_is_refused",
            "method::a_method_is_compared_letter_by_letter",
        ],
    ),
    (
        "encoded slashes and dot segments",
        &[
            "target::encoded_slashes_and_backslashes_are_refused",
            "target::dot_segments_are_refused_however_they_are_written",
            "target::what_means_something_else_after_a_second_decoding_is_refused",
            "target::overlong_and_broken_utf_8_is_refused",
            "target::broken_escapes_and_encoded_controls_are_refused",
            "target::empty_segments_and_fragments_are_refused",
            "target::a_path_with_one_meaning_goes_on_byte_for_byte",
        ],
    ),
    (
        "duplicated signatures",
        &[
            "signature::a_label_used_twice_is_ambiguous",
            "signature::two_signatures_with_our_tag_are_ambiguous_whichever_is_good",
            "signature::members_count_in_any_order_and_over_any_lines_as_long_as_they_are_one",
            "signature::a_signature_without_its_input_or_an_input_without_its_signature_is_missing",
            "signature::what_covers_something_else_covers_nothing",
        ],
    ),
    (
        "structured-field bombs",
        &[
            "signature::deep_lists_and_other_types_are_malformed",
            "signature::bombs_of_parameters_integers_and_keys_are_malformed",
            "signature::thousands_of_parameters_and_members_that_nobody_asked_for_are_read_in_one_pass",
            "signature::a_signature_that_is_no_plain_byte_sequence_is_malformed",
            "signature::a_signature_of_a_megabyte_does_not_get_past_the_head_s_limit",
        ],
    ),
    (
        "abuse of 100-continue",
        &[
            "pipeline::after_a_refused_invitation_nothing_is_read",
            "pipeline::an_invitation_is_sent_at_most_once_and_only_where_a_body_is_to_come",
            "pipeline::other_expectations_are_read_over_and_go_no_further",
        ],
    ),
    (
        "pipelining",
        &[
            "head::empty_lines_before_a_request_line_are_read_over",
            "pipeline::a_body_that_looks_like_a_request_is_a_body",
            "pipeline::a_get_with_a_length_does_not_hand_its_body_on_as_a_call",
        ],
    ),
    (
        "slow headers and slow bodies",
        &[
            "slow::a_head_that_never_ends_is_cut_off_without_an_answer",
            "slow::a_body_that_stops_is_refused_and_recorded_and_never_ends_at_the_provider",
            "slow::a_body_that_is_never_begun_is_refused",
        ],
    ),
    (
        "callers that never read or half-close",
        &[
            "slow::a_caller_that_never_reads_is_given_up_and_its_call_recorded_as_aborted",
            "slow::a_caller_that_closes_its_sending_half_has_left",
            "h2::strangers_that_grant_no_window_for_their_refusals_keep_no_caller_out",
            "h2::a_caller_that_does_not_hear_that_it_must_leave_makes_room_all_the_same",
        ],
    ),
    ("upstreams that die", &["answer::a_provider_that_dies_leaves_a_broken_call_wherever_it_dies"]),
    (
        "upstreams that stall",
        &[
            "answer::a_provider_that_stalls_is_given_up_before_the_head_within_it_and_within_the_body",
            "answer::a_storm_of_interim_answers_is_malformed",
        ],
    ),
    (
        "upstreams that lie about length",
        &[
            "answer::an_answer_that_is_shorter_than_it_says_is_broken",
            "answer::an_answer_whose_end_could_be_found_in_two_ways_is_malformed",
            "answer::what_a_provider_says_after_its_answer_is_never_the_answer_to_the_next_call",
        ],
    ),
    (
        "upstreams that answer without end",
        &["answer::an_answer_without_end_is_cut_off_when_its_caller_leaves"],
    ),
    (
        "upstreams that make no sense",
        &[
            "answer::status_lines_that_are_none_are_malformed",
            "answer::heads_of_answers_that_are_none_are_malformed",
            "answer::a_huge_head_of_an_answer_is_malformed",
            "answer::a_switch_of_protocols_that_nobody_asked_for_is_malformed",
            "answer::an_answer_that_comes_in_pieces_is_one_answer",
            "answer::an_answer_before_its_request_was_read_is_not_believed_until_the_body_is_right",
        ],
    ),
];

/// The classes that there must be.
const WANTED: [&str; 22] = [
    "CL.TE",
    "TE.CL",
    "TE.TE",
    "h2 downgrade",
    "obs-fold",
    "absolute-form",
    "duplicate Host",
    "bare LF",
    "NUL",
    "100 KiB headers",
    "10,000 headers",
    "chunk extensions",
    "trailers",
    "hop-by-hop abuse",
    "encoded slashes and dot segments",
    "duplicated signatures",
    "structured-field bombs",
    "slow headers and slow bodies",
    "upstreams that die",
    "upstreams that stall",
    "upstreams that lie about length",
    "upstreams that answer without end",
];

#[test]
fn every_class_of_hostile_input_has_its_tests_and_every_test_its_class() {
    let classes: BTreeSet<_> = CLASSES.iter().map(|(class, _)| *class).collect();
    for class in WANTED {
        assert!(classes.contains(class), "{class} has no test");
    }
    assert!(CLASSES.iter().all(|(_, tests)| !tests.is_empty()));
    let listed: BTreeSet<_> =
        CLASSES.iter().flat_map(|(_, tests)| tests.iter().map(|test| (*test).to_owned())).collect();
    assert_eq!(listed, tests_of_this_folder());
}

/// `docs/limits.md` names tests; each of them is one.
#[test]
fn the_page_of_limits_names_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/limits.md")).unwrap();
    let mut sources = String::new();
    for name in ["gateway", "evidence", "keys", "lgsp", "registry"] {
        read_all(&root.join("crates").join(name), &mut sources);
    }
    let tests = page.split('`').skip(1).step_by(2).filter(|text| text.matches('_').count() > 3);
    let mut named = 0;
    for test in tests {
        assert!(sources.contains(&format!("fn {test}()")), "{test} is no test");
        named += 1;
    }
    assert!(named > 15, "only {named} tests are named");
}

fn read_all(folder: &std::path::Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The tests of the files beside this one, as `file::name`.
fn tests_of_this_folder() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/hostile");
    let mut tests = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if matches!(line, "#[tokio::test]" | "#[test]") {
                let signature = lines.next().unwrap();
                let name = signature.split("fn ").nth(1).unwrap().split('(').next().unwrap();
                tests.insert(format!("{module}::{name}"));
            }
        }
    }
    tests
}
