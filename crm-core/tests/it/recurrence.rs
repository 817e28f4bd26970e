mod model;

use crate::{failure, office, shared};
use crm_core::chrono::{NaiveDate, NaiveDateTime};
use crm_core::{Due, Recurrence, Reminder, Zone};

fn rule(text: &str) -> Recurrence {
    text.parse().unwrap()
}

fn at(local: &str, zone: &str) -> Due {
    Due::at(local.parse().unwrap(), zone.parse().unwrap())
}

fn on(date: &str) -> Due {
    Due::on(date.parse().unwrap())
}

/// The occurrences as one would write them on a list.
fn first(count: usize, text: &str, anchor: &Due) -> Vec<String> {
    let written = |due: Due| match due.time {
        Some(time) => format!("{} {}", due.date, time.format("%H:%M")),
        None => due.date.to_string(),
    };
    rule(text).occurrences(anchor).take(count).map(written).collect()
}

/// python-dateutil's own cases. Those that RFC 5545 or this library does not allow are refused, not guessed at.
#[test]
fn the_vectors_of_dateutil() {
    let Some(path) = shared("data/rrule/dateutil_vectors.json") else { return };
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut right, mut forbidden, mut beyond) = (0, 0, Vec::new());
    for vector in vectors.iter().filter(|vector| vector["rfc5545"].is_string()) {
        let text = vector["rfc5545"].as_str().unwrap();
        let (start, rrule) = text.split_once('\n').unwrap();
        let start = start.strip_prefix("DTSTART:").unwrap();
        let anchor = Due::at(NaiveDateTime::parse_from_str(start, "%Y%m%dT%H%M%S").unwrap(), Zone::UTC);
        let expected: Vec<NaiveDateTime> = vector["expected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|at| at.as_str().unwrap().parse().unwrap())
            .collect();
        let checked = rrule.parse::<Recurrence>().and_then(|rule| rule.check_for(&anchor).map(|()| rule));
        match checked {
            Ok(rule) => {
                let found = rule.occurrences(&anchor).take(expected.len() + 1);
                let found: Vec<_> = found.map(|due| due.date.and_time(due.time.unwrap())).collect();
                assert_eq!(found, expected, "{text}");
                right += 1;
            }
            Err(error) => {
                assert_eq!(failure::<()>(Err(error)), "invalid recurrence rrule", "{text}");
                if is_forbidden(rrule) {
                    forbidden += 1;
                } else {
                    beyond.push(rrule);
                }
            }
        }
    }
    assert_eq!((right, forbidden), (169, 67));
    // RFC 5545 sets INTERVAL no limit, and gives a rule that ends before it begins no occurrences.
    assert_eq!(
        beyond,
        ["RRULE:FREQ=SECONDLY;INTERVAL=90061;COUNT=3", "RRULE:FREQ=DAILY;UNTIL=19970901T090000"]
    );
}

/// What section 3.3.10 of RFC 5545 says MUST NOT be.
fn is_forbidden(rrule: &str) -> bool {
    let is = |frequency: &str| rrule.contains(&format!("FREQ={frequency};"));
    rrule.contains("BYEASTER")
        || (rrule.contains("BYWEEKNO") && !is("YEARLY"))
        || (rrule.contains("BYYEARDAY") && (is("MONTHLY") || is("WEEKLY") || is("DAILY")))
        || (rrule.contains("BYMONTHDAY") && is("WEEKLY"))
}

