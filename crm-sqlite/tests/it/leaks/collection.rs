//! Walks of the collection.

use super::*;
use crm_core::exchange::CsvExport;
use crm_core::{AnyCollection, AnyRecord};

/// The records without their types: what the walks find through types is found so as well, and no more.
fn untyped<'w, E: Gated>(walk: &'w Walk<'_>) -> AnyCollection<'w> {
    AnyCollection::new(&walk.session, E::kind())
}

pub(super) fn list<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.list(&Query::new())) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let page = walk.page(collection.list(&query).unwrap());
        assert_eq!(ids(&page.items), wanted, "{:?} {query:?}", E::kind());
        assert!(page.total.is_none_or(|total| total == wanted.len() as u64));
        assert_eq!(untyped::<E>(walk).list(&query).unwrap(), page.clone().map(AnyRecord::from));
        page.items.into_iter().for_each(|record| _ = walk.record(record));
        // Page by page: the cursors tell nothing either.
        let mut paged = Vec::new();
        let mut query = query.page_size(1).with_total();
        loop {
            let page = walk.page(collection.list(&query).unwrap());
            assert_eq!(page.total, Some(wanted.len() as u64));
            paged.extend(ids(&page.items));
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(paged, wanted);
        if query.filter == Filter::all() {
            forged_cursors::<E>(walk, &query, &wanted);
        }
    }
}

/// A cursor is no more than a place among the records that the user sees, whatever id he writes into it.
pub(super) fn forged_cursors<E: Gated>(walk: &Walk<'_>, query: &Query, seen: &[Id<E>]) {
    let collection = E::of(&walk.session);
    let first = collection.list(&Query { cursor: None, ..query.clone() }).unwrap();
    let (Some(next), Some(own)) = (first.next, seen.first()) else { return };
    let cursor = String::from_utf8(from_base64(&next)).unwrap();
    let created = first.items[0].created_at.timestamp_micros();
    let with = |id: Id<E>, micros: i64| {
        walk.say(id);
        let cursor = cursor.replace(&own.to_string(), &id.to_string());
        let cursor = cursor.replace(&format!("{created},{{"), &format!("{micros},{{"));
        let query = Query { cursor: Some(to_base64(cursor.as_bytes())), ..query.clone() };
        ids(&collection.list(&query.page_size(100)).unwrap().items)
    };
    for micros in [0, created, created + 600_000_000] {
        for id in walk.world.foreign::<E>() {
            // Its neighbour, which would stand in the same place.
            let unknown = with(Id::from_uuid(Uuid::from_u128(id.uuid().as_u128() ^ 1)), micros);
            assert_eq!(with(id, micros), unknown, "a forged cursor tells of {id}: {query:?}");
        }
    }
}

pub(super) fn iter<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    let first = || collection.iter(Query::new()).next().unwrap();
    if !walk.sees_kind::<E, _>(first) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let all: Result<Vec<Record<E>>> = walk.shown(collection.iter(query.page_size(2)).collect());
        assert_eq!(ids(&all.unwrap()), wanted);
    }
}

pub(super) fn export_csv<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    let export = |query: &Query, columns: &[&str]| {
        let mut file = Vec::new();
        let options = CsvExport::default().columns(columns.iter().copied());
        let rows = collection.export_csv(query, &options, &mut file)?;
        Ok((rows, String::from_utf8(file).unwrap()))
    };
    if !walk.sees_kind::<E, _>(|| export(&Query::new(), &[])) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let (rows, all) = export(&query, &[]).unwrap();
        walk.look(&all);
        assert_eq!(rows, wanted.len() as u64, "{query:?}");
        let (_, file) = export(&query, &["id"]).unwrap();
        let found: Vec<Id<E>> = file.lines().skip(1).map(|id| id.parse().unwrap()).collect();
        assert_eq!(found, wanted, "{query:?}");
    }
    // All of what each reference leads to.
    for (column, target) in E::schema().columns.iter().filter_map(|column| match column.ty {
        ValueType::Id(target) => Some((column.name, Kind::from_word(target)?)),
        _ => None,
    }) {
        for field in target.schema().fields.iter().filter(|field| field.name != "custom") {
            let (_, file) = export(&Query::new(), &[&format!("{column}.{}", field.name)]).unwrap();
            walk.look(&file);
        }
        let (rows, file) = export(&Query::new(), &[&format!("{column}.id")]).unwrap();
        let seen = expected::<E>(walk.world, &Query::new(), Gives::AllSeen, false);
        assert_eq!(rows, seen.len() as u64);
        walk.look(&file);
    }
}

