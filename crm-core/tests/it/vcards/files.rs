//! Cards that other programs wrote.

use super::*;
use crm_core::Id;

/// What the cards of each file say: the name, the phones and the e-mails with their labels, the preferred ones first,
/// and the `TEL` and `EMAIL` that are none and were kept as they are.
///
/// For the files of ez-vcard that is what the project's own tests of these files expect; of the others, what stands in
/// the file.
const SAID: &[(&str, &[&str])] = &[
    ("aosp/v21_adr_multiple_line.vcf", &["bogus"]),
    ("aosp/v21_android_custom_prop.vcf", &["failed"]),
    ("aosp/v21_backslash.vcf", &["A;B\\C;D:E\\"]),
    ("aosp/v21_base64_no_2_crlf.vcf", &["fullname"]),
    (
        "aosp/v21_blackberry_photo.vcf",
        &["boogie | work +5555555, mobile +5555556 | forrestgump@walladalla.com"],
    ),
    (
        "aosp/v21_complicated.vcf",
        &[
            "Joe Due | work (111) 555-1212, home (404) 555-1212, mobile 0311111111, video 0322222222, 0333333333 | forrestgump@walladalla.com, mobile cell@example.com",
        ],
    ),
    ("aosp/v21_im.vcf", &["failed"]),
    ("aosp/v21_invalid_comment_line.vcf", &["Conference Call"]),
    ("aosp/v21_invalid_multiple_line.vcf", &["Omega |  | omega@example.com"]),
    ("aosp/v21_japanese_1.vcf", &["安藤ロイド | 0300000000"]),
    ("aosp/v21_japanese_2.vcf", &["安藤 ロイド 1"]),
    ("aosp/v21_japanese_3.vcf", &["伊能 圭一 伊予"]),
    ("aosp/v21_malformed_photo.vcf", &["fullname"]),
    (
        "aosp/v21_multiple_entry.vcf",
        &[
            "安藤ロイド3 |  |  | 12, 10, 11, 9",
            "安藤ロイド4 |  |  | 13, 14, 15, 16",
            "安藤ロイド5 |  |  | 17, 18, 19, 20",
        ],
    ),
    ("aosp/v21_nest.vcf", &["nest1", "nest2", "parent |  |  | 1"]),
    ("aosp/v21_org_before_title.vcf", &["Normal Guy"]),
    (
        "aosp/v21_pref_handling.vcf",
        &["Smith |  | home test@example.com, mobile test2@examination.com | 1, 3, 2"],
    ),
    ("aosp/v21_simple_1.vcf", &["Roid Ando"]),
    ("aosp/v21_simple_2.vcf", &["Ando Roid"]),
    ("aosp/v21_simple_3.vcf", &["Ando Roid"]),
    ("aosp/v21_sip.vcf", &["Android"]),
    ("aosp/v21_title_before_org.vcf", &["Nice Guy"]),
    ("aosp/v21_winmo_65.vcf", &["Example"]),
    ("aosp/v21_x_android_custom_after_photo.vcf", &["Roid Ando"]),
    (
        "aosp/v21_x_param.vcf",
        &[
            "Roid Ando |  | x-customproperty email@example.com, custompropertywithoutx email2@example.com | 1, 2",
        ],
    ),
    ("aosp/v30_comma_separated.vcf", &["G F |  |  | 1"]),
    ("aosp/v30_ios_613_multiline.vcf", &["Bob Smith | mobile (650) 555-1212 | bob@smithauto.com"]),
    ("aosp/v30_japanese.vcf", &["伊能 圭一 伊予"]),
    ("aosp/v30_multibyte_param.vcf", &["G F |  |  | 1"]),
    ("aosp/v30_pager.vcf", &["G F | work pager 6101231234@pagersample.com"]),
    ("aosp/v30_pause_wait.vcf", &["Pause Wait | p1234p5678w9"]),
    ("aosp/v30_simple.vcf", &["And Roid | 0300000000"]),
    ("aosp/v30_sip.vcf", &["Android"]),
    ("aosp/v40_sip.vcf", &["安藤 ロイド |  |  | tel:1, sip:example@example.com"]),
    ("aosp/v40_sort_as.vcf", &["安藤 ロイド"]),
    (
        "ez-vcard/John_Doe_ANDROID.vcf",
        &[
            "john.doe@company.com |  | john.doe@company.com",
            "jane.doe@company.com |  | jane.doe@company.com",
            "Ñ Ñ Ñ Ñ Ñ | mobile 123456789",
            "Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ | mobile 123456, home 234567, mobile 3456789, home 45678901",
            "Ñ Ñ Ñ Ñ | mobile 123456, work 123456, work fax 123456 | work bob@company.com | ÑÑÑÑÑÑÑÑÑÑÑÑÑÑ",
            "ÑÑÑÑ | mobile 55556666 | henry@company.com",
        ],
    ),
    ("ez-vcard/John_Doe_BLACK_BERRY.vcf", &["John Doe | mobile +96123456789"]),
    (
        "ez-vcard/John_Doe_EVOLUTION.vcf",
        &["Mr. John Richter, James Doe Sr. | mobile 905-666-1234, work 905-555-1234 | work john.doe@ibm.com"],
    ),
    (
        "ez-vcard/John_Doe_GMAIL.vcf",
        &["Mr. John Richter, James Doe Sr. | mobile 905-555-1234, home 905-666-1234 | home john.doe@ibm.com"],
    ),
    (
        "ez-vcard/John_Doe_IPHONE.vcf",
        &[
            "Mr. John Richter James Doe Sr. | mobile 905-555-1234, home 905-666-1234, work 905-777-1234, home fax 905-888-1234, work fax 905-999-1234, pager 905-111-1234, AssistantPhone 905-222-1234 | john.doe@ibm.com",
        ],
    ),
    (
        "ez-vcard/John_Doe_LOTUS_NOTES.vcf",
        &[
            "Mr. Doe John I Johny | mobile +1 (212) 204-34456, work fax 00-1-212-555-7777 | work john.doe@ibm.com, work billy_bob@gmail.com",
        ],
    ),
    (
        "ez-vcard/John_Doe_MAC_ADDRESS_BOOK.vcf",
        &[
            "Mr. John Richter,James Doe Sr. | work 905-777-1234, home 905-666-1234, mobile 905-555-1234, home fax 905-888-1234, work fax 905-999-1234, pager 905-111-1234, AssistantPhone 905-222-1234 | work john.doe@ibm.com",
        ],
    ),
    (
        "ez-vcard/John_Doe_MS_OUTLOOK.vcf",
        &["Mr. John Richter James Doe Sr. | work (905) 555-1234, home (905) 666-1234 | john.doe@ibm.cm"],
    ),
    (
        "ez-vcard/fullcontact.vcf",
        &[
            "Prefix FirstName MiddleName LastName Suffix | home 555-555-1111, work 555-555-1112, mobile 555-555-1113, mobile 555-555-1114, 555-555-1115, home fax 555-555-1116, work fax 555-555-1117, 555-555-1118, 555-555-1119 | home home@example.com, work work@example.com, school school@example.com, other other@example.com, customtype custom@example.com",
        ],
    ),
    (
        "ez-vcard/gmail-list.vcf",
        &[
            "Arnold Smith |  | asmithk@gmail.com",
            "Chris Beatle |  | chrisy55d@yahoo.com",
            "Doug White |  | dwhite@gmail.com",
        ],
    ),
    (
        "ez-vcard/gmail-single.vcf",
        &["Greg Dartmouth | mobile 555 555 1111, GRAND_CENTRAL 555 555 2222 | gdartmouth@hotmail.com"],
    ),
    (
        "ez-vcard/gmail-single2.vcf",
        &[
            "VCard Test | 5555551111, home 5555551112, work 5555551113, 5555551114, mobile 5555551115, main 5555551116, home fax 5555551117, work fax 5555551118, GRAND_CENTRAL 5555551119, pager 5555551120, CustomePhoneCategory 5555551121 | email@example.com, home homeemail@example.com, work workemail@example.com, otheremail@example.com, CustomEmailCategory customcategory@example.com",
        ],
    ),
    (
        "ez-vcard/outlook-2003.vcf",
        &["John Doe III |  | jdoe@hotmail.com | MobilePhone, HomePhone, BusinessFaxPhone, BusinessPhone"],
    ),
    (
        "ez-vcard/outlook-2007.vcf",
        &[
            "Mr. Michael Angstadt Jr. | work (111) 555-1111, home (111) 555-2222, mobile (111) 555-4444, work fax (111) 555-3333 | mike.angstadt@gmail.com",
        ],
    ),
    (
        "ez-vcard/rfc2426-example.vcf",
        &[
            "Frank Dawson | work +1-919-676-9515, work fax +1-919-676-9564 | Frank_Dawson@Lotus.com, fdawson@earthlink.net",
            "Tim Howes | work +1-415-937-3419, work fax +1-415-528-4164 | howes@netscape.com",
        ],
    ),
    (
        "ez-vcard/rfc6350-example.vcf",
        &[
            "Simon Perreault | work +1-418-656-9254 ext. 102, work mobile video text +1-418-262-6501 | work simon.perreault@viagenie.ca",
        ],
    ),
    (
        "ez-vcard/thunderbird-MoreFunctionsForAddressBook-extension.vcf",
        &[
            "John Doe | work 555-555-1111, home 555-555-2222, mobile 555-555-5555, fax 555-555-3333, pager 555-555-4444 | doe.john@hotmail.com, additional-email@company.com, additional-email1@company.com, additional-email2@company.com, additional-email3@company.com",
        ],
    ),
    (
        "vobject/simple_3_0_test.vcf",
        &[
            "Daffy Duck Knudson (with Bugs Bunny and Mr. Pluto) | home +01-(0)2-765.43.21, mobile +01-(0)5-555.55.55, home +01-(0)2-876.54.32",
        ],
    ),
    ("vobject/vcard_with_groups.vcf", &["Meister Berger | fax +49 3581 123456 | mb@goerlitz.de"]),
];

