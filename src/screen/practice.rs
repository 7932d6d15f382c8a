//! Practice: drills from lessons that are complete, mixed, with new numbers each time.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};
use serde_json::to_value;

use crate::{
    course::{Answer, Step, grade},
    id::NodeId,
    input::{Action, Context},
    learner::{Mark, What, xp},
    model::{Job, JobEvent, JobId, Model, Outcome, Route, Slot},
    screen::{
        Confirmed, Cx, Input, Offer, Screen, Show, View,
        lesson::{
            Settled, draw,
            question::{Did, Question},
        },
        page::{self, Page},
    },
    text::sentence,
    theme::Role,
};

#[derive(Debug)]
pub struct PracticeScreen {
    loading: Option<JobId>,
    drills: Vec<Step>,
    dealt: Option<Dealt>,
    scroll: u16,
}

/// A drill in hand, with its numbers.
#[derive(Debug)]
struct Dealt {
    /// Of the drills.
    idx: usize,
    question: Question,
    settled: Option<Settled>,
    attempts: u32,
    gained: u32,
}

/// The lessons that drills are dealt from.
fn complete(model: &Model) -> Vec<NodeId> {
    let done = |node: &NodeId| model.learner.node(node, &model.facts).mark >= Mark::Complete;
    model.library.heads().into_iter().map(|head| head.node.clone()).filter(done).collect()
}

impl PracticeScreen {
    pub fn new(cx: &mut Cx) -> Self {
        let loading = Some(cx.run(Slot::Practice, Job::Drills(complete(cx.model))));
        Self { loading, drills: Vec::new(), dealt: None, scroll: 0 }
    }

    fn loaded(&mut self, event: JobEvent, cx: &mut Cx) {
        self.loading = None;
        if let JobEvent::Done(Outcome::Drills(drills)) = event {
            self.drills = drills;
            self.deal(cx);
        }
    }

    /// Another drill than the last one, if there is another.
    fn deal(&mut self, cx: &mut Cx) {
        let last = self.dealt.as_ref().map(|dealt| dealt.idx);
        let others: Vec<usize> = (0..self.drills.len()).filter(|&idx| Some(idx) != last || self.drills.len() == 1).collect();
        let (draw, seed) = (cx.model.draw_seed(), cx.model.draw_seed());
        self.scroll = 0;
        self.dealt = usize::try_from(draw).ok().and_then(|draw| others.get(draw.checked_rem(others.len())?)).and_then(|&idx| {
            let question = Question::new(&self.drills[idx], seed)?;
            Some(Dealt { idx, question, settled: None, attempts: 0, gained: 0 })
        });
    }

    fn act(&mut self, action: Action, cx: &mut Cx) {
        if self.dealt.is_none() {
            match action {
                Action::Primary => cx.go(cx.model.resume().map_or(Route::Map, |node| Route::Lesson { node, step: None })),
                Action::Back => cx.back(),
                _ => {}
            }
            return;
        }
        match action {
            Action::Back => {
                let released = self.dealt.as_mut().is_some_and(|dealt| dealt.settled.is_none() && dealt.question.release());
                if !released {
                    cx.back();
                }
            }
            Action::Next => self.deal(cx),
            Action::Solution => self.ask_solution(cx),
            Action::PageDown => self.scroll_to(self.scroll.saturating_add(cx.size.height / 2), cx),
            Action::PageUp => self.scroll_to(self.scroll.saturating_sub(cx.size.height / 2), cx),
            Action::Primary | Action::Space if self.is_settled() => self.deal(cx),
            _ => self.tell(Input::Action(action), cx),
        }
    }

    fn is_settled(&self) -> bool {
        self.dealt.as_ref().is_some_and(|dealt| dealt.settled.is_some())
    }

    fn scroll_to(&mut self, to: u16, cx: &Cx) {
        let view = View { model: cx.model, theme: &cx.theme };
        let column = page::prose(Rect::new(0, 0, cx.size.width, cx.size.height));
        self.scroll = to.min(self.page(column.width, &view).max_scroll(cx.size.height));
    }

    fn ask_solution(&self, cx: &mut Cx) {
        if self.dealt.is_some() && !self.is_settled() {
            let question = "Show the solution? These numbers then pay nothing.".into();
            cx.show(Show::Confirm { question, yes: Confirmed::Solution });
        }
    }

    fn show_solution(&mut self) {
        let Some(dealt) = self.dealt.as_mut().filter(|dealt| dealt.settled.is_none()) else { return };
        let drill = &self.drills[dealt.idx];
        if let Some(answer) = crate::course::solution_answer(drill, dealt.question.seed) {
            dealt.question.put(&answer);
            dealt.question.verdict = Some(grade(drill, dealt.question.seed, &answer));
        }
        dealt.question.release();
        dealt.settled = Some(Settled::Shown);
    }

