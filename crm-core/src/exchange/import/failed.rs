//! The rows that were refused, as a file that the same plan reads.

use super::report::{RowAction, RowOutcome, RowProblem};
use super::rows::{Layout, RowState};
use super::text::encoding_named;
use crate::error::{Error, Result};
use encoding_rs::{EncoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;
use std::io::Write;

/// Writes the rows that were refused as a file that can be put right and imported again with the same plan: in the layout
/// and the encoding of the file that they come from, the columns as they were, and one with the reason.
///
/// The reasons are the last column, [`FailedRows::REASON`]. When rows are refused a second time the new reasons take the
/// place of the old ones: a last column of this name that the plan does not use is ours. What a row has beyond its
/// columns stands behind its reason. A file without a header gets a further column every time. What a letter of a reason can't be written as in
/// the encoding is a question mark.
///
/// ```
/// use crm_core::exchange::import::FailedRows;
/// let mut failed = FailedRows::new(Vec::new());
/// // In the callback of an import: failed.add(&outcome)?
/// assert!(failed.finish()?.is_empty());
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Debug)]
pub struct FailedRows<W: Write> {
    out: W,
    /// How the file is written, since its first row.
    written: Option<(Layout, &'static Encoding)>,
    /// It has rows already.
    goes_on: bool,
    rows: u64,
}

impl<W: Write> FailedRows<W> {
    /// The name of the column with the reasons.
    pub const REASON: &'static str = "reason";

    /// Writes there.
    pub fn new(out: W) -> Self {
        FailedRows { out, written: None, goes_on: false, rows: 0 }
    }

    /// Goes on where refused rows of the same file stand already: without a mark and a header.
    pub fn go_on(out: W) -> Self {
        FailedRows { goes_on: true, ..FailedRows::new(out) }
    }

    /// Takes a row when it was refused; of one file only.
    ///
    /// # Errors
    /// `storage` when it can't be written.
    pub fn add(&mut self, outcome: &RowOutcome<'_>) -> Result<()> {
        if outcome.action != RowAction::Failed {
            return Ok(());
        }
        let (layout, encoding) = match &self.written {
            Some(known) => known.clone(),
            None => self.begin(outcome)?,
        };
        let width = outcome.reasons.unwrap_or(outcome.header.len());
        let reason = reason_of(outcome.problems, &layout);
        let cells = match outcome.row.state {
            RowState::StrayQuote => pieces(outcome.row.cell(0), &layout),
            _ => outcome.row.cells().map(Cow::Borrowed).collect(),
        };
        let cell = |index: usize| cells.get(index).map_or("", AsRef::as_ref);
        let beyond = (outcome.header.len()..cells.len()).map(cell);
        let cells = (0..width).map(cell).chain([reason.as_str()]).chain(beyond);
        self.write(&layout, encoding, cells)?;
        self.rows += 1;
        Ok(())
    }

    fn begin(&mut self, outcome: &RowOutcome<'_>) -> Result<(Layout, &'static Encoding)> {
        let layout = outcome.layout.clone();
        let encoding = layout.encoding.as_deref().map_or(Ok(UTF_8), encoding_named)?;
        let wide = encoding == UTF_16LE || encoding == UTF_16BE;
        if !self.goes_on && (wide || outcome.mark) {
            self.out.write_all(&encoded("\u{feff}", encoding)).map_err(not_written)?;
        }
        if !self.goes_on && layout.header {
            let width = outcome.reasons.unwrap_or(outcome.header.len());
            let names = outcome.header.iter().take(width).map(String::as_str);
            let reasons = outcome.reasons.and_then(|index| outcome.header.get(index));
            self.write(&layout, encoding, names.chain([reasons.map_or(Self::REASON, String::as_str)]))?;
        }
        self.written = Some((layout.clone(), encoding));
        Ok((layout, encoding))
    }

    fn write<'t>(
        &mut self,
        layout: &Layout,
        encoding: &'static Encoding,
        cells: impl Iterator<Item = &'t str>,
    ) -> Result<()> {
        let byte = |character: char| u8::try_from(character).unwrap_or(b',');
        let mut builder = csv::WriterBuilder::new();
        builder.flexible(true).delimiter(byte(layout.delimiter));
        match layout.quote {
            Some(quote) => builder.quote(byte(quote)),
            None => builder.quote_style(csv::QuoteStyle::Never),
        };
        let mut line = builder.buffer_capacity(1024).from_writer(Vec::new());
        let failed = |error: csv::Error| Error::Storage { reason: error.to_string(), source: None };
        line.write_record(cells).map_err(failed)?;
        let line = line.into_inner().map_err(|error| Error::corrupt(error.to_string()))?;
        let line = String::from_utf8(line).map_err(|error| Error::corrupt(error.to_string()))?;
        self.out.write_all(&encoded(&line, encoding)).map_err(not_written)
    }

    /// Makes sure that what it has taken is written.
    ///
    /// # Errors
    /// `storage` when it can't be.
    pub fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(not_written)
    }

    /// How many rows it has taken.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Gives back where it wrote.
    ///
    /// # Errors
    /// `storage` when it can't be written.
    pub fn finish(mut self) -> Result<W> {
        self.out.flush().map_err(not_written)?;
        Ok(self.out)
    }
}

/// The column with the reasons of an earlier import.
pub(super) fn reasons_in(header: &[String], unused: &[String]) -> Option<usize> {
    let last = header.last()?;
    let name = last.split_once('#').map_or(last.as_str(), |(name, _)| name);
    let ours = name == FailedRows::<Vec<u8>>::REASON && unused.contains(last);
    ours.then_some(header.len() - 1)
}

fn reason_of(problems: &[RowProblem], layout: &Layout) -> String {
    let told = |problem: &RowProblem| {
        let name = if problem.column.is_empty() { &problem.field } else { &problem.column };
        if name.is_empty() { problem.reason.clone() } else { format!("{name}: {}", problem.reason) }
    };
    let reason = problems.iter().map(told).collect::<Vec<_>>().join("; ");
    match layout.quote {
        Some(_) => reason,
        None => reason.replace([layout.delimiter, '\n', '\r'], " "),
    }
}

/// What stands between the delimiters of a line whose quotes mean nothing.
fn pieces<'l>(line: &'l str, layout: &Layout) -> Vec<Cow<'l, str>> {
    let piece = |piece: &'l str| {
        let quote = layout.quote.filter(|quote| piece.len() > 1 && piece.starts_with(*quote))?;
        let inside = piece.get(1..)?.strip_suffix(quote)?;
        Some(Cow::Owned(inside.replace(&format!("{quote}{quote}"), &quote.to_string())))
    };
    line.split(layout.delimiter).map(|text| piece(text).unwrap_or(Cow::Borrowed(text))).collect()
}

fn not_written(error: std::io::Error) -> Error {
    let reason = format!("refused rows can't be written: {error}");
    Error::Storage { reason, source: Some(Box::new(error)) }
}

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    if encoding == UTF_16LE {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    if encoding == UTF_16BE {
        return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    }
    let (mut encoder, mut rest) = (encoding.new_encoder(), text);
    let mut bytes = Vec::with_capacity(text.len() + 16);
    loop {
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::OutputFull => bytes.reserve(rest.len() * 2 + 16),
            EncoderResult::Unmappable(_) => {
                bytes.reserve(16);
                drop(encoder.encode_from_utf8_to_vec_without_replacement("?", &mut bytes, false));
            }
        }
    }
}
