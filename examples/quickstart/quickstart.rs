//! A first day with the library: a tea estate is won as a customer. Run it with
//! `cargo run --release --example quickstart` and read what it prints beside this file. People and companies are
//! invented.
#![allow(clippy::print_stdout, reason = "a program that tells a story")]

use crm_core::chrono::Days;
use crm_core::{
    Aggregate, Contact, Currency, Customer, CustomerKind, Due, Interaction, Money, Opportunity, Query,
    Reminder, Role, User, Value, Zone,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A store is one file. This one goes when the program ends.
    let folder = tempfile::tempdir()?;
    let crm = crm_sqlite::open(folder.path().join("crm.db"))?;

    // The first administrator can be created only while there is no user. Users log in.
    crm.create_admin(User { username: "wanjiku".into(), ..User::default() }, "a quiet morning in Kericho")?;
    let admin = crm.login("wanjiku", "a quiet morning in Kericho")?;

    // A colleague who sells. The role says what she may do.
    let roles = admin.roles().list(&Query::new().filter(Role::KEY.is("agent")))?;
    let role = roles.items.first().ok_or("a new store has the role agent")?.id;
    let achieng = admin.users().create(User { username: "achieng".into(), role, ..User::default() })?;
    admin.set_password(achieng.id, "the ferry leaves at six")?;
    let agent = crm.login("Achieng", "the ferry leaves at six")?;
    println!("Wanjiku (administrator) and {} (agent) are logged in.", achieng.username);

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

    // Deals move through the stages of a pipeline.
    let deal = |name: &str, shillings: i64| Opportunity {
        customer: estate.id,
        name: name.into(),
        amount: Some(Money::new(shillings * 100, Currency::KES)),
        ..Opportunity::default()
    };
    let dryer = agent.opportunities().create(deal("Dryer for the second line", 1_850_000))?;
    agent.opportunities().create(deal("Spare belts", 64_500))?;
    for stage in ["qualification", "proposal"] {
        agent.opportunities().update(dryer.id, |deal| deal.stage = stage.into())?;
    }

    // A call is logged with a comment for colleagues; a reminder says what comes next.
    let call = agent.interactions().create(Interaction {
        customer: estate.id,
        contacts: vec![juma.id],
        opportunity: Some(dryer.id),
        subject: "Price of the dryer".into(),
        employee_comment: Some("He decides, the owner only signs.".into()),
        ..Interaction::default()
    })?;
    let nairobi: Zone = "Africa/Nairobi".parse()?;
    let tomorrow = nairobi.date_at(crm.options().clock.now()) + Days::new(1);
    let reminder = agent.reminders().create(Reminder {
        customer: estate.id,
        interaction: Some(call.id),
        title: "Send Juma the offer".into(),
        due: Due::at(tomorrow.and_hms_opt(9, 30, 0).ok_or("a time of day")?, nairobi),
        ..Reminder::default()
    })?;
    println!("Logged a call: {}. Tomorrow at 09:30: {}.", call.subject, reminder.title);

    // Some weeks later. The stage says that it is won; the status and the day of closing follow.
    agent.opportunities().update(dryer.id, |deal| deal.stage = "won".into())?;

    println!("\nA search for \"dry\" finds:");
    for hit in agent.search("dry", 10)? {
        println!("  {:<12} {}", hit.kind.as_str(), hit.title);
    }

    println!("\nDeals by stage:");
    let figures = Aggregate::of(Opportunity::AMOUNT).by(Opportunity::STAGE);
    for group in agent.opportunities().aggregate(&Query::new(), &figures)? {
        println!("  {:<12} {} worth {}", shown(group.keys.first()), group.count, shown(group.sum.as_ref()));
    }

    // Every write is in the journal: the history of a record, the audit trail, and what undo takes back.
    println!("\nWho changed the deal:");
    let history = agent.opportunities().history(dryer.id)?;
    for operation in &history {
        let who = operation.actor.user().map(|id| agent.users().get(id)).transpose()?;
        let who = who.map_or_else(String::new, |user| user.username.clone());
        for change in &operation.changes {
            println!("  {who} {}: stage {}", operation.command, shown(change.after.get("stage")));
        }
    }
    agent.undo(history.last().ok_or("the deal has a history")?.id)?;
    println!("After undo it is in {} again.", agent.opportunities().get(dryer.id)?.stage);

    println!(
        "\nThe administrator sees {} operations in the journal, the installation and the users included.",
        admin.operations(0, 100)?.len()
    );
    Ok(())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Money(money)) => money.to_string(),
        _ => "unchanged".into(),
    }
}
