use super::*;
use crate::course::{load_lesson, model::Tolerance};

/// The last step of a lesson that holds the given steps.
fn step(body: &str) -> Step {
    let head = "format = 1\n[lesson]\nid = 'a'\ntitle = 'T'\ntrack = 't'\nsummary = 'S'\nminutes = 3\n[[step]]\nid = 's'\n";
    let (lesson, findings) = load_lesson("c", "a.toml", format!("{head}{body}").as_bytes());
    assert!(findings.is_empty(), "{findings:?}");
    lesson.expect("it is sound").steps.pop().expect("it has a step")
}

fn choice(select: &str, right: &[bool]) -> Step {
    let options: String = right
        .iter()
        .enumerate()
        .map(|(i, correct)| {
            format!("[[step.option]]\ntext = 'o{i}'\nfeedback = 'f{i}'\ncorrect = {correct}\nmisconception = 'm{i}'\n")
        })
        .collect();
    step(&format!("kind = 'choice'\nprompt = '?'\nselect = '{select}'\n{options}"))
}

fn scale() -> Step {
    step(
        "kind = 'numeric'\nprompt = '[0, {=hi}]?'\nvars = { hi = [4, 6, 8] }\nanswer = { compute = 'hi / 255', rel_tol = 0.001 }\n\
         unit = 'V'\n[[step.wrong]]\ncompute = 'hi / 256'\nfeedback = '{=hi} / 255, for 256 codes'\nmisconception = 'm'\n",
    )
}

fn feedback(verdict: &Verdict) -> Vec<&str> {
    verdict.feedback.iter().map(|text| text.as_str()).collect()
}

#[test]
fn a_wrong_choice_shows_only_its_own_feedback() {
    let step = choice("one", &[false, true, false]);
    let wrong = grade(&step, 1, &Answer::Choice(vec![2]));
    assert_eq!((wrong.correct, feedback(&wrong), wrong.misconceptions.clone()), (false, vec!["f2"], vec!["m2".to_owned()]));
    let right = grade(&step, 1, &Answer::Choice(vec![1]));
    assert_eq!((right.correct, feedback(&right), right.misconceptions.len()), (true, vec!["f1"], 0));
    assert!(grade(&step, 1, &Answer::Choice(vec![])).error.is_some());
    assert!(!grade(&step, 1, &Answer::Choice(vec![0, 1])).correct);
}

#[test]
fn many_wants_all_the_right_ones_and_no_other() {
    let step = choice("many", &[true, false, true]);
    assert!(grade(&step, 1, &Answer::Choice(vec![2, 0])).correct);
    assert!(!grade(&step, 1, &Answer::Choice(vec![0, 1, 2])).correct);
    let part = grade(&step, 1, &Answer::Choice(vec![0]));
    assert!(!part.correct && part.feedback[0].contains("another option"));
}

#[test]
fn options_stay_put_for_a_seed_and_move_with_it() {
    let step = choice("one", &[true, false, false, false, false, false]);
    let orders: std::collections::BTreeSet<_> = (0..50).map(|seed| shuffled(&step, seed)).collect();
    assert!(orders.len() > 20);
    assert_eq!(shuffled(&step, 7), shuffled(&step, 7));
    // Progress holds seeds: a question must look the same after every update.
    assert_eq!(shuffled(&step, 1), [1, 3, 5, 2, 4, 0]);
}

#[test]
fn items_never_start_in_order() {
    let step = step("kind = 'order'\nitems = ['a', 'b']\n");
    for seed in 0..20 {
        assert_eq!(shuffled(&step, seed), [1, 0]);
    }
    assert!(grade(&step, 0, &Answer::Order(vec![0, 1])).correct);
    assert_eq!(grade(&step, 0, &Answer::Order(vec![1, 0])).parts, [false, false]);
    assert!(!grade(&step, 0, &Answer::Order(vec![0])).correct);
}

