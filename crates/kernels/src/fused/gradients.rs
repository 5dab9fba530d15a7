//! Where partial derivatives go.

/// Where partial derivatives are added; `None` where nobody wants one.
///
/// They are asked for one after the other, because one memory may be the target of several.
///
/// ```
/// use elman_kernels::Isa;
/// use elman_kernels::fused::{
///     Backward, Cell, Columns, Forward, Gradients, Marks, Sizes, backward, forward, kept,
/// };
///
/// /// Of the inputs only.
/// struct Inputs([f64; 3]);
///
/// impl Gradients<f64> for Inputs {
///     fn x(&mut self) -> Option<&mut [f64]> { Some(&mut self.0) }
///     fn h(&mut self) -> Option<&mut [f64]> { None }
///     fn c(&mut self) -> Option<&mut [f64]> { None }
///     fn w(&mut self, _: usize) -> Option<&mut [f64]> { None }
///     fn u(&mut self, _: usize) -> Option<&mut [f64]> { None }
///     fn b(&mut self, _: usize) -> Option<&mut [f64]> { None }
/// }
///
/// // h′ = max(x + ½ h, 0): the last output feels the inputs by ¼, ½ and 1.
/// let sizes = Sizes { time: 3, batch: 1, input: 1, hidden: 1 };
/// let columns = |values| [Columns { values, width: 1, first: 0 }];
/// let (w, u, b) = (columns(&[1.0]), columns(&[0.5]), columns(&[0.0]));
/// let (x, h, marks, isa) = ([1.0; 3], [0.0], Marks::default(), Isa::used());
/// let (mut y, mut memory) = ([0.0; 3], vec![0.0; kept(Cell::Relu, sizes)?]);
/// let (to, kept) = (&mut y, &mut memory[..]);
/// let (w, u, b) = (&w, &u, &b);
/// let with = Forward { x: &x, h: &h, c: &[], w, u, b, marks, y: to, last: &mut [], kept };
/// forward(isa, Cell::Relu, sizes, with)?;
/// let (dy, kept, mut dx) = ([0.0, 0.0, 1.0], &mut memory[..], Inputs([0.0; 3]));
/// let with = Backward { x: &x, h: &h, w, u, b, marks, y: &y, dy: &dy, dlast: &[], kept };
/// backward(isa, Cell::Relu, sizes, with, &mut dx)?;
/// assert_eq!(dx.0, [0.25, 0.5, 1.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
pub trait Gradients<T> {
    /// Of the inputs, `[time, batch, input]`.
    fn x(&mut self) -> Option<&mut [T]>;
    /// Of the output before the first step.
    fn h(&mut self) -> Option<&mut [T]>;
    /// Of the cell before the first step.
    fn c(&mut self) -> Option<&mut [T]>;
    /// Of the matrix in which the weights of the input for a sum lie.
    fn w(&mut self, sum: usize) -> Option<&mut [T]>;
    /// Of the matrix in which the weights of the state for a sum lie.
    fn u(&mut self, sum: usize) -> Option<&mut [T]>;
    /// Of the row in which the biases of a sum lie.
    fn b(&mut self, sum: usize) -> Option<&mut [T]>;
}