/// The files, each with its cards.
fn files() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = shared("data/vcard")?;
    let mut files = Vec::new();
    for part in ["ez-vcard", "aosp", "vobject"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "vcf") {
                let name = format!("{part}/{}", path.file_name().unwrap().to_str().unwrap());
                files.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    assert_eq!(files.len(), 54);
    Some(files)
}

/// The file cut after each card: what one card becomes does not depend on another one then.
fn pieces(file: &[u8]) -> Vec<&[u8]> {
    let is_end = |at: &usize| file[*at..].to_ascii_uppercase().starts_with(b"\nEND:VCARD");
    let starts = |at: &usize| file[*at..].to_ascii_uppercase().starts_with(b"\nBEGIN:VCARD");
    let ends: Vec<usize> = (0..file.len()).filter(is_end).collect();
    // A card in a card stays in it.
    let nested = (0..file.len()).filter(starts).zip(&ends).any(|(start, end)| start < *end);
    if nested || ends.len() < 2 {
        return vec![file];
    }
    let mut pieces = Vec::new();
    let mut from = 0;
    for end in ends {
        pieces.push(&file[from..end + 10]);
        from = end + 10;
    }
    pieces
}

fn said(customer: &Customer) -> String {
    let with = |label: &Option<String>, text: &str| match label {
        Some(label) => format!("{label} {text}"),
        None => text.to_owned(),
    };
    let phones: Vec<_> = customer.phones.iter().map(|phone| with(&phone.label, &phone.number.0)).collect();
    let emails: Vec<_> = customer.emails.iter().map(|email| with(&email.label, &email.address.0)).collect();
    let is_kept = |key: &&String| key.starts_with("TEL") || key.starts_with("EMAIL");
    let kept: Vec<_> =
        customer.extra.keys().filter(is_kept).map(|key| customer.extra[key].as_str()).collect();
    let said = [vec![customer.name.clone()], phones, emails, kept.into_iter().map(str::to_owned).collect()];
    said.map(|part| part.join(", ")).join(" | ").trim_end_matches([' ', '|']).to_owned()
}