#[test]
fn pairs_are_graded_one_by_one() {
    let step = step("kind = 'match'\npairs = [['a', '1'], ['b', '2']]\nextra = ['3']\n");
    assert_eq!(shuffled(&step, 3).len(), 3);
    assert!(grade(&step, 0, &Answer::Match(vec![Some(0), Some(1)])).correct);
    assert_eq!(grade(&step, 0, &Answer::Match(vec![Some(0), Some(2)])).parts, [true, false]);
    assert_eq!(grade(&step, 0, &Answer::Match(vec![None, Some(1)])).parts, [false, true]);
}

#[test]
fn a_blank_is_lenient_in_form_only() {
    let step = step(
        r"kind = 'cloze'
text = 'q = {{Round|rint}}(r / {{a\|b}}) + {{zero point}}'",
    );
    let typed = |words: [&str; 3]| grade(&step, 0, &Answer::Cloze(words.map(str::to_owned).to_vec()));
    assert!(typed(["RINT", "a|b", "  zero   point "]).correct);
    assert!(typed(["`round`", "A|B", "Zero point"]).correct);
    assert_eq!(typed(["floor", "a|b", "zeropoint"]).parts, [false, true, false]);
    assert_eq!(typed(["round", " ", "zero point"]).error.map(|e| e.part), Some(1));
}

#[test]
fn a_number_is_right_within_its_tolerance() {
    let step = scale();
    let StepBody::Numeric(numeric) = &step.body else { panic!("it is numeric") };
    for seed in 0..20 {
        let hi = draw(numeric, seed)[0].1;
        let typed = |text: String| grade(&step, seed, &Answer::Numeric(vec![text]));
        assert!(typed(format!("{hi}/255")).correct);
        assert!(typed(format!("{} V", hi / 255.0)).correct);
        assert!(typed(format!("{hi}/255*1.001")).correct, "the bound itself is inside");
        assert!(!typed(format!("{hi}/255*1.0011")).correct);
        let named = typed(format!("{hi}/256"));
        assert_eq!(
            (feedback(&named), named.misconceptions.clone()),
            (vec![&*format!("{hi} / 255, for 256 codes")], vec!["m".to_owned()])
        );
        let unread = typed("0,5".into());
        assert!(!unread.correct && unread.error.is_some_and(|e| e.message.contains("0.5")), "an unreadable number is no attempt");
    }
    let drawn: std::collections::BTreeSet<String> = (0..30).map(|seed| fill(&numeric.prompt, &draw(numeric, seed))).collect();
    assert_eq!(drawn.into_iter().collect::<Vec<_>>(), ["[0, 4]?", "[0, 6]?", "[0, 8]?"]);
}

#[test]
fn an_exact_answer_forgives_the_last_bits_only() {
    assert!(within(0.1 + 0.2, 0.3, Tolerance::default()));
    assert!(!within(0.300_000_000_1, 0.3, Tolerance::default()));
    assert!(within(1.5, 1.0, Tolerance { abs: 0.5, rel: 0.0 }));
    assert!(within(-1.0, 0.0, Tolerance { abs: 1.0, rel: 0.0 }));
    assert!(!within(f64::NAN, 0.0, Tolerance { abs: 1.0, rel: 0.0 }));
}

#[test]
fn parts_are_graded_one_by_one_and_their_wrong_values_are_their_own() {
    let step = step(
        "kind = 'numeric'\nprompt = '?'\nparts = [{ label = 's', compute = '0.5' , abs_tol = 0.1 }, { label = 'z', compute = '-128' }]\n\
         [[step.wrong]]\npart = 'z'\ncompute = '128'\nfeedback = 'sign'\n",
    );
    let typed = |s: &str, z: &str| grade(&step, 0, &Answer::Numeric(vec![s.into(), z.into()]));
    assert!(typed("1/2", "-128").correct);
    let verdict = typed("128", "128");
    assert_eq!((verdict.parts.clone(), feedback(&verdict)), (vec![false, false], vec!["sign"]));
    assert_eq!(typed("0.5", "x").error.map(|e| e.part), Some(1));
    let text: Vec<String> = solution_text(&step, 0).iter().map(ToString::to_string).collect();
    assert_eq!(text, ["s: 0.5", "z: -128"]);
}

