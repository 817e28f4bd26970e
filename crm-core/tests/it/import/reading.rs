//! Files are read whole, in any encoding, and what they look like is told.

use crate::shared::shared;
use crm_core::exchange::import::{ColumnType, Formats, Layout, RowState, Rows, sniff};
use serde_json::{Map, Value as Json};

/// The cells of all filled rows, the header first.
pub(super) fn cells(bytes: &[u8], layout: &Layout) -> Vec<Vec<String>> {
    let mut rows = Rows::open(bytes, layout).unwrap();
    let mut all = vec![rows.header().to_vec()];
    while let Some(row) = rows.read().unwrap() {
        if row.state == RowState::Filled {
            all.push(row.cells().map(str::to_owned).collect());
        }
    }
    all
}

fn declared(encoding: &str) -> Layout {
    Layout { encoding: Some(encoding.into()), ..Layout::default() }
}

/// Protects: csv-spectrum, the public table of what CSV files mean.
#[test]
fn csv_spectrum_is_read_as_its_json_says() {
    let Some(folder) = shared("csv/csv-spectrum") else { return };
    let mut seen = 0;
    for file in std::fs::read_dir(folder.join("csvs")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut bytes = std::fs::read(&path).unwrap();
        // The files of this name have lost their carriage returns on the way; their JSON has them.
        if name.ends_with("_crlf") && !bytes.contains(&b'\r') {
            bytes = String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes();
        }
        let json = std::fs::read_to_string(folder.join(format!("json/{name}.json"))).unwrap();
        let expected: Vec<Map<String, Json>> = serde_json::from_str(&json).unwrap();
        let all = cells(&bytes, &Layout::default());
        let object = |row: &Vec<String>| {
            all[0].iter().cloned().zip(row.iter().cloned().map(Json::from)).collect::<Map<_, _>>()
        };
        assert_eq!(all[1..].iter().map(object).collect::<Vec<_>>(), expected, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 11);
}

/// Protects: one text in UTF-8 with and without a mark and in both orders of UTF-16; UTF-32 is refused and not garbled.
#[test]
fn the_same_text_in_any_encoding_is_the_same() {
    let Some(folder) = shared("csv/encodings") else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let plain = cells(&read("csvtext.csv"), &Layout::default());
    assert!(plain.len() > 1 && !plain[0][0].starts_with('\u{feff}'), "{plain:?}");
    for (name, encoding) in [("BOM_UTF8", "UTF-8"), ("BOM_UTF16LE", "UTF-16LE"), ("BOM_UTF16BE", "UTF-16BE")]
    {
        let bytes = read(&format!("csvtext_{name}.csv"));
        assert_eq!(cells(&bytes, &Layout::default()), plain, "{name}");
        let rows = Rows::open(bytes.as_slice(), &Layout::default()).unwrap();
        assert_eq!((rows.encoding(), rows.has_mark()), (encoding, true));
    }
    for name in ["UTF32LE", "UTF32BE"] {
        let bytes = read(&format!("csvtext_BOM_{name}.csv"));
        let refused = Rows::open(bytes.as_slice(), &Layout::default()).map(drop);
        assert_eq!(crate::failure(refused), "invalid encoding utf_32", "{name}");
    }
    // The marks of UTF-32 as the standard has them.
    for bytes in [b"\xff\xfe\0\0a\0\0\0".as_slice(), b"\0\0\xfe\xff\0\0\0a".as_slice()] {
        let refused = Rows::open(bytes, &Layout::default()).map(drop);
        assert_eq!(crate::failure(refused), "invalid encoding utf_32");
    }
}

/// Protects: `AdolesCiência` and umlauts at the beginning in every encoding that people have.
#[test]
fn case_10_encodings_keep_every_letter() {
    let text = "Überschrift,name\nÄ,AdolesCiência\nß,Stöfan\né,Jörg Iñaki\n";
    let all = cells(text.as_bytes(), &Layout::default());
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mac = |c: char| match c {
        'Ü' => 0x86,
        'Ä' => 0x80,
        'ê' => 0x90,
        'ß' => 0xa7,
        'ö' => 0x9a,
        'é' => 0x8e,
        'ñ' => 0x96,
        ascii => u8::try_from(ascii).unwrap(),
    };
    let mac: Vec<u8> = text.chars().map(mac).collect();
    assert_eq!(cells(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), &Layout::default()), all);
    assert_eq!(cells(&[b"\xff\xfe", utf_16.as_slice()].concat(), &Layout::default()), all);
    assert_eq!(cells(&utf_16, &declared("utf-16le")), all);
    assert_eq!(cells(&utf_16, &Layout::default()), all);
    for name in ["windows-1252", "cp1252", "ISO-8859-1"] {
        assert_eq!(cells(&latin, &declared(name)), all, "{name}");
    }
    assert_eq!(cells(&latin, &Layout::default()), all);
    for name in ["macintosh", "Mac Roman", "x-mac-roman"] {
        assert_eq!(cells(&mac, &declared(name)), all, "{name}");
    }
    let found = sniff(latin.as_slice()).unwrap();
    assert_eq!(found.layout.encoding.as_deref(), Some("windows-1252"));
    // Bytes that the encoding does not have are told with their line.
    let mut rows = Rows::open(latin.as_slice(), &declared("utf-8"));
    let refused = match &mut rows {
        Ok(rows) => rows.read().map(drop),
        Err(error) => Err(std::mem::replace(error, crm_core::Error::Closed)),
    };
    assert_eq!(crate::failure(refused), "invalid encoding malformed");
    assert_eq!(
        crate::failure(Rows::open(text.as_bytes(), &declared("latin-99")).map(drop)),
        "invalid encoding unknown"
    );
}

