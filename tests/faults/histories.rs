//! Short histories on the simulated disk: a fault at each operation in turn, and a power cut after each step.

use std::{collections::BTreeMap, path::Path};

use quantlearn::{
    learner::{Event, EventId},
    runtime::store::Store,
};
use rustix::io::Errno;

use super::{
    event, log_in,
    sim::{Fault, Sim},
};

const KINDS: [Errno; 8] =
    [Errno::NOSPC, Errno::DQUOT, Errno::IO, Errno::ACCESS, Errno::ROFS, Errno::MFILE, Errno::INTR, Errno::FBIG];

const DIR: &str = "/home/learner/data";

/// What was handed to a store, and whether it said that all of it is saved.
#[derive(Default)]
struct Book {
    made: BTreeMap<EventId, Event>,
    acknowledged: Vec<EventId>,
    /// Handed over and not acknowledged yet, by store.
    waiting: [Vec<EventId>; 2],
}

impl Book {
    fn append(&mut self, who: usize, store: &mut Store<Sim>, n: std::ops::Range<u32>) -> bool {
        let events: Vec<Event> = n.map(|n| event(who as u32 + 1, n)).collect();
        for event in &events {
            self.made.insert(event.id, event.clone());
            self.waiting[who].push(event.id);
        }
        let saved = store.append(&events).is_ok();
        if saved {
            assert_eq!(store.n_pending(), 0);
            self.acknowledged.append(&mut self.waiting[who]);
        }
        saved
    }

    /// The law, for one state of the disk.
    fn holds_for(&self, bytes: Option<&[u8]>, told: &str) {
        let path = log_in(Path::new(DIR));
        let disk = bytes.map_or_else(Sim::default, |bytes| Sim::with_file(&path, bytes));
        let (mut store, loaded) = Store::open_on(disk.clone(), Path::new(DIR)).expect("it reads");
        for event in &loaded.events {
            assert_eq!(self.made.get(&event.id), Some(event), "an event that nobody made; {told}");
        }
        let lost = self.acknowledged.iter().find(|id| !loaded.events.iter().any(|event| event.id == **id));
        assert_eq!(lost, None, "acknowledged and lost; {told}\n{}", shown(bytes));
        // And the next session can go on.
        let next = event(9, 0);
        store.append(std::slice::from_ref(&next)).expect("the disk is sound again");
        let (_, again) = Store::open_on(disk, Path::new(DIR)).expect("it reads");
        assert!(again.events.contains(&next), "{told}\n{}", shown(bytes));
        assert!(again.events.len() > loaded.events.len(), "{told}");
    }
}

fn shown(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "no file".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// Two instances append in turns; after each step, and at the end, the law holds whatever the power does.
fn run(sim: &Sim, told: &str) {
    let (dir, mut book) = (Path::new(DIR), Book::default());
    let open = || match Store::open_on(sim.clone(), dir) {
        Ok((store, _)) => Some(store),
        // The program would run without saving; here it is started again.
        Err(_) => Store::open_on(sim.clone(), dir).ok().map(|(store, _)| store),
    };
    let (Some(mut one), Some(mut other)) = (open(), open()) else { return };
    for n in 0..3 {
        book.append(0, &mut one, 2 * n..2 * n + 2);
        check_cuts(sim, &book, told);
        book.append(1, &mut other, n..n + 1);
        check_cuts(sim, &book, told);
    }
    sim.heal();
    assert!(book.append(0, &mut one, 90..91), "saving is tried again; {told}");
    assert!(book.append(1, &mut other, 90..91), "saving is tried again; {told}");
    assert_eq!(book.acknowledged.len(), book.made.len());
    check_cuts(sim, &book, told);
    let bytes = sim.bytes(&log_in(dir));
    book.holds_for(bytes.as_deref(), told);
}

fn check_cuts(sim: &Sim, book: &Book, told: &str) {
    for state in sim.after_power_cut(&log_in(Path::new(DIR))) {
        book.holds_for(state.as_deref(), told);
    }
}

fn n_ops_without_fault() -> usize {
    let sim = Sim::default();
    run(&sim, "no fault");
    sim.n_ops()
}

#[test]
fn a_fault_at_any_operation_loses_nothing_that_was_acknowledged() {
    for n in 0..n_ops_without_fault() {
        for errno in KINDS {
            for fault in [Fault::Once(errno), Fault::Twice(errno), Fault::HalfThen(errno)] {
                let sim = Sim::default();
                sim.plan(n, fault);
                run(&sim, &format!("{fault:?} at operation {n}"));
            }
        }
    }
}

#[test]
fn a_short_write_is_carried_on_and_a_dead_disk_can_come_back() {
    for n in 0..n_ops_without_fault() {
        for fault in [Fault::Short, Fault::Dead] {
            let sim = Sim::default();
            sim.plan(n, fault);
            run(&sim, &format!("{fault:?} at operation {n}"));
        }
    }
}

#[test]
fn every_error_has_its_own_sentence_with_the_path() {
    let mut sentences: Vec<String> = KINDS
        .into_iter()
        .filter(|&errno| errno != Errno::INTR)
        .map(|errno| {
            let sim = Sim::default();
            let (mut store, _) = Store::open_on(sim.clone(), Path::new(DIR)).expect("nothing there");
            sim.plan(sim.n_ops(), Fault::Dead);
            sim.plan(sim.n_ops(), Fault::Once(errno));
            let sentence = store.append(&[event(1, 1)]).expect_err("the disk fails").to_string();
            assert!(sentence.starts_with("Not saved: ") && sentence.contains(DIR), "{sentence}");
            assert!(!sentence.contains("os error"), "{sentence}");
            sentence
        })
        .collect();
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), KINDS.len() - 1, "{sentences:#?}");
}

#[test]
fn two_instances_see_each_others_events_at_their_next_append() {
    let sim = Sim::default();
    let open = || Store::open_on(sim.clone(), Path::new(DIR)).expect("it reads").0;
    let (mut one, mut other) = (open(), open());
    assert_eq!(one.append(&[event(1, 0)]).expect("saved").news, []);
    assert_eq!(other.append(&[event(2, 0), event(2, 1)]).expect("saved").news, [event(1, 0)]);
    assert_eq!(one.append(&[]).expect("nothing to save").news, [event(2, 0), event(2, 1)]);
    assert_eq!(one.append(&[event(1, 1)]).expect("saved").news, []);
    assert_eq!(other.append(&[]).expect("nothing to save").news, [event(1, 1)]);
}
