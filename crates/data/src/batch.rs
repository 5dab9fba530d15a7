use crate::{Error, Layout, Scratch, layout::Target};
use elman_tensor::{Real, Tensor};

/// A batch of sequences and their targets, whose memory is used again and again.
///
/// A [`Task`](crate::Task) gives it its shapes and writes all of it; once shapes
/// repeat, filling it allocates nothing. A fresh one is empty.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    /// Inputs, `[time, batch, feature]`.
    pub x: Tensor<T>,
    /// Targets: `[time, batch, k]` where every step has one, `[batch, k]` where the
    /// whole sequence has one. Where the target is a class, its one-hot code, or
    /// for two classes the probability of the second.
    pub y: Tensor<T>,
    /// Class ids of the targets, `[time, batch]` or `[batch]`, row-major; empty where
    /// the target is no class.
    pub ids: Vec<u32>,
    scratch: Scratch,
}

impl<T: Real> Batch<T> {
    /// An empty batch.
    pub fn new() -> Self {
        Batch {
            x: Tensor::default(),
            y: Tensor::default(),
            ids: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Takes the shapes of `layout`, clears everything to zero, and has `row` write
    /// the sequences one after the other: `row(k, ..)` writes batch element `k`.
    ///
    /// This is what [`Task::fill`](crate::Task::fill) stands on, and of use for data
    /// that is no task: a test set in its own order, say.
    ///
    /// # Errors
    ///
    /// A layout with an empty axis or one that is too large, whatever `row` returns,
    /// and [`Error::OutsideLayout`] if `row` writes where the layout has nothing.
    /// After an error the contents are of no use.
    pub fn fill(
        &mut self,
        layout: Layout,
        mut row: impl FnMut(usize, &mut Row<'_, T>, &mut Scratch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let ids = layout.check()?;
        // Resizing clears to zero as well.
        self.x.resize([layout.time, layout.batch, layout.features])?;
        match layout.target {
            Target::Sequence(k) => self.y.resize([layout.batch, k])?,
            Target::Steps(steps, k) => self.y.resize([steps, layout.batch, k])?,
        }
        self.ids.clear();
        elman_tensor::reserve(&mut self.ids, ids)?;
        self.ids.resize(ids, 0);
        for k in 0..layout.batch {
            let (x, y, ids) = (self.x.values_mut(), self.y.values_mut(), &mut self.ids[..]);
            let mut element = Row { x, y, ids, layout, k, outside: None };
            row(k, &mut element, &mut self.scratch)?;
            if let Some((what, t, i)) = element.outside {
                let (place, layout) = (format!("{what}[{t}, {i}]"), format!("{layout:?}"));
                return Err(Error::OutsideLayout { place, layout });
            }
        }
        Ok(())
    }
}

impl<T: Real> Default for Batch<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// One sequence of a batch, open for writing: a task sees no other.
///
/// It arrives cleared to zero. Writing outside of the layout does nothing, and
/// becomes an error when the row is finished.
pub struct Row<'b, T> {
    x: &'b mut [T],
    y: &'b mut [T],
    ids: &'b mut [u32],
    layout: Layout,
    k: usize,
    /// The first write outside of the layout: what, step and feature.
    outside: Option<(&'static str, usize, usize)>,
}

impl<T: Real> Row<'_, T> {
    /// Input `feature` at step `t`.
    pub fn x(&mut self, t: usize, feature: usize, value: f64) {
        let Layout { time, batch, features, .. } = self.layout;
        if t < time && feature < features {
            self.x[(t * batch + self.k) * features + feature] = T::from_f64(value);
        } else {
            self.outside.get_or_insert(("x", t, feature));
        }
    }

    /// Target `i` at step `t`; step 0 where the whole sequence has one target.
    pub fn y(&mut self, t: usize, i: usize, value: f64) {
        let (steps, width) = self.layout.target.sizes();
        if t < steps && i < width {
            self.y[(t * self.layout.batch + self.k) * width + i] = T::from_f64(value);
        } else {
            self.outside.get_or_insert(("y", t, i));
        }
    }

    /// Class id of the target at step `t`; step 0 where the sequence has one target.
    pub fn id(&mut self, t: usize, id: u32) {
        let (steps, _) = self.layout.target.sizes();
        if t < steps && self.layout.classes {
            self.ids[t * self.layout.batch + self.k] = id;
        } else {
            self.outside.get_or_insert(("ids", t, 0));
        }
    }
}
