//! Start with a long log: read, parse and fold 10,000 events. Ten a day make that almost three years.

use std::{collections::BTreeMap, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{ToSpan, civil::date};
use quantlearn::{
    id::{NodeId, StepKind},
    learner::{Event, EventId, State, What},
    runtime::store::Store,
};
use serde_json::json;

const N_EVENTS: u32 = 10_000;

fn log(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder");
    let events: Vec<Event> = (0..N_EVENTS).map(event).collect();
    let (mut store, _) = Store::open(dir.path()).expect("nothing there");
    store.append(&events).expect("saved");

    c.bench_function("log: read and parse 10,000 events", |b| b.iter(|| Store::open(black_box(dir.path())).expect("it reads")));
    c.bench_function("log: fold 10,000 events", |b| {
        b.iter(|| {
            let mut state = State::default();
            state.apply_all(black_box(&events));
            state
        });
    });
    let mut n = N_EVENTS;
    c.bench_function("log: append one event, synced", |b| {
        b.iter(|| {
            n += 1;
            store.append(&[event(n)]).expect("saved")
        });
    });
}

/// The mix of a lesson: 200 steps in 20 lessons, most events are answers and positions.
fn event(n: u32) -> Event {
    let step = NodeId::new("core", &format!("lesson-{}", n / 50 % 20)).step(&format!("step-{}", n % 10));
    let what = match n % 5 {
        0 | 1 => What::Answer {
            step,
            rev: 1,
            step_kind: StepKind::Choice,
            seed: u64::from(n) << 20,
            answer: json!(["b"]),
            correct: n.is_multiple_of(3),
            attempt: 1 + n % 3,
            hints: n % 2,
            shown: false,
            misconceptions: Vec::new(),
            completes: false,
        },
        2 => What::Challenge {
            step,
            rev: 1,
            params: BTreeMap::from([("bits".to_owned(), json!(8)), ("scheme".to_owned(), json!("symmetric"))]),
            metrics: ["sqnr_db", "mse", "bpw", "cosine"].map(|name| (name.to_owned(), Some(f64::from(n)))).into(),
            passed: true,
            par: false,
            attempt: 1,
            hints: 0,
            shown: false,
            completes: false,
        },
        3 => What::Hint { step, n: 1 + n % 3 },
        _ => What::Position { step },
    };
    let day = date(2026, 1, 1) + i64::from(n / 10).days();
    Event { id: EventId::from_bytes(u128::from(n).to_be_bytes()), at: 1_767_000_000_000 + i64::from(n) * 60_000, day, what }
}

criterion_group!(benches, log);
criterion_main!(benches);
