//! Keys among the controls. ↑↓ walk over stops: the step of a trace, each control, each element of a vector. What ←→ and
//! the others do is the stop's: a step is scrubbed, a number changed, in a pattern the bit is chosen that space toggles, in
//! an image the pixel, up and down too.

use super::{Pane, Region};
use crate::{
    input::Action,
    lab::{Figure, Numbers, ParamKind, ParamSpec, Pixels, SetError, Value},
    screen::{Cx, Offer},
    widget::field::Field,
};

/// Sixty-four bits in binary, `0b` and separators included.
const ENTRY_CAP: usize = 84;

/// A place that has the focus among the controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The step of the trace in view.
    Steps,
    /// A parameter by its place in the lab's row; of a vector its element, of a pattern its bit from the left, of an image
    /// its pixel.
    Control { idx: usize, item: usize },
}

impl Pane {
    /// From the top down.
    fn stops(&self) -> Vec<Stop> {
        let n_items = |idx: usize| match self.lab.params[idx].kind {
            ParamKind::Vector { n, .. } => n,
            _ => 1,
        };
        let controls = self.controls().into_iter();
        let controls = controls.flat_map(|idx| (0..n_items(idx)).map(move |item| Stop::Control { idx, item }));
        self.trace().map(|_| Stop::Steps).into_iter().chain(controls).collect()
    }

    /// The focus among the stops as they are now: a control that went out of sight hands it to the first.
    pub(super) fn focused(&self) -> Option<Stop> {
        let stops = self.stops();
        stops.get(self.place(&stops)).map(|stop| match (stop, self.focus) {
            // The bit or pixel that is chosen is no stop of its own.
            (Stop::Control { idx, item: 0 }, Stop::Control { idx: same, item }) if *idx == same => {
                Stop::Control { idx: same, item }
            }
            _ => *stop,
        })
    }

    fn place(&self, stops: &[Stop]) -> usize {
        let is_here = |stop: &Stop| match (stop, self.focus) {
            (Stop::Control { idx, item }, Stop::Control { idx: here, item: at }) => {
                *idx == here && (*item == at || !matches!(self.lab.params[here].kind, ParamKind::Vector { .. }))
            }
            (stop, focus) => *stop == focus,
        };
        stops.iter().position(is_here).unwrap_or(0)
    }

    pub(super) fn act_on_control(&mut self, action: Action, cx: &mut Cx) -> bool {
        match action {
            Action::Up | Action::Down if self.moves_in_image(action) => {}
            Action::Up => self.walk(-1, false),
            Action::Down => self.walk(1, false),
            Action::Prev => self.walk(-1, true),
            Action::Next => self.walk(1, true),
            Action::Entry(c) => return self.open_entry(c),
            _ => {
                return match self.focused() {
                    Some(Stop::Steps) => self.act_on_steps(action),
                    Some(Stop::Control { idx, item }) => self.edit(idx, item, action, cx),
                    None => false,
                };
            }
        }
        true
    }

    /// To the next stop, or over the elements of a vector to the next whole control.
    fn walk(&mut self, by: i64, whole: bool) {
        let stops = self.stops();
        let owner = |stop: &Stop| match stop {
            Stop::Steps => None,
            Stop::Control { idx, .. } => Some(*idx),
        };
        let from = self.place(&stops);
        let Some(here) = stops.get(from).map(owner) else { return };
        let mut place = from;
        while let Some(next) = place.checked_add_signed(by as isize).filter(|next| *next < stops.len()) {
            place = next;
            if !whole || owner(&stops[place]) != here {
                break;
            }
        }
        self.focus = stops[place];
        // From below an image is entered at its last row.
        if let (Stop::Control { idx, item }, true) = (&mut self.focus, by < 0 && place != from)
            && let ParamKind::Image { width, height, .. } = self.lab.params[*idx].kind
        {
            *item = width * height.saturating_sub(1);
        }
    }

    /// A row up or down inside of a focused image; false at its edge and elsewhere.
    fn moves_in_image(&mut self, action: Action) -> bool {
        let Some(Stop::Control { idx, item }) = self.focused() else { return false };
        let Value::Image(pixels) = self.params.at(idx) else { return false };
        let to = neighbour(pixels, item, action);
        if let Some(item) = to {
            self.focus = Stop::Control { idx, item };
        }
        to.is_some()
    }

