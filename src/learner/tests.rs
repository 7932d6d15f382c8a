//! The rules of XP, completion and resuming, each as a sentence.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const MONDAY: Date = date(2026, 3, 2);
const TUESDAY: Date = date(2026, 3, 3);

/// Events in the order of their making, a minute apart.
#[derive(Default)]
struct Log {
    state: State,
    n_events: u32,
}

impl Log {
    fn on(&mut self, day: Date, what: What) -> u32 {
        self.n_events += 1;
        self.state.apply(&event(self.n_events, day, what))
    }

    /// What a right answer of a screen would earn.
    fn solve(&mut self, day: Date, id: &StepId, kind: StepKind) -> u32 {
        let tries = self.state.tries(id, day);
        self.on(day, answer(id, kind, true, tries))
    }

    fn miss(&mut self, day: Date, id: &StepId) -> u32 {
        let tries = self.state.tries(id, day);
        self.on(day, answer(id, StepKind::Choice, false, tries))
    }
}

fn event(n: u32, day: Date, what: What) -> Event {
    Event { id: EventId::from_bytes((n as u128).to_be_bytes()), at: i64::from(n) * 60_000, day, what }
}

fn step(name: &str) -> StepId {
    NodeId::new("core", "affine-map").step(name)
}

fn answer(id: &StepId, step_kind: StepKind, correct: bool, tries: Tries) -> What {
    What::Answer {
        step: id.clone(),
        rev: 1,
        step_kind,
        seed: 7,
        answer: json!(["a"]),
        correct,
        attempt: tries.attempt,
        hints: tries.hints,
        shown: tries.shown,
        misconceptions: Vec::new(),
        completes: false,
    }
}

fn challenge(id: &StepId, passed: bool, par: bool, attempt: u32, sqnr_db: Option<f64>) -> What {
    What::Challenge {
        step: id.clone(),
        rev: 1,
        params: BTreeMap::new(),
        metrics: BTreeMap::from([("sqnr_db".to_owned(), sqnr_db)]),
        passed,
        par,
        attempt,
        hints: 0,
        shown: false,
        completes: false,
    }
}

fn completing(mut what: What) -> What {
    match &mut what {
        What::Answer { completes, .. } | What::Challenge { completes, .. } | What::Solution { completes, .. } => {
            *completes = true;
        }
        _ => unreachable!("only solutions complete"),
    }
    what
}

fn first_try() -> Tries {
    Tries { attempt: 1, hints: 0, shown: false }
}

/// `first` has a choice and a challenge with par, `second` needs it and has a number.
fn facts() -> CourseFacts {
    let (first, second) = (NodeId::new("core", "affine-map"), NodeId::new("core", "noise"));
    let graded = |id: StepId, kind, par| GradedStep { id, kind, par };
    let first_facts = NodeFacts {
        graded: vec![graded(step("ask"), StepKind::Choice, false), graded(step("lab"), StepKind::Lab, true)],
        predictions: vec![step("lab")],
        ..NodeFacts::default()
    };
    let second_facts = NodeFacts {
        requires: vec![first.clone()],
        graded: vec![graded(second.step("number"), StepKind::Numeric, false)],
        ..NodeFacts::default()
    };
    CourseFacts { nodes: BTreeMap::from([(first, first_facts), (second, second_facts)]) }
}

#[test]
fn a_first_try_pays_by_kind() {
    let mut log = Log::default();
    for (kind, xp) in [(StepKind::Choice, 10), (StepKind::Cloze, 10), (StepKind::Numeric, 15), (StepKind::Text, 0)] {
        assert_eq!(log.solve(MONDAY, &step(kind.name()), kind), xp);
    }
    assert_eq!(log.on(MONDAY, challenge(&step("l"), true, false, 1, None)), 30);
    assert_eq!(log.on(MONDAY, challenge(&step("m"), true, true, 1, None)), 40);
    assert_eq!(log.state.xp(), 105);
}

#[test]
fn later_tries_of_a_day_pay_less() {
    let mut log = Log::default();
    for (n_misses, xp) in [(0, 10), (1, 6), (2, 3), (5, 3)] {
        let id = step(&format!("ask-{n_misses}"));
        for _ in 0..n_misses {
            assert_eq!(log.miss(MONDAY, &id), 0);
        }
        assert_eq!(log.solve(MONDAY, &id, StepKind::Choice), xp);
    }
}

