//! Wall clocks against the IANA data 2026f. The bundled zones of chrono-tz are older; what they can't know yet is
//! listed here by name, and has to be right once they do.
#![allow(clippy::print_stdout, reason = "a test says which zone data it ran with")]

use crate::shared;
use chrono_tz::{IANA_TZDB_VERSION, Tz};
use crm_core::chrono::{Days, NaiveDateTime, Offset, TimeDelta, TimeZone};
use crm_core::{Due, Recurrence, Timestamp, Zone, resolve_local};
use std::collections::BTreeMap;

/// Moldova's clocks have changed with those of the European Union since 2022, at 01:00 UTC; older data have them
/// change an hour earlier.
const MOLDOVA: &str = "Europe/Chisinau";
/// Morocco goes to UTC+0 for good on 20 September 2026.
const MOROCCO: &str = "Africa/Casablanca";
/// Cuba keeps its summer time from 8 March 2026 to 7 November 2027.
const CUBA: &str = "America/Havana";

/// The rows of a CSV file without quotes, without its header.
fn rows<const N: usize>(path: &str) -> Option<Vec<[String; N]>> {
    let text = std::fs::read_to_string(shared(path)?).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    Some(text.lines().skip(1).map(cells).collect())
}

/// Nothing differs but what newer zone data brought, with how often; nothing at all once it is bundled.
fn assert_only(differing: &[String], known: &[(&str, usize)]) {
    let mut counts = BTreeMap::new();
    for zone in differing {
        *counts.entry(zone.as_str()).or_default() += 1;
    }
    println!("zone data {IANA_TZDB_VERSION}, not as in 2026f: {counts:?}");
    let known = known.iter().copied().filter(|_| IANA_TZDB_VERSION < "2026a").collect();
    assert_eq!(counts, known);
}

#[test]
fn daily_reminders_across_the_change_of_clocks() {
    let Some(rows) = rows("data/timezones/daily_reminders_across_dst.csv") else { return };
    assert_eq!(rows.len(), 1_200);
    let daily: Recurrence = "FREQ=DAILY".parse().unwrap();
    for [zone, local, moment, kind] in &rows {
        let due = Due::at(local.parse().unwrap(), zone.parse().unwrap());
        let moment: Timestamp = moment.parse().unwrap();
        assert_eq!(due.instant(), Some(moment), "{zone} {local} {kind}");
        let day_before = Due { date: due.date - Days::new(1), ..due.clone() };
        assert_eq!(daily.occurrences(&day_before).nth(1), Some(due.clone()), "{zone} {local}");
        assert_eq!(daily.next_after(&day_before, &day_before), Some(due), "{zone} {local}");
    }
}

#[test]
fn gaps_move_forward_and_of_folds_the_first_counts() {
    let Some(rows) = rows("data/timezones/gap_fold_cases_2024_2027.csv") else { return };
    assert_eq!(rows.len(), 199);
    let mut differing = Vec::new();
    for [zone, local, kind, earlier, later, compatible] in &rows {
        assert_eq!(compatible, if kind == "gap" { later } else { earlier });
        if resolve_local(local.parse().unwrap(), zone.parse().unwrap())
            != compatible.parse::<Timestamp>().unwrap()
        {
            differing.push(zone.clone());
        }
    }
    assert_only(&differing, &[(MOLDOVA, 8)]);
}

/// Each change of a clock from 2010 to 2037, and no other in between.
#[test]
fn clocks_change_when_the_zone_data_say() {
    let Some(rows) = rows("data/timezones/transitions_2010_2037.csv") else { return };
    assert_eq!(rows.len(), 1_542);
    let (mut differing, mut between) = (Vec::new(), Vec::new());
    let mut rows = rows.iter().peekable();
    while let Some([zone, at, kind, before, after, local_before, local_after, _]) = rows.next() {
        let tz: Tz = zone.parse().unwrap();
        let offset = |at: Timestamp| tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
        let at: Timestamp = at.parse().unwrap();
        let (before, after): (i32, i32) = (before.parse().unwrap(), after.parse().unwrap());
        if (offset(at - TimeDelta::seconds(1)), offset(at)) == (before, after) {
            // What the clock skips lies after the first of the two, what it shows twice after the second.
            let (gap, fold): (NaiveDateTime, NaiveDateTime) =
                (local_before.parse().unwrap(), local_after.parse().unwrap());
            let (local, moment) = match kind.as_str() {
                "gap" => (gap, at),
                _ => (fold, at - TimeDelta::seconds((before - after).into())),
            };
            assert_eq!(resolve_local(local, zone.parse().unwrap()), moment, "{zone} {local}");
        } else {
            differing.push(zone.clone());
        }
        let end = match rows.peek() {
            Some([next, until, ..]) if next == zone => until.parse().unwrap(),
            _ => "2037-12-31T00:00:00Z".parse::<Timestamp>().unwrap(),
        };
        let days = std::iter::successors(Some(at), |day| Some(*day + TimeDelta::days(1)));
        if days.take_while(|day| *day < end).any(|day| offset(day) != after) {
            between.push(zone.clone());
        }
    }
    assert_only(&differing, &[(MOLDOVA, 32), (MOROCCO, 1)]);
    assert_only(&between, &[(MOLDOVA, 1), (MOROCCO, 1), (CUBA, 1)]);
}

/// SuiteCRM 822: a meeting at 10:00 in Warsaw, told at 10:45 instead of a quarter of an hour before.
#[test]
fn a_time_is_that_of_its_zone() {
    for (local, zone, moment) in [
        ("2026-07-01T10:00:00", "Europe/Warsaw", "2026-07-01T08:00:00Z"),
        ("2026-01-15T02:00:00", "Pacific/Auckland", "2026-01-14T13:00:00Z"),
        ("2026-03-29T00:00:00", "Europe/Vienna", "2026-03-28T23:00:00Z"),
        // Midnight did not exist in São Paulo on the day the clocks went forward.
        ("2018-11-04T00:00:00", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ] {
        let at = resolve_local(local.parse().unwrap(), zone.parse().unwrap());
        assert_eq!(at, moment.parse::<Timestamp>().unwrap(), "{zone} {local}");
    }
    let warsaw: Zone = "Europe/Warsaw".parse().unwrap();
    let meeting = Due::at("2026-07-01T10:00:00".parse().unwrap(), warsaw);
    let told = Due::at("2026-07-01T09:45:00".parse().unwrap(), warsaw);
    assert_eq!(meeting.instant().unwrap() - TimeDelta::minutes(15), told.instant().unwrap());
}