/// Odoo 15694, OCA field-service 919, SuiteCRM 6579: an hour off after the clocks change, one too many at the end.
#[test]
fn case_20_the_wall_clock_counts_and_until_is_inclusive() {
    let paris = at("2022-03-21T15:00:00", "Europe/Paris");
    let weeks = ["2022-03-21 15:00", "2022-03-28 15:00", "2022-04-04 15:00", "2022-04-11 15:00"];
    assert_eq!(first(9, "FREQ=WEEKLY;COUNT=4", &paris), weeks);
    let moments = rule("FREQ=WEEKLY;COUNT=2").occurrences(&paris).map(|due| due.instant().unwrap());
    let moments: Vec<_> = moments.map(|moment| moment.to_rfc3339()).collect();
    assert_eq!(moments, ["2022-03-21T14:00:00+00:00", "2022-03-28T13:00:00+00:00"]);

    let morning = at("2024-03-04T09:00:00", "America/Los_Angeles");
    let days = ["2024-03-04 09:00", "2024-03-05 09:00", "2024-03-06 09:00"];
    assert_eq!(first(9, "FREQ=DAILY;UNTIL=20240306", &morning), days);
    assert_eq!(
        first(9, "FREQ=DAILY;UNTIL=20240306", &on("2024-03-04")),
        ["2024-03-04", "2024-03-05", "2024-03-06"]
    );

    let night = at("2024-03-09T02:30:00", "America/New_York");
    let moments: Vec<_> =
        rule("FREQ=DAILY;COUNT=3").occurrences(&night).map(|due| due.instant().unwrap()).collect();
    let moments: Vec<_> = moments.iter().map(|moment| moment.to_rfc3339()).collect();
    let [before, gap, after] = ["2024-03-09T07:30", "2024-03-10T07:30", "2024-03-11T06:30"];
    assert_eq!(
        moments,
        [before, gap, after].map(|moment| format!("{moment}:00+00:00")),
        "the second at 03:30 EDT"
    );
}

/// Nextcloud contacts 2102, khal 597: the 31st skips months, 29 February skips years or becomes 1 March.
#[test]
fn case_21_a_shorter_month_takes_its_last_day() {
    let months = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"];
    assert_eq!(first(6, "FREQ=MONTHLY", &on("2024-01-31")), months);
    let years = ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"];
    assert_eq!(first(5, "FREQ=YEARLY", &on("2024-02-29")), years);
    let thirtieth = ["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"];
    assert_eq!(first(4, "FREQ=MONTHLY", &on("2024-01-30")), thirtieth);
    assert_eq!(
        first(3, "FREQ=MONTHLY;BYMONTHDAY=31", &on("2024-01-31")),
        ["2024-01-31", "2024-03-31", "2024-05-31"]
    );
}

#[test]
fn the_end_of_the_month_goes_with_months_times_and_an_end() {
    let quarters = ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31", "2025-03-31"];
    assert_eq!(first(5, "FREQ=YEARLY;BYMONTH=3,6,9,12", &on("2024-03-31")), quarters);
    assert_eq!(
        first(9, "FREQ=MONTHLY;INTERVAL=13;COUNT=3", &on("2024-01-31")),
        ["2024-01-31", "2025-02-28", "2026-03-31"]
    );
    assert_eq!(first(9, "FREQ=MONTHLY;UNTIL=20240315", &on("2024-01-31")), ["2024-01-31", "2024-02-29"]);
    let twice = ["2024-01-31 09:00", "2024-01-31 17:00", "2024-02-29 09:00", "2024-02-29 17:00"];
    assert_eq!(first(4, "FREQ=MONTHLY;BYHOUR=9,17", &at("2024-01-31T09:00:00", "UTC")), twice);
    // Nothing says which of two months BYSETPOS should end, so this stays plain: both years lack 29 February.
    assert_eq!(
        first(2, "FREQ=YEARLY;INTERVAL=2;BYMONTH=2,8", &on("2025-08-29")),
        ["2025-08-29", "2027-08-29"]
    );
}

