//! The handwritten digits and the net that reads them.

use rhai::{Array, Dynamic, Map};

use crate::{
    nn::{Arch, Dense, Set, Split},
    script::{
        host::{Host, Trouble, trouble},
        tensor::{DType, Maker, Tensor},
        value::{Answer, Call},
    },
    text::did_you_mean,
};

const SPLITS: [(&str, Split); 3] = [("train", Split::Train), ("calibration", Split::Calibration), ("test", Split::Test)];

fn floats(host: &Host, shape: Vec<usize>, values: &[f32]) -> Result<Tensor, Trouble> {
    Maker::new(host, shape)?.by_place(|i| values[i])
}

/// `#{images, labels}` of one split.
pub(super) fn digits(call: &mut Call) -> Answer {
    let name = if call.has(0) { call.text(0)? } else { "test".into() };
    let Some((_, split)) = SPLITS.iter().find(|(known, _)| *known == name) else {
        let names = SPLITS.map(|(known, _)| known);
        let meant = did_you_mean(&name, names).map_or(String::new(), |near| format!(" (did you mean \"{near}\"?)"));
        return Err(trouble(format!("there are no digits \"{name}\"{meant}; there are: {}", names.join(", "))));
    };
    let all = call.host.sources.digits();
    let set: &Set = all.split(*split);
    let labels: Vec<f32> = set.labels.iter().map(|&label| f32::from(label)).collect();
    let labels = floats(call.host, vec![set.len()], &labels)?.cast_whole(call.host, DType::I32, |x| x as i32)?;
    let images = floats(call.host, vec![set.len(), set.images.len() / set.len().max(1)], &set.images)?;
    let map = [("images", Dynamic::from(images)), ("labels", Dynamic::from(labels))];
    Ok(Dynamic::from(map.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>()))
}

/// The layers of the trained perceptron, `#{w, b}` each.
pub(super) fn mlp(call: &mut Call) -> Answer {
    let seed = if call.has(0) { call.int(0)? } else { 1 };
    let net = u64::try_from(seed).ok().and_then(|seed| Arch::Mlp.shipped(seed)).ok_or_else(|| {
        let (first, last) = (Arch::SHIPPED.start(), Arch::SHIPPED.end());
        trouble(format!("there is no net of seed {seed}; there are those of {first} to {last}"))
    })?;
    let layer = |dense: &Dense| -> Answer {
        let w = floats(call.host, vec![dense.n_out, dense.n_in], &dense.weight)?;
        let b = floats(call.host, vec![dense.n_out], &dense.bias)?;
        let map = [("w", Dynamic::from(w)), ("b", Dynamic::from(b))];
        Ok(Dynamic::from(map.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>()))
    };
    let layers: Result<Array, Trouble> = net.dense_layers().map(|(_, dense)| layer(dense)).collect();
    layers.map(Dynamic::from)
}
