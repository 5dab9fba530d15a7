//! Losses, metrics and rates over the steps.

use crate::canvas::{COLORS, Canvas};
use crate::chart::{Chart, HEIGHT, Line, WIDTH};
use crate::error::Error;
use crate::picture::Picture;
use elman_train::History;

/// The loss over the steps of a run, and below it each metric, and the learning rate where the run
/// was told.
///
/// An axis of positive numbers that are far apart is logarithmic.
///
/// ```
/// use elman_report::curves;
/// use elman_train::{History, Row};
///
/// let row = |step: u64| {
///     let error = 1.0 / step as f64;
///     Row { step, loss: Some(2.0 * error), metrics: vec![error], ..Row::default() }
/// };
/// let rows: Vec<_> = (1..=10).map(row).collect();
/// let history = History { metrics: vec!["error".into()], seconds: vec![0.0; 10], rows };
/// let picture = curves(&history)?;
/// assert_eq!(picture.size(), [560, 600]);
/// assert!(picture.svg().contains("error"));
/// # Ok::<(), elman_report::Error>(())
/// ```
///
/// # Errors
/// If the picture cannot be drawn.
pub fn curves(history: &History) -> Result<Picture, Error> {
    let charts = charts(history);
    let height = HEIGHT.saturating_mul(charts.len() as u32);
    Canvas::picture(WIDTH, height, |canvas| {
        let tops = (0..).map(|i| f64::from(i * HEIGHT));
        charts.iter().zip(tops).try_for_each(|(chart, top)| chart.draw(canvas, top))
    })
}

/// The same, a picture for each.
pub(crate) fn panels(history: &History) -> Result<Vec<Picture>, Error> {
    let picture =
        |chart: &Chart<'_>| Canvas::picture(WIDTH, HEIGHT, |canvas| chart.draw(canvas, 0.0));
    charts(history).iter().map(picture).collect()
}

/// At most this number of panels is drawn.
const PANELS: usize = 24;

/// The panels; of many, the first ones, and in the last a note of how many more there are.
fn charts(history: &History) -> Vec<Chart<'_>> {
    let rates = history.rows.iter().filter_map(|row| Some((row.step, row.rate?))).collect();
    let metrics = history.metrics.iter().map(|name| (&name[..], history.metric(name).collect()));
    let all = [("loss", history.losses().collect())].into_iter().chain(metrics);
    let mut shown = all
        .chain([("rate", rates)])
        .filter(|(name, points): &(_, Vec<_>)| *name == "loss" || !points.is_empty())
        .zip(COLORS.iter().cycle());
    let chart = |((name, points), &color): ((_, Vec<(u64, f64)>), _)| {
        let points = points.iter().map(|&(step, y)| (step as f64, y)).collect();
        // A rate that falls to 0 would be all that its logarithms show.
        Chart::of("step", name, name != "rate", [Line { name, points, color }].into_iter())
    };
    let mut charts: Vec<_> = shown.by_ref().take(PANELS).map(chart).collect();
    let more = shown.count();
    if let Some(last) = charts.last_mut().filter(|_| more > 0) {
        last.more = Some(format!("and {more} more panels"));
    }
    charts
}