/// Protects: a character that lies across the border of two blocks, and a line end that does.
#[test]
fn long_files_are_read_whole() {
    for end in ["\n", "\r\n", "\r"] {
        let rows: Vec<String> = (0..40_000).map(|n| format!("{n},Zoë ß{n}")).collect();
        let text = format!("n,name{end}{}{end}", rows.join(end));
        let all = cells(text.as_bytes(), &Layout::default());
        assert_eq!(all.len(), 40_001);
        assert!(all[1..].iter().zip(&rows).all(|(cells, row)| cells.join(",") == *row));
    }
}

fn states(text: &str) -> Vec<(u64, RowState, String)> {
    let mut rows = Rows::open(text.as_bytes(), &Layout::default()).unwrap();
    let mut all = Vec::new();
    while let Some(row) = rows.read().unwrap() {
        all.push((row.line, row.state, row.cells().collect::<Vec<_>>().join("|")));
    }
    all
}

/// Protects: a stray quote costs no row but its own.
#[test]
fn case_02_a_stray_quote_swallows_nothing() {
    use RowState::{Filled, StrayQuote};
    let row = |line, state, cells: &str| (line, state, cells.to_owned());
    let inside = states("name,size\nTV,27\" wide\nRadio,10\nC,3\n");
    assert_eq!(inside, [row(2, Filled, "TV|27\" wide"), row(3, Filled, "Radio|10"), row(4, Filled, "C|3")]);
    let opened = states("name,size\nTV,\"27 wide\nRadio,10\nC,3\n");
    assert_eq!(
        opened,
        [row(2, StrayQuote, "TV,\"27 wide"), row(3, Filled, "Radio|10"), row(4, Filled, "C|3")]
    );
    // A later quote does not close the first one.
    let twice = states("name,size\nTV,\"27 wide\nRadio,10\n\"C\",3\nD,\"4\"\n");
    let expected = [
        row(2, StrayQuote, "TV,\"27 wide"),
        row(3, Filled, "Radio|10"),
        row(4, Filled, "C|3"),
        row(5, Filled, "D|4"),
    ];
    assert_eq!(twice, expected);
}

/// Protects: a cell of several lines in a row that is shorter than the others is a cell, and no line of it a row.
#[test]
fn a_short_row_may_have_cells_of_several_lines() {
    use RowState::{Filled, StrayQuote};
    let row = |line, state, cells: &str| (line, state, cells.to_owned());
    let short = states("name,note,town\nAcme,\"line 1\nline 2\"\nB,x,y\n");
    assert_eq!(short, [row(2, Filled, "Acme|line 1\nline 2"), row(4, Filled, "B|x|y")]);
    // Lines that are rows are rows.
    let stray = states("name,note,town\nAcme,\"27 wide\nB,x,y\nC,z,\"w\"\n");
    assert_eq!(
        stray,
        [row(2, StrayQuote, "Acme,\"27 wide"), row(3, Filled, "B|x|y"), row(4, Filled, "C|z|w")]
    );
}

