//! Exercises: the learner's code against tests, and against the reference solution on drawn inputs.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rhai::{AST, Array, Dynamic, Map, Scope};

use super::{
    Draw, End, Failure, Fault, Grade, Stop, Test, World,
    engine::Session,
    fault, format,
    tensor::{DType, Filled, Tensor},
    value::Operand,
};

/// Numbers are equal within this share of the larger one, so that another order of the same operations passes.
const TOLERANCE: f64 = 1e-6;
/// Values of a drawn tensor.
const DRAWN: usize = 16;

/// Runs every test up to the first that fails; the ones behind it count as failed too.
pub(super) fn grade(code: &str, solution: &str, tests: &[Test], world: &World) -> Grade {
    let learner = Session::new(world);
    let mut passed = vec![false; tests.len()];
    let failure = match Pair::new(&learner, code, solution, world) {
        Err(failure) => Some(*failure),
        Ok(pair) => tests.iter().zip(&mut passed).find_map(|(test, passed)| {
            let failure = pair.test(test);
            *passed = failure.is_none();
            failure
        }),
    };
    Grade { passed, failure, seconds: learner.host.seconds() }
}

/// Both sides, compiled.
struct Pair<'a> {
    learner: Side<'a>,
    solution: Side<'a>,
    seed: u64,
}

struct Side<'a> {
    session: &'a Session,
    functions: AST,
    source: &'a str,
}

/// Why a side gave no value.
enum Trouble {
    Fault(Fault),
    Stop(Stop),
}

impl<'a> Pair<'a> {
    /// The learner's code and its top level must run; the solution's is the author's business and checked there.
    fn new(session: &'a Session, code: &'a str, solution: &'a str, world: &World) -> Result<Self, Box<Failure>> {
        let learner = Side::new(session, code).map_err(|trouble| failed("", &[], "", trouble))?;
        let solution = Side::new(session, solution).map_err(|trouble| failed("", &[], "", in_solution(trouble)))?;
        Ok(Self { learner, solution, seed: world.seed })
    }

    fn test(&self, test: &Test) -> Option<Failure> {
        (0..test.times.max(1)).find_map(|time| self.once(test, time))
    }

    fn once(&self, test: &Test, time: u32) -> Option<Failure> {
        let inputs = match self.draw(test, time) {
            Ok(inputs) => inputs,
            Err(trouble) => return Some(*failed(&test.name, &[], &test.call, trouble)),
        };
        let shown = || inputs.iter().map(|(name, value)| (name.clone(), format::text(value))).collect::<Vec<_>>();
        let expected = match &test.expect {
            Some(text) => Ok(Dynamic::from(text.clone())),
            None => self.solution.value(&test.call, &inputs),
        };
        let expected = match expected {
            Ok(value) => value,
            Err(trouble) => return Some(*failed(&test.name, &shown(), &test.call, in_solution(trouble))),
        };
        match self.learner.value(&test.call, &inputs) {
            Err(trouble) => {
                let failure = *failed(&test.name, &shown(), &test.call, trouble);
                Some(Failure { expected: format::text(&expected), ..failure })
            }
            Ok(got) if test.expect.as_ref().map_or_else(|| is_equal(&got, &expected), |text| says(&got, text)) => None,
            Ok(got) => Some(Failure {
                test: test.name.clone(),
                inputs: shown(),
                call: test.call.clone(),
                got: told(&got, &expected),
                expected: told(&expected, &got),
                fault: None,
                stop: None,
            }),
        }
    }

    /// The variables of one time, the same for both sides.
    fn draw(&self, test: &Test, time: u32) -> Result<Vec<(String, Dynamic)>, Trouble> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(u64::from(time).wrapping_mul(0x9e37_79b9)));
        let mut inputs = Vec::new();
        for (name, draw) in &test.vars {
            let value = match draw {
                Draw::Numbers(choices) => number(choices, &mut rng),
                Draw::Tensor(shape) => self.learner.tensor(shape, &mut rng)?,
            };
            inputs.push((name.clone(), value));
        }
        Ok(inputs)
    }
}

/// One of the numbers; whole where it is, as a listing would write it.
fn number(choices: &[f64], rng: &mut ChaCha8Rng) -> Dynamic {
    if choices.is_empty() {
        return Dynamic::from(0i64);
    }
    let x = choices[rng.random_range(0..choices.len())];
    let is_whole = x.fract() == 0.0 && x.abs() < 9e15 && choices.iter().all(|x| x.fract() == 0.0);
    if is_whole { Dynamic::from(x as i64) } else { Dynamic::from(x) }
}

impl<'a> Side<'a> {
    fn new(session: &'a Session, source: &'a str) -> Result<Self, Trouble> {
        let ast = session.compile(source).map_err(Trouble::Fault)?;
        match session.run(&ast, source) {
            End::Finished => {}
            End::Failed(fault) => return Err(Trouble::Fault(fault)),
            End::Stopped(stop) => return Err(Trouble::Stop(stop)),
        }
        // What the tests print is of no use.
        session.host.take_output();
        Ok(Self { session, functions: ast.clone_functions_only(), source })
    }

