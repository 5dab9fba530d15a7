//! Tasks, series, texts, windows and batches, seen from outside.

mod buckets;
mod csv;
mod generators;
mod lags;
mod languages;
mod lengths;
mod mnist_1d;
mod properties;
mod real_series;
mod tables;
mod tasks;
mod text;
mod windows;
