//! Walks of the search for duplicates.

use super::*;

pub(super) fn duplicates_of<E: Gated + Duplicable>(walk: &Walk<'_>) {
    let (seen, all) = (E::of(&walk.session), E::of(&walk.world.system));
    let rules = E::usual_rules();
    if !walk.sees_kind::<E, _>(|| seen.duplicates_of(&E::default(), &rules)) {
        return;
    }
    // Drafts that are just like a record, seen or not.
    for (record, _) in walk.world.everything::<E>() {
        let found = seen.duplicates_of(&record.data, &rules).unwrap();
        let of_all = all.duplicates_of(&record.data, &rules).unwrap();
        let told = |found: DuplicateCandidates<E>| -> Vec<(Id<E>, String)> {
            let seen = found.candidates.into_iter().filter(|candidate| walk.world.sees(&candidate.record));
            seen.map(|candidate| (candidate.record.id, format!("{:?}", candidate.reasons))).collect()
        };
        if !walk.world.sees(&record) {
            assert!(found.dropped.is_empty(), "{:?}", found.dropped);
        }
        let (count, nothing_dropped) = (found.candidates.len(), of_all.dropped.is_empty());
        found.candidates.iter().for_each(|candidate| _ = walk.record(candidate.record.clone()));
        let told_to_walker = told(found);
        assert_eq!(told_to_walker.len(), count);
        if nothing_dropped {
            assert_eq!(told_to_walker, told(of_all));
        }
    }
}

pub(super) fn duplicates_of_record<E: Gated + Duplicable>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    let rules = E::usual_rules();
    if !walk.sees_kind::<E, _>(|| collection.duplicates_of_record(walk.session.new_id()?, &rules)) {
        return;
    }
    walk.alike_ids(&walk.world.foreign::<E>(), |id| collection.duplicates_of_record(id, &rules));
    for id in walk.world.mine::<E>() {
        let found = walk.shown(collection.duplicates_of_record(id, &rules).unwrap());
        found.candidates.into_iter().for_each(|candidate| _ = walk.record(candidate.record));
    }
}

pub(super) fn find_duplicates<E: Gated + Duplicable>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    let rules = E::usual_rules();
    if !walk.sees_kind::<E, _>(|| collection.find_duplicates(&rules)) {
        return;
    }
    // A pair that the user sees, and one with a record that he does not.
    let twins = [walk.own::<E>().id, walk.own::<E>().id];
    let mine = walk.world.mine::<E>();
    let found = walk.shown(collection.find_duplicates(&rules.most_sharing(1_000)).unwrap());
    assert_eq!(found.records, mine.len() as u64);
    assert!(found.pairs.iter().all(|pair| mine.contains(&pair.left) && mine.contains(&pair.right)));
    assert!(found.pairs.iter().any(|pair| [pair.left, pair.right] == twins));
    let groups = walk.shown(found.groups());
    assert!(groups.iter().flatten().all(|id| mine.contains(id)));
}

pub(super) fn not_duplicates<E: Gated + Duplicable>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    let foreign = walk.world.foreign::<E>();
    let own = walk.own::<E>().id;
    walk.say(own);
    walk.alike_ids(&foreign, |id| collection.not_duplicates(own, id));
    walk.alike_ids(&foreign, |id| collection.not_duplicates(id, own));
    if walk.world.sees_kind(E::kind()) {
        let twin = walk.own::<E>().id;
        let distinction = walk.shown(collection.not_duplicates(own, twin).unwrap());
        assert!(walk.world.sees_customer(distinction.customer));
    }
}

pub(super) fn distinctions(walk: &Walk<'_>) {
    let system = &walk.world.system;
    let all = system.customers().list(&Query::new().page_size(1_000)).unwrap().items;
    let foreign: Vec<_> =
        all.iter().map(|customer| customer.id).filter(|id| !walk.world.sees_customer(*id)).collect();
    let hidden = system.customers().not_duplicates(foreign[0], foreign[1]).unwrap().id;
    walk.alike_ids(&[hidden], |id| walk.session.distinctions().get(id));
    walk.alike_ids(&[hidden], |id| walk.session.distinctions().delete(id));
    let twins = [walk.own::<Customer>().id, walk.own::<Customer>().id];
    let own = system.customers().not_duplicates(twins[0], twins[1]).unwrap().id;
    let seen = walk.shown(walk.session.distinctions().list(&Query::new().page_size(1_000)).unwrap().items);
    assert!(seen.iter().any(|distinction| distinction.id == own));
    assert!(seen.iter().all(|distinction| walk.world.sees_customer(distinction.customer)));
}