    /// What a call gives with these variables.
    fn value(&self, call: &str, inputs: &[(String, Dynamic)]) -> Result<Dynamic, Trouble> {
        let mut scope = Scope::new();
        for (name, value) in inputs {
            scope.push_dynamic(name.as_str(), value.clone());
        }
        let compiled = self.session.compile(call).map_err(Trouble::Fault)?;
        let value = self.session.evaluate(&mut scope, &self.functions.merge(&compiled));
        self.session.host.take_output();
        value.map_err(|error| match fault::end_of(&error, self.source, &self.session.host.limits) {
            // Outside of every function the place is one in the call, not in the learner's code.
            End::Failed(fault) if !matches!(*error, rhai::EvalAltResult::ErrorInFunctionCall(..)) => {
                Trouble::Fault(Fault { line: 0, column: 0, source_line: call.to_owned(), ..fault })
            }
            End::Failed(fault) => Trouble::Fault(fault),
            End::Stopped(stop) => Trouble::Stop(stop),
            End::Finished => Trouble::Fault(Fault { message: "the call gives no value".into(), ..Fault::default() }),
        })
    }

    fn tensor(&self, shape: &str, rng: &mut ChaCha8Rng) -> Result<Dynamic, Trouble> {
        let beyond = |error: Box<rhai::EvalAltResult>| match fault::end_of(&error, "", &self.session.host.limits) {
            End::Stopped(stop) => Trouble::Stop(stop),
            _ => Trouble::Fault(Fault::default()),
        };
        let mut out = Filled::with_capacity(&self.session.host, DRAWN).map_err(beyond)?;
        out.items.extend((0..DRAWN).map(|_| match shape {
            "uniform" => 2.0 * rng.random::<f32>() - 1.0,
            "laplace" => {
                let size: f32 = Exp1.sample(rng);
                if rng.random() { size } else { -size }
            }
            _ => StandardNormal.sample(rng),
        }));
        Ok(Dynamic::from(Tensor::floats(&[DRAWN], DType::F32, out)))
    }
}

fn failed(test: &str, inputs: &[(String, String)], call: &str, trouble: Trouble) -> Box<Failure> {
    let (fault, stop) = match trouble {
        Trouble::Fault(fault) => (Some(fault), None),
        Trouble::Stop(stop) => (None, Some(stop)),
    };
    let (test, call, inputs) = (test.to_owned(), call.to_owned(), inputs.to_vec());
    Box::new(Failure { test, inputs, call, got: String::new(), expected: String::new(), fault, stop })
}

/// The lesson is at fault, not the learner.
fn in_solution(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Fault(fault) => {
            Trouble::Fault(Fault { message: format!("the solution of the lesson does not run: {}", fault.message), ..fault })
        }
        stop => stop,
    }
}

/// Whether a value is what an author wrote: a number within the tolerance, anything else as it is printed, white space
/// aside.
fn says(got: &Dynamic, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    match (Operand::of(got).and_then(|got| got.number()), text.trim().parse::<f64>()) {
        (Some(got), Ok(wanted)) => is_near(got, wanted),
        _ => plain(&format::text(got)) == plain(text),
    }
}

/// Numbers and elements of tensors within the tolerance, lists and maps value by value, the rest as it is printed.
fn is_equal(a: &Dynamic, b: &Dynamic) -> bool {
    match (Operand::of(a), Operand::of(b)) {
        (Some(Operand::Tensor(a)), Some(Operand::Tensor(b))) => {
            a.shape() == b.shape() && (0..a.len()).all(|i| is_near(a.get(i), b.get(i)))
        }
        (Some(Operand::Tensor(_)), _) | (_, Some(Operand::Tensor(_))) => false,
        (Some(a), Some(b)) => a.number().zip(b.number()).is_some_and(|(a, b)| is_near(a, b)),
        (None, None) => is_equal_inside(a, b),
        _ => false,
    }
}

fn is_equal_inside(a: &Dynamic, b: &Dynamic) -> bool {
    if let (Some(a), Some(b)) = (a.read_lock::<Array>(), b.read_lock::<Array>()) {
        return a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_equal(a, b));
    }
    if let (Some(a), Some(b)) = (a.read_lock::<Map>(), b.read_lock::<Map>()) {
        return a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_equal(a, b)));
    }
    a.type_id() == b.type_id() && format::text(a) == format::text(b)
}

/// A value as it is printed; of a tensor that differs from another of its shape, also the first place where it does.
fn told(value: &Dynamic, other: &Dynamic) -> String {
    let text = format::text(value);
    let (Some(Operand::Tensor(a)), Some(Operand::Tensor(b))) = (Operand::of(value), Operand::of(other)) else { return text };
    match (0..a.len()).find(|&i| a.shape() == b.shape() && !is_near(a.get(i), b.get(i))) {
        Some(i) => format!("{text}, with {} at place {i}", format::number(a.get(i))),
        None => text,
    }
}

/// Here a NaN equals a NaN: both sides came to the same.
fn is_near(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}
