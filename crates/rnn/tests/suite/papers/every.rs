//! Every cell, of any size, over anything.

use elman_autograd::{Error, Params, Scope, Tape};
use elman_rnn::*;
use elman_tensor::{Shape, Tensor};
use proptest::prelude::*;

/// What is done with each cell.
trait Visitor {
    fn visit<C: Cell>(&self, build: impl FnOnce(Scope<'_>) -> Result<C, Error>);
}

fn every(input: usize, hidden: usize, output: usize, visitor: &impl Visitor) {
    let (chrono, given) = (ForgetBias::Chrono { longest: 9.0 }, Interval::Given);
    let v = visitor;
    v.visit(|p| Elman::with(p, input, hidden, Activation::Silu));
    v.visit(|p| Jordan::new(p, input, hidden, output));
    v.visit(|p| Lstm::with(p, input, hidden, chrono));
    v.visit(|p| PeepholeLstm::new(p, input, hidden));
    v.visit(|p| ProjectedLstm::new(p, input, hidden, output));
    v.visit(|p| CoupledLstm::new(p, input, hidden));
    v.visit(|p| LayerNormLstm::new(p, input, hidden));
    v.visit(|p| MultiplicativeLstm::new(p, input, hidden));
    v.visit(|p| SLstm::with(p, input, hidden, chrono));
    v.visit(|p| ResetFirstGru::new(p, input, hidden));
    v.visit(|p| Mgu::new(p, input, hidden));
    v.visit(|p| Ugrnn::with(p, input, hidden, chrono));
    v.visit(|p| Janet::with(p, input, hidden, chrono));
    v.visit(|p| IndRnn::new(p, input, hidden));
    v.visit(|p| AntisymmetricRnn::new(p, input, hidden));
    v.visit(|p| AntisymmetricRnn::gated(p, input, hidden));
    v.visit(|p| FastRnn::new(p, input, hidden));
    v.visit(|p| FastGrnn::new(p, input, hidden));
    v.visit(|p| Clockwork::new(p, input, hidden, &[1, 2, 4]));
    v.visit(|p| CoRnn::new(p, input, hidden)?.with_interval(given));
    v.visit(|p| Lem::new(p, input, hidden)?.with_interval(given));
    v.visit(|p| Ltc::new(p, input, hidden)?.with_interval(given));
    v.visit(|p| Cfc::new(p, input, hidden)?.with_interval(given));
}

/// Sizes that cannot be meant are errors of the tensors, or weights of no numbers.
#[test]
fn sizes_without_bounds() {
    struct Build;
    impl Visitor for Build {
        fn visit<C: Cell>(&self, build: impl FnOnce(Scope<'_>) -> Result<C, Error>) {
            let error = Params::<f64>::init(1, |p| build(p.scope("c"))).err();
            assert!(matches!(error, None | Some(Error::Tensor(_))), "{error:?}");
        }
    }
    let sizes = [0, 1, 1 << 40, usize::MAX / 3, usize::MAX];
    for input in sizes {
        for hidden in sizes {
            sizes.into_iter().for_each(|output| every(input, hidden, output, &Build));
        }
    }
}

/// A step over elements of a shape, beginning with as many rows.
struct Step(Shape, usize);

impl Visitor for Step {
    fn visit<C: Cell>(&self, build: impl FnOnce(Scope<'_>) -> Result<C, Error>) {
        let (cell, params) = Params::<f64>::init(1, |p| build(p.scope("c"))).unwrap();
        let (Step(shape, batch), x) = (self, Tensor::zeros(self.0).unwrap());
        let stepped = Tape::new().evaluate(&params, |g| {
            let (y, last) = cell.step(g.input(&x), cell.initial(g, *batch));
            let mut shapes = vec![y.shape()];
            last.each(&mut |s: elman_autograd::Var<'_, f64>| shapes.push(s.shape()));
            shapes
        });
        match stepped {
            Ok(shapes) if *shape == Shape::from([*batch, shape.last()]) => {
                assert_eq!(shapes[0], Shape::from([*batch, cell.output()]));
                assert!(shapes.iter().all(|shape| shape.get(0) == Some(*batch)), "{shapes:?}");
            }
            Ok(_) => {}
            Err(Error::Misfit { site, .. }) => assert_eq!(site.line.file(), file!(), "{site}"),
            Err(error) => panic!("{error}"),
        }
        // A handle of other weights is reported at the line that used it, too.
        let ((), none) = Params::<f64>::init(1, |_| Ok(())).unwrap();
        let foreign = Tape::new().evaluate(&none, |g| {
            let x = g.zeros([2, 1]);
            drop(cell.step(x, cell.initial(g, 2)));
        });
        let Err(Error::ForeignParam { line, .. }) = foreign else { panic!("{foreign:?}") };
        assert_eq!(line.file(), file!());
    }
}

proptest! {
    #![proptest_config(crate::papers::config())]

    /// Elements of any shape are a step, or a misfit.
    #[test]
    fn elements_of_any_shape(
        dims in prop::collection::vec(0usize..4, 0..5), batch in 0usize..4,
        [input, hidden, output] in [0usize..3, 0usize..3, 0usize..3],
    ) {
        every(input, hidden, output, &Step(Shape::new(&dims).unwrap(), batch));
        // And elements that fit some of them.
        every(input, hidden, output, &Step(Shape::from([batch, input]), batch));
    }
}
