//! Elements in another order.

use elman_tensor::Shape;

/// A shape whose elements lie in another one's: where the first one lies, and how far it is to the
/// next along each axis.
///
/// Transposing, slicing and repeating are such; what follows each other can be seen, what does not
/// is picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strides {
    shape: Shape,
    first: isize,
    steps: [isize; 4],
}

impl Strides {
    /// Element after element.
    pub(crate) fn of_shape(shape: Shape) -> Self {
        let mut steps = [0; 4];
        for (axis, step) in steps.iter_mut().enumerate().take(shape.rank()) {
            *step = shape.after(axis).min(isize::MAX as usize) as isize;
        }
        Strides { shape, first: 0, steps }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Axis `i` is the former axis `order[i]`.
    pub(crate) fn permuted(self, order: &[usize]) -> Result<Self, String> {
        let mut seen = [false; 4];
        for &axis in order {
            match seen.get_mut(axis) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(format!("{order:?} is no order of the axes of {}", self.shape)),
            }
        }
        if order.len() != self.shape.rank() || order.iter().any(|&axis| axis >= order.len()) {
            return Err(format!("{order:?} is no order of the axes of {}", self.shape));
        }
        let (mut shape, mut steps) = (self.shape, [0; 4]);
        for (to, &from) in order.iter().enumerate() {
            shape = shape.with(to, self.shape.dims()[from]);
            steps[to] = self.steps[from];
        }
        Ok(Strides { shape, steps, ..self })
    }

    /// `len` items of an axis from `start`, each `step` further; all of them must be there.
    pub(crate) fn sliced(mut self, axis: usize, start: usize, len: usize, step: isize) -> Self {
        self.shape = self.shape.with(axis, len);
        self.first = self.first.saturating_add(self.steps[axis].saturating_mul(start as isize));
        self.steps[axis] = self.steps[axis].saturating_mul(step);
        self
    }

    /// Repeated along axes of size 1, and along new outer ones.
    pub(crate) fn expanded(self, shape: Shape) -> Result<Self, String> {
        let unfit = || format!("{} cannot be repeated to {shape}", self.shape);
        let more = shape.rank().checked_sub(self.shape.rank()).ok_or_else(unfit)?;
        let mut steps = [0; 4];
        for axis in more..shape.rank() {
            let size = self.shape.dims()[axis - more];
            if size == shape.dims()[axis] {
                steps[axis] = self.steps[axis - more];
            } else if size != 1 {
                return Err(unfit());
            }
        }
        Ok(Strides { shape, steps, ..self })
    }

    /// Where the element of a row-major index lies.
    pub(crate) fn of(&self, mut index: usize) -> usize {
        let mut at = self.first;
        for axis in (0..self.shape.rank()).rev() {
            let size = self.shape.dims()[axis].max(1);
            at = at.saturating_add(self.steps[axis].saturating_mul((index % size) as isize));
            index /= size;
        }
        at.max(0) as usize
    }

    /// How many elements follow each other everywhere, and the number of axes outside of them.
    fn run(&self) -> (usize, usize) {
        let (mut run, mut outside) = (1usize, self.shape.rank());
        while outside > 0 {
            let size = self.shape.dims()[outside - 1];
            if size != 1 && self.steps[outside - 1] != run as isize {
                break;
            }
            run = run.saturating_mul(size);
            outside -= 1;
        }
        (run, outside)
    }

    /// Where the elements begin, if they follow each other.
    pub(crate) fn contiguous(&self) -> Option<usize> {
        (self.run().1 == 0).then(|| self.of(0))
    }

    /// The most elements, of `len` in all, that can be picked as whole items.
    pub(crate) fn item(&self, len: usize) -> usize {
        let (run, outside) = self.run();
        let whole = |n: isize| n.unsigned_abs().is_multiple_of(run);
        let mut outer = self.shape.dims()[..outside].iter().zip(self.steps);
        let fits = len.is_multiple_of(run)
            && whole(self.first)
            && outer.all(|(&size, step)| size == 1 || whole(step));
        if fits { run } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Picked item by item, elements are those that are picked one by one.
        #[test]
        fn items_are_their_elements(
            sizes in proptest::array::uniform4(1usize..4),
            order in Just([0usize, 1, 2, 3]).prop_shuffle(),
            axis in 0usize..4, start in 0usize..4, len in 1usize..4, step in -2isize..3,
        ) {
            let shape = Shape::from(sizes);
            let seen = Strides::of_shape(shape).permuted(&order).unwrap();
            let size = seen.shape().dims()[axis];
            let start = start % size;
            let inside = |n: usize| {
                let at = start as isize + step * (n as isize - 1);
                (0..size as isize).contains(&at)
            };
            let len = (1..=len).rev().find(|&n| inside(n)).unwrap();
            let seen = seen.sliced(axis, start, len, step);
            let item = seen.item(shape.len());
            for i in 0..seen.shape().len() {
                let at = seen.of(i / item * item);
                prop_assert_eq!(at % item, 0);
                prop_assert_eq!(at + i % item, seen.of(i));
            }
            if let Some(first) = seen.contiguous() {
                prop_assert!((0..seen.shape().len()).all(|i| seen.of(i) == first + i));
            }
            // Each element by the definition.
            let dims = seen.shape();
            for i in 0..dims.len() {
                let mut at = [0; 4];
                let mut rest = i;
                for axis in (0..4).rev() {
                    at[axis] = rest % dims.dims()[axis];
                    rest /= dims.dims()[axis];
                }
                at[axis] = (start as isize + at[axis] as isize * step) as usize;
                let mut former = [0; 4];
                order.iter().enumerate().for_each(|(to, &from)| former[from] = at[to]);
                let wanted = (0..4).fold(0, |n, axis| n * sizes[axis] + former[axis]);
                prop_assert_eq!(seen.of(i), wanted);
            }
        }
    }
}