#[test]
fn each_hint_costs_a_fifth_and_repeated_reading_nothing() {
    let mut log = Log::default();
    let id = step("ask");
    for n in [1, 2, 2, 1] {
        log.on(MONDAY, What::Hint { step: id.clone(), n });
    }
    assert_eq!((log.state.step(&id).hints_on(MONDAY), log.state.step(&id).hints()), (2, 2));
    assert_eq!(log.solve(MONDAY, &id, StepKind::Choice), 6);
    assert!(log.state.step(&id).solved && !log.state.step(&id).unaided);
}

#[test]
fn a_better_solve_on_a_later_day_tops_up_and_a_worse_one_takes_nothing() {
    let mut log = Log::default();
    let id = step("ask");
    log.miss(MONDAY, &id);
    assert_eq!(log.solve(MONDAY, &id, StepKind::Choice), 6);
    assert_eq!(log.solve(MONDAY, &id, StepKind::Choice), 0, "still the same day");
    assert_eq!(log.solve(TUESDAY, &id, StepKind::Choice), 4);
    assert!(log.state.step(&id).unaided);
    log.miss(TUESDAY, &id);
    log.solve(TUESDAY, &id, StepKind::Choice);
    assert_eq!((log.state.xp(), log.state.xp_on(MONDAY), log.state.xp_on(TUESDAY)), (10, 6, 4));
}

#[test]
fn a_shown_solution_makes_the_step_done_and_worthless_for_the_day() {
    let mut log = Log::default();
    let id = step("ask");
    log.on(MONDAY, What::Solution { step: id.clone(), completes: false });
    assert!(log.state.step(&id).done() && log.state.step(&id).shown_on(MONDAY));
    assert_eq!(log.solve(MONDAY, &id, StepKind::Choice), 0);
    assert!(!log.state.step(&id).unaided);
    assert_eq!(log.solve(TUESDAY, &id, StepKind::Choice), 10);
    assert!(log.state.step(&id).unaided);
}

#[test]
fn a_prediction_pays_once_per_step_whatever_it_says() {
    let mut log = Log::default();
    let predict = |id: &StepId, guess| What::Prediction {
        step: id.clone(),
        rev: 1,
        guesses: BTreeMap::from([("sqnr_db".to_owned(), guess)]),
    };
    assert_eq!(log.on(MONDAY, predict(&step("lab"), -1e300)), 5);
    assert_eq!(log.on(TUESDAY, predict(&step("lab"), 30.0)), 0);
    assert_eq!(log.on(TUESDAY, predict(&step("other"), 30.0)), 5);
    assert_eq!(log.state.step(&step("lab")).prediction().expect("made")["sqnr_db"], 30.0);
    assert_eq!((log.state.xp_on(MONDAY), log.state.xp_on(TUESDAY)), (5, 5));
    assert_eq!(log.state.streak(TUESDAY), 0, "a prediction solves nothing");
}

#[test]
fn a_node_pays_once_by_the_flag_and_only_for_a_solution() {
    let mut log = Log::default();
    let wrong = completing(answer(&step("ask"), StepKind::Choice, false, first_try()));
    assert_eq!(log.on(MONDAY, wrong), 0);
    assert_eq!(log.on(MONDAY, completing(challenge(&step("lab"), false, false, 1, None))), 0);
    assert_eq!(log.on(MONDAY, completing(answer(&step("ask"), StepKind::Choice, true, first_try()))), 30);
    assert_eq!(log.on(TUESDAY, completing(What::Solution { step: step("lab"), completes: false })), 0);
}

#[test]
fn a_level_says_how_far_it_is() {
    let mut log = Log::default();
    assert_eq!((log.state.level(), log.state.level_progress()), (1, (0, 50)));
    for name in ["a", "b"] {
        log.on(MONDAY, challenge(&step(name), true, false, 1, None));
    }
    assert_eq!((log.state.level(), log.state.level_progress()), (2, (10, 100)));
}

#[test]
fn an_event_counts_once() {
    let mut log = Log::default();
    let solved = event(1, MONDAY, answer(&step("ask"), StepKind::Choice, true, first_try()));
    assert_eq!((log.state.apply(&solved), log.state.apply(&solved)), (10, 0));
    assert_eq!(log.state.step(&step("ask")).attempts_on(MONDAY), 1);
}

#[test]
fn bests_come_from_passed_runs_and_are_finite() {
    let mut log = Log::default();
    let id = step("lab");
    for (passed, sqnr_db) in [(true, Some(43.0)), (false, Some(99.0)), (true, Some(41.0)), (true, None)] {
        log.on(MONDAY, challenge(&id, passed, false, 1, sqnr_db));
    }
    assert_eq!(log.state.step(&id).best("sqnr_db"), Some(Extremes { low: 41.0, high: 43.0 }));
    assert_eq!(log.state.step(&id).best("mse"), None);
}

