//! A question in hand: what the learner has marked, typed or carried so far, and what the last check said.

use crate::{
    course::{Answer, OutputStep, Step, StepBody, Verdict, shuffled},
    input::{Action, Context, Key, KeyCode},
    model::JobId,
    screen::{Input, typing::type_into},
    script::Run,
    widget::field::Field,
};

/// The longest answer that a field takes.
const FIELD_CAP: usize = 120;

#[derive(Debug)]
pub(in crate::screen) struct Question {
    pub(in crate::screen) seed: u64,
    /// Options, items or partners in the order they are shown; indices into the lesson's own order.
    pub(in crate::screen) shown: Vec<usize>,
    pub(in crate::screen) asked: Asked,
    /// Wrong options that were checked, by their index in the lesson.
    pub(in crate::screen) tried: Vec<usize>,
    /// The run that shall tell what is right.
    pub(in crate::screen) running: Option<JobId>,
    /// What the listing printed.
    pub(in crate::screen) printed: Option<Box<Run>>,
    /// The last check; gone when the answer changes.
    pub(in crate::screen) verdict: Option<Verdict>,
}

#[derive(Debug)]
pub(in crate::screen) enum Asked {
    /// Nothing is marked until the first key, so that an enter too many answers nothing.
    One {
        cursor: usize,
        marked: bool,
    },
    Many {
        cursor: usize,
        marked: Vec<bool>,
    },
    Fields {
        fields: Vec<Field>,
        focus: usize,
        typing: bool,
    },
    Order {
        items: Vec<usize>,
        cursor: usize,
        held: bool,
    },
    Match {
        cursor: usize,
        partners: Vec<Option<usize>>,
    },
}

/// What a key did to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::screen) enum Did {
    /// The key is not the question's.
    Nothing,
    /// The cursor stands elsewhere; the answer is what it was.
    Moved,
    Changed,
    Check,
}

impl Question {
    /// A fresh question, or `None` where the step asks nothing.
    pub(in crate::screen) fn new(step: &Step, seed: u64) -> Option<Self> {
        let shown = shuffled(step, seed);
        let asked = match &step.body {
            StepBody::Choice(choice) if choice.many => Asked::Many { cursor: 0, marked: vec![false; choice.options.len()] },
            StepBody::Choice(_) => Asked::One { cursor: 0, marked: false },
            StepBody::Numeric(numeric) => Asked::fields(numeric.parts.len()),
            StepBody::Cloze(cloze) => Asked::fields(cloze.n_blanks()),
            StepBody::Order(_) => Asked::Order { items: shown.clone(), cursor: 0, held: false },
            StepBody::Match(matching) => Asked::Match { cursor: 0, partners: vec![None; matching.pairs.len()] },
            StepBody::Output(output) => Asked::fields(n_lines(output)),
            StepBody::Text(_) | StepBody::Code(_) | StepBody::Lab(_) | StepBody::Exercise(_) => return None,
        };
        Some(Self { seed, shown, asked, tried: Vec::new(), running: None, printed: None, verdict: None })
    }

    pub(in crate::screen) fn context(&self) -> Context {
        match &self.asked {
            Asked::One { .. } => Context::ChooseOne,
            Asked::Many { .. } => Context::ChooseMany,
            Asked::Fields { typing: true, .. } => Context::Field,
            Asked::Fields { .. } => Context::Reading,
            Asked::Order { .. } => Context::Order,
            Asked::Match { .. } => Context::Match,
        }
    }

    /// The answer as it stands, in the lesson's own indices.
    pub(in crate::screen) fn answer(&self, step: &Step) -> Answer {
        match (&self.asked, &step.body) {
            (Asked::One { cursor, .. }, _) => Answer::Choice(self.shown.get(*cursor).copied().into_iter().collect()),
            (Asked::Many { marked, .. }, _) => {
                let mut chosen: Vec<usize> = marked.iter().zip(&self.shown).filter(|(m, _)| **m).map(|(_, &idx)| idx).collect();
                chosen.sort_unstable();
                Answer::Choice(chosen)
            }
            (Asked::Fields { fields, .. }, StepBody::Cloze(_)) => {
                Answer::Cloze(fields.iter().map(|f| f.text().trim().to_owned()).collect())
            }
            (Asked::Fields { fields, .. }, StepBody::Output(_)) => {
                Answer::Output(fields.iter().map(|f| f.text().trim()).collect::<Vec<_>>().join("\n"))
            }
            (Asked::Fields { fields, .. }, _) => Answer::Numeric(fields.iter().map(|f| f.text().trim().to_owned()).collect()),
            (Asked::Order { items, .. }, _) => Answer::Order(items.clone()),
            (Asked::Match { partners, .. }, _) => Answer::Match(partners.clone()),
        }
    }

