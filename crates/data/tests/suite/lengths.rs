//! Rows that end before the batch does: padding, and what is written past an end.

use elman_data::{Batch, Error, Layout, PADDING, Target};

#[test]
fn a_row_may_end_and_then_must_be_silent() {
    let mut batch = Batch::<f64>::new();
    let mut write = |target: Target, length: usize, t: usize| {
        let layout = Layout { time: 3, batch: 2, features: 1, target, classes: true };
        batch.fill(layout, |k, row, _| {
            row.x(t, 0, 1.0);
            row.y(if matches!(target, Target::Sequence(_)) { 0 } else { t }, 0, 1.0);
            // Before or after what is written: the result is the same.
            row.length(length * k);
            row.length(length);
            Ok(())
        })?;
        Ok::<_, Error>((batch.lengths.clone(), batch.ids.clone()))
    };
    let (beside, whole) = (Target::Steps(3, 1), Target::Sequence(1));
    let end = PADDING;
    assert_eq!(write(beside, 2, 1).unwrap(), (vec![2, 2], vec![0, 0, 0, 0, end, end]));
    assert_eq!(write(whole, 2, 1).unwrap(), (vec![2, 2], vec![0, 0]));
    // Two targets behind three inputs have nothing to do with the lengths of these.
    assert_eq!(write(Target::Steps(2, 1), 2, 1).unwrap(), (vec![2, 2], vec![0; 4]));
    let past = write(whole, 1, 1).unwrap_err().to_string();
    assert_eq!(past, "a task wrote step 1 of a row of 1 steps");
    let far = write(whole, 4, 1).unwrap_err().to_string();
    assert_eq!(far[..47], *"a task wrote a length of 4, outside of its layo");
}

#[test]
fn targets_past_the_end_are_an_error_too() {
    let layout =
        Layout { time: 3, batch: 1, features: 1, target: Target::Steps(3, 1), classes: true };
    let mut batch = Batch::<f64>::new();
    let mut write = |class: bool, t: usize| {
        batch.fill(layout, |_, row, _| {
            if class {
                row.id(t, 1)
            } else {
                row.y(t, 0, 1.0)
            }
            row.length(2);
            Ok(())
        })
    };
    for class in [false, true] {
        assert!(write(class, 1).is_ok());
        assert!(matches!(write(class, 2), Err(Error::PastEnd { step: 2, length: 2 })));
    }
}

#[test]
fn a_row_of_no_steps_is_all_padding() {
    let layout =
        Layout { time: 2, batch: 2, features: 1, target: Target::Steps(2, 1), classes: true };
    let mut batch = Batch::<f64>::new();
    let filled = batch.fill(layout, |k, row, _| {
        row.length(2 * k);
        Ok(())
    });
    assert!(filled.is_ok());
    assert_eq!((batch.lengths, batch.ids), (vec![0, 2], vec![PADDING, 0, PADDING, 0]));
}