    /// Arrows choose a pixel, space turns it, with shift the arrows draw.
    fn edit_image(&mut self, idx: usize, item: usize, action: Action, cx: &mut Cx) -> bool {
        let Value::Image(mut pixels) = self.params.at(idx) else { return false };
        let item = item.min(pixels.len().saturating_sub(1));
        let began = match self.params.origin(idx) {
            Value::Image(began) => began.get(item).copied(),
            _ => None,
        };
        let now = pixels.get(item).copied().unwrap_or(0);
        let level = match action {
            Action::Left | Action::Right => now,
            Action::Space => {
                if 2 * now < Pixels::INK {
                    Pixels::INK
                } else {
                    0
                }
            }
            Action::First => 0,
            Action::Last | Action::FastLeft | Action::FastRight | Action::CarryUp | Action::CarryDown => Pixels::INK,
            Action::Clear => began.unwrap_or(0),
            _ => return false,
        };
        self.focus = Stop::Control { idx, item: neighbour(pixels, item, action).unwrap_or(item) };
        if let Some(pixel) = pixels.get_mut(item) {
            *pixel = level;
        }
        self.set(idx, Value::Image(pixels), cx);
        true
    }

    /// Changes the focused parameter.
    fn edit(&mut self, idx: usize, item: usize, action: Action, cx: &mut Cx) -> bool {
        let spec = &self.lab.params[idx];
        match spec.kind {
            ParamKind::Bits { n } => self.edit_bits(idx, item, n as usize, action, cx),
            ParamKind::Image { .. } => self.edit_image(idx, item, action, cx),
            _ => {
                let Some(value) = edited(spec, item, self.params.at(idx), self.start.at(idx), action) else { return false };
                self.focus = Stop::Control { idx, item };
                self.set(idx, value, cx);
                true
            }
        }
    }

    fn edit_bits(&mut self, idx: usize, item: usize, n: usize, action: Action, cx: &mut Cx) -> bool {
        let last = n.saturating_sub(1);
        let item = item.min(last);
        let to = match action {
            Action::Left => item.saturating_sub(1),
            Action::Right => (item + 1).min(last),
            Action::FastLeft => item.saturating_sub(10),
            Action::FastRight => (item + 10).min(last),
            Action::First => 0,
            Action::Last => last,
            Action::Space | Action::Clear => item,
            _ => return false,
        };
        self.focus = Stop::Control { idx, item: to };
        match (action, self.params.at(idx)) {
            (Action::Space, Value::Bits(pattern)) => self.set(idx, Value::Bits(pattern ^ 1 << (last - item)), cx),
            (Action::Clear, _) => self.set(idx, self.start.at(idx), cx),
            _ => {}
        }
        true
    }

    fn set(&mut self, idx: usize, value: Value, cx: &mut Cx) {
        if self.params.at(idx) != value {
            let mut params = self.params.clone();
            params.put(idx, value);
            self.change(params, cx);
        }
    }

    /// Opens number entry with its first character; a choice and a switch have none.
    fn open_entry(&mut self, first: char) -> bool {
        let Some(stop) = self.focused() else { return false };
        let takes_text = match stop {
            Stop::Steps => true,
            Stop::Control { idx, .. } => !matches!(self.params.at(idx), Value::Bool(_) | Value::Choice(_)),
        };
        if takes_text {
            self.focus = stop;
            self.entry = Some(Field::new(ENTRY_CAP).with_text(&first.to_string()));
        }
        true
    }

    pub(super) fn act_on_entry(&mut self, action: Action, cx: &mut Cx) -> bool {
        match action {
            Action::Primary | Action::NextRegion | Action::Down => self.enter(cx),
            Action::PrevRegion | Action::Up => (self.entry, self.refused) = (None, None),
            _ => return false,
        }
        true
    }

    /// Takes what was typed, or says why not.
    fn enter(&mut self, cx: &mut Cx) {
        let Some(text) = self.entry.as_ref().map(|entry| entry.text().to_owned()) else { return };
        let found = match self.focus {
            Stop::Steps => self.enter_step(&text),
            Stop::Control { idx, item } => typed(&self.lab.params[idx], item, self.params.at(idx), &text).map(|value| {
                (self.entry, self.refused) = (None, None);
                self.set(idx, value, cx);
            }),
        };
        match found {
            Ok(()) => (self.entry, self.refused) = (None, None),
            Err(why) => self.refused = Some(why),
        }
    }