    /// Nothing was filled in yet, so there is nothing to check.
    pub(in crate::screen) fn is_blank(&self) -> bool {
        match &self.asked {
            Asked::One { marked, .. } => !marked,
            Asked::Order { items, .. } => *items == self.shown,
            Asked::Many { marked, .. } => !marked.contains(&true),
            Asked::Fields { fields, .. } => fields.iter().any(|f| f.text().trim().is_empty()),
            Asked::Match { partners, .. } => partners.contains(&None),
        }
    }

    /// This very answer was found wrong: it is not checked, and charged, again.
    pub(in crate::screen) fn was_checked(&self, answer: &Answer) -> bool {
        let wrong = self.verdict.as_ref().is_some_and(|verdict| !verdict.correct && verdict.error.is_none());
        // The verdict of one choice stays when the mark moves on, of anything else it goes with the answer.
        match (&self.asked, answer) {
            (Asked::One { .. }, Answer::Choice(chosen)) => wrong && chosen.iter().any(|idx| self.tried.contains(idx)),
            _ => wrong,
        }
    }

    /// Takes a verdict; the cursor goes to the first place that is wrong.
    pub(in crate::screen) fn judge(&mut self, verdict: Verdict) {
        let wrong = match &verdict.error {
            Some(error) => Some(error.part),
            None => verdict.parts.iter().position(|right| !right),
        };
        match (&mut self.asked, wrong) {
            (Asked::Fields { fields, focus, .. }, Some(part)) if part < fields.len() => *focus = part,
            (Asked::Match { cursor, partners }, Some(part)) if part < partners.len() => *cursor = part,
            _ => {}
        }
        self.verdict = Some(verdict);
    }