#[test]
fn a_rule_is_exported_as_it_is_expanded() {
    let midnight = "2024-01-31T00:30:00";
    for (text, anchor, exported) in [
        ("FREQ=MONTHLY", on("2024-01-28"), "FREQ=MONTHLY"),
        ("FREQ=MONTHLY", on("2024-01-29"), "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("FREQ=MONTHLY", on("2024-01-30"), "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=3",
            on("2024-01-31"),
            "FREQ=MONTHLY;INTERVAL=2;COUNT=3;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        ("FREQ=YEARLY", on("2024-02-29"), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
        (
            "FREQ=YEARLY;BYMONTH=2,3",
            on("2024-03-31"),
            "FREQ=MONTHLY;BYMONTH=2,3;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        (
            "FREQ=MONTHLY;BYHOUR=9,17",
            at(midnight, "UTC"),
            "FREQ=MONTHLY;BYHOUR=9,17;BYMONTHDAY=28,29,30,31;BYSETPOS=-2,-1",
        ),
        ("FREQ=MONTHLY;BYDAY=-1FR", on("2024-01-31"), "FREQ=MONTHLY;BYDAY=-1FR"),
        ("FREQ=WEEKLY;UNTIL=20240306", on("2024-01-31"), "FREQ=WEEKLY;UNTIL=20240306"),
        ("FREQ=WEEKLY;UNTIL=20240306T090000Z", on("2024-01-31"), "FREQ=WEEKLY;UNTIL=20240306"),
        ("FREQ=WEEKLY;UNTIL=20240306", at(midnight, "Africa/Nairobi"), "FREQ=WEEKLY;UNTIL=20240306T205959Z"),
        (
            "FREQ=WEEKLY;UNTIL=20240306T010000",
            at(midnight, "Africa/Nairobi"),
            "FREQ=WEEKLY;UNTIL=20240305T220000Z",
        ),
        (
            "FREQ=WEEKLY;UNTIL=20240306T010000Z",
            at(midnight, "Africa/Nairobi"),
            "FREQ=WEEKLY;UNTIL=20240306T010000Z",
        ),
    ] {
        let rule = rule(text);
        assert_eq!(rule.for_anchor(&anchor), exported);
        let again = Recurrence::from(&*rule.for_anchor(&anchor));
        assert!(again.occurrences(&anchor).take(50).eq(rule.occurrences(&anchor).take(50)), "{exported}");
        assert_eq!(again.for_anchor(&anchor), exported, "exporting twice changes nothing");
    }
}

#[test]
fn until_may_be_a_day_a_local_time_or_utc() {
    let nairobi = at("2024-03-04T09:00:00", "Africa/Nairobi");
    let count = |until: &str| rule(&format!("FREQ=DAILY;UNTIL={until}")).occurrences(&nairobi).count();
    assert_eq!(count("20240306"), 3);
    assert_eq!(count("20240306T090000"), 3);
    assert_eq!(count("20240306T085959"), 2);
    assert_eq!(count("20240306T060000Z"), 3, "09:00 in Nairobi");
    assert_eq!(count("20240306T055959Z"), 2);
    // In Nuuk the clock goes from 23:00 to midnight: what is due at 23:30 comes at 00:30, and still belongs to the day.
    let nuuk = at("2024-03-29T23:30:00", "America/Nuuk");
    assert_eq!(rule("FREQ=DAILY;UNTIL=20240330").occurrences(&nuuk).count(), 2);
    let nuuk = at("2024-03-29T00:30:00", "America/Nuuk");
    assert_eq!(rule("FREQ=DAILY;UNTIL=20240330").occurrences(&nuuk).count(), 2);
}

#[test]
fn what_repeats_within_a_day_keeps_the_order_of_its_moments() {
    let moments = |text: &str, local: &str, zone: &str| -> Vec<String> {
        let moments = rule(text).occurrences(&at(local, zone)).map(|due| due.instant().unwrap());
        moments.map(|moment| moment.format("%H:%M").to_string()).collect()
    };
    // 02:00 and 02:30 do not exist; they fall on 03:00 and 03:30, which are not told twice.
    let spring = moments("FREQ=MINUTELY;INTERVAL=30;COUNT=6", "2026-03-08T01:30:00", "America/New_York");
    assert_eq!(spring, ["06:30", "07:00", "07:30", "08:00"]);
    // Lord Howe's gap is half an hour: 02:00 and 02:20 move past 02:30, and 02:40 comes before 02:50.
    let howe = moments("FREQ=MINUTELY;INTERVAL=20;COUNT=5", "2026-10-04T01:40:00", "Australia/Lord_Howe");
    assert_eq!(howe, ["15:10", "15:30", "15:40", "15:50", "16:00"]);
    // Of an hour that comes twice the first counts, so two hours pass between 01:30 and 02:30.
    let autumn = moments("FREQ=HOURLY;COUNT=3", "2026-11-01T00:30:00", "America/New_York");
    assert_eq!(autumn, ["04:30", "05:30", "07:30"]);
    // Samoa had no 30 December 2011.
    let samoa = rule("FREQ=DAILY;COUNT=3").occurrences(&at("2011-12-29T09:00:00", "Pacific/Apia"));
    assert_eq!(samoa.map(|due| due.date.to_string()).collect::<Vec<_>>(), ["2011-12-29", "2011-12-31"]);
}

#[test]
fn the_crates_own_mistakes_are_gone_round() {
    let anchor = at("2014-01-15T17:14:00", "UTC");
    let times = ["2014-01-15 19:14", "2014-01-15 19:54", "2014-01-16 06:34"];
    assert_eq!(first(3, "FREQ=MINUTELY;INTERVAL=40;BYHOUR=6,12,19", &anchor), times);
    // ISO 8601: 1 January 2011 lies in the week 52 of 2010, 1 January 2016 in the week 53 of 2015.
    let last_weeks = ["2010-01-02", "2011-01-01", "2011-12-31", "2012-12-29"];
    assert_eq!(first(4, "FREQ=YEARLY;BYWEEKNO=52,53;BYDAY=SA", &on("2009-12-31")), last_weeks);
    assert_eq!(first(2, "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA", &on("2009-12-31")), ["2010-01-02", "2016-01-02"]);
    let either = ["2026-01-05", "2026-01-12", "2026-01-13", "2026-01-19", "2026-01-26", "2026-02-02"];
    assert_eq!(first(6, "FREQ=MONTHLY;BYDAY=MO,2TU", &on("2026-01-05")), either);
}

#[test]
fn what_rfc_5545_forbids_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "FREQ"),
        ("FREQ", "no part"),
        ("FREQ=FORTNIGHTLY", "FREQ is"),
        ("INTERVAL=2", "says FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;", "no part"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260101", "exclude"),
        ("FREQ=DAILY;COUNT=0", "COUNT is"),
        ("FREQ=DAILY;COUNT=-1", "COUNT is"),
        ("FREQ=DAILY;COUNT=100001", "COUNT is"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is"),
        ("FREQ=DAILY;INTERVAL=65536", "INTERVAL is"),
        ("FREQ=DAILY;INTERVAL=", "INTERVAL is"),
        ("FREQ=YEARLY;BYEASTER=0", "knows no part BYEASTER"),
        ("FREQ=DAILY;X-NAME=1", "knows no part"),
        ("FREQ=DAILY;RSCALE=GREGORIAN", "knows no part"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=WEEKLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=HOURLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=DAILY;BYDAY=-1MO", "BYDAY"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY is"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY counts"),
        ("FREQ=MONTHLY;BYDAY=XMO", "BYDAY is"),
        ("FREQ=MONTHLY;BYDAY=M", "weekday"),
        ("FREQ=MONTHLY;BYDAY=ÉMO", "BYDAY is"),
        ("FREQ=MONTHLY;BYDAY=é", "weekday"),
        ("FREQ=DAILY;WKST=1MO", "weekday"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR is"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE is"),
        ("FREQ=DAILY;BYSECOND=61", "BYSECOND is"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH is"),
        ("FREQ=DAILY;BYMONTH=-1", "BYMONTH is"),
        ("FREQ=DAILY;BYMONTHDAY=32", "BYMONTHDAY is"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY is"),
        ("FREQ=YEARLY;BYYEARDAY=-367", "BYYEARDAY is"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO is"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=DAILY;BYHOUR=1;BYSETPOS=0", "BYSETPOS is"),
        ("FREQ=DAILY;UNTIL=2026-01-01", "UNTIL is"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL is"),
        ("FREQ=DAILY;UNTIL=20260101T090000+01", "UNTIL is"),
        ("DTSTART:20260101T090000\nRRULE:FREQ=DAILY", "alone"),
        ("RRULE:FREQ=DAILY\nEXDATE:20260101T090000", "alone"),
        ("FREQ=DAILY\r\nRRULE:FREQ=WEEKLY", "alone"),
        ("RRULE;X=1:FREQ=DAILY", "alone"),
    ] {
        let error = text.parse::<Recurrence>().unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
        assert_eq!(failure::<()>(Err(error)), "invalid recurrence rrule", "{text}");
        assert_eq!(Recurrence::from(text).occurrences(&on("2026-01-01")).next(), None, "{text}");
    }
    assert!(format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(300)).parse::<Recurrence>().is_err());
    let (hours, sixty) =
        ((0..24).map(|n| n.to_string()).collect::<Vec<_>>().join(","), "0,1,2,3,4,5,6,7,8,9");
    let many = format!("FREQ=YEARLY;BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty}");
    assert!(many.parse::<Recurrence>().unwrap_err().to_string().contains("288"));
}

#[test]
fn a_rule_is_kept_in_one_form() {
    for text in ["freq=weekly;byday=mo", " RRULE:FREQ=WEEKLY;BYDAY=MO ", "rrule:Freq=Weekly;ByDay=Mo"] {
        assert_eq!(rule(text).as_str(), "FREQ=WEEKLY;BYDAY=MO");
    }
    // A clock without leap seconds shows second 60 as 59.
    let seconds = rule("FREQ=DAILY;BYSECOND=59,60").occurrences(&at("2026-01-01T09:00:00", "UTC")).take(2);
    let seconds: Vec<_> = seconds.map(|due| due.date.and_time(due.time.unwrap()).to_string()).collect();
    assert_eq!(seconds, ["2026-01-01 09:00:59", "2026-01-02 09:00:59"]);
}

#[test]
fn a_rule_must_fit_what_it_repeats() {
    let (day, timed) = (on("2026-03-09"), at("2026-03-09T09:00:00", "Africa/Nairobi"));
    for text in
        ["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYSECOND=0"]
    {
        assert_eq!(failure(rule(text).check_for(&day)), "invalid recurrence rrule", "{text}");
        assert_eq!(rule(text).occurrences(&day).next(), None);
        assert!(rule(text).check_for(&timed).is_ok(), "{text}");
    }
    for (until, fits) in
        [("20260308", false), ("20260309", true), ("20260309T055959Z", false), ("20260309T060000Z", true)]
    {
        assert_eq!(rule(&format!("FREQ=DAILY;UNTIL={until}")).check_for(&timed).is_ok(), fits, "{until}");
    }
}

#[test]
fn a_wrong_rule_is_told_with_all_that_is_wrong_with_the_reminder() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let reminder = |recurrence: &str| Reminder {
        customer,
        title: "Ring back".into(),
        due: on("2026-03-09"),
        recurrence: Some(recurrence.into()),
        ..Reminder::default()
    };
    let reminders = office.admin.reminders();
    let untitled = Reminder { title: String::new(), ..reminder("FREQ=DAILY;INTERVAL=0") };
    assert_eq!(failure(reminders.create(untitled)), "invalid recurrence rrule, title blank");
    assert_eq!(failure(reminders.create(reminder("FREQ=HOURLY"))), "invalid recurrence rrule");
    assert_eq!(failure(reminders.create(reminder("every monday"))), "invalid recurrence rrule");
    let kept = reminders.create(reminder(" rrule:freq=weekly;byday=mo ")).unwrap();
    assert_eq!(kept.recurrence.as_ref().unwrap().as_str(), "FREQ=WEEKLY;BYDAY=MO");
    assert_eq!(reminders.create(reminder("  ")).unwrap().recurrence, None);
    let patch = crm_core::Patch::new().set("recurrence", "FREQ=NEVER");
    assert_eq!(failure(reminders.patch(kept.id, patch)), "invalid recurrence rrule");
}

/// Rules that would keep a careless expansion busy for hours, or for ever.
#[test]
fn hostile_rules_end() {
    let anchor = at("2020-01-01T09:00:00", "Europe/Berlin");
    let later = at("2030-06-15T12:00:00", "Europe/Berlin");
    let sixty = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=5;BYMINUTE=3;BYSECOND=7",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
        "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;INTERVAL=65535;BYMONTH=5",
        "FREQ=YEARLY;BYYEARDAY=1;BYDAY=MO;BYMONTH=7",
    ] {
        assert_eq!(rule(text).occurrences(&anchor).nth(1), None, "{text}");
        assert_eq!(rule(text).next_after(&anchor, &later), None, "{text}");
    }
    for text in [
        "FREQ=SECONDLY".to_owned(),
        "FREQ=SECONDLY;INTERVAL=65535".to_owned(),
        "FREQ=SECONDLY;BYHOUR=8;BYMINUTE=59;BYSECOND=59".to_owned(),
        "FREQ=MINUTELY;INTERVAL=7;BYHOUR=9".to_owned(),
        format!("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=9,10,11,12;BYMINUTE={sixty}"),
        format!("FREQ=DAILY;BYMINUTE={sixty};BYSECOND={sixty}"),
    ] {
        let next = rule(&text).next_after(&anchor, &later).unwrap();
        assert!(next.instant() > later.instant(), "{text}");
        assert!((next.date - later.date).num_days() < 9, "{text}");
    }
    for text in ["FREQ=SECONDLY;COUNT=100000", "FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;COUNT=100000"] {
        assert_eq!(rule(text).next_after(&anchor, &later), None, "{text}");
    }
}

#[test]
fn the_calendar_ends_with_the_year_9999() {
    let eve = at("9999-12-30T09:00:00", "Pacific/Kiritimati");
    assert_eq!(first(9, "FREQ=DAILY", &eve), ["9999-12-30 09:00", "9999-12-31 09:00"]);
    assert_eq!(first(9, "FREQ=MONTHLY;INTERVAL=65535", &on("9999-01-31")), ["9999-01-31"]);
    for date in [NaiveDate::MIN, NaiveDate::MAX] {
        for anchor in
            [Due::on(date), Due::at(date.and_hms_opt(23, 59, 59).unwrap(), "Asia/Kolkata".parse().unwrap())]
        {
            let rule = rule("FREQ=DAILY;UNTIL=99991231");
            assert_eq!(rule.occurrences(&anchor).next(), None);
            assert_eq!(rule.next_after(&anchor, &anchor), None);
            let _ = (rule.next_after(&eve, &anchor), rule.check_for(&anchor), rule.for_anchor(&anchor));
        }
    }
}

/// Else a reminder would end before its time without a word.
#[test]
fn a_count_that_is_never_reached_is_refused() {
    let anchor = Due::at("2026-03-09T02:00:00".parse().unwrap(), "America/New_York".parse().unwrap());
    let nine = |parts: &str| format!("FREQ=SECONDLY;COUNT=9;{parts}").parse::<Recurrence>().unwrap();
    let rare = nine("BYHOUR=0;BYMINUTE=0;BYSECOND=0");
    assert_eq!(failure(rare.check_for(&anchor)), "invalid recurrence rrule");
    let often = nine("BYMINUTE=0,30;BYSECOND=0");
    often.check_for(&anchor).unwrap();
    let all: Vec<_> = often.occurrences(&anchor).collect();
    assert_eq!(often.next_after(&anchor, &all[7]).as_ref(), all.get(8));
}

/// The library against the model: all occurrences up to a horizon, and the next one after any moment.
mod agrees_with_rfc_5545 {
    use super::model::{Frequency, rules};
    use crm_core::chrono::{Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
    use crm_core::{Due, Recurrence, Zone};
    use proptest::prelude::*;

    fn anchors() -> impl Strategy<Value = NaiveDateTime> {
        // Not after the 28th, where the rule for the end of the month comes in.
        (1970..2100_i32, 1..=12_u32, 1..=28_u32, 0..86_400_u32).prop_map(|(year, month, day, second)| {
            let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
            NaiveDate::from_ymd_opt(year, month, day).unwrap().and_time(time)
        })
    }

    fn wall(due: &Due) -> NaiveDateTime {
        due.date.and_time(due.time.unwrap())
    }

    /// The model is slow: the long run is that of `cargo xtask soak`, which is optimised.
    const CASES: u32 = if cfg!(debug_assertions) { 24 } else { 2_000 };

    fn agree(frequency: Frequency, horizon: TimeDelta) {
        let config = ProptestConfig { failure_persistence: None, cases: CASES, ..ProptestConfig::default() };
        proptest!(config, |(model in rules(frequency), anchor in anchors(), part in 0..100_i32)| {
            let text = model.text();
            let rule: Recurrence = text.parse().unwrap();
            let due = Due::at(anchor, Zone::UTC);
            let last = anchor + horizon;
            let expected = model.occurrences(anchor, last);
            let found: Vec<_> =
                rule.occurrences(&due).map(|due| wall(&due)).take_while(|at| *at <= last).take(expected.len() + 1).collect();
            prop_assert_eq!(&found, &expected, "{} from {}", text, anchor);
            let after = anchor + horizon * part / 100;
            if let Some(next) = expected.iter().find(|at| **at > after) {
                let found = rule.next_after(&due, &Due::at(after, Zone::UTC));
                prop_assert_eq!(found.as_ref().map(wall), Some(*next), "{} from {} after {}", text, anchor, after);
            }
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: CASES, ..ProptestConfig::default() })]

        /// Chrono clamps the day of a shorter month; the anchor's day comes back in a longer one.
        #[test]
        fn the_end_of_the_month(
            monthly in any::<bool>(), year in 1900..2200_i32, month in 1..=12_u32, day in 29..=31_u32,
            interval in 1..30_u32, part in 0..40_usize,
        ) {
            let Some(date) = NaiveDate::from_ymd_opt(year, month, day) else { return Ok(()) };
            let (word, months) = if monthly { ("MONTHLY", 1) } else { ("YEARLY", 12) };
            let anchor = Due::on(date);
            let rule: Recurrence = format!("FREQ={word};INTERVAL={interval};COUNT=40").parse().unwrap();
            let expected = (0..40).map(|n| Due::on(date + Months::new(n * interval * months)));
            let expected: Vec<_> = expected.collect();
            prop_assert_eq!(&rule.occurrences(&anchor).collect::<Vec<_>>(), &expected);
            let exported: Recurrence = rule.for_anchor(&anchor).parse().unwrap();
            prop_assert_eq!(&exported.occurrences(&anchor).collect::<Vec<_>>(), &expected);
            prop_assert_eq!(rule.next_after(&anchor, &expected[part]), expected.get(part + 1).cloned());
        }

        /// Each moment comes once and in order, and the next one is found from wherever one stands.
        #[test]
        fn where_clocks_change(
            model in (0..7_usize).prop_flat_map(|at| rules(Frequency::ALL[at])), before in 0..50_i64,
            (zone, change) in proptest::sample::select(&[
                ("America/New_York", "2026-03-08T02:00:00"),
                ("America/New_York", "2026-11-01T01:00:00"),
                ("Australia/Lord_Howe", "2026-10-04T02:00:00"),
                ("America/Nuuk", "2026-03-28T23:00:00"),
                ("Pacific/Apia", "2011-12-30T00:00:00"),
                ("Africa/Monrovia", "1972-01-07T00:00:00"),
            ][..]),
        ) {
            let change: NaiveDateTime = change.parse().unwrap();
            let anchor = Due::at(change - TimeDelta::minutes(before * 29), zone.parse().unwrap());
            let rule: Recurrence = model.text().parse().unwrap();
            if rule.check_for(&anchor).is_err() {
                return Ok(());
            }
            let found: Vec<_> = rule.occurrences(&anchor).take(150).collect();
            for pair in found.windows(2) {
                prop_assert!(pair[0].instant() < pair[1].instant(), "{} from {:?}: {:?}", rule, anchor, pair);
            }
            for pair in found.windows(2).step_by(7) {
                prop_assert_eq!(rule.next_after(&anchor, &pair[0]), Some(pair[1].clone()), "{} from {:?}", rule, anchor);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", part in "[A-Z]{2,10}=[-+0-9A-Z,]{0,9}") {
            for text in [text.clone(), part.clone(), format!("FREQ=DAILY;{part}"), format!("FREQ=YEARLY;{part};{text}")] {
                if let Ok(rule) = text.parse::<Recurrence>() {
                    let anchor = Due::on(NaiveDate::from_ymd_opt(2026, 1, 31).unwrap());
                    let _ = (rule.next_after(&anchor, &anchor), rule.for_anchor(&anchor), rule.check_for(&anchor));
                }
            }
        }
    }

    #[test]
    fn yearly() {
        agree(Frequency::Yearly, TimeDelta::days(4_000));
    }

    #[test]
    fn monthly() {
        agree(Frequency::Monthly, TimeDelta::days(1_500));
    }

    #[test]
    fn weekly() {
        agree(Frequency::Weekly, TimeDelta::days(1_500));
    }

    #[test]
    fn daily() {
        agree(Frequency::Daily, TimeDelta::days(1_500));
    }

    #[test]
    fn hourly() {
        agree(Frequency::Hourly, TimeDelta::days(40));
    }

    #[test]
    fn minutely() {
        agree(Frequency::Minutely, TimeDelta::days(2));
    }

    #[test]
    fn secondly() {
        agree(Frequency::Secondly, TimeDelta::hours(2));
    }
}
