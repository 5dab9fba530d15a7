//! The held-out decades with their forecasts, and what the networks expect of the years after.

use crate::{AHEAD, FUTURE, Series, before};
use plotters::prelude::*;
use std::ops::Range;

const TRUTH: RGBColor = RGBColor(150, 150, 150);
const LINEAR: RGBColor = RGBColor(222, 143, 5);
const NETWORKS: RGBColor = RGBColor(1, 115, 178);

/// Writes the picture.
pub(crate) fn draw(
    path: &str,
    series: &Series,
    held_out: Range<usize>,
    autoregression: &[f64],
    networks: &[Vec<f64>],
    mean: &[f64],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(path, (960, 640)).into_drawing_area();
    root.fill(&WHITE)?;
    let (above, below) = root.split_vertically(350);
    let end = held_out.end;

    let title = format!("Sunspots a month, forecast {AHEAD} months ahead");
    let mut chart = panel(&above, &title, held_out.clone())?;
    let truth = &series.sunspots;
    let lines = [
        (truth.as_slice(), TRUTH, 1, "counted"),
        (autoregression, LINEAR, 1, "autoregression"),
        (mean, NETWORKS, 2, "mean of five networks"),
    ];
    for (values, color, width, name) in lines {
        let style = color.stroke_width(width);
        chart
            .draw_series(LineSeries::new(points(values, held_out.clone()), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE)
        .border_style(TRUTH)
        .draw()?;

    let shown = before(1986)..end + FUTURE;
    let mut chart = panel(&below, "The networks left to themselves after December 2008", shown)?;
    chart.draw_series(LineSeries::new(points(truth, before(1986)..end), TRUTH))?;
    for network in networks {
        let faint = NETWORKS.mix(0.35);
        chart.draw_series(LineSeries::new(points(network, end..end + FUTURE), faint))?;
    }
    let style = NETWORKS.stroke_width(2);
    chart.draw_series(LineSeries::new(points(mean, end..end + FUTURE), style))?;
    root.present()?;
    Ok(())
}

type Panel<'a> = ChartContext<
    'a,
    SVGBackend<'a>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

/// Axes over some months: years, and numbers of sunspots.
fn panel<'a>(
    area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    title: &str,
    months: Range<usize>,
) -> Result<Panel<'a>, Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(24)
        .y_label_area_size(40)
        .build_cartesian_2d(year(months.start)..year(months.end), 0.0..270.0)?;
    let whole = |label: &f64| format!("{label:.0}");
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT)
        .x_label_formatter(&whole)
        .y_label_formatter(&whole)
        .draw()?;
    Ok(chart)
}

fn year(month: usize) -> f64 {
    1749.0 + month as f64 / 12.0
}

fn points(values: &[f64], months: Range<usize>) -> impl Iterator<Item = (f64, f64)> {
    months.map(|t| (year(t), values[t]))
}