    /// What to do before there is something to check.
    pub(in crate::screen) fn first_word(&self) -> &'static str {
        match &self.asked {
            Asked::One { .. } => "Mark an answer first: a letter, or the arrows.",
            Asked::Many { .. } => "Mark what applies first: letters, or space.",
            Asked::Fields { .. } => "Fill in every field first.",
            Asked::Order { .. } => "Put the items in order first: space grabs one, the arrows carry it.",
            Asked::Match { .. } => "Give each item a partner first.",
        }
    }

    /// Puts an answer in: a draft, or the solution. One that does not fit the question is ignored.
    pub(in crate::screen) fn put(&mut self, answer: &Answer) {
        match (&mut self.asked, answer) {
            (Asked::One { cursor, marked }, Answer::Choice(chosen)) => {
                *marked = true;
                let place = chosen.first().and_then(|idx| self.shown.iter().position(|s| s == idx));
                *cursor = place.unwrap_or(*cursor);
            }
            (Asked::Many { marked, .. }, Answer::Choice(chosen)) => {
                for (mark, idx) in marked.iter_mut().zip(&self.shown) {
                    *mark = chosen.contains(idx);
                }
            }
            (Asked::Fields { fields, .. }, Answer::Numeric(texts) | Answer::Cloze(texts)) => {
                for (field, text) in fields.iter_mut().zip(texts) {
                    *field = Field::new(FIELD_CAP).with_text(text);
                }
            }
            (Asked::Fields { fields, .. }, Answer::Output(text)) => {
                for (field, line) in fields.iter_mut().zip(text.lines()) {
                    *field = Field::new(FIELD_CAP).with_text(line);
                }
            }
            (Asked::Order { items, .. }, Answer::Order(order)) => {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                if sorted.iter().copied().eq(0..items.len()) {
                    items.clone_from(order);
                }
            }
            (Asked::Match { partners, .. }, Answer::Match(given)) if given.len() == partners.len() => {
                let n = self.shown.len();
                *partners = given.iter().map(|p| p.filter(|&p| p < n)).collect();
            }
            _ => {}
        }
    }

    /// Stops typing: letters act again. False where nobody was typing or carrying.
    pub(in crate::screen) fn release(&mut self) -> bool {
        match &mut self.asked {
            Asked::Fields { typing, .. } => std::mem::take(typing),
            Asked::Order { held, .. } => std::mem::take(held),
            _ => false,
        }
    }

    pub(in crate::screen) fn update(&mut self, input: &Input) -> Did {
        let did = match input {
            Input::Action(Action::Primary) => return self.primary(),
            Input::Action(action) => self.act(*action),
            Input::Type(key) => self.typed(*key),
            Input::Paste(text) => self.pasted(text),
            _ => Did::Nothing,
        };
        if did == Did::Changed && !matches!(self.asked, Asked::One { .. }) {
            self.verdict = None;
        }
        did
    }

    /// Enter checks; from an unfinished row of fields it goes on to the first empty one.
    fn primary(&mut self) -> Did {
        let Asked::Fields { fields, focus, typing } = &mut self.asked else { return Did::Check };
        match fields.iter().position(|f| f.text().trim().is_empty()) {
            Some(empty) if !*typing || empty != *focus => {
                (*focus, *typing) = (empty, true);
                Did::Moved
            }
            _ => Did::Check,
        }
    }

    fn act(&mut self, action: Action) -> Did {
        let n_shown = self.shown.len();
        match &mut self.asked {
            Asked::One { cursor, marked } => {
                let did = match action {
                    Action::Answer(n) => set_cursor(cursor, usize::from(n), n_shown),
                    // The first arrow puts the mark down where it will start from.
                    Action::Up | Action::Down if !*marked => {
                        set_cursor(cursor, if action == Action::Up { n_shown - 1 } else { 0 }, n_shown)
                    }
                    _ => moved(cursor, action, n_shown),
                };
                // Here the mark goes where the cursor goes.
                if did == Did::Nothing {
                    return did;
                }
                *marked = true;
                Did::Changed
            }
            Asked::Many { cursor, marked } => match action {
                Action::Answer(n) if usize::from(n) < n_shown => {
                    *cursor = usize::from(n);
                    toggle(marked, *cursor)
                }
                Action::Space => toggle(marked, *cursor),
                _ => moved(cursor, action, n_shown),
            },
            Asked::Fields { fields, focus, typing } => match action {
                Action::NextRegion | Action::Down if !*typing => {
                    *typing = true;
                    Did::Moved
                }
                Action::NextRegion | Action::Down => set_cursor(focus, (*focus + 1) % fields.len().max(1), fields.len()),
                Action::PrevRegion | Action::Up if *typing => {
                    set_cursor(focus, (*focus + fields.len().saturating_sub(1)) % fields.len().max(1), fields.len())
                }
                _ => Did::Nothing,
            },
            Asked::Order { items, cursor, held } => match action {
                Action::Space => {
                    *held = !*held;
                    Did::Moved
                }
                Action::CarryUp => carry(items, cursor, false),
                Action::CarryDown => carry(items, cursor, true),
                Action::Up if *held => carry(items, cursor, false),
                Action::Down if *held => carry(items, cursor, true),
                _ => moved(cursor, action, n_shown),
            },
            Asked::Match { cursor, partners } => match action {
                Action::Answer(n) => {
                    let Some(&partner) = self.shown.get(usize::from(n)) else { return Did::Nothing };
                    // A partner belongs to one item at most: it is taken from whoever had it.
                    for other in partners.iter_mut().filter(|p| **p == Some(partner)) {
                        *other = None;
                    }
                    partners[*cursor] = Some(partner);
                    *cursor = (*cursor + 1).min(partners.len() - 1);
                    Did::Changed
                }
                Action::Clear => {
                    partners[*cursor] = None;
                    Did::Changed
                }
                _ => moved(cursor, action, partners.len()),
            },
        }
    }

    fn typed(&mut self, key: Key) -> Did {
        let Asked::Fields { fields, focus, typing: true } = &mut self.asked else { return Did::Nothing };
        if matches!(key.code, KeyCode::Enter | KeyCode::Esc) {
            return Did::Nothing;
        }
        if type_into(&mut fields[*focus], key) { Did::Changed } else { Did::Nothing }
    }

    fn pasted(&mut self, text: &str) -> Did {
        let Asked::Fields { fields, focus, typing: true } = &mut self.asked else { return Did::Nothing };
        fields[*focus].paste(text);
        Did::Changed
    }
}

impl Asked {
    fn fields(n: usize) -> Self {
        Self::Fields { fields: (0..n).map(|_| Field::new(FIELD_CAP)).collect(), focus: 0, typing: true }
    }
}

/// A field for each line that is printed; where the lesson does not say how many, for each time it prints.
fn n_lines(output: &OutputStep) -> usize {
    output.expect.as_ref().map_or_else(|| output.run.matches("print(").count(), |expect| expect.lines().count()).max(1)
}

fn set_cursor(cursor: &mut usize, to: usize, n: usize) -> Did {
    if to >= n {
        return Did::Nothing;
    }
    *cursor = to;
    Did::Moved
}

fn moved(cursor: &mut usize, action: Action, n: usize) -> Did {
    let to = match action {
        Action::Up => cursor.saturating_sub(1),
        Action::Down => (*cursor + 1).min(n.saturating_sub(1)),
        Action::First => 0,
        Action::Last => n.saturating_sub(1),
        _ => return Did::Nothing,
    };
    set_cursor(cursor, to, n)
}

fn toggle(marked: &mut [bool], idx: usize) -> Did {
    marked[idx] = !marked[idx];
    Did::Changed
}

fn carry(items: &mut [usize], cursor: &mut usize, down: bool) -> Did {
    let to = if down { *cursor + 1 } else { cursor.wrapping_sub(1) };
    if to >= items.len() {
        return Did::Nothing;
    }
    items.swap(*cursor, to);
    *cursor = to;
    Did::Changed
}