#[test]
fn names_phones_and_emails_are_what_the_cards_say() {
    let Some(files) = files() else { return };
    let mut all = Vec::new();
    for (name, file) in files {
        let mut lines = Vec::new();
        for piece in pieces(&file) {
            let office = office();
            for card in import(&office.admin, piece, &VCardImport::customers()).1 {
                let record = card.record.map(|id| office.admin.customers().get(Id::from_uuid(id)).unwrap());
                lines.push(record.map_or_else(|| format!("{}", card.outcome), |record| said(&record.data)));
            }
        }
        all.push((name, lines));
    }
    let told: Vec<_> = all
        .iter()
        .map(|(name, lines)| (name.as_str(), lines.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let wanted: Vec<_> = SAID.iter().map(|(name, lines)| (*name, lines.to_vec())).collect();
    for (told, wanted) in told.iter().zip(&wanted) {
        assert_eq!(told, wanted);
    }
    assert_eq!(told.len(), wanted.len());
}

/// The same file again, and the file that an export of it gives, create nothing and change nothing.
#[test]
fn reading_a_file_again_creates_nothing() {
    let Some(files) = files() else { return };
    for (name, file) in files {
        let office = office();
        let (first, _) = import(&office.admin, &file, &VCardImport::customers());
        let before = customers(&office.admin);
        let (again, told) = import(&office.admin, &file, &VCardImport::customers());
        assert_eq!((again.created, again.failed), (0, first.failed), "{name}: {told:#?}");
        assert_eq!(customers(&office.admin).len(), before.len(), "{name}");
        let before = customers(&office.admin);

        let mut exported = Vec::new();
        export_customers(&office.admin, &Query::new(), &mut exported).unwrap();
        let (own, told) = import(&office.admin, &exported, &VCardImport::customers());
        assert_eq!(own.unchanged, before.len() as u64, "{name}: {told:#?}");
        assert_eq!(customers(&office.admin), before, "{name}");
    }
}

/// Nothing that the library keeps of a card is lost on the way through vCard 4.0 into another store.
#[test]
fn what_is_kept_of_a_card_survives_vcard_4() {
    let Some(files) = files() else { return };
    for (name, file) in files {
        for piece in pieces(&file) {
            let office = office();
            import(&office.admin, piece, &VCardImport::customers());
            let first = super::round_trip::through(&office.admin, &name);
            assert_eq!(first.0, first.1, "{name}");
            let contacts = super::office();
            let customer = contacts.customer("Mara Tea").id;
            import(&contacts.admin, piece, &VCardImport::contacts_of(customer));
            let second = super::round_trip::contacts_through(&contacts.admin, customer, &name);
            assert_eq!(second.0, second.1, "{name}");
        }
    }
}

/// However a file is cut off or torn, it is read to its end.
#[test]
fn no_file_hangs_or_panics_however_it_is_torn() {
    let Some(files) = files() else { return };
    for (name, file) in files {
        let whole = cards(&file).len();
        for cut in (0..file.len()).step_by(file.len() / 40 + 1) {
            assert!(cards(&file[..cut]).len() <= whole, "{name} at {cut}");
            cards(&file[cut..]);
            let mut torn = file.clone();
            torn[cut] = b"\n=:;\"\\\0\xFF "[cut % 9];
            torn.insert(cut, b"\r\n;=\"\x1B"[cut % 6]);
            assert!(cards(&torn).len() <= whole + 1, "{name} at {cut}");
        }
    }
}
