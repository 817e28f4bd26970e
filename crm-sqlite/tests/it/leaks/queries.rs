//! What the narrow user asks for, and what he must get.

use super::*;

/// What a query must give the narrow user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gives {
    /// What it gives the program, without the records that the user does not see.
    AsTheProgram,
    /// All that the user sees.
    AllSeen,
    Nothing,
}

pub(super) fn queries<E: Gated>(walk: &Walk<'_>) -> Vec<(Query, Gives)> {
    use Gives::{AllSeen, AsTheProgram, Nothing};
    let world = walk.world;
    let filter = |filter: Filter| Query::new().filter(filter);
    let foreign: Vec<Value> = world.foreign::<E>().iter().map(|id| Value::Id(id.uuid())).collect();
    let foreign_customer = walk.say(world.foreign::<Customer>()[1]);
    let secret = walk.say(SECRET);
    let mut list = vec![
        (Query::new(), AllSeen),
        (Query::new().with_total(), AllSeen),
        (Query::new().order_by(["-created_at", "version"]), AsTheProgram),
        (filter(Filter::is_in("id", foreign)), Nothing),
        (filter(Filter::at_least("version", 1)), AllSeen),
        (filter(Filter::is_empty("created_by")), AsTheProgram),
    ];
    let (text, _, sortable) = text_is::<E>();
    if sortable {
        list.push((Query::new().order_by([E::TEXT]), AsTheProgram));
        list.push((Query::new().order_by([format!("-{}", E::TEXT)]), AsTheProgram));
    }
    if E::schema().searchable {
        list.push((Query::new().words(secret.clone()), Nothing));
        list.push((Query::new().words(SECRET_DIGITS), Nothing));
        list.push((Query::new().words("open"), AsTheProgram));
    }
    if text {
        list.push((filter(Filter::contains(E::TEXT, secret.clone())), Nothing));
        list.push((filter(Filter::starts_with(E::TEXT, secret.clone())), Nothing));
        list.push((filter(!Filter::contains(E::TEXT, secret.clone())), AsTheProgram));
        list.push((filter(Filter::is_not(E::TEXT, secret.clone())), AllSeen));
    }
    let field = |name: &str| E::schema().field(name).is_some();
    for name in ["channel", "media_type", "custom.tier"] {
        if field(name) || name == "custom.tier" && E::kind() == Kind::Customer {
            list.push((filter(Filter::contains(name, secret.clone())), Nothing));
            list.push((filter(!Filter::contains(name, secret.clone())), AsTheProgram));
        }
    }
    if E::kind() == Kind::Sale {
        let digits = Money::new(7_707_703, Currency::KES);
        list.push((filter(Filter::at_least("amount", digits)), Nothing));
        list.push((filter(Filter::is("product", world.product())), AsTheProgram));
        list.push((
            filter(Filter::is("product.name", "Tea")),
            match world.variant {
                Variant::Blind => Nothing,
                _ => AsTheProgram,
            },
        ));
    }
    if E::kind() == Kind::Attachment {
        let all = world.everything::<Attachment>();
        let foreign = all.iter().find(|(file, _)| !world.sees(file)).unwrap();
        list.push((filter(Filter::is("sha256", walk.say(&foreign.0.sha256))), Nothing));
    }
    let lists = ["emails", "phones", "tags"].into_iter().filter(|name| field(name));
    list.extend(lists.map(|name| (filter(Filter::starts_with(name, secret.clone())), Nothing)));
    for user in ["owner", "employee", "assignee"].into_iter().filter(|name| field(name)) {
        list.push((filter(Filter::is(user, Value::Id(world.me.uuid()))), AsTheProgram));
        list.push((filter(Filter::is(user, Value::Id(world.rival.uuid()))), AsTheProgram));
        let hop = filter(Filter::contains(format!("{user}.username"), "rival"));
        list.push((hop, if world.variant == Variant::Blind { Nothing } else { AsTheProgram }));
        let hop = filter(Filter::is(format!("{user}.username"), "narrow"));
        list.push((hop, if world.variant == Variant::Blind { Nothing } else { AsTheProgram }));
    }
    if E::kind() == Kind::Customer {
        // A visible customer's parent is not seen: no condition on it holds, whatever it is.
        for condition in [
            Filter::contains("parent.name", secret.clone()),
            Filter::is_not("parent.name", "x"),
            Filter::at_least("parent.version", 1),
            Filter::is_empty("parent.parent"),
            Filter::is("parent.status", "lead"),
        ] {
            list.push((filter(condition.clone()), Nothing));
            list.push((filter(!condition), AllSeen));
        }
        list.push((filter(Filter::is("parent", Value::Text(walk.say(world.linked)))), AsTheProgram));
        list.push((filter(Filter::is("parent", Value::Id(world.mine::<Customer>()[0].uuid()))), Nothing));
        for code in ["KX-004", "KX-005", "KX-999"] {
            list.push((filter(Filter::is("code", walk.say(code))), Nothing));
        }
        list.push((
            Query::new().order_by(["-lead_estimated_value", "owner"].into_iter().take(1)),
            AsTheProgram,
        ));
    } else {
        list.push((filter(Filter::is("customer", foreign_customer)), Nothing));
        list.push((filter(Filter::contains("customer.name", secret.clone())), Nothing));
        list.push((filter(!Filter::contains("customer.name", secret)), AsTheProgram));
        list.push((filter(Filter::is_not("customer.status", "active")), AllSeen));
    }
    if field("contacts") {
        let contacts = world.everything::<Contact>();
        let theirs = contacts.iter().find(|(contact, _)| !world.sees_customer(contact.customer)).unwrap();
        list.push((filter(Filter::is("contacts", Value::Id(theirs.0.id.uuid()))), Nothing));
        walk.say(theirs.0.id);
    }
    list
}

/// What the user must get: ids in order.
pub(super) fn expected<E: Gated>(world: &World, query: &Query, gives: Gives, trash: bool) -> Vec<Id<E>> {
    let query = match gives {
        Gives::Nothing => return Vec::new(),
        Gives::AllSeen => Query { filter: Filter::all(), ..query.clone() },
        Gives::AsTheProgram => query.clone(),
    };
    let query = query.page_size(1_000);
    let records: Vec<Record<E>> = match trash {
        true => E::of(&world.system).trash(&query).unwrap().items.into_iter().map(|t| t.record).collect(),
        false => E::of(&world.system).list(&query).unwrap().items,
    };
    records.into_iter().filter(|record| world.sees(record)).map(|record| record.id).collect()
}

pub(super) fn ids<E: Entity>(records: &[Record<E>]) -> Vec<Id<E>> {
    records.iter().map(|record| record.id).collect()
}
