use crm_core::*;
use crm_core::contract::test_options;
use std::sync::Arc;

fn story(crm: &Crm) {
    let sys = crm.system("t");
    let admin = crm.create_admin(User{username:"Amina".into(), ..Default::default()}, "correct horse").unwrap();
    let s = crm.login("amina", "correct horse").unwrap();
    assert_eq!(s.me().unwrap().unwrap().id, admin.id);
    let c = s.customers().create(Customer{ name: " Mara Tea ".into(), emails: vec!["Info@Mara.example".into()], tags: vec!["vip".into()], ..Default::default()}).unwrap();
    assert_eq!(c.name, "Mara Tea");
    assert_eq!(c.code.as_ref().unwrap().as_str(), "C001");
    assert_eq!(c.owner, Some(admin.id));
    assert_eq!(s.customers().get(c.id).unwrap(), c);
    let c2 = s.customers().update(c.id, |c| c.website = Some("x".into())).unwrap();
    assert_eq!(c2.version, 2);
    let k = s.contacts().create(Contact{customer: c.id, given_name: "Juma".into(), ..Default::default()}).unwrap();
    assert!(k.primary);
    let o = s.opportunities().create(Opportunity{customer: c.id, name: "Deal".into(), amount: Some(Money::new(5, Currency::KES)), ..Default::default()}).unwrap();
    let o = s.opportunities().update(o.id, |o| o.stage = "won".into()).unwrap();
    assert_eq!(o.status, StageKind::Won);
    assert_eq!(s.customers().search("mar", 10).unwrap().len(), 1);
    assert_eq!(s.customers().search("mara te", 10).unwrap().len(), 1);
    assert_eq!(s.customers().search("marat", 10).unwrap().len(), 0);
    let dup = s.customers().create(Customer{ name: "B".into(), emails: vec!["info@mara.example".into()], ..Default::default()}).unwrap_err();
    assert_eq!(dup.code(), "duplicate");
    let page = s.customers().list(&Query::new().filter(Customer::TAGS.is("VIP")).order_by(["name"]).with_total()).unwrap();
    assert_eq!(page.total, Some(1));
    let g = s.opportunities().aggregate(&Query::new(), &Aggregate::of(Opportunity::AMOUNT).by(Opportunity::STAGE)).unwrap();
    assert_eq!(g.len(), 1);
    let h = s.customers().history(c.id).unwrap();
    assert_eq!(h.len(), 2);
    s.customers().delete(c.id).unwrap();
    assert_eq!(s.contacts().get(k.id).unwrap_err().code(), "not_found");
    assert_eq!(s.contacts().trash(&Query::new()).unwrap().items.len(), 1);
    s.customers().restore(c.id).unwrap();
    assert_eq!(s.contacts().get(k.id).unwrap().given_name, "Juma");
    let last = crm.changes_since(0, 1000).unwrap().pop().unwrap();
    s.undo(last.id).unwrap();
    assert_eq!(s.contacts().get(k.id).unwrap_err().code(), "not_found");
    let r = crm.check().unwrap();
    assert!(r.is_clean(), "{r:?}");
    drop(sys);
}

#[test]
fn memory() {
    let (o, _) = test_options(1);
    story(&Crm::open(Arc::new(MemoryStore::new()), o).unwrap());
}
#[test]
fn sqlite() {
    let (o, _) = test_options(1);
    let d = tempfile::tempdir().unwrap();
    let s = crm_sqlite::OpenOptions::new(d.path().join("a.db")).open().unwrap();
    story(&Crm::open(Arc::new(s), o.clone()).unwrap());
    let s = crm_sqlite::OpenOptions::in_memory().open().unwrap();
    story(&Crm::open(Arc::new(s), o).unwrap());
}
