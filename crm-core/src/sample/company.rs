//! The company itself: its settings, its two users, and what it sells.

use super::SampleUser;
use super::calendar::{Calendar, before};
use super::filling::Writer;
use super::towns::COUNTIES;
use crate::crm::Session;
use crate::error::{Error, Result};
use crate::model::{CustomField, CustomFieldType, Kind, Product, Query, Rate, Role, User};
use crate::value::{Currency, EmailAddress, Id, Money, Zone};
use rust_decimal::Decimal;

/// Something that the company sells.
#[derive(Debug)]
pub(super) struct Good {
    sku: &'static str,
    pub(super) name: &'static str,
    /// How people call it.
    pub(super) spoken: &'static str,
    /// In shillings.
    price: u32,
    /// As many of it are bought at once, at most.
    pub(super) most: u32,
}

impl Good {
    pub(super) fn price(&self) -> Money {
        Money::new(i64::from(self.price) * 100, Currency::KES)
    }
}

const fn good(sku: &'static str, name: &'static str, spoken: &'static str, price: u32, most: u32) -> Good {
    Good { sku, name, spoken, price, most }
}

const GOODS: &[Good] = &[
    good("PMP-1", "Solar pump 1 hp", "small solar pump", 86_500, 2),
    good("PMP-3", "Solar pump 3 hp", "big solar pump", 214_000, 2),
    good("PNL-450", "Solar panel 450 W", "set of panels", 18_900, 24),
    good("INV-5", "Inverter 5 kW", "inverter", 132_000, 2),
    good("BAT-5", "Battery 5 kWh", "battery", 198_000, 4),
    good("DRP-ACRE", "Drip irrigation kit, one acre", "drip kit", 64_500, 8),
    good("TNK-10", "Water tank 10,000 litres", "water tank", 92_000, 3),
    good("HTR-200", "Solar water heater 200 litres", "water heater", 98_500, 6),
    good("LGT-60", "Solar street light 60 W", "street light", 14_200, 20),
    good("SRV-YEAR", "Service contract, one year", "service contract", 24_000, 1),
];

/// What units of other currencies are worth in shillings: first so many days ago, then so many days ago.
const RATES: &[(Currency, [(u32, i64); 2])] =
    &[(Currency::USD, [(90, 12_935), (14, 12_910)]), (Currency::EUR, [(90, 14_480), (14, 14_655)])];

/// What the records of customers refer to.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) manager: SampleUser,
    pub(super) agent: SampleUser,
    pub(super) zone: Zone,
    pub(super) products: Vec<(Id<Product>, &'static Good)>,
}

impl Company {
    /// Sets the organisation up, as one operation, and gives its users their passwords.
    pub(super) fn found(writer: &mut Writer<'_>) -> Result<Self> {
        let zone = "Africa/Nairobi".parse::<Zone>();
        let zone = zone?;
        writer.batch.update(writer.session.settings()?.id, move |settings| {
            settings.time_zone = zone;
            "KE".clone_into(&mut settings.phone_region);
            settings.base_currency = Currency::KES;
        });
        writer.add(CustomField {
            entity: Kind::Customer,
            key: "county".to_owned(),
            label: "County".to_owned(),
            r#type: CustomFieldType::Choice,
            options: COUNTIES.map(str::to_owned).into(),
            ..CustomField::default()
        })?;
        writer.add(CustomField {
            entity: Kind::Customer,
            key: "loyalty_number".to_owned(),
            label: "Loyalty number".to_owned(),
            ..CustomField::default()
        })?;
        add_rates(writer, Calendar::new(writer.session.now(), zone))?;
        let mut products = Vec::new();
        for good in GOODS {
            let id = writer.add(Product {
                sku: Some(good.sku.to_owned()),
                name: good.name.to_owned(),
                price: Some(good.price()),
                ..Product::default()
            })?;
            products.push((id, good));
        }
        writer.add(Product {
            sku: Some("LGT-10".to_owned()),
            name: "Solar lantern".to_owned(),
            description: "No longer sold; the street light replaces it.".to_owned(),
            price: Some(Money::new(280_000, Currency::KES)),
            active: false,
            ..Product::default()
        })?;
        let manager = add_user(writer, "manager", ("Wambui", "Kariuki"), "the long rains begin")?;
        let agent = add_user(writer, "agent", ("Otieno", "Ouma"), "a slow bus to Kisumu")?;
        writer.write()?;
        for user in [&manager, &agent] {
            writer.session.set_password(user.id, &user.password)?;
        }
        Ok(Company { manager, agent, zone, products })
    }
}

fn add_rates(writer: &mut Writer<'_>, calendar: Calendar) -> Result<()> {
    for (from, rates) in RATES {
        for (days, cents) in rates {
            writer.add(Rate {
                from: *from,
                to: Currency::KES,
                valid_from: before(calendar.today, *days),
                rate: Decimal::new(*cents, 2),
                ..Rate::default()
            })?;
        }
    }
    Ok(())
}

/// Somebody who logs in with the given name in small letters.
fn add_user(
    writer: &mut Writer<'_>,
    role: &str,
    (given, family): (&str, &str),
    password: &str,
) -> Result<SampleUser> {
    let username = given.to_lowercase();
    let id = writer.add(User {
        username: username.clone(),
        given_name: given.to_owned(),
        family_name: family.to_owned(),
        email: Some(EmailAddress(format!("{username}@example.co.ke"))),
        role: role_with_key(writer.session, role)?,
        team: Some("Nairobi".to_owned()),
        ..User::default()
    })?;
    Ok(SampleUser { id, username, password: password.to_owned() })
}

fn role_with_key(session: &Session, key: &str) -> Result<Id<Role>> {
    let found = session.roles().list(&Query::new().filter(Role::KEY.is(key)).page_size(1))?;
    let role = found.items.first().map(|role| role.id);
    role.ok_or_else(|| Error::NotFound { entity: "role", key: key.to_owned() })
}
