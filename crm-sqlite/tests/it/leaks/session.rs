//! Walks of the session.

use super::*;

/// A kind that hangs on nobody: seen wholly, or denied.
pub(super) fn free<E: Rules>(
    walk: &Walk<'_>,
    collection: Collection<'_, E>,
    of_the_program: Collection<'_, E>,
) {
    let all = of_the_program.list(&Query::new()).unwrap().items;
    assert!(!all.is_empty());
    if walk.world.variant == Variant::Blind {
        for error in [
            walk.refused(collection.list(&Query::new())),
            walk.refused(collection.trash(&Query::new())),
            walk.refused(collection.count(&Query::new())),
            walk.refused(collection.aggregate(&Query::new(), &Aggregate::count())),
            walk.refused(collection.search("a", 10)),
            walk.refused(collection.iter(Query::new()).next().unwrap()),
        ] {
            assert_eq!(error.code(), "denied");
        }
        walk.alike_ids(&ids(&all), |id| collection.get(id));
        walk.alike_ids(&ids(&all), |id| collection.history(id));
        walk.alike_ids(&ids(&all), |id| collection.update(id, |_| {}));
        walk.alike_ids(&ids(&all), |id| collection.delete(id));
        return;
    }
    walk.shown(collection.list(&Query::new().with_total()).unwrap());
    walk.shown(collection.trash(&Query::new()).unwrap());
    walk.shown(collection.aggregate(&Query::new(), &Aggregate::count()).unwrap());
    if E::schema().searchable {
        walk.shown(collection.search("narrow sales", 10).unwrap());
    }
    let copy = all[0].data.clone();
    for record in all {
        assert_eq!(walk.shown(collection.get(record.id).unwrap()), record);
        for operation in collection.history(record.id).unwrap() {
            walk.operation(operation);
        }
        let error = walk.refused(collection.update(record.id, |_| {}));
        assert_eq!(error.code(), "denied");
        assert_eq!(walk.refused(collection.delete(record.id)).code(), "denied");
    }
    assert_eq!(walk.refused(collection.create(copy)).code(), "denied");
}

/// A collection of its own is not more than the kind that it is of.
pub(super) fn collection_of<E: Gated>(walk: &Walk<'_>) {
    let seen = match E::of(&walk.session).list(&Query::new()) {
        Ok(page) => page.items,
        Err(error) => {
            assert_eq!(error.code(), "denied");
            Vec::new()
        }
    };
    assert_eq!(seen.len(), walk.world.mine::<E>().len());
    walk.shown(E::of(&walk.session));
    seen.into_iter().for_each(|record| _ = walk.record(record));
}

pub(super) fn session_search(walk: &Walk<'_>) {
    for words in typed(walk) {
        let hits = walk.session.search(&words, 1_000).unwrap();
        // Users are found by those who see users.
        assert!(hits.iter().all(|hit| hit.kind == Kind::User), "{words}: {hits:?}");
    }
    let hits = walk.shown(walk.session.search("open", 1_000).unwrap());
    assert!(hits.len() > 10);
    assert!(hits.iter().all(|hit| walk.world.sees_kind(hit.kind)));
    assert!(hits.iter().all(|hit| hit.customer.is_some_and(|id| walk.world.sees_customer(id))));
    for words in ["rival", "mate", "boss"] {
        let users = walk.shown(walk.session.search(words, 10).unwrap());
        assert!(walk.world.variant != Variant::Blind || users.is_empty());
    }
}

pub(super) fn session_operations(walk: &Walk<'_>) {
    if walk.world.variant != Variant::Feed {
        for after in [0, 5, u64::MAX] {
            assert_eq!(walk.refused(walk.session.operations(after, 10)).code(), "denied");
        }
        return;
    }
    let seen = |change: &Change| change.kind.schema().gate == Gate::Free || walk.world.sees_change(change);
    let mut wanted = walk.world.crm.changes_since(0, 10_000).unwrap();
    for operation in &mut wanted {
        operation.changes.retain(seen);
    }
    wanted.retain(|operation| !operation.changes.is_empty());
    let all = walk.session.operations(0, 10_000).unwrap();
    assert_eq!(all, wanted);
    assert!(all.len() > 10);
    all.into_iter().for_each(|operation| _ = walk.operation(operation));
    let mut after = 0;
    let mut paged = Vec::new();
    while let Some(operation) = walk.session.operations(after, 1).unwrap().pop() {
        after = operation.seq;
        paged.push(operation);
    }
    assert_eq!(paged, wanted);
}

pub(super) fn latest_operations(walk: &Walk<'_>) {
    let session = &walk.session;
    if walk.world.variant != Variant::Feed {
        for before in [None, Some(0), Some(5)] {
            assert_eq!(walk.refused(session.latest_operations(before, 10)).code(), "denied");
        }
        return;
    }
    let mut wanted = session.operations(0, 10_000).unwrap();
    wanted.reverse();
    let all = session.latest_operations(None, 10_000).unwrap();
    assert_eq!(all, wanted);
    all.into_iter().for_each(|operation| _ = walk.operation(operation));
    let mut before = None;
    let mut paged = Vec::new();
    while let Some(operation) = session.latest_operations(before, 1).unwrap().pop() {
        before = Some(operation.seq);
        paged.push(operation);
    }
    assert_eq!(paged, wanted);
}

pub(super) fn last_operation(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    let own = walk.own::<Opportunity>().id;
    session.opportunities().update(own, |deal| deal.retext("openlast")).unwrap();
    let last = walk.operation(session.last_operation().unwrap().unwrap());
    assert_eq!((last.actor.clone(), last.changes[0].id), (session.actor(), own.uuid()));
    // What he did to a record that he no longer sees is not his to look at any more.
    let customer = walk.own::<Customer>().id;
    session.customers().update(customer, |customer| customer.retext("opengiven")).unwrap();
    world.system.customers().update(customer, |customer| customer.owner = Some(world.rival)).unwrap();
    assert_eq!(walk.operation(session.last_operation().unwrap().unwrap()), last);
    world.system.customers().update(customer, |customer| customer.owner = Some(world.me)).unwrap();
    assert_ne!(walk.operation(session.last_operation().unwrap().unwrap()), last);
}

pub(super) fn session_undo(walk: &Walk<'_>) {
    let unknown: OperationId = walk.session.new_id::<Customer>().unwrap().uuid();
    let foreign = &walk.world.foreign_operations;
    walk.alike(&unknown, foreign, |id| vec![id.to_string()], |id| walk.session.undo(*id));
    // What somebody else did to an own record is taken back, and what has been built on is told.
    let own = walk.own::<Opportunity>().id;
    walk.world.system.opportunities().update(own, |deal| deal.retext("openfirst")).unwrap();
    walk.world.system.opportunities().update(own, |deal| deal.retext("opensecond")).unwrap();
    let history = walk.session.opportunities().history(own).unwrap();
    let error = walk.refused(walk.session.undo(history[1].id));
    assert_eq!(error.code(), "refused");
    walk.operation(walk.session.undo(history[2].id).unwrap());
}

pub(super) fn of_nobody<T: Debug>(walk: &Walk<'_>, call: impl Fn(Id<User>) -> Result<T>) {
    let world = walk.world;
    walk.alike_ids(&[world.me, world.rival], call);
}
