//! A first day with the library: in a company of sample data a tea estate is won as a customer. Run it with
//! `cargo run --release --example quickstart` and read what it prints beside this file. People and companies are
//! invented.
#![allow(clippy::print_stdout, reason = "a program that tells a story")]

use crm_core::chrono::Days;
use crm_core::sample::{SampleOptions, fill};
use crm_core::{
    Contact, Currency, Customer, CustomerKind, Due, Interaction, Money, Opportunity, Reminder, StageChange,
    User,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A store is one file. This one goes when the program ends.
    let folder = tempfile::tempdir()?;
    let crm = crm_sqlite::open(folder.path().join("crm.db"))?;

    // The first administrator can be created only while there is no user. Users log in.
    crm.create_admin(User { username: "amina".into(), ..User::default() }, "a quiet morning in Kericho")?;
    let admin = crm.login("amina", "a quiet morning in Kericho")?;

    // So that there is something to see: a company that sells pumps, with a manager, an agent and some customers.
    let company = fill(&crm, &SampleOptions::default())?;
    let agent = crm.login(&company.agent.username, &company.agent.password)?;
    println!("amina (administrator) and {} (agent) are logged in.", company.agent.username);

    // What is written comes back as it is stored: with an id, a code and an owner.
    let estate = agent.customers().create(Customer {
        kind: CustomerKind::Business,
        name: "Tigoni Tea Estate".into(),
        emails: vec!["orders@tigoni-tea.example".into()],
        ..Customer::default()
    })?;
    let juma = agent.contacts().create(Contact {
        customer: estate.id,
        given_name: "Juma".into(),
        phones: vec!["+254 700 000 100".into()],
        ..Contact::default()
    })?;
    let code = estate.code.as_ref().map_or("", |code| code.as_str());
    println!("{code} is {}, where {} works.", estate.name, juma.given_name);

    // A deal moves through the stages of a pipeline. The last one says that it is won; the rest follows.
    let dryer = agent.opportunities().create(Opportunity {
        customer: estate.id,
        name: "Dryer for the second line".into(),
        amount: Some(Money::parse("1850000", Currency::KES)?),
        ..Opportunity::default()
    })?;
    for stage in ["qualification", "proposal", "won"] {
        agent.move_stage(dryer.id, stage, StageChange::default())?;
    }

    // A call is logged with a comment for colleagues; a reminder says what comes next.
    let call = agent.interactions().create(Interaction {
        customer: estate.id,
        contacts: vec![juma.id],
        opportunity: Some(dryer.id),
        subject: "Delivery of the dryer".into(),
        employee_comment: Some("He decides, the owner only signs.".into()),
        ..Interaction::default()
    })?;
    let tomorrow = agent.today()? + Days::new(1);
    let half_past_nine = tomorrow.and_hms_opt(9, 30, 0).ok_or("a time of day")?;
    let reminder = agent.reminders().create(Reminder {
        customer: estate.id,
        interaction: Some(call.id),
        title: "Tell Juma the day".into(),
        due: Due::at(half_past_nine, agent.settings()?.time_zone),
        ..Reminder::default()
    })?;
    println!("Logged a call: {}. Tomorrow at 09:30: {}.", call.subject, reminder.title);

    println!("\nA search for \"dry\" finds:");
    for hit in agent.search("dry", 10)? {
        println!("  {:<12} {}", hit.kind.as_str(), hit.title);
    }

    // Every write is in the journal: the history of a record, the audit trail, and what undo takes back.
    println!("\nWho changed the deal:");
    let history = agent.opportunities().history(dryer.id)?;
    for operation in &history {
        let who = operation.actor.user().map(|id| agent.users().get(id)).transpose()?;
        let who = who.map_or_else(|| "the program".to_owned(), |user| user.username.clone());
        for stage in operation.changes.iter().filter_map(|change| change.after.get("stage")) {
            println!("  {who} {}: {}", operation.command, stage.as_text().unwrap_or_default());
        }
    }
    agent.undo(history.last().ok_or("the deal has a history")?.id)?;
    println!("After undo it is in {} again.", agent.opportunities().get(dryer.id)?.stage);

    // The figures of all that the administrator may see, in one call.
    let figures = admin.dashboard()?;
    println!("\nThe whole company this morning:");
    let customers: Vec<_> =
        figures.customers.iter().map(|(status, count)| format!("{count} {status}")).collect();
    println!("  Customers      {}", customers.join(", "));
    for report in &figures.stages {
        println!("  {:<14} {} worth {}", report.stage.name, report.count, sums(&report.amount));
    }
    println!("  Sales          {} in 30 days", sums(&figures.sales));
    println!("  Reminders      {} overdue, {} today", figures.reminders_overdue, figures.reminders_today);
    Ok(())
}

/// Amounts of unlike currencies never add without a rate.
fn sums(amounts: &[Money]) -> String {
    amounts.iter().map(Money::to_string).collect::<Vec<_>>().join(" and ")
}