pub(super) fn trash<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.trash(&Query::new())) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        // Words and keys are given up in the trash, for everybody alike.
        let wanted = expected::<E>(walk.world, &query, gives, true);
        let query = query.with_total();
        let page = walk.page(collection.trash(&query).unwrap());
        let gone = page.clone().map(|trashed| (AnyRecord::from(trashed.record), trashed.deletion));
        assert_eq!(untyped::<E>(walk).trash(&query).unwrap(), gone);
        let found: Vec<Id<E>> = page.items.iter().map(|trashed| trashed.record.id).collect();
        assert_eq!(found, wanted, "{:?}", E::kind());
        assert_eq!(page.total, Some(wanted.len() as u64));
    }
}

pub(super) fn count<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.count(&Query::new())) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        assert_eq!(collection.count(&query).unwrap(), wanted.len() as u64, "{query:?}");
    }
}

pub(super) fn aggregate<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.aggregate(&Query::new(), &Aggregate::count())) {
        return;
    }
    let by = |field: &str, period| GroupBy { field: field.to_owned(), period };
    let mut figures = vec![
        Aggregate::count(),
        Aggregate { by: vec![by("created_at", Some(Period::Month))], of: Some("version".into()) },
    ];
    let text = text_is::<E>().1.then(|| by(E::TEXT, None));
    figures.extend(text.clone().map(|text| Aggregate { by: vec![text], of: None }));
    let field = |name: &str| E::schema().field(name).is_some();
    for name in ["owner", "employee", "assignee", "customer", "parent", "status", "product", "channel"] {
        if field(name) {
            figures.push(Aggregate { by: vec![by(name, None)], of: None });
        }
    }
    for name in ["lead_estimated_value", "amount", "duration", "rating", "size", "quantity"] {
        if field(name.trim_end_matches("_estimated_value")) {
            figures.push(Aggregate { by: Vec::new(), of: Some(name.into()) });
            figures.extend(text.clone().map(|text| Aggregate { by: vec![text], of: Some(name.into()) }));
        }
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let seen = Filter::is_in("id", wanted.iter().map(|id| Value::Id(id.uuid())));
        let seen = Query { filter: seen, ..Query::new() };
        for figures in &figures {
            let groups = walk.shown(collection.aggregate(&query, figures).unwrap());
            let program = E::of(&walk.world.system).aggregate(&seen, figures).unwrap();
            assert_eq!(groups, program, "{query:?} {figures:?}");
            assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), wanted.len() as u64);
        }
    }
}

/// What somebody might type to find what he should not.
pub(super) fn typed(walk: &Walk<'_>) -> Vec<String> {
    let mut words: Vec<String> =
        ["zqsecretname3", "zqsecretmail4@shop.example", "+12127707703", "2137707703"]
            .into_iter()
            .chain([
                "KX-004",
                "zqs",
                "zqsecretlasta5",
                "zqsecretdeala6",
                "zqsecretsubjectb7",
                "zqsecrettitlea3",
                "zqsecretbodya4",
                "zqsecretpraiseb5",
                "zqsecretfilea6",
                "zqsecrettier3",
            ])
            .map(str::to_owned)
            .collect();
    words.push(walk.world.foreign::<Customer>()[0].to_string());
    words.iter().for_each(|word| _ = walk.say(word));
    words
}

