//! The figures as tables in Markdown, then whether each bar is reached.

use std::fmt::Write as _;

use super::measure::Figures;
use super::options::{Options, Transport};
use super::peers::{NGINX, PEERS};
use super::results::{Results, Row};
use super::workload::Workload;
use crate::statistics::Spread;

/// The path that the bars are about.
const FULL_PATH: &str = "lgsp-hmac";
/// The row that they are about.
const BAR_ROW: Row = (Transport::Plain, Workload::SmallGet);

/// What each server does with a request, as the tables call it.
fn title(peer: &str) -> &str {
    match peer {
        NGINX => "nginx, plain",
        "haproxy-hmac" => "haproxy, one HMAC",
        "nginx-lua-hmac" => "nginx + Lua, one HMAC",
        "envoy" => "Envoy, plain",
        FULL_PATH => "**lgsp, HMAC, durable**",
        "lgsp-ed25519" => "lgsp, Ed25519, durable",
        "lgsp-p256" => "lgsp, ECDSA P-256, durable",
        "lgsp-rsa" => "lgsp, RSA-2048 PSS, durable",
        other => other,
    }
}

/// Prints everything; `about` is a paragraph on machine and versions.
pub(crate) fn print(options: &Options, results: &Results, about: &str) {
    println!("{about}\n");
    println!(
        "{} rounds of about {} s a phase; at saturation {} connections of callers ({} for 1 MiB).\n",
        options.rounds,
        options.seconds,
        options.callers,
        options.callers_of(Workload::LargeGet),
    );
    for row in results.rows() {
        println!("{}", table(results, row));
    }
    for line in bars(results) {
        println!("- {line}");
    }
    if let Some(ratio) = results.cpu_ratio(BAR_ROW, FULL_PATH, NGINX) {
        println!(
            "\ncpu per request, lgsp full path (HMAC, durable) / nginx plain: {:.2}",
            ratio.median
        );
    }
}

fn table(results: &Results, row: Row) -> String {
    let (transport, workload) = row;
    let over = match transport {
        Transport::Plain => "plain HTTP",
        Transport::Tls => "TLS 1.3",
    };
    let half = results.half_of_nginx(row).unwrap_or(f64::NAN);
    let mut text = format!("**{}, {over}** (half of nginx: {half:.0}/s)\n\n", workload.title());
    text += "| server | CPU µs per request | by nginx's | requests/s | core busy | p50 ms | p99 ms \
             | at half: p50 ms | p99 ms | p99 added ms |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for peer in PEERS {
        if let Some(rounds) = results.find(row, peer) {
            let of = |read: fn(&Figures) -> f64| Spread::of(rounds.saturation.iter().map(read));
            let at_half = |read: fn(&Figures) -> f64| Spread::of(rounds.half.iter().map(read));
            let cells = [
                title(peer).to_owned(),
                with_range(of(|figures| figures.cpu_us), 1),
                with_range(results.cpu_ratio(row, peer, NGINX), 2),
                median(of(|figures| figures.per_second), 0),
                median(of(|figures| figures.busy), 2),
                median(of(|figures| figures.p50_us / 1e3), 2),
                median(of(|figures| figures.p99_us / 1e3), 2),
                median(at_half(|figures| figures.p50_us / 1e3), 2),
                median(at_half(|figures| figures.p99_us / 1e3), 2),
                with_range(results.p99_added_ms(row, peer), 2),
            ];
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

fn median(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("–".to_owned(), |Spread { median, .. }| format!("{median:.digits$}"))
}

fn with_range(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("–".to_owned(), |Spread { median, least, most }| {
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    })
}

/// A line for each bar; one that was not measured has none.
fn bars(results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    let mut bar = |what: &str, measured: Option<Spread>, most: f64| {
        if let Some(spread) = measured {
            let verdict = if spread.median <= most { "reached" } else { "missed" };
            lines.push(format!("{verdict}: {what}: {}", with_range(Some(spread), 2)));
        }
    };
    let by_nginx = results.cpu_ratio(BAR_ROW, FULL_PATH, NGINX);
    bar("CPU of a small GET, HMAC, durable, by nginx's, goal ≤ 1.50", by_nginx, 1.5);
    bar("the same, least ≤ 2.00", by_nginx, 2.0);
    let by_lua = results.cpu_ratio(BAR_ROW, FULL_PATH, "nginx-lua-hmac");
    bar("the same by nginx + Lua checking one HMAC, goal < 1", by_lua, 1.0);
    let added = results.p99_added_ms(BAR_ROW, FULL_PATH);
    bar("p99 added at half of nginx's maximum, fsync on, in ms, ≤ 5", added, 5.0);
    for row in results.rows() {
        let by_envoy = results.cpu_ratio(row, FULL_PATH, "envoy");
        let what = format!("{} over {} by Envoy's, plain, < 1", row.1.title(), row.0.word());
        bar(&what, by_envoy, 1.0);
    }
    if results.p99_added_ms(BAR_ROW, FULL_PATH).is_none()
        && results.find(BAR_ROW, FULL_PATH).is_some()
        && results.find(BAR_ROW, NGINX).is_some()
    {
        lines.push("missed: the full path does not carry half of nginx's maximum here".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(cpu_us: f64, per_second: f64, p99_us: f64) -> Figures {
        Figures { cpu_us, per_second, busy: 1.0, p50_us: 100.0, p99_us }
    }

    fn results(of_ours: &[f64]) -> Results {
        let mut results = Results::default();
        for &cpu_us in of_ours {
            let nginx = results.of(BAR_ROW, NGINX);
            nginx.saturation.push(figures(10.0, 80_000.0, 900.0));
            nginx.half.push(figures(12.0, 40_000.0, 1_000.0));
            let ours = results.of(BAR_ROW, FULL_PATH);
            ours.saturation.push(figures(cpu_us, 50_000.0, 9_000.0));
            ours.half.push(figures(cpu_us, 40_000.0, 5_500.0));
        }
        results
    }

    #[test]
    fn ratios_are_of_the_same_round_and_the_median_decides() {
        let lines = bars(&results(&[14.0, 16.0, 12.0]));
        assert_eq!(
            lines,
            [
                "reached: CPU of a small GET, HMAC, durable, by nginx's, goal ≤ 1.50: 1.40 (1.20–1.60)",
                "reached: the same, least ≤ 2.00: 1.40 (1.20–1.60)",
                "reached: p99 added at half of nginx's maximum, fsync on, in ms, ≤ 5: 4.50 (4.50–4.50)",
            ]
        );
    }

    #[test]
    fn a_missed_bar_is_told() {
        let lines = bars(&results(&[17.0]));
        assert!(lines[0].starts_with("missed"), "{lines:?}");
        assert!(lines[1].starts_with("reached"), "{lines:?}");
    }

    #[test]
    fn who_does_not_carry_half_of_nginx_has_missed_that_bar() {
        let mut results = results(&[14.0]);
        results.of(BAR_ROW, FULL_PATH).half.clear();
        let last = bars(&results).pop().unwrap();
        assert_eq!(last, "missed: the full path does not carry half of nginx's maximum here");
    }

    #[test]
    fn a_table_has_a_line_for_each_server() {
        let text = table(&results(&[14.0]), BAR_ROW);
        assert!(text.starts_with("**small GET, plain HTTP** (half of nginx: 40000/s)\n"), "{text}");
        assert!(text.contains("| nginx, plain | 10.0 (10.0–10.0) | 1.00 "), "{text}");
        assert!(text.contains("| 5.50 | 4.50 (4.50–4.50) |\n"), "{text}");
    }
}