    /// What the keys of the region in hand do, for the footer.
    pub fn moves(&self) -> Vec<Offer> {
        const SIDEWAYS: &[Action] = &[Action::Left, Action::Right];
        const UPRIGHT: &[Action] = &[Action::Up, Action::Down];
        let region = |name| Offer::new(&[Action::NextRegion], name);
        if self.region == Region::Figure {
            let mut offers = match (self.trace(), self.figure()) {
                (Some(_), _) => vec![Offer::new(SIDEWAYS, "step")],
                (None, Some(Figure::Mirror(_))) => vec![Offer::new(SIDEWAYS, "cursor"), Offer::new(UPRIGHT, "loupe")],
                (None, Some(Figure::Heatmap(_))) => vec![Offer::new(SIDEWAYS, "cursor"), Offer::new(UPRIGHT, "row")],
                (None, Some(Figure::Bars(_) | Figure::Table(_))) => vec![Offer::new(UPRIGHT, "row")],
                (None, Some(Figure::ErrorHistogram(_) | Figure::Rows(_) | Figure::Lines(_) | Figure::Ticks(_))) => {
                    vec![Offer::new(SIDEWAYS, "cursor")]
                }
                _ => Vec::new(),
            };
            offers.push(region("controls"));
            return offers;
        }
        let kind = match self.focused() {
            Some(Stop::Control { idx, .. }) => Some(self.lab.params[idx].kind),
            _ => None,
        };
        let mut offers = match (self.focused(), kind) {
            (Some(Stop::Steps), _) => vec![Offer::new(SIDEWAYS, "step")],
            (_, Some(ParamKind::Image { .. })) => vec![
                Offer::new(&[Action::Left, Action::Right, Action::Up, Action::Down], "pixel"),
                Offer::new(&[Action::Space], "ink"),
                Offer::new(&[Action::FastLeft, Action::FastRight], "draw"),
            ],
            (_, Some(ParamKind::Bits { .. })) => vec![Offer::new(SIDEWAYS, "bit"), Offer::new(&[Action::Space], "toggle")],
            _ => vec![Offer::new(SIDEWAYS, "change")],
        };
        // In an image the arrows are named already; past its edge they walk on.
        if self.stops().len() > 1 && !matches!(kind, Some(ParamKind::Image { .. })) {
            offers.push(Offer::new(UPRIGHT, if matches!(kind, Some(ParamKind::Vector { .. })) { "element" } else { "control" }));
        }
        offers.push(region("figure"));
        offers
    }
}

/// The pixel beside another in the direction of a key, inside of the image.
fn neighbour(pixels: Pixels, item: usize, action: Action) -> Option<usize> {
    let width = pixels.width().max(1);
    match action {
        Action::Left | Action::FastLeft => (!item.is_multiple_of(width)).then(|| item - 1),
        Action::Right | Action::FastRight => (item % width + 1 < width).then(|| item + 1),
        Action::Up | Action::CarryUp => item.checked_sub(width),
        Action::Down | Action::CarryDown => Some(item + width).filter(|to| *to < pixels.len()),
        _ => None,
    }
}

/// What a key makes of a value, or of one element of it; `None` where the key means nothing here.
fn edited(spec: &ParamSpec, item: usize, value: Value, start: Value, action: Action) -> Option<Value> {
    let is_vector = matches!(value, Value::Vector(_));
    let step = |n: i64| if is_vector { spec.step_item(value, item, n) } else { spec.step(value, n) };
    let whole = |from: Value| match (value, from) {
        (Value::Vector(items), Value::Vector(from)) => with_item(items, item, from.get(item).copied()),
        _ => from,
    };
    Some(match action {
        Action::Left => step(-1),
        Action::Right | Action::Space => step(1),
        Action::FastLeft => step(-10),
        Action::FastRight => step(10),
        Action::First => whole(spec.limit(false)),
        Action::Last => whole(spec.limit(true)),
        Action::Clear => whole(start),
        _ => return None,
    })
}

