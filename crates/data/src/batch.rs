use crate::{Error, Layout, Scratch, layout::Target};
use elman_tensor::{Real, Tensor};

/// The class id of a step past the end of its row: no class, and nothing to be counted.
///
/// It is what `cross_entropy_ignoring` of `elman-train` is to ignore.
pub const PADDING: u32 = u32::MAX;

/// A batch of sequences and their targets, whose memory is used again and again.
///
/// A [`Task`](crate::Task) gives it its shapes and writes all of it; once shapes
/// repeat, filling it allocates nothing. A fresh one is empty.
///
/// Rows may be of different lengths. What lies past the end of a row is padding: 0 in
/// `x`, and where targets belong to steps 0 in `y` and [`PADDING`] in `ids`.
///
/// ```
/// use elman_data::{Adding, Batch, Task};
///
/// let mut batch = Batch::<f32>::new();
/// Adding::new(7, 20, 4)?.fill(&mut batch, 0)?;
/// assert_eq!(batch.x.shape().dims(), [20, 4, 2]); // time, batch, feature
/// assert_eq!(batch.y.shape().dims(), [4, 1]); // one target for a whole sequence
/// assert_eq!(batch.lengths, [20; 4]);
/// assert!(batch.ids.is_empty()); // a number is to be guessed, not a class
/// # Ok::<(), elman_data::Error>(())
/// ```
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
    /// How many steps each row has, `[batch]`: as many as `x`, if the row says nothing.
    /// `Seq::with_lengths` of `elman-rnn` takes them.
    pub lengths: Vec<u32>,
    scratch: Scratch,
}

impl<T: Real> Batch<T> {
    /// An empty batch.
    pub fn new() -> Self {
        Batch {
            x: Tensor::default(),
            y: Tensor::default(),
            ids: Vec::new(),
            lengths: Vec::new(),
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
    /// and [`Error::OutsideLayout`] if `row` writes where the layout has nothing, or
    /// past the end that it says it has.
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
        self.lengths.clear();
        elman_tensor::reserve(&mut self.lengths, layout.batch)?;
        for k in 0..layout.batch {
            let (x, y, ids) = (self.x.values_mut(), self.y.values_mut(), &mut self.ids[..]);
            let (length, written) = (layout.time, 0);
            let mut element = Row { x, y, ids, layout, k, length, written, outside: None };
            row(k, &mut element, &mut self.scratch)?;
            self.lengths.push(element.finish()?);
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
/// It arrives cleared to zero, and as long as the layout says. Writing outside of the
/// layout, or past the end, becomes an error when the row is finished.
///
/// ```
/// use elman_data::{Batch, Layout, PADDING, Target};
///
/// // Two rows of classes step by step: the first has 2 steps, the second 3.
/// let target = Target::Steps(3, 1);
/// let layout = Layout { time: 3, batch: 2, features: 1, target, classes: true };
/// let mut batch = Batch::<f64>::new();
/// batch.fill(layout, |k, row, _| {
///     row.length(k + 2);
///     (0..k + 2).for_each(|t| row.id(t, t as u32));
///     Ok(())
/// })?;
/// assert_eq!(batch.lengths, [2, 3]);
/// assert_eq!(batch.ids, [0, 0, 1, 1, PADDING, 2]); // step by step
///
/// // What the layout does not have is an error.
/// let outside = batch.fill(layout, |_, row, _| Ok(row.x(0, 9, 1.0))).unwrap_err();
/// assert!(outside.to_string().starts_with("a task wrote x[0, 9], outside of its layout"));
/// # Ok::<(), elman_data::Error>(())
/// ```
pub struct Row<'b, T> {
    x: &'b mut [T],
    y: &'b mut [T],
    ids: &'b mut [u32],
    layout: Layout,
    k: usize,
    length: usize,
    /// One more than the last step that was written, of those that have to lie before the end.
    written: usize,
    /// The first write outside of the layout.
    outside: Option<Error>,
}

impl<T: Real> Row<'_, T> {
    /// The row ends after `steps` steps: what follows is padding. Without this it is as
    /// long as the layout says.
    ///
    /// Targets of steps end with the inputs, if there are as many of them; other targets
    /// are not touched.
    pub fn length(&mut self, steps: usize) {
        if steps > self.layout.time {
            self.refuse(|| format!("a length of {steps}"));
        } else {
            self.length = steps;
        }
    }

    /// Input `feature` at step `t`.
    pub fn x(&mut self, t: usize, feature: usize, value: f64) {
        let Layout { time, batch, features, .. } = self.layout;
        if t < time && feature < features {
            self.x[(t * batch + self.k) * features + feature] = T::from_f64(value);
            self.written = self.written.max(t + 1);
        } else {
            self.refuse(|| format!("x[{t}, {feature}]"));
        }
    }

    /// Target `i` at step `t`; step 0 where the whole sequence has one target.
    pub fn y(&mut self, t: usize, i: usize, value: f64) {
        let (steps, width) = self.layout.target.sizes();
        if t < steps && i < width {
            self.y[(t * self.layout.batch + self.k) * width + i] = T::from_f64(value);
            self.target(t);
        } else {
            self.refuse(|| format!("y[{t}, {i}]"));
        }
    }

    /// Class id of the target at step `t`; step 0 where the sequence has one target.
    pub fn id(&mut self, t: usize, id: u32) {
        let (steps, _) = self.layout.target.sizes();
        if t < steps && self.layout.classes {
            self.ids[t * self.layout.batch + self.k] = id;
            self.target(t);
        } else {
            self.refuse(|| format!("ids[{t}, 0]"));
        }
    }

    /// Takes note of a target at step `t`.
    fn target(&mut self, t: usize) {
        if self.layout.beside() {
            self.written = self.written.max(t + 1);
        }
    }

    /// Takes note of a write outside of the layout, if it is the first.
    fn refuse(&mut self, place: impl FnOnce() -> String) {
        let layout = self.layout;
        self.outside.get_or_insert_with(|| Error::OutsideLayout {
            place: place(),
            layout: format!("{layout:?}"),
        });
    }

    /// Marks the ids of the padding. The length of the row, unless something was written
    /// outside.
    fn finish(self) -> Result<u32, Error> {
        let Layout { time, batch, classes, .. } = self.layout;
        if let Some(outside) = self.outside {
            return Err(outside);
        }
        if self.written > self.length {
            return Err(Error::PastEnd { step: self.written - 1, length: self.length });
        }
        if classes && self.layout.beside() {
            (self.length..time).for_each(|t| self.ids[t * batch + self.k] = PADDING);
        }
        Ok(self.length as u32)
    }
}
