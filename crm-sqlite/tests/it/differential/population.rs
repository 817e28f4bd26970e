//! What there is to work on.

use super::acting::bytes;
use super::values::KEYS;
use crm_core::{
    Attachment, Contact, CustomField, CustomFieldType, Customer, CustomerStatus, Decimal, Filter, Kind,
    Money, Quantity, Query, Rate, SavedView, Session,
};

/// Something to work on: customers of different owners, with people, deals and the rest.
pub(super) fn populate(system: &Session, seed: u64) {
    use crm_core::{
        Currency, Due, Email, Feedback, Interaction, Line, Note, Opportunity, OpportunityContact, Product,
        Reminder, Sale,
    };
    let users = system.users().list(&Query::new().order_by(["username"])).unwrap().items;
    define_fields(system);
    let product = |sku: &str, minor| Product {
        sku: Some(sku.to_owned()),
        name: format!("Product {sku}"),
        price: Some(Money::new(minor, Currency::KES)),
        ..Product::default()
    };
    let products = [("T-1", 1_250), ("T-2", 99)]
        .map(|(sku, minor)| system.products().create(product(sku, minor)).unwrap().id);
    let rate = |valid_from: &str, rate: &str| Rate {
        from: Currency::USD,
        to: Currency::KES,
        valid_from: valid_from.parse().unwrap(),
        rate: rate.parse().unwrap(),
        ..Rate::default()
    };
    system.rates().create(rate("2026-01-01", "129.25")).unwrap();
    let mine = SavedView {
        name: "Gold".into(),
        query: Query::new().filter(Filter::is("custom.level", "gold")).order_by(["-custom.score"]),
        ..SavedView::default()
    };
    system.saved_views().create(mine).unwrap();
    for n in 0..5_u32 {
        let owner = users.get(n as usize).map(|user| user.id).filter(|_| n > 0);
        let mut customer = Customer {
            name: ["Wanjiku & Daughters", "Véronique Fleurs", "O'Brien", "zebra", "Ärzte"][n as usize]
                .to_owned(),
            status: if n % 2 == 0 { CustomerStatus::Lead } else { CustomerStatus::Active },
            emails: vec![Email::new(format!("c{n}@x.example"))],
            tags: vec!["vip".to_owned()],
            owner,
            ..Customer::default()
        };
        if n < 4 {
            customer.custom.set("tier", ["Wanjiku", "été", "x", "Été"][n as usize]);
            customer.custom.set("score", Decimal::new(i64::from(n) * 25, 1));
            customer.custom.set("level", ["gold", "SILVER", "Gold", "grosste"][n as usize]);
        }
        if n % 2 == 0 {
            customer.custom.set("fee", Money::new(i64::from(n) * 10, Currency::KES));
            customer.custom.set("vip", n == 0);
            customer.custom.set("topics", vec!["silver".to_owned(), "Gold".to_owned()]);
            customer.custom.set("since", "2026-01-01");
        }
        let customer = system.customers().create(customer).unwrap().id;
        let contact = Contact {
            customer,
            given_name: "Juma".into(),
            family_name: format!("Mwangi{n}"),
            ..Contact::default()
        };
        let contact = system.contacts().create(contact).unwrap().id;
        let line = Line {
            product: Some(products[0]),
            quantity: i64::from(n).into(),
            discount: 10.into(),
            ..Line::default()
        };
        let deal = Opportunity {
            customer,
            name: format!("Deal {n}"),
            amount: (n <= 2).then(|| Money::new(i64::from(n) * 700, Currency::KES)),
            contacts: vec![OpportunityContact { contact, role: None }],
            lines: if n > 2 { vec![line] } else { Vec::new() },
            ..Opportunity::default()
        };
        let opportunity = Some(system.opportunities().create(deal).unwrap().id);
        let call = Interaction {
            customer,
            contacts: vec![contact],
            opportunity,
            subject: "Call".into(),
            ..Interaction::default()
        };
        let interaction = Some(system.interactions().create(call).unwrap().id);
        if !seed.is_multiple_of(3) {
            let due = Due::on("2026-03-05".parse().unwrap());
            system
                .reminders()
                .create(Reminder { customer, title: "Ring back".into(), due, ..Reminder::default() })
                .unwrap();
        }
        let body = "Wanjiku likes it black\nand hot".to_owned();
        let note = system.notes().create(Note { customer, opportunity, body, ..Note::default() }).unwrap().id;
        let quantity = Quantity(Decimal::new(i64::from(n) * 5 - 7, 1));
        let product = Some(products[n as usize % 2]);
        system.sales().create(Sale { customer, product, opportunity, quantity, ..Sale::default() }).unwrap();
        let rating = Some(u8::try_from(n % 5 + 1).unwrap());
        let channel = Some("Survey".to_owned()).filter(|_| n > 2);
        system.feedback().create(Feedback { customer, rating, channel, ..Feedback::default() }).unwrap();
        let file = Attachment {
            customer,
            interaction,
            note: Some(note),
            file_name: format!("order {n}.pdf"),
            ..Attachment::default()
        };
        system.attach(file, &mut *bytes(if n < 3 { 80 } else { 30 })).unwrap();
    }
}

/// A custom field of each type for customers, and a few for the others.
fn define_fields(system: &Session) {
    let of = |entity: Kind, key: &str, r#type: CustomFieldType| CustomField {
        entity,
        key: key.to_owned(),
        r#type,
        options: match r#type {
            CustomFieldType::Choice | CustomFieldType::Choices => {
                ["Gold", "Silver", "Größte"].map(str::to_owned).to_vec()
            }
            _ => Vec::new(),
        },
        target: (r#type == CustomFieldType::Reference).then_some(Kind::Customer),
        ..CustomField::default()
    };
    let mut batch = system.batch();
    for (key, r#type) in KEYS.iter().zip(CustomFieldType::ALL) {
        batch.create(of(Kind::Customer, key, *r#type)).unwrap();
    }
    for (entity, key, r#type) in [
        (Kind::Contact, "tier", CustomFieldType::Choices),
        (Kind::Contact, "friend", CustomFieldType::Reference),
        (Kind::Opportunity, "score", CustomFieldType::Number),
        (Kind::Opportunity, "since", CustomFieldType::Instant),
        (Kind::Product, "fee", CustomFieldType::Money),
        (Kind::Product, "site", CustomFieldType::Url),
    ] {
        batch.create(of(entity, key, r#type)).unwrap();
    }
    batch.run().unwrap();
}