pub(super) fn search<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.search("open", 10)) {
        return;
    }
    if !E::schema().searchable {
        assert_eq!(walk.refused(collection.search("open", 10)).code(), "invalid");
        return;
    }
    for words in typed(walk) {
        assert_eq!(ids(&collection.search(&words, 1_000).unwrap()), Vec::new(), "{words}");
        assert_eq!(untyped::<E>(walk).search(&words, 1_000).unwrap(), Vec::new(), "{words}");
    }
    let open = walk.shown(collection.search("open", 1_000).unwrap());
    assert!(open.len() >= 3);
    let same: Vec<_> = open.iter().cloned().map(AnyRecord::from).collect();
    assert_eq!(untyped::<E>(walk).search("open", 1_000).unwrap(), same);
    open.into_iter().for_each(|record| _ = walk.record(record));
}

pub(super) fn get<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| E::of(&walk.session).get(id));
    walk.alike_ids(&walk.world.foreign::<E>(), |id| untyped::<E>(walk).get(id.uuid()));
    for id in walk.world.mine::<E>() {
        let record = walk.record(E::of(&walk.session).get(id).unwrap());
        assert_eq!(untyped::<E>(walk).get(id.uuid()).unwrap(), record.into());
    }
}

pub(super) fn history<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| E::of(&walk.session).history(id));
    for id in walk.world.mine::<E>() {
        let history = E::of(&walk.session).history(id).unwrap();
        assert!(!history.is_empty());
        for operation in history {
            assert!(operation.changes.iter().all(|change| change.id == id.uuid()));
            walk.operation(operation);
        }
    }
}

/// The external ids of the entity that are taken by records which are not seen.
pub(super) fn foreign_external_ids<E: Gated>(world: &World) -> Vec<String> {
    let Some(field) = E::schema().field("external_ids") else { return Vec::new() };
    let all = world.everything::<E>();
    let foreign = all.iter().filter(|(record, trashed)| !trashed && !world.sees(record));
    let ids = foreign.filter_map(|(record, _)| match record.value(field) {
        Value::Map(ids) => ids.get("erp").map(|id| serde_json::to_string(id).unwrap().replace('"', "")),
        _ => None,
    });
    ids.collect()
}

pub(super) fn by_external_id<E: Gated>(walk: &Walk<'_>) {
    let foreign = foreign_external_ids::<E>(walk.world);
    let call = |id: &String| E::of(&walk.session).by_external_id("erp", id);
    if foreign.is_empty() {
        assert_eq!(walk.refused(call(&"x".to_owned())).code(), "invalid");
        return;
    }
    walk.alike(&"zqsecret-not-there".to_owned(), &foreign, |id| vec![id.clone()], call);
}

/// A taken value is told as taken, without its holder; the same for each value.
pub(super) fn taken<T: Debug>(walk: &Walk<'_>, values: &[String], call: impl Fn(&String) -> Result<T>) {
    for value in values {
        walk.say(value);
        match walk.refused(call(value)) {
            Error::Duplicate { holder, .. } => assert_eq!(holder, None, "{}: {value}", walk.name),
            other => panic!("{}: {other:?}", walk.name),
        }
    }
}

pub(super) fn upsert_by<E: Gated>(walk: &Walk<'_>, upsert: impl Fn(&str) -> Result<Upserted<E>>) {
    let foreign = foreign_external_ids::<E>(walk.world);
    if foreign.is_empty() {
        assert_eq!(walk.refused(upsert("x")).code(), "invalid");
        return;
    }
    if !walk.world.sees_kind(E::kind()) {
        assert_eq!(walk.refused(upsert("not-there")).code(), "denied");
        for id in foreign {
            walk.say(&id);
            assert_eq!(walk.refused(upsert(&id)).code(), "denied");
        }
        return;
    }
    taken(walk, &foreign, |id| upsert(id));
    walk.record(upsert(&format!("fresh {}", walk.name)).unwrap().into_record());
    walk.record(upsert(&format!("fresh {}", walk.name)).unwrap().into_record());
}

