use super::*;
use crate::dispatch::{Isa, in_f32_lanes};
use crate::lanes::LaneKernel;

/// Sums of two products with packed operands, to `to`.
struct Both<'a> {
    rows: usize,
    columns: usize,
    depths: [usize; 2],
    left: &'a [Vec<f32>; 2],
    right: &'a [Vec<f32>; 2],
    from: &'a [f32],
    back: bool,
    from_far: bool,
    to: &'a mut [f32],
}

impl LaneKernel<f32> for Both<'_> {
    type Output = ();
    fn run<L: Lanes<Scalar = f32>>(self) {
        let terms = [0, 1].map(|i| {
            let depth = self.depths[i];
            let left = Left { at: self.left[i].as_ptr(), row: depth, step: 1 };
            Terms::new(left, Right::packed(self.right[i].as_ptr(), depth), depth)
        });
        let to = (self.to.as_mut_ptr(), self.columns);
        let sums = Sums::new([self.rows, self.columns], &terms, (self.from.as_ptr(), 0), to);
        // SAFETY: rows, terms and whole panels are there.
        unsafe { compute::<L>(&Sums { back: self.back, from_far: self.from_far, ..sums }) }
    }
}

/// Packed operands from wherever are taken up in the same order: each sum begins where it should,
/// and loses nothing between chunks.
#[test]
fn far_is_near() {
    let noise = |n: usize, salt: usize| -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + salt) as f32 * 0.618).sin()).collect()
    };
    for (rows, columns, depths) in [
        (7_usize, 64_usize, [640, 641]),
        (13, 200, [3, 1300]),
        (20, 70, [0, 700]),
        (9, 17, [5, 0]),
        (8, 130, [0, 0]),
        (3, 100, [650, 9]),
    ] {
        let width = columns.next_multiple_of(PANEL);
        let left = depths.map(|depth| noise(rows * depth, depth));
        let right = depths.map(|depth| noise(depth * width, rows + depth));
        let from = noise(width, 5);
        // The definition, over panels.
        let mut wanted = vec![0.0f32; rows * columns];
        for (i, wanted) in wanted.iter_mut().enumerate() {
            let (r, j) = (i / columns, i % columns);
            let first = j / PANEL * PANEL;
            let panel = padded(PANEL.min(columns - first));
            *wanted = from[j];
            for (depth, (left, right)) in depths.iter().zip(left.iter().zip(&right)) {
                for k in 0..*depth {
                    let at = first * depth + k * panel + j - first;
                    *wanted = left[r * depth + k].mul_add(right[at], *wanted);
                }
            }
        }
        for isa in Isa::ALL.into_iter().filter(|&isa| isa <= Isa::widest()) {
            for (back, from_far) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut to = vec![f32::NAN; rows * columns];
                in_f32_lanes(
                    isa,
                    Both {
                        left: &left,
                        right: &right,
                        from: &from,
                        to: &mut to,
                        rows,
                        columns,
                        depths,
                        back,
                        from_far,
                    },
                );
                let same = to.iter().zip(&wanted).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{rows} x {columns} over {depths:?}, {isa:?}, {back}, {from_far}");
            }
        }
    }
}
