//! The five operations that a program does all day, by the library and by hand-written SQL on the same rows.
//!
//! `CRM_BENCH_SIZES` says how many customers the stores have; 10,000 and 1,000,000 when nothing is said.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use crm_benches::Outcome;
use crm_benches::check::same_work;
use crm_benches::data::{Dice, Population, SEARCHES};
use crm_benches::hand::{self, Hand, next_status};
use crm_benches::pair::{compare, timed};
use crm_benches::store::{Template, page_query};
use crm_core::{Customer, CustomerStatus, Id, Session};
use std::hint::black_box;
use std::time::Duration;

const PAGE: u32 = 50;
const SAMPLES: usize = 50;

fn main() -> Outcome {
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let folder = tempfile::Builder::new().prefix("spine-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    same_work(folder.path())?;
    for size in sizes()? {
        let template = Template::load(folder.path(), size)?;
        let (ours, mut hand) = (template.ours()?, template.hand()?);
        let sides = Sides { criterion: &mut criterion, size, population: &template.population };
        // Reads first: they find the two stores still equal.
        sides.run(&ours, &mut hand);
        drop((ours, hand));
        template.remove()?;
    }
    criterion.final_summary();
    Ok(())
}

fn sizes() -> Outcome<Vec<u64>> {
    // A run of the tests only wants to know whether it works.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(vec![1_000]);
    }
    let wanted = std::env::var("CRM_BENCH_SIZES").unwrap_or_else(|_| "10000,1000000".to_owned());
    Ok(wanted.split(',').map(|size| size.trim().parse()).collect::<Result<_, _>>()?)
}

/// What an operation's two benchmarks share.
struct Sides<'a> {
    criterion: &'a mut Criterion,
    size: u64,
    population: &'a Population,
}

impl Sides<'_> {
    fn run(mut self, ours: &Session, hand: &mut Hand) {
        self.get(ours, hand);
        self.page(ours, hand);
        self.search(ours, hand);
        self.update(ours, hand);
        self.create(ours, hand);
    }

    /// A group of samples with the same number of calls each, so that every sample pays its share of what happens
    /// once in a while: checkpoints of the write-ahead log, merges of the word index, the rarer searches.
    fn group(&mut self, op: &str) -> BenchmarkGroup<'_, WallTime> {
        let mut group = self.criterion.benchmark_group(op);
        group.sampling_mode(SamplingMode::Flat);
        group
    }

    fn get(&mut self, ours: &Session, hand: &Hand) {
        let (size, population) = (self.size, self.population);
        let ids = |dice: &mut Dice, calls| {
            (0..calls).map(|_| population.id(population.any(dice))).collect::<Vec<_>>()
        };
        let (mut our_dice, mut hand_dice) = (Dice::new(7), Dice::new(7));
        compare(
            &mut self.group("get"),
            SAMPLES,
            size,
            |calls| timed(ids(&mut our_dice, calls), |id| done(ours.customers().get(Id::from_uuid(id)))),
            |calls| timed(ids(&mut hand_dice, calls), |id| done(hand.get(id))),
        );
    }

    fn page(&mut self, ours: &Session, hand: &Hand) {
        let size = self.size;
        compare(
            &mut self.group("page"),
            SAMPLES,
            size,
            |calls| timed(0..calls, |_| done(ours.customers().list(&black_box(page_query(PAGE))))),
            |calls| timed(0..calls, |_| done(hand.page(black_box(CustomerStatus::Active), PAGE))),
        );
    }

    fn search(&mut self, ours: &Session, hand: &Hand) {
        let size = self.size;
        let mut ours_words = SEARCHES.into_iter().cycle();
        let mut hand_words = ours_words.clone();
        let take = usize::try_from;
        compare(
            &mut self.group("search"),
            SAMPLES,
            size,
            |calls| {
                let words = ours_words.by_ref().take(take(calls).unwrap_or(0));
                timed(words, |word| done(ours.customers().search(black_box(word), PAGE)))
            },
            |calls| {
                let words = hand_words.by_ref().take(take(calls).unwrap_or(0));
                timed(words, |word| done(hand.search(black_box(word), PAGE)))
            },
        );
    }

    fn update(&mut self, ours: &Session, hand: &mut Hand) {
        let (size, population) = (self.size, self.population);
        let (mut our_edits, mut hand_edits) = (Edits::new(population), Edits::new(population));
        compare(
            &mut self.group("update"),
            SAMPLES,
            size,
            |calls| {
                timed((0..calls).map(|_| our_edits.next_edit()), |edit| {
                    done(ours.customers().update(Id::from_uuid(edit.id), |customer| match edit.website {
                        Some(website) => customer.website = Some(website),
                        None => customer.status = next_status(customer.status),
                    }))
                })
            },
            |calls| {
                timed((0..calls).map(|_| hand_edits.next_edit()), |edit| {
                    done(match edit.website {
                        Some(website) => hand.set_website(edit.id, website),
                        None => hand.advance_status(edit.id),
                    })
                })
            },
        );
    }

    fn create(&mut self, ours: &Session, hand: &mut Hand) {
        let (size, population) = (self.size, self.population);
        let (mut our_next, mut hand_next) = (size, size);
        compare(
            &mut self.group("create"),
            SAMPLES,
            size,
            |calls| {
                let new = |_| -> Customer { done(new_customer(population, &mut our_next).try_into()) };
                timed((0..calls).map(new), |customer| done(ours.customers().create(customer)))
            },
            |calls| {
                let new = |_| new_customer(population, &mut hand_next);
                timed((0..calls).map(new), |customer| done(hand.create(customer)))
            },
        );
    }
}

fn new_customer(population: &Population, next: &mut u64) -> hand::Customer {
    *next += 1;
    population.customer(*next)
}

/// One change: of the web site, or else of the status, which several indexes hold.
struct Edit {
    id: uuid::Uuid,
    website: Option<String>,
}

/// Web site and status in turn, of customers all over the store.
struct Edits<'a> {
    population: &'a Population,
    dice: Dice,
    count: u64,
}

impl<'a> Edits<'a> {
    fn new(population: &'a Population) -> Self {
        Edits { population, dice: Dice::new(11), count: 0 }
    }

    fn next_edit(&mut self) -> Edit {
        self.count += 1;
        let (population, dice) = (self.population, &mut self.dice);
        if self.count.is_multiple_of(2) {
            return Edit { id: population.id(population.any_without_lead(dice)), website: None };
        }
        let website = format!("https://shop{}.example.co.ke", self.count);
        Edit { id: population.id(population.any(dice)), website: Some(website) }
    }
}

/// The result of a call that must work.
#[expect(clippy::panic, reason = "inside a measurement there is nobody to give an error to")]
fn done<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(result) => result,
        Err(error) => panic!("{error}"),
    }
}
