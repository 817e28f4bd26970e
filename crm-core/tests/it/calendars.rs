//! Reminders and meetings as iCalendar.

use super::{Office, failure, office};
use crm_core::chrono::{DateTime, Datelike, Days, NaiveDateTime, TimeDelta, Timelike};
use crm_core::exchange::{Calendar, Exported, export_calendar};
use crm_core::{
    Due, Filter, Interaction, InteractionKind, Priority, Query, Recurrence, Reminder, ReminderStatus,
    Timestamp, Zone, resolve_local,
};

/// The calendar, its folds undone, line by line.
fn calendar(office: &Office) -> Vec<String> {
    let mut file = Vec::new();
    export_calendar(&office.admin, &Calendar::default(), &mut file).unwrap();
    lines(&file)
}

fn lines(file: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with("\r\n"));
    for line in text.split_terminator("\r\n") {
        assert!(!line.is_empty() && line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
    }
    text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

/// The lines of each component of this kind, without those that say when it was written.
fn components<'l>(lines: &'l [String], name: &str) -> Vec<Vec<&'l str>> {
    let (begin, end) = (format!("BEGIN:{name}"), format!("END:{name}"));
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut is_inside = false;
    for line in lines {
        if *line == begin {
            found.push(Vec::new());
            is_inside = true;
        } else if *line == end {
            is_inside = false;
        } else if is_inside && let Some(component) = found.last_mut() {
            component.push(line);
        }
    }
    found
}

fn value<'l>(component: &[&'l str], name: &str) -> Option<&'l str> {
    let is_it = |line: &&&str| line.split([':', ';']).next() == Some(name);
    component.iter().find(is_it).map(|line| line.split_once(':').unwrap().1)
}

fn at(text: &str, zone: &str) -> Due {
    Due::at(text.parse().unwrap(), zone.parse().unwrap())
}

fn remind(office: &Office, due: Due, rule: Option<&str>) -> Reminder {
    let customer = office.customer("Mara Tea").id;
    let recurrence = rule.map(Recurrence::from);
    let reminder = Reminder { customer, title: "Ring".into(), due, recurrence, ..Reminder::default() };
    office.admin.reminders().create(reminder).unwrap().data
}

