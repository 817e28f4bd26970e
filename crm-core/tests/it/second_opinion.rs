//! What the library writes, read by somebody else's library.

use super::office;
use calcard::icalendar::{ICalendar, ICalendarComponentType, ICalendarProperty, ICalendarValue};
use calcard::vcard::{VCard, VCardProperty, VCardValue};
use calcard::{Entry, Parser};
use crm_core::chrono::{TimeDelta, Utc};
use crm_core::exchange::{Calendar, export_calendar, export_customers};
use crm_core::{
    Customer, Due, Email, Id, Interaction, InteractionKind, Phone, Query, Recurrence, Reminder, Timestamp,
    Zone,
};

/// The one calendar in a file.
fn calendar_in(file: &[u8]) -> ICalendar {
    let text = std::str::from_utf8(file).unwrap();
    let mut parser = Parser::new(text);
    let Entry::ICalendar(calendar) = parser.entry() else { panic!("{text}") };
    assert_eq!(parser.entry(), Entry::Eof);
    calendar
}

fn text_of(values: &[ICalendarValue]) -> &str {
    match values {
        [ICalendarValue::Text(text)] => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_calendar_means_the_same_to_another_library() {
    let office = office();
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    office.admin.update_settings(|settings| settings.time_zone = berlin).unwrap();
    let customer = office.customer("Mara; Tea, Ltd").id;
    let title = "Ring, \\ then write; é安藤 ".repeat(8).trim().to_owned();
    let mut wanted: Vec<Timestamp> = Vec::new();
    for zone in ["Europe/Berlin", "Africa/Nairobi", "Asia/Kolkata", "America/New_York"] {
        let due = Due::at("2026-10-23T09:30:00".parse().unwrap(), zone.parse().unwrap());
        let rule = Recurrence::from("FREQ=DAILY;COUNT=6");
        wanted.extend(rule.occurrences(&due).filter_map(|due| due.instant()));
        let recurrence = Some(rule);
        let reminder = Reminder { customer, title: title.clone(), due, recurrence, ..Reminder::default() };
        office.admin.reminders().create(reminder).unwrap();
    }
    // Before, in and after the hour that the clock shows twice.
    for hour in 0..4 {
        let at = "2026-10-24T23:15:00Z".parse::<Timestamp>().unwrap() + TimeDelta::hours(hour);
        let (kind, occurred_at) = (InteractionKind::Meeting, Some(at));
        let meeting =
            Interaction { customer, kind, occurred_at, subject: title.clone(), ..Interaction::default() };
        office.admin.interactions().create(meeting).unwrap();
        wanted.push(at);
    }
    let mut file = Vec::new();
    export_calendar(&office.admin, &Calendar::default(), &mut file).unwrap();
    let calendar = calendar_in(&file);

    let of_kind = |kind: ICalendarComponentType| {
        calendar.components.iter().filter(|component| component.component_type == kind).collect::<Vec<_>>()
    };
    assert_eq!(of_kind(ICalendarComponentType::VTimezone).len(), 4);
    assert_eq!(of_kind(ICalendarComponentType::VAlarm).len(), 4);
    let written = [of_kind(ICalendarComponentType::VTodo), of_kind(ICalendarComponentType::VEvent)].concat();
    assert_eq!(written.len(), 8);
    for component in written {
        assert_eq!(text_of(&component.property(&ICalendarProperty::Summary).unwrap().values), title);
        assert_eq!(
            text_of(&component.property(&ICalendarProperty::Contact).unwrap().values),
            "Mara; Tea, Ltd"
        );
    }
    let expanded = calendar.expand_dates(calcard::common::timezone::Tz::UTC, 1_000);
    assert!(expanded.errors.is_empty(), "{:?}", expanded.errors);
    let mut theirs: Vec<Timestamp> =
        expanded.events.iter().map(|event| event.start.with_timezone(&Utc)).collect();
    theirs.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(theirs, wanted);
}

#[test]
fn a_card_means_the_same_to_another_library() {
    let office = office();
    let name = "Amina \\n Otieno; née 安藤, \"Mara\" ".repeat(4).trim().to_owned();
    let label = Some("her: desk, 2nd; \"left\"".to_owned());
    let customer = Customer {
        name: name.clone(),
        emails: vec![Email { label: Some("work".into()), ..Email::new("amina@mara.example") }],
        phones: vec![Phone { label, ..Phone::new("0722 000 001") }, Phone::new("020 111 111")],
        tags: vec!["tea, green".into(), "fair".into()],
        description: "Likes tea;\nnot coffee, at all".into(),
        ..Customer::default()
    };
    let id: Id<Customer> = office.admin.customers().create(customer).unwrap().id;
    let mut file = Vec::new();
    export_customers(&office.admin, &Query::new(), &mut file).unwrap();
    let text = String::from_utf8(file).unwrap();
    let mut parser = Parser::new(&text);
    let Entry::VCard(card) = parser.entry() else { panic!("{text}") };
    assert_eq!(parser.entry(), Entry::Eof);
    let said = |card: &VCard, property: VCardProperty| -> Vec<String> {
        let values = card.properties(&property).flat_map(|entry| entry.values.clone()).collect::<Vec<_>>();
        let text = |value: VCardValue| match value {
            VCardValue::Component(parts) => parts.join("|"),
            value => value.as_text().unwrap_or_default().to_owned(),
        };
        values.into_iter().map(text).collect()
    };
    assert_eq!(said(&card, VCardProperty::Fn), [name]);
    assert_eq!(said(&card, VCardProperty::Email), ["amina@mara.example"]);
    assert_eq!(said(&card, VCardProperty::Tel), ["0722 000 001", "020 111 111"]);
    assert_eq!(said(&card, VCardProperty::Categories), ["tea, green", "fair"]);
    assert_eq!(said(&card, VCardProperty::Note), ["Likes tea;\nnot coffee, at all"]);
    assert_eq!(said(&card, VCardProperty::Uid), [format!("urn:uuid:{id}")]);
    let labelled = card.entries.iter().find(|entry| entry.name == VCardProperty::Tel).unwrap();
    assert_eq!(labelled.group.as_deref(), Some("item1"));
}
