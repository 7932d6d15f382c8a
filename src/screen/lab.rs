//! A lab by itself: the playground, open to all its controls.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};

use crate::{
    input::{Action, Context},
    lab::{Lab, ParamKind},
    model::{Model, Route},
    screen::{
        Cx, Input, Offer, Screen, View,
        pane::{Look, Pane},
    },
    theme::Role,
};

#[derive(Debug)]
pub struct LabScreen {
    pane: Pane,
}

impl LabScreen {
    pub fn new(lab: &'static Lab, set: &[(String, String)], cx: &mut Cx) -> Self {
        let mut params = lab.defaults();
        for (name, value) in set {
            if let Err(why) = params.set(name, value) {
                cx.say(why.to_string());
            }
        }
        Self { pane: Pane::open(lab, lab.defaults(), params, &[], None, cx) }
    }
}

impl Screen for LabScreen {
    fn route(&self) -> Route {
        Route::Lab {
            id: self.pane.lab.id.into(),
            set: self.pane.params.changed().map(|(spec, value)| (spec.name.to_owned(), value.to_string())).collect(),
        }
    }

    fn context(&self) -> Context {
        self.pane.context()
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        let (dim, accent) = (view.theme.style(Role::Dim), view.theme.style(Role::Accent));
        let left = vec![Span::styled(view.theme.say("Lab › ").into_owned(), dim), Span::styled(self.pane.lab.title, accent)];
        (Line::from(left), Line::from(Span::styled(self.pane.lab.id, dim)))
    }

    fn footer(&self, _model: &Model) -> Vec<Offer> {
        if self.pane.context() == Context::Field {
            return vec![Offer::new(&[Action::Primary], "set"), Offer::new(&[Action::Back], "cancel")];
        }
        let mut offers = self.pane.moves();
        offers.extend([
            Offer::new(&[Action::View], "view"),
            Offer::new(&[Action::Mark], "mark A"),
            Offer::new(&[Action::Undo], "undo"),
            Offer::new(&[Action::Reset], "reset"),
            Offer::new(&[Action::Words], "words"),
            Offer::new(&[Action::Export], "export"),
            Offer::new(&[Action::Copy], "copy"),
            Offer::new(&[Action::Back], if self.pane.is_running() { "stop" } else { "close" }),
        ]);
        offers
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        if self.pane.update(&input, cx) {
            return;
        }
        match input {
            Input::Action(Action::Back) if !self.pane.release(cx) => cx.back(),
            Input::Action(Action::Primary) => {
                self.pane.update(&Input::Action(Action::Run), cx);
            }
            _ => {}
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let margin = if area.width > 40 { 2 } else { 0 };
        let inner = Rect { x: area.x + margin, width: area.width.saturating_sub(2 * margin), ..area };
        self.pane.render(inner, buf, view, Look::default())
    }

    fn enter(&mut self, cx: &mut Cx) {
        self.pane.wake(cx);
    }

    fn about(&self, _model: &Model) -> Option<(String, String)> {
        let lab = self.pane.lab;
        let mut body = format!("{}\n\n## Controls\n\n", lab.summary);
        for spec in lab.params {
            body.push_str(&format!("- **{}** (`{}`): {}\n", spec.label, spec.name, spec.help));
        }
        if lab.params.iter().any(|spec| matches!(spec.kind, ParamKind::Bits { .. })) {
            body.push_str(
                "\nA pattern opens into its bits: ←→ choose a bit, space toggles it; 0x.., 0b.. or a number sets all.\n",
            );
        }
        if lab.params.iter().any(|spec| matches!(spec.kind, ParamKind::Vector { .. })) {
            body.push_str("\nA vector opens into its elements: ↑↓ walk them, ←→ change one; numbers with commas set all.\n");
        }
        if lab.params.iter().any(|spec| matches!(spec.kind, ParamKind::Image { .. })) {
            body.push_str(
                "\nAn image opens into its pixels: arrows choose one, space inks or clears it, with shift (or HJKL) they draw; a number \
                 from 0 to 16 sets one pixel, rows with / set all, backspace brings a pixel back.\n",
            );
        }
        body.push_str("\n## Metrics\n\n");
        for spec in lab.metrics {
            let unit = if spec.unit.is_empty() { String::new() } else { format!(", {}", spec.unit) };
            body.push_str(&format!("- **{}** (`{}`{unit}): {}\n", spec.label, spec.name, spec.help));
        }
        Some((format!("About the lab: {}", lab.title), body))
    }
}
