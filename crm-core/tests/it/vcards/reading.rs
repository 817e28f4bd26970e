//! What the reader undoes.

use super::*;

fn one(file: impl AsRef<[u8]>) -> VCard {
    let mut cards = cards(file.as_ref());
    assert_eq!(cards.len(), 1);
    cards.remove(0)
}

#[test]
fn folds_and_soft_breaks_are_undone_whatever_ends_the_lines() {
    let lines = [
        "BEGIN:VCARD",
        "VERSION:2.1",
        "N:Otieno;Amina",
        "NOTE;ENCODING=QUOTED-PRINTABLE:tea =",
        "=C3=A9t=C3=A9 and=",
        " more",
        "X-LONG:one ",
        " two",
        "",
        "END:VCARD",
    ];
    for end in ["\r\n", "\n", "\r"] {
        for mark in ["", "\u{FEFF}"] {
            let card = one(format!("{mark}{}{end}", lines.join(end)));
            assert_eq!(values(&card, "NOTE"), ["tea été and more"], "{end:?}");
            assert_eq!(values(&card, "X-LONG"), ["one two"], "{end:?}");
            assert!(card.problems.is_empty(), "{:?}", card.problems);
        }
    }
}

#[test]
fn a_text_that_is_folded_before_the_words_of_an_end_does_not_end_the_card() {
    let card =
        one("BEGIN:VCARD\r\nNOTE:this is the\r\n END:VCARD\r\n BEGIN:VCARD\r\nFN:Amina\r\nEND:VCARD\r\n");
    assert_eq!(values(&card, "NOTE"), ["this is theEND:VCARDBEGIN:VCARD"]);
    assert_eq!(values(&card, "FN"), ["Amina"]);
}

#[test]
fn a_property_that_is_folded_before_its_colon_is_no_text_of_the_one_before() {
    let long = "X".repeat(70);
    for end in ["\r\n", "\n", "\r"] {
        let lines = [
            "NOTE:tea",
            "for two; or more",
            " people",
            "ADR;LABEL=1 Moi Avenue",
            "  Nairobi;TYPE=home:;;1 Moi Avenue;Nairobi",
            &format!("item1.{long}"),
            " -Y:z",
            &format!("TEL;{long}"),
            " -Y=z:1",
            "N;",
            " TYPE=x:a",
        ];
        let file = format!("BEGIN:VCARD{end}{}{end}END:VCARD{end}", lines.join(end));
        let card = one(file);
        // The last one is too short to tell, and is taken for a text as what stands in no property's form.
        let told: Vec<_> = card.properties.iter().map(|property| property.name.as_str()).collect();
        assert_eq!(told, ["NOTE", "ADR", &format!("{long}-Y"), "TEL"], "{end:?}");
        assert_eq!(card.properties[1].parameter("LABEL").collect::<Vec<_>>(), ["1 Moi Avenue Nairobi"]);
        assert_eq!(values(&card, "NOTE"), ["tea\\nfor two; or morepeople"]);
        assert_eq!(values(&card, "TEL"), ["1\\nN;TYPE=x:a"]);
    }
}

#[test]
fn utf_16_files_and_named_character_sets_are_read() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nFN:Émile 安藤\nEND:VCARD\n";
    for mark in ["", "\u{FEFF}"] {
        let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(values(&one(little), "FN"), ["Émile 安藤"]);
        assert_eq!(values(&one(big), "FN"), ["Émile 安藤"]);
    }
    let mut file = b"BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=ISO-8859-1:\xC9mile\n".to_vec();
    file.extend(b"N;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=88=C0=93=A1\nORG:Caf\xE9\nEND:VCARD\n");
    let card = one(file);
    assert_eq!((values(&card, "FN"), values(&card, "N")), (vec!["Émile"], vec!["安藤"]));
    // Not UTF-8 and nothing named: read as what is likeliest, and told.
    assert_eq!(values(&card, "ORG"), ["Café"]);
    assert_eq!((card.problems[0].line, card.problems[0].rule), (5, "odd"));
}