#[test]
fn a_solution_is_typed_as_short_as_it_is_right() {
    let asked = |answer: &str| step(&format!("kind = 'numeric'\nprompt = '?'\nvars = {{ a = [-3] }}\nanswer = {answer}\n"));
    let typed = |answer: &str| solution_answer(&asked(answer), 0);
    let numeric = |text: &str| Some(Answer::Numeric(vec![text.into()]));
    assert_eq!(typed("{ compute = 'a / 7', rel_tol = 0.001 }"), numeric("-0.428571"));
    assert_eq!(typed("{ compute = 'a / 7', rel_tol = 1e-9 }"), numeric("-0.42857142857142855"));
    let text = solution_text(&asked("{ compute = '2 * a + a ^ 2', rel_tol = 0.001 }"), 0);
    assert_eq!(text, [Text::clean("3 = 2 * (-3) + (-3) ^ 2")]);
}

#[test]
fn hints_and_explanations_carry_the_numbers_of_the_question() {
    let hi = |seed| draw_of(&scale(), seed);
    for seed in 0..20 {
        assert_eq!(filled(&scale(), seed, &Text::clean("{=hi} V and {braces}")), format!("{} V and {{braces}}", hi(seed)));
    }
    assert_eq!(filled(&choice("one", &[true, false]), 0, &Text::clean("{=hi}")), "{=hi}");
}

fn draw_of(step: &Step, seed: u64) -> f64 {
    let StepBody::Numeric(numeric) = &step.body else { panic!("it is numeric") };
    draw(numeric, seed)[0].1
}

#[test]
fn the_solution_is_right_for_every_kind_and_seed() {
    let steps = [
        choice("one", &[false, true]),
        choice("many", &[true, false, true]),
        scale(),
        step("kind = 'cloze'\ntext = 'x {{a|b}} y {{c}}'\n"),
        step("kind = 'order'\nitems = ['a', 'b', 'c']\n"),
        step("kind = 'match'\npairs = [['a', '1'], ['b', '2']]\n"),
    ];
    for (step, seed) in steps.iter().flat_map(|step| (0..20).map(move |seed| (step, seed))) {
        let answer = solution_answer(step, seed).expect("it is a question");
        assert!(grade(step, seed, &answer).correct, "{answer:?}");
        assert!(!solution_text(step, seed).is_empty());
        let json = serde_json::to_string(&answer).expect("it is data");
        assert_eq!(serde_json::from_str::<Answer>(&json).expect("the log reads it back"), answer);
    }
    assert_eq!(serde_json::to_string(&Answer::Match(vec![Some(1), None])).expect("it is data"), r#"{"match":[1,null]}"#);
}

#[test]
fn an_answer_of_another_kind_or_out_of_range_is_no_panic() {
    let step = choice("one", &[false, true]);
    assert!(grade(&step, 0, &Answer::Order(vec![1])).error.is_some());
    assert!(!grade(&step, 0, &Answer::Choice(vec![99])).correct);
    assert!(grade(&scale(), 0, &Answer::Numeric(vec![])).error.is_some());
}

#[test]
fn numbers_are_shown_as_people_write_them() {
    for (x, text) in [
        (8.0, "8"),
        (-0.1, "-0.1"),
        (4.0 / 255.0, "0.0156863"),
        (1.0 / 3.0, "0.333333"),
        (7e9, "7000000000"),
        (1.5e-7, "1.5e-7"),
        (1.23456789e20, "1.23457e20"),
        (0.0, "0"),
        (-0.0, "0"),
        (123_456.789, "123457"),
        (99.999_999_9, "100"),
        (f64::INFINITY, "inf"),
    ] {
        assert_eq!(show(x), text);
    }
    let vars = [("x".to_owned(), 0.015_686_27)];
    assert_eq!(fill(&Text::clean("{=x:.3} {=x} {=y} {x} $\\frac{1}{2}$"), &vars), "0.016 0.0156863 {=y} {x} $\\frac{1}{2}$");
}
