//! E-mail addresses: what is taken, what is refused, and how they are compared.

use crate::shared::shared;
use crm_core::{EmailAddress, FieldValue, Violations};
use serde_json::Value;

fn key(address: &str) -> Result<String, &'static str> {
    EmailAddress(address.to_owned()).comparison_key()
}

/// Whether the address is taken when it is written into a record, where white space at both ends is removed first.
fn is_taken(address: &str) -> bool {
    let mut problems = Violations::default();
    EmailAddress(address.to_owned()).tidy("address", 1_000, &mut problems);
    problems.is_empty()
}

fn cases(path: &str) -> Option<Value> {
    let text = std::fs::read_to_string(shared(path)?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn texts<'v>(cases: &'v Value, name: &str) -> Vec<&'v str> {
    cases.as_array().unwrap().iter().map(|case| case[name].as_str().unwrap_or_default()).collect()
}

#[test]
fn addresses_are_compared_without_case_and_with_the_domain_in_ascii() {
    for (address, expected) in [
        ("Info@MARA.Example", "info@mara.example"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("INFO@BÜCHER.EXAMPLE", "info@xn--bcher-kva.example"),
        ("info@XN--BCHER-KVA.example", "info@xn--bcher-kva.example"),
        ("info@bu\u{308}cher。example", "info@xn--bcher-kva.example"),
        ("ÑO\u{301}@example.com", "ñó@example.com"),
        ("n\u{303}ó@example.com", "ñó@example.com"),
        ("ΙΩΆΝΝΗΣ@example.gr", "ιωάννης@example.gr"),
    ] {
        assert_eq!(key(address).as_deref(), Ok(expected), "{address}");
        assert!(is_taken(address), "{address}");
    }
}

#[test]
fn lengths_are_those_of_the_protocols() {
    let local = |n: usize| format!("{}@example.com", "a".repeat(n));
    assert!(key(&local(64)).is_ok());
    assert!(key(&local(65)).is_err());
    let domain = |last: usize| format!("a@{}.{}.{}.com", "b".repeat(63), "c".repeat(63), "d".repeat(last));
    assert!(key(&domain(63)).is_ok());
    assert!(key(&domain(64)).is_err(), "a label of 64");
    let whole = |local: usize| {
        format!("{}@{}.{}.{}.com", "a".repeat(local), "b".repeat(60), "c".repeat(60), "d".repeat(60))
    };
    assert_eq!(whole(64).len(), 251);
    let longest = format!("{}@{}.{}.{}.com", "a".repeat(64), "b".repeat(61), "c".repeat(61), "d".repeat(61));
    assert_eq!(longest.len(), 254);
    assert!(key(&longest).is_ok());
    let longer = longest.replace("@b", "@bb");
    assert_eq!(longer.len(), 255);
    assert!(key(&longer).is_err());
}

/// Takes and refuses what python-email-validator does, by its own tests.
#[test]
fn addresses_agree_with_python_email_validator() {
    /// That library strips these on request; here an address is what one writes to, and nothing around it.
    const ONLY_ON_REQUEST: [(&str, &str); 8] = [
        (r#""quoted local part"@example.org"#, "quoted local part"),
        (r#""de-quoted.local.part"@example.org"#, "quoted local part"),
        (r#""unnecessary.escaped.\x.local.part"@example.org"#, "quoted local part"),
        (r#""escaped.quote.\".local.part"@example.org"#, "quoted local part"),
        ("MyName <me@example.org>", "display name"),
        ("My Name <me@example.org>", "display name"),
        (r#""My.\"Na\\me\".Is" <"me \" \\ me"@example.org>"#, "display name"),
        ("\"s\u{323}\u{307}\" <s\u{323}\u{307}@nfc.tld>", "display name"),
    ];
    let Some(cases) = cases("data/email/python_email_validator_cases.json") else { return };
    let (mut taken, mut on_request) = (0, 0);
    for case in cases["accept_or_normalise"].as_array().unwrap() {
        let address = case["address"].as_str().unwrap();
        if ONLY_ON_REQUEST.iter().any(|(known, _)| *known == address) {
            assert!(key(address).is_err() && !is_taken(address), "{address}");
            on_request += 1;
            continue;
        }
        let expected = &case["expected"];
        let (local, domain) = (&expected["local_part"], &expected["ascii_domain"]);
        let expected = format!("{}@{}", local.as_str().unwrap().to_lowercase(), domain.as_str().unwrap());
        assert_eq!(key(address), Ok(expected), "{address}");
        assert!(is_taken(address), "{address}");
        taken += 1;
    }
    assert_eq!((taken, on_request), (19, ONLY_ON_REQUEST.len()));
    // White space at the ends is removed before an address is looked at.
    let mut trimmed = Vec::new();
    let rejected = texts(&cases["reject"], "address");
    for address in &rejected {
        assert!(key(address).is_err(), "{address:?} is taken");
        if is_taken(address) {
            assert!(key(address.trim()).is_ok() && address.trim() != *address, "{address:?}");
            trimmed.push(*address);
        }
    }
    assert_eq!(rejected.len(), 108);
    assert_eq!(trimmed, ["my@example.com\n", "\nmy@example.com"]);
    // These are texts that its test puts before and after the @.
    for case in cases["reject"].as_array().unwrap() {
        if case["test"] == "test_email_unsafe_character" {
            let text = case["address"].as_str().unwrap();
            for address in [format!("{text}@example.com"), format!("me@{text}.com"), format!("me@{text}")] {
                assert!(key(&address).is_err() && !is_taken(&address), "{address:?}");
            }
        }
    }
    // It has an option that refuses what is not ASCII before the @; there is none here.
    assert_eq!(key("λambdaツ@example.com").as_deref(), Ok("λambdaツ@example.com"));
}

/// What the isemail suite calls valid is taken, with or without an answer of DNS. Everything else is refused: what the
/// RFCs allow but call obsolete, comments and folding white space, quoted local parts, addresses of machines in
/// brackets, and top-level domains alone.
#[test]
fn addresses_agree_with_isemail() {
    let Some(cases) = cases("data/email/isemail_cases.json") else { return };
    let (mut taken, mut refused, mut trimmed) = (0, 0, Vec::new());
    for case in cases.as_array().unwrap() {
        let address = case["address"].as_str().unwrap();
        let category = case["category"].as_str().unwrap();
        let valid = matches!(category, "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_DNSWARN");
        // Valid as a name; mail to a bare top-level domain is not delivered (RFC 7085).
        let expected = valid && address != "test@io";
        assert_eq!(key(address).is_ok(), expected, "{address:?}: {}", case["diagnosis"]);
        match expected {
            true => taken += 1,
            false => refused += 1,
        }
        if is_taken(address) != expected {
            assert!(key(address.trim()).is_ok(), "{address:?}");
            trimmed.push(case["diagnosis"].as_str().unwrap());
        }
    }
    assert_eq!((taken, refused), (21, 143));
    trimmed.sort_unstable();
    trimmed.dedup();
    // White space at the ends, whatever the suite calls it.
    assert_eq!(
        trimmed,
        [
            "ISEMAIL_CFWS_FWS",
            "ISEMAIL_DEPREC_FWS",
            "ISEMAIL_ERR_CR_NO_LF",
            "ISEMAIL_ERR_EXPECTING_ATEXT",
            "ISEMAIL_ERR_FWS_CRLF_END",
            "ISEMAIL_ERR_FWS_CRLF_X2",
        ]
    );
}