#[test]
fn groups_bare_words_and_quoted_parameters_are_read() {
    let card = one("begin:vcard\nitem1.TEL;CELL;PREF:1\nADR;TYPE=\"a,b;c:d\",e;LABEL=x^ny:;;\nend:vcard\n");
    let phone = &card.properties[0];
    assert_eq!((phone.group.as_deref(), phone.name.as_str()), (Some("item1"), "TEL"));
    assert_eq!(phone.parameter("TYPE").collect::<Vec<_>>(), ["CELL", "PREF"]);
    let address = &card.properties[1];
    assert_eq!(address.parameter("TYPE").collect::<Vec<_>>(), ["a,b;c:d", "e"]);
    assert_eq!(address.parameter("LABEL").collect::<Vec<_>>(), ["x\ny"]);
}

#[test]
fn a_bad_line_is_told_and_costs_nothing_else() {
    let file = "stray\nBEGIN:VCARD\nVERSION:3.0\nFN:Amina\n=:no name\nTEL:0722 000 001\n\nBEGIN:VCARD\nFN:Juma\nEND:VCARD\n";
    let mut reader = VCards::new(file.as_bytes());
    let read: Vec<VCard> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.stray_lines(), 1);
    let (inner, outer) = (&read[0], &read[1]);
    assert_eq!((values(inner, "FN"), inner.line, inner.number), (vec!["Juma"], 8, 1));
    assert_eq!((values(outer, "FN"), outer.line, outer.number), (vec!["Amina"], 2, 2));
    assert_eq!(values(outer, "TEL"), ["0722 000 001"]);
    let told: Vec<_> = outer.problems.iter().map(|problem| (problem.line, problem.rule)).collect();
    assert_eq!(told, [(5, "no_property"), (2, "no_end")]);
}

#[test]
fn inline_data_and_lines_without_end_take_no_memory() {
    let photo = format!("PHOTO;ENCODING=b;TYPE=JPEG:{}", "QUJD".repeat(1_000_000));
    let card = one(card(&["FN:Amina", &photo, &format!("NOTE:{}", "x".repeat(3_000_000))]));
    let lengths: Vec<_> =
        card.properties.iter().map(|property| (property.value.len(), property.data)).collect();
    assert_eq!(lengths, [(5, None), (0, Some(3_000_000)), (0, Some(3_000_000))]);
    let many = "TEL:1\r\n".repeat(6_000);
    let card = one(format!("BEGIN:VCARD\r\n{many}END:VCARD\r\n"));
    assert_eq!((card.properties.len(), card.problems.len()), (5_000, 1_000));
    assert!(card.problems.iter().all(|problem| problem.rule == "too_many"));
    let deep = "BEGIN:VCARD\n".repeat(10_000);
    assert_eq!(cards(deep.as_bytes()).len(), 10_000);
}

#[test]
fn a_reader_that_fails_is_an_error_and_the_end() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let mut reader = VCards::new(Broken);
    assert_eq!(reader.next().unwrap().unwrap_err().code(), "storage");
    assert!(reader.next().is_none());
    let failed = import_vcards(&office().admin, Broken, &VCardImport::customers(), drop);
    assert_eq!(failed.unwrap_err().code(), "storage");
}

#[test]
fn the_time_that_a_card_takes_grows_with_its_length_and_no_faster() {
    let start = std::time::Instant::now();
    // Lines that belong to the one before, which is no property.
    let torn = one(format!("BEGIN:VCARD\n{}END:VCARD\n", "x\n".repeat(300_000)));
    assert_eq!(torn.problems.len(), 1);
    let slashes = one(card(&[&format!("NOTE:{}", "\\".repeat(1_100_000)), &"x\n".repeat(100_000)]));
    assert_eq!(slashes.properties[0].data, Some(1_200_000));
    // The same property again and again, and one with very many types.
    let urls: String = (0..4_900).map(|number| format!("NICKNAME:{number}\n")).collect();
    let types: String = (0..100_000).map(|number| format!(";t{number}")).collect();
    let file = format!("BEGIN:VCARD\nFN:Amina\n{urls}TEL{types}:0722 000 001\nEND:VCARD\n");
    let office = office();
    import(&office.admin, file.as_bytes(), &VCardImport::customers());
    let extra = &customers(&office.admin)[0].extra;
    assert_eq!((extra.len(), extra["NICKNAME#4900"].as_str()), (4_900, "4899"));
    assert!(start.elapsed().as_secs() < 20, "it took {:?}", start.elapsed());
}