/// Protects: what is no text is not taken for columns of text.
#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01"[..], b"PK\x03\x04\x14\0\0\0\x08\0abc,def\n"] {
        assert_eq!(crate::failure(sniff(bytes)), "invalid encoding malformed");
    }
}

/// Protects: line ends of every system, quoted line ends, and marks.
#[test]
fn case_11b_line_ends_never_become_text() {
    let text = "name,email,company,tags\nAda Lovelace,ada@x.com,Acme,vip\n";
    let plain = cells(text.as_bytes(), &Layout::default());
    assert_eq!(plain[0][3], "tags");
    for end in ["\n", "\r\n", "\r"] {
        for mark in ["", "\u{feff}"] {
            for last in [true, false] {
                let mut variant = format!("{mark}{text}");
                if !last {
                    variant.pop();
                }
                let variant = variant.replace('\n', end);
                assert_eq!(cells(variant.as_bytes(), &Layout::default()), plain, "{variant:?}");
            }
        }
    }
    let quoted = states("email,name\nada@x.com,\"Lovelace\nAda\"\nbob@y.com,Bob\n");
    let names: Vec<&str> = quoted.iter().map(|(_, _, cells)| cells.as_str()).collect();
    assert_eq!(names, ["ada@x.com|Lovelace\nAda", "bob@y.com|Bob"]);
    assert_eq!(quoted[1].0, 4);
}

/// Protects: the quote is the usual one unless apostrophes clearly stand around cells; a stray quote makes no other of it.
#[test]
fn sniffing_takes_apostrophes_for_quotes_only_when_they_are() {
    let rows = |row: &dyn Fn(usize) -> String| -> String { (1..40).map(row).collect() };
    let quote = |text: &str| sniff(text.as_bytes()).unwrap().layout.quote;
    let plain = rows(&|n| format!("Person {n};Town {}\n", n % 7));
    let stray = format!("Name;Town\n{}Person 40;\"Town\nPerson 41;Town\n", plain);
    assert_eq!(quote(&stray), Some('"'));
    for odd in [
        "'t Hooft;Town\n",
        "'Nice' one;Town\n",
        "'Nice';Town\n",
        "Rock 'n';Town\n",
        "O'Brien;'s-Hertogenbosch\n",
    ] {
        assert_eq!(quote(&format!("Name;Town\n{plain}{odd}")), Some('"'), "{odd}");
        assert_eq!(quote(&format!("Name;Town\n{plain}{odd}Stray;\"Town\n")), Some('"'), "{odd}");
    }
    let quoted = rows(&|n| format!("'Person; {n}';Town\n"));
    let found = sniff(format!("Name;Town\n{quoted}").as_bytes()).unwrap();
    assert_eq!((found.layout.quote, found.columns.len()), (Some('\''), 2));
    assert_eq!(quote(&rows(&|n| format!("'{n}','Person {n}'\n"))), Some('\''));
}

