use crate::{failure, office};
use crm_core::{Pipeline, Query, Stage, StageKind};

#[test]
fn a_new_store_has_the_shipped_pipeline() {
    let office = office();
    let pipelines = office.admin.pipelines().list(&Query::new()).unwrap().items;
    let stages: Vec<_> =
        pipelines[0].stages.iter().map(|stage| (stage.name.as_str(), stage.probability)).collect();
    assert_eq!(
        stages,
        [
            ("Prospecting", 10),
            ("Qualification", 25),
            ("Proposal", 50),
            ("Negotiation", 75),
            ("Closed Won", 100),
            ("Closed Lost", 0)
        ]
    );
    assert!(pipelines[0].default);
}

#[test]
fn exactly_one_pipeline_is_the_default() {
    let office = office();
    let pipelines = office.admin.pipelines();
    let shipped = pipelines.list(&Query::new()).unwrap().items[0].id;
    let unset = pipelines.update(shipped, |pipeline| pipeline.default = false);
    assert_eq!(failure(unset), "refused default_pipeline");
    assert_eq!(failure(pipelines.delete(shipped)), "refused default_pipeline");
    let second = pipelines.create(Pipeline { name: "Renewals".into(), ..Pipeline::shipped() }).unwrap();
    assert!(second.default && !pipelines.get(shipped).unwrap().default);
    pipelines.delete(shipped).unwrap();
}

#[test]
fn stages_are_complete_and_their_keys_differ() {
    let office = office();
    let stage = |key: &str, kind| Stage {
        key: key.into(),
        name: key.into(),
        kind,
        probability: 101,
        rotting_after_days: None,
    };
    let broken = Pipeline {
        name: String::new(),
        stages: vec![stage("a", StageKind::Open), stage("a", StageKind::Won)],
        default: false,
    };
    assert_eq!(
        failure(office.admin.pipelines().create(broken)),
        "invalid name blank, stages missing, stages.0.probability range, stages.1.key duplicate, stages.1.probability range"
    );
}

#[test]
fn a_stage_in_use_is_renamed_but_neither_removed_nor_turned() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    office.deal(customer);
    let pipelines = office.admin.pipelines();
    let id = pipelines.list(&Query::new()).unwrap().items[0].id;
    pipelines.update(id, |pipeline| pipeline.stages[0].name = "Looking".into()).unwrap();
    let removed = pipelines.update(id, |pipeline| drop(pipeline.stages.remove(0)));
    assert_eq!(failure(removed), "refused stage_in_use");
    let turned = pipelines.update(id, |pipeline| pipeline.stages[0].kind = StageKind::Lost);
    assert_eq!(failure(turned), "refused stage_in_use");
    pipelines.update(id, |pipeline| drop(pipeline.stages.remove(2))).unwrap();
}

#[test]
fn a_pipeline_with_deals_stays() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let pipelines = office.admin.pipelines();
    let other = pipelines
        .create(Pipeline { name: "Renewals".into(), default: false, ..Pipeline::shipped() })
        .unwrap();
    let deal = office.deal(customer);
    office.admin.opportunities().update(deal.id, |deal| deal.pipeline = Some(other.id)).unwrap();
    assert_eq!(failure(pipelines.delete(other.id)), "in_use");
}