#[test]
fn a_node_goes_from_locked_to_star() {
    let (facts, mut log) = (facts(), Log::default());
    let (first, second) = (NodeId::new("core", "affine-map"), NodeId::new("core", "noise"));
    let mark = |log: &Log, node: &NodeId| log.state.node(node, &facts).mark;
    assert_eq!((mark(&log, &first), mark(&log, &second)), (Mark::Open, Mark::Locked));
    assert_eq!(log.state.node(&second, &facts).missing, std::slice::from_ref(&first));

    log.on(MONDAY, What::Position { step: step("intro") });
    assert_eq!(mark(&log, &first), Mark::InProgress);
    log.solve(MONDAY, &step("ask"), StepKind::Choice);
    assert!(log.state.would_complete(&step("lab"), &facts));
    assert!(!log.state.would_complete(&step("ask"), &facts));
    assert!(!log.state.would_complete(&step("intro"), &facts));

    log.on(MONDAY, completing(challenge(&step("lab"), true, false, 1, None)));
    assert_eq!((mark(&log, &first), mark(&log, &second)), (Mark::Complete, Mark::Open));
    assert!(!log.state.would_complete(&step("lab"), &facts), "it was paid");

    log.on(TUESDAY, challenge(&step("lab"), true, true, 1, None));
    log.on(TUESDAY, What::Prediction { step: step("lab"), rev: 1, guesses: BTreeMap::new() });
    let state = log.state.node(&first, &facts);
    assert_eq!(state.mark, Mark::Star);
    assert_eq!((state.done, state.total, state.xp_earned, state.xp_possible), (2, 2, 75, 75));
    assert_eq!(log.state.xp(), 75);
}

#[test]
fn a_shown_solution_completes_without_a_star() {
    let (facts, mut log) = (facts(), Log::default());
    let first = NodeId::new("core", "affine-map");
    log.on(MONDAY, challenge(&step("lab"), true, true, 1, None));
    log.on(MONDAY, completing(What::Solution { step: step("ask"), completes: false }));
    assert_eq!((log.state.node(&first, &facts).mark, log.state.xp()), (Mark::Complete, 60));
    log.solve(TUESDAY, &step("ask"), StepKind::Choice);
    assert_eq!(log.state.node(&first, &facts).mark, Mark::Star);
}

#[test]
fn the_setting_opens_everything_and_what_was_begun_stays_open() {
    let (facts, mut log) = (facts(), Log::default());
    let second = NodeId::new("core", "noise");
    let set = |value: &str| What::Setting { key: OPEN_ALL.to_owned(), value: value.to_owned() };
    log.on(MONDAY, set("on"));
    assert_eq!(log.state.node(&second, &facts).mark, Mark::Open);
    log.on(MONDAY, set("off"));
    assert_eq!(log.state.node(&second, &facts).mark, Mark::Locked);
    log.on(MONDAY, What::Position { step: second.step("intro") });
    assert_eq!(log.state.node(&second, &facts).mark, Mark::InProgress);
}

#[test]
fn a_lesson_that_grew_after_it_was_completed_locks_nothing_behind_it() {
    let (mut facts, mut log) = (facts(), Log::default());
    let (first, second) = (NodeId::new("core", "affine-map"), NodeId::new("core", "noise"));
    log.solve(MONDAY, &step("ask"), StepKind::Choice);
    log.on(MONDAY, completing(challenge(&step("lab"), true, false, 1, None)));
    let grown = facts.nodes.get_mut(&first).expect("a node of these facts");
    grown.graded.push(GradedStep { id: step("new"), kind: StepKind::Order, par: false });
    assert_eq!(log.state.node(&first, &facts).mark, Mark::InProgress);
    assert_eq!(log.state.node(&second, &facts).mark, Mark::Open);
    facts.nodes.remove(&first);
    assert_eq!(State::default().node(&second, &facts).mark, Mark::Open, "no course has what it needs");
}