pub(super) fn upsert<E: Gated>(walk: &Walk<'_>) {
    let customer = walk.world.mine::<Customer>()[0];
    upsert_by::<E>(walk, |id| {
        E::of(&walk.session).upsert("erp", id, |data| {
            let new = E::new_on(customer, "openupserted");
            new.changed(&E::default()).iter().for_each(|field| data.copy_field(field, &new));
        })
    });
}

pub(super) fn patch_of<E: Gated>(customer: Id<Customer>, text: &str) -> Patch {
    let new = E::new_on(customer, text);
    let set = new.changed(&E::default());
    set.iter().fold(Patch::new(), |patch, field| patch.set(E::FIELDS[field].name, new.value(field)))
}

pub(super) fn upsert_patch<E: Gated>(walk: &Walk<'_>) {
    let customer = walk.world.mine::<Customer>()[0];
    upsert_by::<E>(walk, |id| {
        E::of(&walk.session).upsert_patch("erp", id, patch_of::<E>(customer, "openupserted"))
    });
}

/// Creating on foreign customers, with foreign people and the like, by whatever function creates.
pub(super) fn creating<E: Gated>(walk: &Walk<'_>, create: impl Fn(E) -> Result<Record<E>>) {
    let world = walk.world;
    let own = world.mine::<Customer>()[0];
    if !world.sees_kind(E::kind()) {
        let customers: Vec<_> = world.foreign_customers().into_iter().chain([own]).collect();
        walk.alike_ids(&customers, |id| create(E::new_on(id, "opencreated")));
        return;
    }
    walk.record(create(E::new_on(own, "opencreated")).unwrap());
    walk.alike_ids(&world.foreign_customers(), |id| {
        let mut new = E::new_on(own, "opencreated");
        new.move_to(id);
        create(new)
    });
    // The user may not give what he creates to somebody else, existing or not.
    if E::kind() == Kind::Customer {
        let owner = E::schema().field("owner").unwrap();
        let mut new = E::new_on(own, "opencreated");
        new.set(owner, Value::Id(world.rival.uuid())).unwrap();
        walk.say(world.rival);
        let wanted = if world.variant == Variant::Blind { "invalid" } else { "denied" };
        assert_eq!(walk.refused(create(new)).code(), wanted);
    }
    with_strangers(walk, |_, data| create(data));
}

/// References to foreign records look like references to nothing, also when the foreign records fit each other.
pub(super) fn with_strangers<E: Gated>(
    walk: &Walk<'_>,
    write: impl Fn(Id<Customer>, E) -> Result<Record<E>>,
) {
    let world = walk.world;
    let own = world.mine::<Customer>()[0];
    let new_id = || walk.session.new_id::<Customer>().unwrap().uuid();
    for field in ["contacts", "opportunity", "interaction", "note", "refund_of"] {
        let Some(index) = E::schema().field(field) else { continue };
        let foreign: Vec<(Id<Customer>, Uuid)> = match field {
            "contacts" => strangers::<Contact>(world),
            "opportunity" => strangers::<Opportunity>(world),
            "note" => strangers::<Note>(world),
            "refund_of" => strangers::<Sale>(world),
            _ => strangers::<Interaction>(world),
        };
        for with_its_customer in [false, true] {
            let call = |(customer, other): &(Id<Customer>, Uuid)| {
                let customer = if with_its_customer { *customer } else { own };
                let mut data = E::new_on(customer, "opencreated");
                if field == "refund_of" {
                    data.set(E::schema().field("quantity").unwrap(), Value::Int(-1)).unwrap();
                }
                let value = match (field, E::kind()) {
                    ("contacts", Kind::Opportunity) => Value::List(vec![Value::Map(BTreeMap::from([(
                        "contact".to_owned(),
                        Value::Id(*other),
                    )]))]),
                    ("contacts", _) => Value::List(vec![Value::Id(*other)]),
                    _ => Value::Id(*other),
                };
                data.set(index, value).unwrap();
                write(customer, data)
            };
            let unknown = (Id::from_uuid(new_id()), new_id());
            let words = |(customer, other): &(Id<Customer>, Uuid)| {
                let mut words = vec![other.to_string()];
                if with_its_customer {
                    words.push(customer.to_string());
                }
                words
            };
            walk.alike(&unknown, &foreign, words, call);
        }
    }
    // Who may see a foreign customer is not told either.
    if let Some(assignee) = E::schema().field("assignee") {
        for user in [world.rival, world.me] {
            let customers: Vec<_> = world.foreign_customers();
            walk.say(user);
            walk.alike_ids(&customers, |customer| {
                let mut data = E::new_on(customer, "opencreated");
                data.set(assignee, Value::Id(user.uuid())).unwrap();
                write(customer, data)
            });
        }
    }
}

