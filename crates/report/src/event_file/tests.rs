//! Event files, read by another implementation of protocol buffers and record by record.

use super::EventFile;
use super::record::checksum;
use elman_train::{History, Row};
use proptest::prelude::*;
use prost::Message as _;

/// The messages of TensorFlow's `event.proto`, `summary.proto` and `tensor.proto`, as far as they
/// are written.
mod proto {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Event {
        #[prost(double, tag = 1)]
        pub(super) wall_time: f64,
        #[prost(int64, tag = 2)]
        pub(super) step: i64,
        #[prost(string, optional, tag = 3)]
        pub(super) file_version: Option<String>,
        #[prost(message, optional, tag = 5)]
        pub(super) summary: Option<Summary>,
        #[prost(message, optional, tag = 7)]
        pub(super) session_log: Option<SessionLog>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct SessionLog {
        #[prost(int32, tag = 1)]
        pub(super) status: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Summary {
        #[prost(message, repeated, tag = 1)]
        pub(super) value: Vec<Value>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Value {
        #[prost(string, tag = 1)]
        pub(super) tag: String,
        #[prost(float, optional, tag = 2)]
        pub(super) simple_value: Option<f32>,
        #[prost(message, optional, tag = 5)]
        pub(super) histo: Option<Histogram>,
        #[prost(message, optional, tag = 8)]
        pub(super) tensor: Option<Tensor>,
        #[prost(message, optional, tag = 9)]
        pub(super) metadata: Option<Metadata>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Histogram {
        #[prost(double, tag = 1)]
        pub(super) min: f64,
        #[prost(double, tag = 2)]
        pub(super) max: f64,
        #[prost(double, tag = 3)]
        pub(super) num: f64,
        #[prost(double, tag = 4)]
        pub(super) sum: f64,
        #[prost(double, tag = 5)]
        pub(super) sum_squares: f64,
        #[prost(double, repeated, tag = 6)]
        pub(super) bucket_limit: Vec<f64>,
        #[prost(double, repeated, tag = 7)]
        pub(super) bucket: Vec<f64>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Tensor {
        #[prost(int32, tag = 1)]
        pub(super) dtype: i32,
        #[prost(bytes = "vec", repeated, tag = 8)]
        pub(super) string_val: Vec<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Metadata {
        #[prost(message, optional, tag = 1)]
        pub(super) plugin_data: Option<PluginData>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct PluginData {
        #[prost(string, tag = 1)]
        pub(super) plugin_name: String,
    }
}

/// A file of events that all happen at the same second.
fn events() -> EventFile<Vec<u8>> {
    EventFile::begin(Vec::new(), "events".into(), || 1.5).unwrap()
}

/// Takes the file apart, and checks its checksums.
fn read(mut bytes: &[u8]) -> Vec<proto::Event> {
    let mut events = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<8>() {
        let (sum, rest) = rest.split_first_chunk().unwrap();
        assert_eq!(u32::from_le_bytes(*sum), checksum(length));
        let (data, rest) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let (sum, rest) = rest.split_first_chunk().unwrap();
        assert_eq!(u32::from_le_bytes(*sum), checksum(data));
        events.push(proto::Event::decode(data).unwrap());
        bytes = rest;
    }
    assert!(bytes.is_empty());
    events
}

/// The file that `scripts/exchange/tensorboard_check.py` has read.
fn example() -> Vec<u8> {
    let mut file = events();
    file.text("settings", 0, "an **LSTM** of 24").unwrap();
    let row = |step: u64, metrics| {
        let loss = Some(1.0 / step as f64);
        Row { step, loss, rate: Some(0.5), metrics, ..Row::default() }
    };
    let rows = vec![row(1, vec![]), row(2, vec![0.25, 0.75]), row(300, vec![0.125, 1.0])];
    let seconds = vec![0.0; 3];
    let metrics = vec!["error".into(), "accuracy".into()];
    let mut history = History { metrics, rows, seconds };
    file.follow(&history).unwrap();
    history.rows.push(row(301, vec![]));
    file.follow(&history).unwrap();
    file.histogram("weights", 301, &[-1.0, 0.0, 0.5, 2.0, f64::NAN]).unwrap();
    file.out
}

#[test]
fn the_bytes_are_those_that_tensorboard_has_read() {
    let committed = include_bytes!("../../tests/events.out.tfevents.example");
    assert!(example() == committed, "written anew, TensorBoard has to read the file again");
}

#[test]
fn checksums_are_the_known_ones() {
    // RFC 3720, B.4: 32 bytes of zeros have 0x8A9136AA.
    let masked = |crc: u32| (crc >> 15 | crc << 17).wrapping_add(0xA282_EAD8);
    assert_eq!(checksum(&[0; 32]), masked(0x8A91_36AA));
    assert_eq!(checksum(&[0xFF; 32]), masked(0x62A8_AB43));
}

/// The only value of an event.
fn value(event: &proto::Event) -> &proto::Value {
    let [value] = &event.summary.as_ref().unwrap().value[..] else { panic!("one value") };
    value
}

#[test]
fn a_file_begins_with_its_version_and_its_first_step() {
    let mut file = events();
    file.scalar("loss", 7, 0.1).unwrap();
    file.scalar("loss", 8, f64::NAN).unwrap();
    let events = read(&file.out);
    assert_eq!(events[0].file_version.as_deref(), Some("brain.Event:2"));
    assert_eq!((events[1].step, events[1].session_log.as_ref().unwrap().status), (7, 1));
    assert_eq!((events[2].step, events[2].wall_time), (7, 1.5));
    assert_eq!((&*value(&events[2]).tag, value(&events[2]).simple_value), ("loss", Some(0.1)));
    assert!(value(&events[3]).simple_value.unwrap().is_nan());
    assert_eq!(events.len(), 4);
}

#[test]
fn a_text_is_a_tensor_for_the_plugin_of_texts() {
    let mut file = events();
    file.text("note", 3, "ein Wörtchen").unwrap();
    let events = read(&file.out);
    let value = value(&events[2]);
    let plugin = value.metadata.as_ref().unwrap().plugin_data.as_ref().unwrap();
    let tensor = value.tensor.as_ref().unwrap();
    assert_eq!((plugin.plugin_name.as_str(), tensor.dtype), ("text", 7));
    assert_eq!(tensor.string_val, ["ein Wörtchen".as_bytes()]);
}

#[test]
fn each_row_of_a_history_is_written_once() {
    let events = read(&example());
    let scalars = events.iter().filter_map(|event| {
        let value = event.summary.as_ref()?.value.first()?;
        Some((value.tag.as_str(), event.step, value.simple_value?))
    });
    let wanted = [
        ("loss", 1, 1.0),
        ("rate", 1, 0.5),
        ("loss", 2, 0.5),
        ("rate", 2, 0.5),
        ("error", 2, 0.25),
        ("accuracy", 2, 0.75),
        ("loss", 300, 1.0 / 300.0),
        ("rate", 300, 0.5),
        ("error", 300, 0.125),
        ("accuracy", 300, 1.0),
        ("loss", 301, 1.0 / 301.0),
        ("rate", 301, 0.5),
    ];
    assert_eq!(scalars.collect::<Vec<_>>(), wanted);
}

proptest! {
    #[test]
    fn histograms_count_what_is_finite(values in prop::collection::vec(any::<f64>(), 0..40)) {
        let mut file = events();
        file.histogram("h", 0, &values).unwrap();
        let events = read(&file.out);
        let h = value(&events[2]).histo.as_ref().unwrap();
        let finite: Vec<f64> = values.into_iter().filter(|x| x.is_finite()).collect();
        prop_assert_eq!((h.num, h.bucket.iter().sum::<f64>()), (finite.len() as f64, finite.len() as f64));
        prop_assert_eq!((h.bucket[0], h.bucket.len(), h.bucket_limit.len()), (0.0, 31, 31));
        prop_assert!(h.bucket_limit.is_sorted(), "{:?}", h.bucket_limit);
        for x in finite {
            prop_assert!(h.min <= x && x <= h.max);
        }
    }

    #[test]
    fn histograms_count_numbers_where_they_are(values in prop::collection::vec(-9.0..9.0, 2..40)) {
        let mut file = events();
        file.histogram("h", 0, &values).unwrap();
        let events = read(&file.out);
        let h = value(&events[2]).histo.as_ref().unwrap();
        for i in 1..h.bucket.len() {
            // Rounding may put what lies on an edge to either side.
            let [low, high] = [h.bucket_limit[i - 1], h.bucket_limit[i]];
            let of = |room: f64| {
                values.iter().filter(|x| low - room < **x && **x < high + room).count() as f64
            };
            prop_assert!((of(-1e-9)..=of(1e-9)).contains(&h.bucket[i]), "bucket {}", i);
        }
    }

    #[test]
    fn every_number_goes_through(step in any::<u64>(), x in any::<f64>(), tag in ".{0,300}") {
        let mut file = events();
        file.scalar(&tag, step, x).unwrap();
        let events = read(&file.out);
        let value = value(&events[2]);
        prop_assert_eq!((events[2].step as u64, &value.tag), (step, &tag));
        prop_assert_eq!(value.simple_value.unwrap().to_bits(), (x as f32).to_bits());
    }
}