#[test]
fn coming_back_finds_position_draft_and_controls() {
    let mut log = Log::default();
    let id = step("ask");
    log.on(MONDAY, What::Draft { step: id.clone(), draft: json!("0.0") });
    log.on(MONDAY, What::Draft { step: id.clone(), draft: json!("0.02") });
    log.on(MONDAY, What::Controls { step: step("lab"), params: BTreeMap::from([("bits".to_owned(), json!(4))]) });
    log.on(MONDAY, What::Position { step: id.clone() });
    log.on(MONDAY, What::Skip { step: id.clone() });
    assert_eq!(log.state.step(&id).draft(), Some(&json!("0.02")));
    assert_eq!(log.state.step(&step("lab")).controls().expect("kept")["bits"], json!(4));
    assert_eq!((log.state.last_position(), log.state.position_in(&id.node())), (Some(&id), Some(&id)));
    assert!(log.state.step(&id).skipped && !log.state.step(&id).done());

    log.solve(MONDAY, &id, StepKind::Choice);
    assert_eq!(log.state.step(&id).draft(), None, "it was handed in");
    assert_eq!(log.state.step(&id).last_answer().expect("given").answer, json!(["a"]));
}

#[test]
fn a_clock_that_was_set_back_cannot_outdate_what_is_written_now() {
    let mut state = State::default();
    let set = |at, n: u32, value: &str| Event {
        at,
        ..event(n, MONDAY, What::Setting { key: "theme".to_owned(), value: value.to_owned() })
    };
    let year_2106 = 4_294_967_296_000;
    state.apply(&set(year_2106, 1, "light"));
    assert_eq!(state.stamp(0), year_2106 + 1);
    state.apply(&set(state.stamp(0), 2, "dark"));
    assert_eq!((state.setting("theme"), state.setting("motion")), (Some("dark"), None));
    assert_eq!(State::default().stamp(-5), -5);
}

#[test]
fn history_tells_the_latest_first_and_adds_up() {
    let mut log = Log::default();
    let id = step("ask");
    log.miss(MONDAY, &id);
    log.miss(MONDAY, &step("other"));
    log.solve(MONDAY, &id, StepKind::Choice);
    log.on(TUESDAY, What::Prediction { step: step("lab"), rev: 1, guesses: BTreeMap::new() });
    log.on(TUESDAY, completing(What::Solution { step: step("lab"), completes: false }));
    let told: Vec<(Happened, u32)> = log.state.history(10).into_iter().map(|e| (e.what, e.xp)).collect();
    assert_eq!(
        told,
        [
            (Happened::Completed { node: id.node() }, 20),
            (Happened::Shown { step: step("lab") }, 0),
            (Happened::Predicted { step: step("lab") }, 5),
            (Happened::Solved { step: id, attempts: 2 }, 6),
            (Happened::Tried { step: step("other"), attempts: 1 }, 0),
        ]
    );
    assert_eq!(log.state.history(2).len(), 2);
}