/// Records on customers that are not seen, with those customers.
pub(super) fn strangers<E: Gated>(world: &World) -> Vec<(Id<Customer>, Uuid)> {
    let all = world.everything::<E>();
    let strangers = all.iter().map(|(record, _)| (E::customer_of(record), record.id.uuid()));
    strangers.filter(|(customer, _)| !world.sees_customer(*customer) && *customer != world.linked).collect()
}

/// Values that are unique and taken by foreign customers.
pub(super) fn taken_emails<E: Gated>(walk: &Walk<'_>, create: impl Fn(E) -> Result<Record<E>>) {
    if E::kind() != Kind::Customer {
        return;
    }
    let emails: Vec<String> = (3..=7).map(|n| format!("{SECRET}mail{n}@shop.example")).collect();
    let field = E::schema().field("emails").unwrap();
    let own = walk.world.mine::<Customer>()[0];
    taken(walk, &emails, |email| {
        let address = Value::Map(BTreeMap::from([
            ("address".to_owned(), Value::Text(email.clone())),
            ("opted_out".to_owned(), Value::Bool(false)),
        ]));
        let mut new = E::new_on(own, "opencreated");
        new.set(field, Value::List(vec![address])).unwrap();
        create(new)
    });
}

pub(super) fn create<E: Gated>(walk: &Walk<'_>) {
    creating::<E>(walk, |data| E::of(&walk.session).create(data));
    taken_emails::<E>(walk, |data| E::of(&walk.session).create(data));
}

pub(super) fn create_with_id<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    creating::<E>(walk, |data| collection.create_with_id(walk.session.new_id().unwrap(), data));
    let own = walk.world.mine::<Customer>()[0];
    let new = || E::new_on(own, "opencreated");
    if !walk.world.sees_kind(E::kind()) {
        walk.alike_ids(&walk.world.foreign::<E>(), |id| collection.create_with_id(id, new()));
        return;
    }
    // An id that is taken is told as taken, without the holder: of the same kind, or of another, or of one that is
    // gone.
    let mut taken: Vec<Uuid> = walk.world.foreign::<E>().iter().map(|id| id.uuid()).collect();
    taken.extend(walk.world.foreign::<Customer>().iter().map(|id| id.uuid()));
    taken.extend(walk.world.foreign::<Reminder>().iter().map(|id| id.uuid()));
    for id in taken {
        walk.say(id);
        match walk.refused(collection.create_with_id(Id::from_uuid(id), new())) {
            Error::Duplicate { field: "id", holder: None, .. } => {}
            other => panic!("{:?}: {other:?}", E::kind()),
        }
    }
}

pub(super) fn create_from<E: Gated>(walk: &Walk<'_>) {
    let own = walk.world.mine::<Customer>()[0];
    let create = |customer| {
        let mut patch = patch_of::<E>(own, "opencreated");
        if let Some(customer) = customer {
            patch = patch.set(E::REFERENCE, Value::Id(Id::<Customer>::uuid(customer)));
        }
        E::of(&walk.session).create_from(patch)
    };
    if walk.world.sees_kind(E::kind()) {
        walk.record(create(None).unwrap());
    }
    walk.alike_ids(&walk.world.foreign_customers(), |customer| create(Some(customer)));
}