/// Protects: a cell beyond the limit ends the reading and tells its line, whatever stands in it; a stray quote before as many rows
/// still costs its own row only.
#[test]
fn a_cell_beyond_the_limit_is_no_rows() {
    let lines = 5 * 1024 * 1024 / 2;
    let read = |text: &str| {
        let mut rows = Rows::open(text.as_bytes(), &Layout::default()).unwrap();
        let mut count = 0;
        loop {
            match rows.read() {
                Ok(Some(_)) => count += 1,
                Ok(None) => return (count, String::new()),
                Err(error) => {
                    let told = error.to_string();
                    return (count, format!("{} {told}", crate::failure(Err::<(), _>(error))));
                }
            }
        }
    };
    for inside in [
        "y\n".repeat(lines),
        "y".repeat(lines * 2),
        "some words, of somebody, with commas\n".repeat(lines / 8),
    ] {
        let (rows, told) = read(&format!("name,email\nA,a@x.com\n\"{inside}\",b@x.com\nC,c@x.com\n"));
        assert_eq!(rows, 1);
        assert!(told.starts_with("invalid file too_long") && told.contains("line 3"), "{told}");
    }
    let (rows, told) = read(&format!("name\nA\n\"{}\"\nC\n", "y\n".repeat(lines)));
    assert_eq!((rows, told.starts_with("invalid file too_long")), (1, true), "{told}");
    // Rows of a file with a stray quote at the beginning of a cell.
    let many = "Somebody of these,somebody@example.com\n".repeat(lines / 8);
    let (rows, told) = read(&format!("name,email\nA,a@x.com\n\"B wide,b@x.com\n{many}"));
    assert_eq!((rows, told.as_str()), (2 + lines / 8, ""));
}

/// Protects: what a file looks like, and that two readings of a column are told and not guessed.
#[test]
fn sniffing_tells_layout_types_and_doubt() {
    let text = "id;name;born;paid;email;phone;member\n\
                1;Ana;12/03/2021;1.234,56;ana@x.com;+254 722 000001;yes\n\
                2;Bob;05/06/2021;20,00;bob@x.com;0722 000002;no\n";
    let found = sniff(text.as_bytes()).unwrap();
    assert_eq!((found.layout.delimiter, found.layout.header, found.layout.quote), (';', true, Some('"')));
    let types: Vec<ColumnType> = found.columns.iter().map(|column| column.r#type).collect();
    use ColumnType::{Bool, Date, Email, Number, Phone, Text};
    assert_eq!(types, [Number, Text, Date, Number, Email, Phone, Bool]);
    let born = &found.columns[2];
    let patterns: Vec<_> = born.formats.iter().map(|formats| formats.date.as_deref().unwrap()).collect();
    assert_eq!(patterns, ["%d/%m/%Y", "%m/%d/%Y"]);
    assert!(born.is_ambiguous() && (born.confidence - 0.5).abs() < 1e-9);
    let paid = &found.columns[3];
    assert_eq!(paid.formats, [Formats { decimal: Some(','), group: Some('.'), ..Formats::default() }]);
    // One day that can only be one settles it.
    let settled = sniff(text.replace("05/06", "25/06").as_bytes()).unwrap();
    assert_eq!(settled.columns[2].formats.len(), 1);
    assert_eq!(settled.columns[2].formats[0].date.as_deref(), Some("%d/%m/%Y"));
    let bare = sniff("1\t2\n3\t4\n".as_bytes()).unwrap();
    assert_eq!((bare.layout.delimiter, bare.layout.header), ('\t', false));
    assert_eq!(sniff("".as_bytes()).unwrap().columns, []);
}

#[test]
fn columns_of_one_name_are_told_apart() {
    let rows = Rows::open("a,a,a#2,,,a, a ,\n".as_bytes(), &Layout::default()).unwrap();
    assert_eq!(rows.header(), ["a", "a#2", "a#2#2", "", "#2", "a#3", "a#4", "#3"]);
    // Nor does it take long when there are many.
    let header = format!("x{}", ",".repeat(200_000));
    let start = std::time::Instant::now();
    let rows = Rows::open(header.as_bytes(), &Layout::default()).unwrap();
    assert_eq!(rows.header().last().unwrap(), "#200000");
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn the_end_of_a_quote_is_looked_for_no_further_than_a_row_goes() {
    // Every line opens a quote, and closes that of the line before where one could.
    let text = format!("a,b\n{}", "x\",\"y\n".repeat(100_000));
    let mut left = text.as_bytes();
    let mut rows = Rows::open(&mut left, &Layout::default()).unwrap();
    let row = rows.read().unwrap().unwrap();
    assert_eq!((row.line, row.state), (2, RowState::StrayQuote));
    drop(rows);
    assert!(left.len() > 400_000, "the whole file was read for one row");
    let states = states(&text);
    assert_eq!(states.len(), 100_000);
    assert!(states.iter().all(|(_, state, _)| *state == RowState::StrayQuote));
}
