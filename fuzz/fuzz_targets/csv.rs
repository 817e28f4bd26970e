//! CSV of any kind: sniffed and read without an end that does not come, the same in whatever pieces it arrives, and
//! written out again it is read as it was.
#![no_main]

use crm_core::exchange::import::{Layout, RowState, Rows, sniff};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, file) = data;
    if let Ok(sniffed) = sniff(file) {
        let _ = rows(file, &sniffed.layout);
    }
    let layout = layout(choice);
    let whole = rows(file, &layout);
    assert_eq!(whole, rows(Pieces(file), &layout), "it depends on how the file arrives");
    let Ok((header, filled)) = whole else { return };
    // Only what a file of this kind can say: an empty row is none, and the first row tells how many columns there are.
    let all: Vec<&Vec<String>> = std::iter::once(&header).chain(&filled).collect();
    if header.is_empty()
        || all.iter().any(|row| row.len() != header.len() || row.iter().all(String::is_empty))
    {
        return;
    }
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    for row in all {
        writer.write_record(row).expect("a row is written");
    }
    let text = writer.into_inner().expect("the rows are written");
    let plain = Layout { encoding: Some("UTF-8".to_owned()), ..Layout::default() };
    let (again, rest) = rows(text.as_slice(), &plain).expect("what was written is read");
    assert_eq!((again, rest), (header, filled), "it is not read as it was written");
});

fn layout(choice: u8) -> Layout {
    let delimiter = [',', ';', '\t', '|'][usize::from(choice % 4)];
    let encoding = [None, Some("UTF-8"), Some("windows-1252"), Some("UTF-16LE")][usize::from(choice / 4 % 4)];
    Layout { delimiter, encoding: encoding.map(str::to_owned), ..Layout::default() }
}

/// The header and the filled rows, or the code of what is wrong.
fn rows(file: impl Read, layout: &Layout) -> Result<(Vec<String>, Vec<Vec<String>>), &'static str> {
    let mut rows = Rows::open(file, layout).map_err(|error| error.code())?;
    let header = rows.header().to_vec();
    let mut filled = Vec::new();
    while let Some(row) = rows.read().map_err(|error| error.code())? {
        if row.state == RowState::Filled {
            filled.push(row.cells().map(str::to_owned).collect());
        }
    }
    Ok((header, filled))
}

/// A reader that gives three bytes at a time.
struct Pieces<'a>(&'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let some = into.len().min(3);
        self.0.read(&mut into[..some])
    }
}
