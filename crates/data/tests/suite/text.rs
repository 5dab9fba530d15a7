//! Texts: bytes to ids and back, and streams that go on where they stopped.

use elman_data::{Alphabet, Error, LIMIT, Piece, Streams};
use proptest::prelude::*;

fn piece(streams: &Streams<'_>, index: u64) -> Piece {
    let mut piece = Piece::new();
    streams.fill(&mut piece, index).unwrap();
    piece
}

proptest! {
    #[test]
    fn ids_are_the_text(text in prop::collection::vec(any::<u8>(), 0..200), other: u8) {
        let alphabet = Alphabet::of(&text);
        let ids = alphabet.encode(&text).unwrap();
        prop_assert_eq!(alphabet.decode(&ids).unwrap(), text.clone());
        prop_assert!(alphabet.bytes().is_sorted_by(|a, b| a < b));
        prop_assert!(alphabet.bytes().iter().all(|byte| text.contains(byte)));
        prop_assert_eq!((alphabet.len(), alphabet.is_empty()), (alphabet.bytes().len(), text.is_empty()));
        prop_assert_eq!(alphabet.id(other).is_some(), text.contains(&other));
        prop_assert_eq!(alphabet.encode([other]).is_ok(), text.contains(&other));
        prop_assert_eq!(alphabet.byte(alphabet.len() as u32), None);
    }

    #[test]
    fn rows_go_on_where_they_stopped(len in 0usize..300, time in 0usize..12, batch in 0usize..8, epoch in 0u64..3) {
        // Ids are their places: what is read says where it stood.
        let ids: Vec<u32> = (0..len as u32).collect();
        let Ok(streams) = Streams::new(&ids, time, batch) else {
            prop_assert!(time * batch == 0 || len < time * batch + 1);
            return Ok(());
        };
        let count = streams.count();
        prop_assert!(count * time * batch < len && len <= (count + 1) * time * batch);
        let mut seen = Vec::new();
        let mut ends: Option<Vec<u32>> = None;
        for index in 0..count as u64 {
            let piece = piece(&streams, epoch * count as u64 + index);
            prop_assert_eq!((piece.read.len(), piece.next.len()), (time * batch, time * batch));
            prop_assert_eq!(piece.begins, index == 0);
            prop_assert!(piece.read.iter().zip(&piece.next).all(|(now, next)| now + 1 == *next));
            prop_assert!(piece.read.iter().zip(&piece.read[batch..]).all(|(now, next)| now + 1 == *next));
            if let Some(ends) = ends {
                prop_assert_eq!(&piece.read[..batch], &ends[..]);
            }
            ends = Some(piece.next[(time - 1) * batch..].to_vec());
            seen.extend(piece.read);
        }
        seen.sort_unstable();
        prop_assert!(seen.into_iter().eq(0..(count * time * batch) as u32));
    }
}

#[test]
fn pieces_are_functions_of_their_number_and_allocate_once() {
    let ids: Vec<u32> = (0..100).collect();
    let streams = Streams::new(&ids, 7, 3).unwrap();
    let mut reused = piece(&streams, 2);
    let allocated = allocation_counter::measure(|| {
        for index in [0, 5, u64::MAX, 3] {
            streams.fill(&mut reused, index).unwrap();
        }
    });
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
    assert_eq!(reused, piece(&streams, 3));
    assert_eq!(streams.count(), 4);
    assert_eq!(piece(&streams, 7), reused);
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let alphabet = Alphabet::of("ab");
    let said = |error: Error| error.to_string();
    assert_eq!(
        said(alphabet.encode("abc").unwrap_err()),
        "Alphabet::encode: byte is 0x63 at place 2; wanted one of the alphabet's"
    );
    assert_eq!(
        said(alphabet.decode(&[1, 2]).unwrap_err()),
        "Alphabet::decode: id is 2 at place 1; wanted one of the alphabet's"
    );
    let ids = [0; 12];
    assert_eq!(
        said(Streams::new(&ids, 4, 3).unwrap_err()),
        "Streams: the number of ids is 12; wanted more of them than time x batch"
    );
    assert!(Streams::new(&ids, 0, 3).is_err() && Streams::new(&ids, 4, 0).is_err());
    for huge in [LIMIT + 1, usize::MAX] {
        assert!(matches!(Streams::new(&ids, huge, 2), Err(Error::TooLarge { .. })));
    }
}
