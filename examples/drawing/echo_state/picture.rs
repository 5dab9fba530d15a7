//! A chaotic series, and what a network says of it that lives on its own forecasts.

use plotters::prelude::*;

const CAME: RGBColor = RGBColor(150, 150, 150);
const SAID: RGBColor = RGBColor(1, 115, 178);

/// Writes the picture.
pub(crate) fn draw(
    path: &str,
    came: &[f64],
    said: &[f64],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(path, (960, 340)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("The Mackey-Glass series, and the network left alone", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..came.len() as f64, -1.8..1.2)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("steps")
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_labels(5)
        .draw()?;
    for (values, color, width, name) in [(came, CAME, 2, "series"), (said, SAID, 1, "alone")] {
        let style = color.stroke_width(width);
        let points = values.iter().enumerate().map(|(step, &value)| (step as f64, value));
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerLeft)
        .background_style(WHITE)
        .border_style(CAME)
        .draw()?;
    root.present()?;
    Ok(())
}