    fn tell(&mut self, input: Input, cx: &mut Cx) {
        let Some(dealt) = self.dealt.as_mut().filter(|dealt| dealt.settled.is_none()) else { return };
        if dealt.question.update(&input) == Did::Check {
            dealt.check(&self.drills[dealt.idx], cx);
        }
    }

    fn page(&self, width: u16, view: &View) -> Page {
        let mut page = Page::default();
        page.blank();
        let Some(dealt) = &self.dealt else {
            let (title, words) = self.nothing(view.model);
            page.line(Span::styled(title, view.theme.style(Role::Accent)));
            page.blank();
            page.markdown(&words, width, 0, view.theme, &|_| None);
            return page;
        };
        let drill = &self.drills[dealt.idx];
        let from = format!("from {}", view.model.library.title(&drill.id.node()));
        page.line(Span::styled(from, view.theme.style(Role::Dim)));
        page.blank();
        let Dealt { question, settled, gained, .. } = dealt;
        let terms = |id: &str| view.term_name(id);
        draw::question::Asking { step: drill, question, settled: *settled, gained: *gained, width, view, terms: &terms }
            .page(&mut page);
        page
    }

    /// Why there is nothing to practise, and what to do.
    fn nothing(&self, model: &Model) -> (String, String) {
        if self.loading.is_some() {
            return ("Practice".into(), "Looking for drills.".into());
        }
        let on = model.resume().map_or_else(String::new, |node| {
            format!(" {}", sentence(format!("Enter goes on with {}", model.library.title(&node))))
        });
        let why = if complete(model).is_empty() {
            "Drills come from lessons that are complete, and none is complete yet."
        } else {
            "The lessons that are complete have no drills."
        };
        ("Nothing to practise yet".into(), format!("{why}{on}"))
    }
}

impl Dealt {
    fn check(&mut self, drill: &Step, cx: &mut Cx) {
        if self.question.is_blank() {
            cx.say(self.question.first_word());
            return;
        }
        let answer: Answer = self.question.answer(drill);
        if self.question.was_checked(&answer) {
            cx.say("This answer was just checked. Change it first.");
            return;
        }
        let verdict = grade(drill, self.question.seed, &answer);
        if verdict.error.is_some() {
            // Not readable is not wrong: nothing is recorded.
            self.question.judge(verdict);
            return;
        }
        self.attempts += 1;
        let before = cx.model.learner.xp();
        cx.record(What::Drill {
            step: drill.id.clone(),
            rev: drill.rev,
            seed: self.question.seed,
            answer: to_value(&answer).expect("answers are plain lists"),
            correct: verdict.correct,
            attempt: self.attempts,
            shown: false,
            misconceptions: verdict.misconceptions.clone(),
        });
        self.gained += cx.model.learner.xp() - before;
        if verdict.correct {
            self.settled = Some(Settled::Solved);
            self.question.release();
        }
        self.question.judge(verdict);
    }
}

impl Screen for PracticeScreen {
    fn route(&self) -> Route {
        Route::Practice
    }

    fn context(&self) -> Context {
        match &self.dealt {
            Some(dealt) if dealt.settled.is_none() => dealt.question.context(),
            _ => Context::Reading,
        }
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        let (practice, today) = (view.model.learner.practice(), view.model.now.day);
        let right = match practice.solved_on(today) {
            0 => String::new(),
            n => {
                let drills = if n == 1 { "drill" } else { "drills" };
                format!("{n} {drills} today   {} of {} XP", practice.xp_on(today), xp::DRILLS_A_DAY)
            }
        };
        let title = Span::styled("Practice", view.theme.style(Role::Accent));
        (Line::from(title), Line::from(Span::styled(right, view.theme.style(Role::Dim))))
    }

    fn footer(&self, model: &Model) -> Vec<Offer> {
        let Some(dealt) = &self.dealt else {
            let word = if model.resume().is_some() { "to the lesson" } else { "map" };
            return vec![Offer::new(&[Action::Primary], word), Offer::new(&[Action::Back], "close")];
        };
        if dealt.settled.is_some() {
            return vec![Offer::new(&[Action::Primary], "next drill"), Offer::new(&[Action::Back], "close")];
        }
        let mut offers = draw::question::footer(&dealt.question, None);
        offers.push(Offer::new(&[Action::Solution], "solution"));
        if !self.context().typing() {
            offers.push(Offer::new(&[Action::Next], "another drill"));
            offers.push(Offer::new(&[Action::Back], "close"));
        }
        offers
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Job(id, event) if self.loading == Some(id) => self.loaded(event, cx),
            Input::Action(action) => self.act(action, cx),
            Input::Type(_) | Input::Paste(_) => self.tell(input, cx),
            Input::Confirmed(Confirmed::Solution) => self.show_solution(),
            Input::Job(..) | Input::Edited(_) => {}
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let column = page::prose(area);
        self.page(column.width, view).render(column, buf, self.scroll, view.theme)
    }

    fn question_seed(&self) -> Option<u64> {
        self.dealt.as_ref().map(|dealt| dealt.question.seed)
    }
}
