//! Walks of the batch.

use super::*;

/// Runs a batch of one step after one that goes well: it fails as a whole.
pub(super) fn run(walk: &Walk<'_>, step: impl FnOnce(&mut Batch<'_>)) -> Result<Operation> {
    let mut batch = walk.session.batch();
    batch.create(Customer::new_on(Id::default(), "openbatch"))?;
    step(&mut batch);
    batch.run()
}

pub(super) fn batch_create<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign_customers(), |customer| {
        run(walk, |batch| {
            let mut new = E::new_on(customer, "openbatch");
            new.move_to(customer);
            walk.shown(batch.create(new).unwrap());
        })
    });
}

pub(super) fn batch_create_with_id<E: Gated>(walk: &Walk<'_>) {
    let own = walk.world.mine::<Customer>()[0];
    for id in walk.world.foreign::<E>() {
        walk.say(id);
        match walk.refused(run(walk, |batch| batch.create_with_id(id, E::new_on(own, "openbatch")))) {
            Error::Duplicate { holder: None, .. } => {}
            Error::Denied { .. } if !walk.world.sees_kind(E::kind()) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn batch_update<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| {
        run(walk, |batch| batch.update::<E>(id, |data| data.retext("openbatch")))
    });
}

pub(super) fn batch_patch<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| {
        run(walk, |batch| batch.patch::<E>(id, Patch::new().set(E::TEXT, text_value::<E>("openbatch"))))
    });
}

pub(super) fn batch_delete<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| run(walk, |batch| batch.delete::<E>(id)));
}

pub(super) fn batch_restore<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| run(walk, |batch| batch.restore::<E>(id)));
}

pub(super) fn batch_convert_lead(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<Customer>(), |id| {
        run(walk, |batch| batch.convert_lead(id, Conversion::default()))
    });
    walk.alike_ids(&walk.world.foreign::<Opportunity>(), |id| {
        run(walk, |batch| {
            let lead = batch.create(Customer::new_on(Id::default(), "openlead")).unwrap();
            let opportunity = ConversionOpportunity::Existing(id);
            batch.convert_lead(lead, Conversion { opportunity, ..Conversion::default() });
        })
    });
}

/// What a batch did is told only as far as it is seen: a customer takes its contacts along, whoever may see them.
pub(super) fn batch_run(walk: &Walk<'_>) {
    let new = Customer { owner: Some(walk.world.me), ..Customer::new_on(Id::default(), "openrun") };
    let customer = walk.world.system.customers().create(new).unwrap().id;
    let texts = Texts { secret: false, number: 50 };
    texts.children(&walk.world.system, customer, walk.world.variant == Variant::NoContacts, walk.world.me);
    let mut batch = walk.session.batch();
    batch.delete::<Customer>(customer);
    let trashed = walk.operation(batch.run().unwrap());
    assert!(trashed.changes.len() > 5);
    let mut batch = walk.session.batch();
    batch.restore::<Customer>(customer);
    walk.operation(batch.run().unwrap());
    let empty = walk.operation(walk.session.batch().run().unwrap());
    assert!(empty.changes.is_empty());
}

pub(super) fn batch_size(walk: &Walk<'_>) {
    let mut batch = walk.session.batch();
    assert!(batch.is_empty());
    batch.delete::<Customer>(walk.world.foreign::<Customer>()[0]);
    assert_eq!(walk.shown(&batch).len(), 1);
}