pub(super) fn update<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.update(id, |data| data.retext("openupdated")));
    if !world.sees_kind(E::kind()) {
        return;
    }
    let own = walk.own::<E>().id;
    walk.record(collection.update(own, |data| data.retext("openupdated")).unwrap());
    walk.alike_ids(&world.foreign_customers(), |customer| {
        collection.update(own, |data| data.move_to(customer))
    });
    with_strangers::<E>(walk, |customer, data| {
        collection.update(own, |stored| {
            let fields = (0..E::FIELDS.len()).filter(|field| E::FIELDS[*field].reference.is_some());
            fields.for_each(|field| stored.copy_field(field, &data));
            if E::kind() != Kind::Customer {
                stored.move_to(customer);
            }
        })
    });
    if E::kind() == Kind::Customer {
        // A foreign customer that hangs below the own one looks like nothing, not like a circle.
        let parents: Vec<_> = world.foreign_customers();
        assert!(parents.contains(&world.below_mine));
        for own in world.mine::<Customer>() {
            let own = Id::<E>::from_uuid(own.uuid());
            walk.alike_ids(&parents, |parent| collection.update(own, |data| data.move_to(parent)));
        }
    }
}

pub(super) fn patch<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    let text = || Patch::new().set(E::TEXT, text_value::<E>("openpatched"));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.patch(id, text()));
    // Not even by a patch that is wrong.
    walk.alike_ids(&world.foreign::<E>(), |id| collection.patch(id, Patch::new().set("no_field", 1)));
    if !world.sees_kind(E::kind()) {
        return;
    }
    let own = walk.own::<E>().id;
    walk.record(collection.patch(own, text()).unwrap());
    walk.alike_ids(&world.foreign_customers(), |customer| {
        collection.patch(own, Patch::new().set(E::REFERENCE, Value::Id(customer.uuid())))
    });
}

pub(super) fn patch_at<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    for version in [0, 1, 2, 99] {
        let text = || Patch::new().set(E::TEXT, text_value::<E>("openpatched"));
        walk.alike_ids(&world.foreign::<E>(), |id| collection.patch_at(id, version, text()));
    }
    if !world.sees_kind(E::kind()) {
        return;
    }
    let own = walk.own::<E>().id;
    walk.alike_ids(&world.foreign_customers(), |customer| {
        collection.patch_at(own, 1, Patch::new().set(E::REFERENCE, Value::Id(customer.uuid())))
    });
    // A conflict names stored values: of a record that is seen.
    E::of(&world.system).update(own, |data| data.retext("openstored")).unwrap();
    let error =
        walk.refused(collection.patch_at(own, 1, Patch::new().set(E::TEXT, text_value::<E>("openmine"))));
    assert_eq!(error.code(), "conflict");
}

pub(super) fn replace<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    let own = walk.own::<E>();
    for version in [1, 2, 99] {
        let of = |id| Record { id, version, ..own.clone() };
        walk.alike_ids(&world.foreign::<E>(), |id| collection.replace(of(id)));
    }
    if !world.sees_kind(E::kind()) {
        return;
    }
    walk.alike_ids(&world.foreign_customers(), |customer| {
        let mut record = own.clone();
        record.data.move_to(customer);
        collection.replace(record)
    });
    let mut record = own;
    record.data.retext("openreplaced");
    walk.record(collection.replace(record).unwrap());
}

pub(super) fn delete<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.delete(id));
    if world.sees_kind(E::kind()) {
        walk.shown(collection.delete(walk.own::<E>().id).unwrap());
    }
}

pub(super) fn restore<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.restore(id));
    if world.sees_kind(E::kind()) {
        let own = walk.own::<E>().id;
        collection.delete(own).unwrap();
        walk.record(collection.restore(own).unwrap());
    }
}

pub(super) fn purge<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.purge(id));
    if world.sees_kind(E::kind()) {
        let own = walk.own::<E>().id;
        collection.delete(own).unwrap();
        collection.purge(own).unwrap();
    }
}

