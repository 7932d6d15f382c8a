//! The engine: rhai without packages, our operators and prelude, limits.

use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, OptimizationLevel, Scope};

use super::{End, Fault, World, fault, host::Host, number, prelude};

/// Characters of one string, and of one literal.
pub(super) const MAX_STRING: usize = 64_000;
/// Values of one list or map, with those inside of lists in it. Lists can nest as deep as they are long, and whatever
/// walks them recurses, so this also bounds the stack.
pub(super) const MAX_LIST: usize = 4_096;
/// Brackets and blocks inside each other.
const MAX_NESTING: usize = 40;
/// The same inside a function, of which several may be under way.
const MAX_FN_NESTING: usize = 24;
const MAX_VARIABLES: usize = 1_000;
const MAX_FUNCTIONS: usize = 200;
/// Bytes of a script.
pub const MAX_SOURCE: usize = 256 << 10;

/// One engine with its budgets; made for one run or for one grading.
pub(super) struct Session {
    engine: Engine,
    pub(super) host: Arc<Host>,
}

impl Session {
    pub(super) fn new(world: &World) -> Self {
        let host = Arc::new(Host::new(world));
        let mut engine = Engine::new_raw();
        limit(&mut engine, &host);
        number::register(&mut engine);
        prelude::register(&mut engine, &host);
        Self { engine, host }
    }

    pub(super) fn compile(&self, source: &str) -> Result<AST, Fault> {
        if source.len() > MAX_SOURCE {
            let message = format!("the script has {} bytes; at most {MAX_SOURCE} are read", source.len());
            return Err(Fault { message, ..Fault::default() });
        }
        self.engine.compile(source).map_err(|error| fault::of_parsing(&error, source))
    }

    /// Runs the statements of a compiled script.
    pub(super) fn run(&self, ast: &AST, source: &str) -> End {
        match self.evaluate(&mut Scope::new(), ast) {
            Ok(_) => End::Finished,
            Err(error) => fault::end_of(&error, source, &self.host.limits),
        }
    }

    pub(super) fn evaluate(&self, scope: &mut Scope, ast: &AST) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
        self.engine.eval_ast_with_scope::<Dynamic>(scope, ast)
    }
}

fn limit(engine: &mut Engine, host: &Arc<Host>) {
    // The optimizer would fold constants with rhai's own comparisons, and fast operators would use them.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_fast_operators(false);
    engine.set_fail_on_invalid_map_property(true);
    for name in ["eval", "debug", "Fn", "curry", "type_of", "is_def_var", "is_def_fn"] {
        engine.disable_symbol(name);
    }
    engine.set_max_call_levels(host.limits.depth);
    engine.set_max_expr_depths(MAX_NESTING, MAX_FN_NESTING);
    engine.set_max_string_size(MAX_STRING);
    engine.set_max_array_size(MAX_LIST);
    engine.set_max_map_size(MAX_LIST);
    engine.set_max_variables(MAX_VARIABLES);
    engine.set_max_functions(MAX_FUNCTIONS);
    let host = Arc::clone(host);
    engine.on_progress(move |n| host.tick(n).map(Dynamic::from));
}