#[test]
fn a_reminder_is_something_to_do_with_an_alarm_for_each_offset() {
    let office = office();
    let customer = office.customer("Mara; Tea, Ltd").id;
    let reminder = Reminder {
        customer,
        title: "Ring, then write; twice".into(),
        notes: "Ask for\n\\the order".into(),
        due: at("2026-03-10T09:30:00", "Africa/Nairobi"),
        offsets: vec![0, 15, 1_440],
        priority: Priority::High,
        ..Reminder::default()
    };
    let reminder = office.admin.reminders().create(reminder).unwrap();
    office.clock.advance(TimeDelta::hours(1));
    let lines = calendar(&office);
    let [todo] = components(&lines, "VTODO").try_into().unwrap();
    let wanted = [
        &format!("UID:{}", reminder.id),
        "DTSTAMP:20260302T060000Z",
        "CREATED:20260302T060000Z",
        "LAST-MODIFIED:20260302T060000Z",
        "SEQUENCE:0",
        "CONTACT:Mara\\; Tea\\, Ltd",
        "DUE;TZID=Africa/Nairobi:20260310T093000",
        "SUMMARY:Ring\\, then write\\; twice",
        "DESCRIPTION:Ask for\\n\\\\the order",
        "PRIORITY:1",
        "STATUS:NEEDS-ACTION",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER;RELATED=END:PT0M",
        "DESCRIPTION:Ring\\, then write\\; twice",
        "END:VALARM",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER;RELATED=END:-PT15M",
        "DESCRIPTION:Ring\\, then write\\; twice",
        "END:VALARM",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER;RELATED=END:-PT1440M",
        "DESCRIPTION:Ring\\, then write\\; twice",
        "END:VALARM",
    ];
    assert_eq!(todo, wanted);
    assert_eq!(lines[..3], ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crm-core//crm-core//EN"]);
    assert_eq!(lines.last().unwrap(), "END:VCALENDAR");
    // Written again it is the same, until it is changed.
    assert_eq!(calendar(&office), lines);
    office.admin.reminders().update(reminder.id, |reminder| reminder.title = "Write".into()).unwrap();
    let changed = calendar(&office);
    let [todo] = components(&changed, "VTODO").try_into().unwrap();
    assert_eq!(
        (value(&todo, "UID").unwrap(), value(&todo, "SEQUENCE")),
        (&*reminder.id.to_string(), Some("1"))
    );
    assert_eq!(value(&todo, "DTSTAMP"), Some("20260302T070000Z"));
}

#[test]
fn whole_days_snoozes_and_what_is_over_are_told() {
    let office = office();
    remind(&office, Due::on("2026-03-10".parse().unwrap()), None);
    let lines = calendar(&office);
    let [todo] = components(&lines, "VTODO").try_into().unwrap();
    assert!(todo.contains(&"DUE;VALUE=DATE:20260310"));
    // At the hour of the settings, nine o'clock.
    assert!(todo.contains(&"TRIGGER;RELATED=END:PT540M"));
    assert!(components(&lines, "VTIMEZONE").is_empty());
    let id = office.admin.reminders().list(&Query::new()).unwrap().items[0].id;
    office.admin.snooze_reminder(id, "2026-03-09T05:00:00Z".parse().unwrap()).unwrap();
    let lines = calendar(&office);
    assert!(components(&lines, "VTODO")[0].contains(&"TRIGGER;VALUE=DATE-TIME:20260309T050000Z"));
    for (status, told) in [(ReminderStatus::Done, "COMPLETED"), (ReminderStatus::Cancelled, "CANCELLED")] {
        office.admin.reminders().update(id, |reminder| reminder.status = status).unwrap();
        let lines = calendar(&office);
        let [todo] = components(&lines, "VTODO").try_into().unwrap();
        assert_eq!(value(&todo, "STATUS"), Some(told));
        assert!(components(&lines, "VALARM").is_empty());
    }
}

/// Another program that counts the rule from the due that it is given gets the occurrences that the library has.
#[test]
fn a_recurrence_goes_on_from_its_due() {
    for (due, rule, done) in [
        ("2026-03-02", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", 3),
        ("2026-03-31", "FREQ=MONTHLY", 1),
        ("2026-03-31", "FREQ=MONTHLY", 2),
        ("2026-03-05", "FREQ=DAILY;COUNT=10", 4),
        ("2026-03-06", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=5", 2),
        ("2028-02-29", "FREQ=YEARLY", 1),
        ("2026-03-05", "FREQ=DAILY;UNTIL=20260320", 4),
    ] {
        for time in [None, Some("09:30:00")] {
            let office = office();
            let first = match time {
                Some(time) => at(&format!("{due}T{time}"), "Europe/Berlin"),
                None => Due::on(due.parse().unwrap()),
            };
            let mut reminder = remind(&office, first, Some(rule));
            let id = office.admin.reminders().list(&Query::new()).unwrap().items[0].id;
            for _ in 0..done {
                reminder = office.admin.complete_reminder(id, &reminder.due).unwrap().data;
            }
            let lines = calendar(&office);
            let [todo] = components(&lines, "VTODO").try_into().unwrap();
            assert_eq!(value(&todo, "DTSTART"), value(&todo, "DUE"));
            let told: Recurrence = value(&todo, "RRULE").unwrap().parse().unwrap();
            // The start counts whether the rule gives it or not.
            let mut theirs: Vec<Due> = told.occurrences(&reminder.due).take(12).collect();
            if theirs.first() != Some(&reminder.due) {
                theirs.insert(0, reminder.due.clone());
            }
            theirs.truncate(11);
            let mut ours = vec![reminder.due.clone()];
            while let Some(next) = reminder
                .recurrence
                .as_ref()
                .unwrap()
                .next_after(reminder.anchor.as_ref().unwrap(), &ours[ours.len() - 1])
                && ours.len() < 11
            {
                ours.push(next);
            }
            assert_eq!(theirs, ours, "{due} {rule} {told}");
        }
    }
}

#[test]
fn a_meeting_is_an_event_at_the_organisations_wall_clock() {
    let office = office();
    office.admin.update_settings(|settings| settings.time_zone = "Europe/Berlin".parse().unwrap()).unwrap();
    let customer = office.customer("Mara Tea").id;
    let meeting = |occurred_at: &str, kind, subject: &str| {
        let occurred_at = Some(occurred_at.parse().unwrap());
        let meeting = Interaction {
            customer,
            kind,
            occurred_at,
            subject: subject.into(),
            notes: "Two teas\nand a cake".into(),
            duration: Some(90),
            location: Some("Moi Avenue 1, Nairobi".into()),
            ..Interaction::default()
        };
        office.admin.interactions().create(meeting).unwrap();
    };
    meeting("2026-10-25T01:30:00Z", InteractionKind::Meeting, "Second");
    meeting("2026-10-25T00:30:00Z", InteractionKind::Meeting, "First");
    meeting("2026-07-01T10:00:00Z", InteractionKind::Meeting, "");
    meeting("2026-07-01T10:00:00Z", InteractionKind::Call, "A call");
    let lines = calendar(&office);
    let [summer, first, second] = components(&lines, "VEVENT").try_into().unwrap();
    assert_eq!(
        summer[6..],
        [
            "DTSTART;TZID=Europe/Berlin:20260701T120000",
            "DURATION:PT90M",
            "SUMMARY:Two teas",
            "DESCRIPTION:Two teas\\nand a cake",
            "LOCATION:Moi Avenue 1\\, Nairobi",
            "STATUS:CONFIRMED",
        ]
    );
    // The clock shows this hour twice.
    assert!(first.contains(&"DTSTART:20261025T003000Z"));
    assert!(second.contains(&"DTSTART:20261025T013000Z"));
    assert_eq!(components(&lines, "VTIMEZONE").len(), 1);
}

#[test]
fn the_filters_and_the_permission_decide_what_is_written() {
    let office = office();
    remind(&office, Due::on("2026-03-10".parse().unwrap()), None);
    let none = Calendar { reminders: None, meetings: None };
    assert_eq!(export_calendar(&office.admin, &none, Vec::new()).unwrap(), Exported::default());
    let later = Some(Filter::at_least("due_date", "2026-03-11"));
    let later = Calendar { reminders: later, meetings: None };
    assert_eq!(export_calendar(&office.admin, &later, Vec::new()).unwrap().reminders, 0);
    let wrong = Calendar { reminders: Some(Filter::is("colour", "red")), meetings: None };
    assert_eq!(failure(export_calendar(&office.admin, &wrong, Vec::new())), "invalid colour unknown_field");
    let viewer = office.user("juma", "viewer", None);
    assert_eq!(failure(export_calendar(&viewer, &Calendar::default(), Vec::new())), "denied");
    assert!(export_calendar(&viewer, &none, Vec::new()).is_ok());
}

#[test]
fn long_texts_are_folded_between_characters() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let title = "安藤 é𝄞 ".repeat(30).trim().to_owned();
    let due = Due::on("2026-03-10".parse().unwrap());
    office
        .admin
        .reminders()
        .create(Reminder { customer, title: title.clone(), due, ..Reminder::default() })
        .unwrap();
    let lines = calendar(&office);
    assert_eq!(value(&components(&lines, "VTODO")[0], "SUMMARY"), Some(title.as_str()));
}

/// A `VTIMEZONE`, as another program reads it: the offset is that of the latest onset.
struct TheirZone {
    /// Each with its onsets on the wall clock before it, the offsets before and after it, and its name.
    observances: Vec<(Vec<NaiveDateTime>, i64, i64, String)>,
}

impl TheirZone {
    fn read(lines: &[&str], until: NaiveDateTime) -> TheirZone {
        let offset = |text: &str| {
            let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
            let seconds =
                number(1..3) * 3600 + number(3..5) * 60 + if text.len() > 5 { number(5..7) } else { 0 };
            if text.starts_with('-') { -seconds } else { seconds }
        };
        let local = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").unwrap();
        let owned: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let mut observances = Vec::new();
        for kind in ["STANDARD", "DAYLIGHT"] {
            for observance in components(&owned, kind) {
                let start = local(value(&observance, "DTSTART").unwrap());
                let mut onsets = vec![start];
                if let Some(dates) = value(&observance, "RDATE") {
                    onsets.extend(dates.split(',').map(local));
                }
                if let Some(rule) = value(&observance, "RRULE") {
                    let rule: Recurrence = rule.parse().unwrap();
                    let times = rule.occurrences(&Due::at(start, Zone::UTC));
                    let times = times.map(|due| due.date.and_time(due.time.unwrap()));
                    onsets.extend(times.take_while(|at| *at <= until));
                }
                let offsets =
                    ["TZOFFSETFROM", "TZOFFSETTO"].map(|name| offset(value(&observance, name).unwrap()));
                let name = value(&observance, "TZNAME").unwrap().to_owned();
                observances.push((onsets, offsets[0], offsets[1], name));
            }
        }
        TheirZone { observances }
    }

    fn offset_at(&self, at: Timestamp) -> i64 {
        let onsets = self.observances.iter().flat_map(|(onsets, from, to, _)| {
            onsets.iter().map(move |onset| (onset.and_utc() - TimeDelta::seconds(*from), *to))
        });
        onsets.filter(|(onset, _)| *onset <= at).max_by_key(|(onset, _)| *onset).unwrap().1
    }
}

#[test]
fn zones_are_described_as_the_library_reckons_with_them() {
    for name in [
        "Europe/Berlin",
        "Africa/Nairobi",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/New_York",
        "America/St_Johns",
        "Europe/Dublin",
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "America/Sao_Paulo",
        "Africa/Juba",
        "Pacific/Apia",
        "America/Santiago",
        "Asia/Tehran",
    ] {
        let office = office();
        let zone: Zone = name.parse().unwrap();
        remind(&office, at("2026-03-29T02:30:00", name), Some("FREQ=WEEKLY"));
        remind(&office, at("2009-11-01T01:30:00", name), None);
        let lines = calendar(&office);
        let [described] = components(&lines, "VTIMEZONE").try_into().unwrap();
        assert_eq!(value(&described, "TZID"), Some(name));
        let start: Timestamp = "2009-01-01T00:00:00Z".parse().unwrap();
        let end: Timestamp = "2037-12-31T00:00:00Z".parse().unwrap();
        let theirs = TheirZone::read(&described, end.naive_utc());
        let mut day = start;
        while day < end {
            // Each hour of the days on which the clocks of the world change, else noon.
            let hours = if day.day().is_multiple_of(7) || day.month() == 3 { 0..24 } else { 12..13 };
            for hour in hours {
                let at = day.with_hour(hour).unwrap() + TimeDelta::minutes(30);
                let ours = zone.wall_clock(at) - at.naive_utc();
                assert_eq!(TimeDelta::seconds(theirs.offset_at(at)), ours, "{name} at {at}");
            }
            day = day.checked_add_days(Days::new(1)).unwrap();
        }
    }
}

#[test]
fn a_zone_with_rules_takes_few_lines_and_has_its_names() {
    let office = office();
    remind(&office, at("2026-03-29T02:30:00", "Europe/Berlin"), None);
    let lines = calendar(&office);
    let [zone] = components(&lines, "VTIMEZONE").try_into().unwrap();
    let summer = [
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
    ];
    assert!(zone.windows(summer.len()).any(|lines| lines == summer), "{zone:#?}");
    assert!(zone.len() < 25, "{zone:#?}");
    // The gap: what the library takes 02:30 for is what RFC 5545 does.
    let moment = resolve_local("2026-03-29T02:30:00".parse().unwrap(), "Europe/Berlin".parse().unwrap());
    assert_eq!(moment, "2026-03-29T01:30:00Z".parse::<DateTime<crm_core::chrono::Utc>>().unwrap());
}