#[test]
fn an_event_reads_back_as_it_was_written() {
    for (n, what) in [
        answer(&step("ask"), StepKind::Numeric, true, Tries { attempt: 2, hints: 1, shown: true }),
        challenge(&step("lab"), true, true, 1, None),
        drill("bpw", true, 1, false),
        What::Setting { key: "theme".to_owned(), value: "dark".to_owned() },
    ]
    .into_iter()
    .enumerate()
    {
        let made = event(n as u32, MONDAY, completing_if_it_can(what));
        let line = serde_json::to_string(&made).expect("an event has no map with odd keys");
        assert_eq!(serde_json::from_str::<Event>(&line).expect("its own line"), made, "{line}");
    }
    let id = EventId::from_bytes([0, 255, 16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!((id.to_string().len(), EventId::parse(&id.to_string()), EventId::parse("+1")), (32, Some(id), None));
}

fn drill(name: &str, correct: bool, attempt: u32, shown: bool) -> What {
    let misconceptions = Vec::new();
    What::Drill { step: step(name), rev: 1, seed: 7, answer: json!(["4.5"]), correct, attempt, shown, misconceptions }
}

#[test]
fn a_drill_pays_two_when_solved_unaided_and_twenty_a_day_at_most() {
    let mut log = Log::default();
    assert_eq!(log.on(MONDAY, drill("bpw", false, 1, false)), 0);
    assert_eq!(log.on(MONDAY, drill("bpw", true, 2, false)), 0, "the second try at the same numbers");
    assert_eq!(log.on(MONDAY, drill("bpw", true, 1, true)), 0, "its solution was shown");
    let paid: Vec<u32> = (0..11).map(|_| log.on(MONDAY, drill("bpw", true, 1, false))).collect();
    assert_eq!(paid, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0]);
    assert_eq!(log.on(TUESDAY, drill("scale", true, 1, false)), 2, "another day");
    let practice = log.state.practice();
    assert_eq!((practice.xp_on(MONDAY), practice.solved_on(MONDAY), practice.solved_on(TUESDAY)), (20, 13, 1));
    assert_eq!(practice.drill(&step("bpw")), DrillState { tried: 14, solved: 13, unaided: 11 });
    assert_eq!(log.state.streak(TUESDAY), 2, "practice is a solved step of its day");
    assert_eq!(log.state.history(1)[0], Entry { day: TUESDAY, what: Happened::Practised { n_solved: 1 }, xp: 2 });
    assert!(!log.state.has_begun(&step("bpw").node()), "a drill opens no lesson");
}

#[test]
fn an_exercise_stands_behind_the_lesson_and_has_a_mark_of_its_own() {
    let graded = |name: &str, kind| GradedStep { id: step(name), kind, par: false };
    let facts = NodeFacts {
        graded: vec![graded("ask", StepKind::Choice)],
        further: vec![graded("write", StepKind::Exercise)],
        ..NodeFacts::default()
    };
    assert_eq!(facts.xp_possible(), 70);
    let node = step("ask").node();
    let facts = CourseFacts { nodes: BTreeMap::from([(node.clone(), facts)]) };
    let mut log = Log::default();
    log.miss(MONDAY, &step("ask"));
    log.solve(MONDAY, &step("ask"), StepKind::Choice);
    assert_eq!(log.state.node(&node, &facts).mark, Mark::Complete, "without the exercise");
    assert_eq!(log.solve(MONDAY, &step("write"), StepKind::Exercise), 40);
    let state = log.state.node(&node, &facts);
    assert_eq!((state.mark, state.done, state.total, state.xp_earned), (Mark::Exercised, 1, 1, 46));
    log.solve(TUESDAY, &step("ask"), StepKind::Choice);
    assert_eq!(log.state.node(&node, &facts).mark, Mark::Star, "every question unaided");
}

fn completing_if_it_can(what: What) -> What {
    if matches!(what, What::Answer { .. }) { completing(what) } else { what }
}

/// Events on a few steps and days, so that they meet often.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let what = (0_u8..10, 0_u8..3, any::<bool>(), any::<bool>(), 0_u32..4, 0_u32..3).prop_map(
        |(kind, which, yes, flag, attempt, hints)| {
            let id = step(["ask", "lab", "other"][usize::from(which)]);
            match kind {
                0 | 1 => {
                    let what = answer(&id, StepKind::Numeric, yes, Tries { attempt, hints, shown: flag && yes });
                    if flag { completing(what) } else { what }
                }
                2 => challenge(&id, yes, flag, attempt, Some(f64::from(attempt))),
                3 => What::Prediction { step: id, rev: 1, guesses: BTreeMap::from([("mse".to_owned(), f64::from(hints))]) },
                4 => What::Hint { step: id, n: hints },
                5 => What::Solution { step: id, completes: flag },
                6 => What::Draft { step: id, draft: json!(attempt) },
                7 => What::Position { step: id },
                8 => drill(id.step(), yes, attempt, flag),
                _ => What::Setting { key: "theme".to_owned(), value: attempt.to_string() },
            }
        },
    );
    let timed = (what, -5_i64..50, 1_i8..9);
    prop::collection::vec(timed, 0..40).prop_map(|events| {
        let event = |(n, (what, at, day)): (usize, (What, i64, i8))| Event {
            id: EventId::from_bytes((n as u128).to_be_bytes()),
            at,
            day: date(2026, 3, day),
            what,
        };
        events.into_iter().enumerate().map(event).collect()
    })
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_changes_the_state(
        (events, again) in any_events().prop_flat_map(|events| {
            let twice = [events.clone(), events.clone()].concat();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        let (mut one, mut other) = (State::default(), State::default());
        one.apply_all(&events);
        other.apply_all(&again);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn xp_never_falls_and_the_days_add_up_to_it(events in any_events()) {
        let mut state = State::default();
        for event in &events {
            let before = (state.xp(), state.level());
            let gained = state.apply(event);
            prop_assert_eq!(state.xp(), before.0 + gained);
            prop_assert!(state.level() >= before.1);
        }
        let by_day: u32 = (1..9).map(|day| state.xp_on(date(2026, 3, day))).sum();
        prop_assert_eq!(by_day, state.xp());
        let told: u32 = state.history(usize::MAX).iter().map(|entry| entry.xp).sum();
        prop_assert_eq!(told, state.xp());
        let (into, span) = state.level_progress();
        prop_assert!(into < span);
    }
}