fn with_item(mut items: Numbers, item: usize, x: Option<f64>) -> Value {
    if let Some((place, x)) = items.get_mut(item).zip(x) {
        *place = x;
    }
    Value::Vector(items)
}

/// What was typed into a control: a number for one element of a vector, with commas all of them.
fn typed(spec: &ParamSpec, item: usize, value: Value, text: &str) -> Result<Value, String> {
    let refused = |error: SetError| match error {
        SetError::Value { got, allowed, .. } => format!("`{got}` does not fit: {allowed}."),
        SetError::Unknown { .. } => error.to_string(),
    };
    match (spec.kind, value) {
        (ParamKind::Vector { min, max, .. }, Value::Vector(items)) if !text.contains(',') => {
            let x = text.trim().parse().ok().filter(|x| (min..=max).contains(x));
            let why =
                || format!("`{}` does not fit: a number from {min} to {max}, or all {} with commas.", text.trim(), items.len());
            x.map(|x| with_item(items, item, Some(x))).ok_or_else(why)
        }
        (ParamKind::Image { .. }, Value::Image(mut pixels)) if !text.contains(['/', '.']) => {
            let level = text.trim().parse().ok().filter(|level| *level <= Pixels::INK);
            let why =
                || format!("`{}` does not fit: ink from 0 to {}, or all rows with / between them.", text.trim(), Pixels::INK);
            let (level, pixel) = level.zip(pixels.get_mut(item)).ok_or_else(why)?;
            *pixel = level;
            Ok(Value::Image(pixels))
        }
        _ => spec.parse(text).map_err(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SPEC: ParamSpec = ParamSpec {
        name: "x",
        label: "x",
        kind: ParamKind::Vector { n: 3, min: -4.0, max: 4.0, step: 0.5 },
        default: Value::Vector(Numbers::new(&[1.0, 2.0, 3.0])),
        help: "",
        active: |_| true,
    };

    #[test]
    fn arrows_stay_inside_of_an_image_and_numbers_set_a_pixel() {
        let pixels = Pixels::new(3, &[0, 1, 2, 3, 4, 5]);
        let to = |item, action| neighbour(pixels, item, action);
        assert_eq!([to(0, Action::Right), to(2, Action::Right), to(3, Action::Left)], [Some(1), None, None]);
        assert_eq!(
            [to(1, Action::Up), to(4, Action::CarryUp), to(1, Action::Down), to(4, Action::Down)],
            [None, Some(1), Some(4), None]
        );
        let spec =
            ParamSpec { kind: ParamKind::Image { width: 3, height: 2, start: None }, default: Value::Image(pixels), ..SPEC };
        let typed = |text| typed(&spec, 4, Value::Image(pixels), text).map(|v| v.to_string());
        assert_eq!(typed("16"), Ok(".12/3g5".into()));
        assert_eq!(typed(".g./g.g"), Ok(".g./g.g".into()));
        assert!(typed("17").is_err_and(|why| why.contains("0 to 16")) && typed(".g./g.").is_err());
    }

    #[test]
    fn keys_and_numbers_change_one_element_alone() {
        let value = Value::Vector(Numbers::new(&[0.0, 0.5, 4.0]));
        let edit = |item, action| edited(&SPEC, item, value, SPEC.default, action).unwrap().to_string();
        assert_eq!(edit(1, Action::Right), "0,1,4");
        assert_eq!(edit(2, Action::Right), "0,0.5,4");
        assert_eq!(edit(0, Action::FastLeft), "-4,0.5,4");
        assert_eq!(edit(1, Action::Last), "0,4,4");
        assert_eq!(edit(1, Action::Clear), "0,2,4");
        assert!(edited(&SPEC, 0, value, SPEC.default, Action::Search).is_none());
        assert_eq!(typed(&SPEC, 1, value, "-1.25").unwrap().to_string(), "0,-1.25,4");
        assert_eq!(typed(&SPEC, 1, value, "1, 2, -3").unwrap().to_string(), "1,2,-3");
        assert_eq!(typed(&SPEC, 1, value, "9").unwrap_err(), "`9` does not fit: a number from -4 to 4, or all 3 with commas.");
        assert!(typed(&SPEC, 1, value, "1,2").is_err() && typed(&SPEC, 1, value, "nan").is_err());
    }
}