/// A survivor or a loser that is not seen looks like one that is not there, and a merge tells of nothing else.
pub(super) fn merge<E: Gated + Mergeable>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    let none = BTreeMap::new();
    if !world.sees_kind(E::kind()) {
        walk.alike_ids(&world.foreign::<E>(), |id| collection.merge(id, &[Id::default()], &none, true));
        return;
    }
    for dry_run in [true, false] {
        let own = walk.own::<E>().id;
        walk.alike_ids(&world.foreign::<E>(), |id| collection.merge(own, &[id], &none, dry_run));
        walk.alike_ids(&world.foreign::<E>(), |id| collection.merge(id, &[own], &none, dry_run));
        let other = walk.own::<E>().id;
        let merged = walk.shown(collection.merge(own, &[other], &none, dry_run).unwrap());
        walk.record(merged.survivor);
        if !dry_run {
            assert_eq!(collection.get(other).unwrap().id, own);
        }
    }
}

pub(super) fn erase<E: Gated + Mergeable>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.erase(id));
    if world.sees_kind(E::kind()) {
        walk.shown(collection.erase(walk.own::<E>().id).unwrap());
    }
}

pub(super) fn by_code(walk: &Walk<'_>) {
    let foreign: Vec<String> = (4..=11).map(|number| format!("KX-{number:03}")).collect();
    let call = |code: &String| walk.session.customers().by_code(code);
    walk.alike(&"KX-999".to_owned(), &foreign, |code| vec![code.clone()], call);
    walk.record(walk.session.customers().by_code("kx-001").unwrap());
}

/// A name by which a user or a role is found: by those who see users and roles.
pub(super) fn by_name<E: Rules>(walk: &Walk<'_>, names: &[&str], call: impl Fn(&str) -> Result<Record<E>>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    if walk.world.variant == Variant::Blind {
        walk.alike(&"nobody".to_owned(), &names, |name| vec![name.clone()], |name| call(name));
        return;
    }
    assert_eq!(walk.refused(call("nobody")).code(), "not_found");
    for name in names {
        walk.shown(call(&name).unwrap());
    }
}

/// Changing or deleting many: the filter meets what the user sees, and foreign records look like none.
fn bulk<E: Gated>(walk: &Walk<'_>, call: impl Fn(&Filter, bool) -> Result<Bulk<E>>) {
    if !walk.sees_kind::<E, _>(|| call(&Filter::all(), true)) {
        return;
    }
    for (query, gives) in queries::<E>(walk).into_iter().filter(|(query, _)| query.words.is_none()) {
        let wanted = expected::<E>(walk.world, &query, gives, false).len() as u64;
        let bulk = walk.shown(call(&query.filter, true).unwrap());
        assert_eq!((bulk.matched, bulk.operation), (wanted, None), "{:?} {query:?}", E::kind());
        assert!(bulk.problems.is_empty(), "{:?}", bulk.problems);
    }
    let own = walk.own::<E>().id;
    let all = walk.world.foreign::<E>().into_iter().chain([own]).map(|id| Value::Id(id.uuid()));
    let bulk = walk.shown(call(&Filter::is_in("id", all), false).unwrap());
    assert_eq!((bulk.matched, bulk.changed), (1, 1));
    walk.operation(bulk.operation.unwrap());
}

pub(super) fn update_all<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    bulk::<E>(walk, |filter, dry_run| {
        collection.update_all(filter, Patch::new().set(E::TEXT, text_value::<E>("openbulk")), dry_run)
    });
    if !walk.world.sees_kind(E::kind()) {
        return;
    }
    // Not even hung on a foreign customer.
    let own = walk.own::<E>().id;
    walk.alike_ids(&walk.world.foreign_customers(), |customer| {
        let patch = Patch::new().set(E::REFERENCE, Value::Id(customer.uuid()));
        let mut bulk = collection.update_all(&Filter::is("id", Value::Id(own.uuid())), patch, false)?;
        assert_eq!((bulk.matched, bulk.changed, bulk.problems.len()), (1, 0, 1));
        bulk.problems.pop().map_or(Ok(()), |(_, error)| Err(error))
    });
}

pub(super) fn delete_all<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    bulk::<E>(walk, |filter, dry_run| collection.delete_all(filter, dry_run));
}
