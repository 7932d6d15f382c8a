//! The handwritten digits: 1,797 images of 8 x 8 pixels in a fixed order.

use safetensors::SafeTensors;

/// 117 kB; `assets/README.md` says where it comes from.
static DIGITS: &[u8] = include_bytes!("../../assets/digits/digits.safetensors");

/// Which part of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// 1,197 images.
    Train,
    /// 100 images, for ranges of activations; no net was trained on them.
    Calibration,
    /// 500 images.
    Test,
}

/// Images and what they show.
#[derive(Clone, Debug)]
pub struct Set {
    /// Row-major `[n, 64]`, 0 (paper) to 1 (ink).
    pub images: Vec<f32>,
    /// `[n]`, 0 to 9.
    pub labels: Vec<u8>,
}

impl Set {
    /// Images in the set.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The 64 pixels of one image, row by row. Panics beyond the end.
    pub fn image(&self, idx: usize) -> &[f32] {
        &self.images[idx * Digits::PIXELS..][..Digits::PIXELS]
    }

    /// The first `n` images, or all of them.
    pub fn first(&self, n: usize) -> Self {
        let n = n.min(self.len());
        Self { images: self.images[..n * Digits::PIXELS].to_vec(), labels: self.labels[..n].to_vec() }
    }
}

/// The three sets.
#[derive(Clone, Debug)]
pub struct Digits {
    pub train: Set,
    pub calibration: Set,
    pub test: Set,
}

impl Digits {
    /// Pixels of an image: 8 rows of 8.
    pub const PIXELS: usize = 64;
    /// The value of full ink in the file; an image holds pixel / 16.
    pub const INK: u8 = 16;
    const N_TRAIN: usize = 1197;
    const N_CALIBRATION: usize = 100;

    /// The images that are part of the program.
    pub fn embedded() -> Self {
        let file = SafeTensors::deserialize(DIGITS).expect("the embedded file is sound; a test reads all of it");
        let bytes = |name| file.tensor(name).expect("the embedded file has images and labels; a test reads both").data();
        let (images, labels) = (bytes("images"), bytes("labels"));
        let set = |from: usize, to: usize| Set {
            images: images[from * Self::PIXELS..to * Self::PIXELS].iter().map(|&p| f32::from(p) / f32::from(Self::INK)).collect(),
            labels: labels[from..to].to_vec(),
        };
        let (a, b) = (Self::N_TRAIN, Self::N_TRAIN + Self::N_CALIBRATION);
        Self { train: set(0, a), calibration: set(a, b), test: set(b, labels.len()) }
    }

    /// Ink of a test image from 0 to [`Digits::INK`], and its label; `None` beyond the last. Reads this image alone.
    pub fn test_image(idx: usize) -> Option<([u8; Self::PIXELS], u8)> {
        let file = SafeTensors::deserialize(DIGITS).expect("the embedded file is sound; a test reads all of it");
        let at = Self::N_TRAIN + Self::N_CALIBRATION + idx;
        let pixels = file.tensor("images").ok()?.data().get(at * Self::PIXELS..(at + 1) * Self::PIXELS)?;
        Some((pixels.try_into().ok()?, *file.tensor("labels").ok()?.data().get(at)?))
    }

    pub fn split(&self, split: Split) -> &Set {
        match split {
            Split::Train => &self.train,
            Split::Calibration => &self.calibration,
            Split::Test => &self.test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts as the script that made the file printed them.
    #[test]
    fn the_splits_hold_every_digit() {
        let digits = Digits::embedded();
        let counts = |set: &Set| -> Vec<usize> { (0..10).map(|d| set.labels.iter().filter(|&&l| l == d).count()).collect() };
        assert_eq!(counts(&digits.train), [116, 120, 118, 122, 116, 120, 130, 118, 121, 116]);
        assert_eq!(counts(&digits.calibration), [10, 8, 8, 7, 13, 12, 12, 9, 11, 10]);
        assert_eq!(counts(&digits.test), [52, 54, 51, 54, 52, 50, 39, 52, 42, 54]);
        for split in [Split::Train, Split::Calibration, Split::Test] {
            let set = digits.split(split);
            assert_eq!(set.images.len(), set.len() * Digits::PIXELS);
            assert!(set.images.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }

    #[test]
    fn the_first_images_stay_the_first() {
        let test = Digits::embedded().test;
        let few = test.first(3);
        assert_eq!((few.len(), few.image(2)), (3, test.image(2)));
        assert_eq!(test.first(10_000).len(), 500);
    }

    #[test]
    fn one_image_can_be_read_alone() {
        let test = Digits::embedded().test;
        let (pixels, label) = Digits::test_image(499).expect("there are 500");
        assert_eq!((pixels.map(|p| f32::from(p) / 16.0).as_slice(), label), (test.image(499), test.labels[499]));
        assert_eq!(Digits::test_image(500), None);
    }
}
