//! Phone numbers: kept as typed, compared in E.164.

use super::{FieldValue, KeyRules, Words};
use crate::error::Violations;
use crm_core_derive::Composite;
use parking_lot::Mutex;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// A phone number of a customer or contact. The first of a list is the primary one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Composite)]
pub struct Phone {
    /// The number as it was typed.
    #[entity(searchable, key)]
    pub number: PhoneNumber,
    /// What it is for: `mobile`, `office`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[entity(max = 50)]
    pub label: Option<String>,
    /// The person asked not to be called here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

impl Phone {
    /// A number without a label.
    pub fn new(number: impl Into<String>) -> Self {
        Phone { number: PhoneNumber(number.into()), label: None, opted_out: false }
    }
}

impl From<&str> for Phone {
    fn from(number: &str) -> Self {
        Phone::new(number)
    }
}
impl From<String> for Phone {
    fn from(number: String) -> Self {
        Phone::new(number)
    }
}

/// The text of a phone number, as it was typed: with any punctuation, letters (`1-800-FLOWERS`), an extension, as a
/// `tel:` URI, in the digits of any script.
///
/// What it means follows from the numbering plans of [libphonenumber](https://github.com/google/libphonenumber). The
/// methods take the region from which one dials, two letters of ISO 3166-1; a number that begins with `+` means the
/// same everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(pub String);

/// What a text means as a number.
type Parsed = rlibphonenumber::PhoneNumber;

/// The forms of a number that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Forms {
    e164: String,
    national: String,
    extension: Option<String>,
}

/// What the numbers that were looked at last mean. A record that is written asks for each of its numbers several times, and
/// whoever reads a file ahead of a writer asks before him: to read one by the plans of libphonenumber takes longer than to
/// write its row.
#[derive(Default)]
struct Remembered {
    newer: HashMap<String, Meaning>,
    older: HashMap<String, Meaning>,
}

/// What a text means as a number in a region.
#[derive(Clone)]
struct Meaning {
    region: String,
    forms: Option<Arc<Forms>>,
}

static REMEMBERED: LazyLock<Mutex<Remembered>> = LazyLock::new(Mutex::default);

/// How many numbers are remembered, twice.
const MOST_REMEMBERED: usize = 8_192;

impl PhoneNumber {
    /// The digits as they were typed, in ASCII.
    ///
    /// ```
    /// let digits = |text: &str| crm_core::PhoneNumber(text.into()).digits();
    /// assert_eq!(digits("+254 (722) 000-001"), "254722000001");
    /// assert_eq!(digits("٠٧٢٢ ٠٠٠ ٠٠١"), "0722000001");
    /// ```
    pub fn digits(&self) -> String {
        ascii_digits(&self.0)
    }

    /// The number in E.164, without its extension, when it has as many digits as numbers of its country have. Whether
    /// somebody could have it is another question: see [`is_valid`](Self::is_valid).
    ///
    /// ```
    /// let e164 = |text: &str, region| crm_core::PhoneNumber(text.into()).e164(region);
    /// assert_eq!(e164("06 28 23 04 55", "FR").as_deref(), Some("+33628230455"));
    /// assert_eq!(e164("+33 6 28 23 04 55", "KE").as_deref(), Some("+33628230455"));
    /// assert_eq!(e164("1-800-FLOWERS", "US").as_deref(), Some("+18003569377"));
    /// assert_eq!(e164("extension 12", "KE"), None);
    /// ```
    pub fn e164(&self, region: &str) -> Option<String> {
        self.forms(region).map(|forms| forms.e164.clone())
    }

    /// The digits that are dialled inside the number's own country, when [`e164`](Self::e164) knows it.
    ///
    /// ```
    /// let number = crm_core::PhoneNumber("+33 6 28 23 04 55".into());
    /// assert_eq!(number.national_digits("KE").as_deref(), Some("0628230455"));
    /// ```
    pub fn national_digits(&self, region: &str) -> Option<String> {
        self.forms(region).map(|forms| forms.national.clone())
    }

    /// Whether the numbering plan of its country has such a number.
    ///
    /// ```
    /// let is_valid = |text: &str| crm_core::PhoneNumber(text.into()).is_valid("US");
    /// assert!(is_valid("(650) 253-0000"));
    /// assert!(!is_valid("(957) 962-1534"));
    /// ```
    pub fn is_valid(&self, region: &str) -> bool {
        self.parsed(region).is_some_and(|number| number.is_valid())
    }

    /// The form in which numbers are compared: E.164 with the extension, or the digits of what is no complete number
    /// of any country. A number that is complete but not [valid](Self::is_valid) is compared in E.164, too: plans
    /// grow, and two ways to write one number should not part when it turns out to be wrong.
    ///
    /// ```
    /// let key = |text: &str| crm_core::PhoneNumber(text.into()).comparison_key("KE");
    /// assert_eq!(key("0746 440 201"), "+254746440201");
    /// assert_eq!(key("+254 746 440201 ext. 12"), "+254746440201;ext=12");
    /// assert_eq!(key("0746-44"), "074644");
    /// ```
    pub fn comparison_key(&self, region: &str) -> String {
        let Some(forms) = self.forms(region) else { return self.digits() };
        match &forms.extension {
            Some(extension) => format!("{};ext={extension}", forms.e164),
            None => forms.e164.clone(),
        }
    }

    /// The digits by which search finds it, each way of writing them once: as in E.164, as dialled in its own country,
    /// as typed.
    ///
    /// ```
    /// let forms = |text: &str| crm_core::PhoneNumber(text.into()).searched_digits("FR");
    /// assert_eq!(forms("06 28 23 04 55"), ["33628230455", "0628230455"]);
    /// assert_eq!(forms("0033 6 28 23 04 55"), ["33628230455", "0628230455", "0033628230455"]);
    /// assert_eq!(forms("3615"), ["3615"]);
    /// ```
    pub fn searched_digits(&self, region: &str) -> Vec<String> {
        let mut forms = Vec::with_capacity(3);
        if let Some(known) = self.forms(region) {
            forms.push(ascii_digits(&known.e164));
            forms.push(known.national.clone());
        }
        let typed = self.digits();
        if !forms.contains(&typed) {
            forms.push(typed);
        }
        forms
    }

    /// Whether there are numbers of this region.
    ///
    /// ```
    /// use crm_core::PhoneNumber;
    /// assert!(PhoneNumber::is_region("GB"));
    /// assert!(!PhoneNumber::is_region("UK"));
    /// ```
    pub fn is_region(region: &str) -> bool {
        country_code(region).is_some()
    }

    /// Whether it looks as if somebody's file had something else there: `7.22555E+11` of a spreadsheet, a remark with digits in it,
    /// several numbers in one. It is a number all the same.
    #[cfg(feature = "exchange")]
    pub(crate) fn is_doubtful(&self, region: &str) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit() || c == b'.');
        let (mantissa, power) = self.0.trim().split_once(['E', 'e']).unwrap_or_default();
        if digits(mantissa) && digits(power.trim_start_matches(['+', '-'])) || self.0.contains(":::") {
            return true;
        }
        const OF_EXTENSIONS: [&str; 6] = ["tel", "extension", "extn", "ext", "anexo", "x"];
        let mut words = self.0.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        let others = words.any(|word| !OF_EXTENSIONS.contains(&word.to_lowercase().as_str()));
        others && self.forms(region).is_none()
    }

    /// What the keys of numbers begin with that begin with these digits, written internationally or nationally.
    pub(crate) fn key_starts(&self, region: &str) -> Vec<String> {
        let digits = self.digits();
        let mut starts = vec![format!("+{digits}")];
        if !self.0.trim_start().starts_with(['+', '＋'])
            && let Some(code) = country_code(region)
        {
            let trunk = trunk_prefix(region).unwrap_or_default();
            let national = digits.strip_prefix(trunk.as_str()).unwrap_or(&digits);
            starts.push(format!("+{code}{national}"));
            // Such as what follows the prefix of international calls.
            starts.extend(self.parsed(region).map(|number| e164_of(&number)));
        }
        // Of numbers that are not complete.
        starts.push(digits);
        starts
    }

    /// What libphonenumber makes of it.
    fn parsed(&self, region: &str) -> Option<Parsed> {
        // As long as libphonenumber in Java and C++ allows.
        const LONGEST: usize = 250;
        if self.0.len() > LONGEST {
            return None;
        }
        PHONE_NUMBER_UTIL.parse(&self.0, Region::from_code(region).ok()).ok()
    }

    /// Its forms, if it is complete.
    fn forms(&self, region: &str) -> Option<Arc<Forms>> {
        {
            let mut remembered = REMEMBERED.lock();
            if let Some(known) = remembered.newer.get(&self.0).filter(|known| known.region == region) {
                return known.forms.clone();
            }
            if let Some(known) = remembered.older.remove(&self.0).filter(|known| known.region == region) {
                remembered.newer.insert(self.0.clone(), known.clone());
                return known.forms;
            }
        }
        let forms = self.complete(region).map(|number| {
            Arc::new(Forms {
                e164: e164_of(&number),
                extension: number.extension.as_deref().map(ascii_digits),
                national: national_digits_of(number),
            })
        });
        let mut remembered = REMEMBERED.lock();
        if remembered.newer.len() >= MOST_REMEMBERED {
            remembered.older = std::mem::take(&mut remembered.newer);
        }
        remembered.newer.insert(self.0.clone(), Meaning { region: region.to_owned(), forms: forms.clone() });
        forms
    }

    /// The number, if it has as many digits as a number with its country code may have, area code included.
    fn complete(&self, region: &str) -> Option<Parsed> {
        self.parsed(region)
            .filter(|number| number.is_possible_with_reason() == Ok(NumberLengthType::IsPossible))
    }
}

fn ascii_digits(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().filter(char::is_ascii_digit).collect();
    }
    PHONE_NUMBER_UTIL.normalize_digits_only(text)
}

fn e164_of(number: &Parsed) -> String {
    number.format_as(PhoneNumberFormat::E164).into_owned()
}

fn national_digits_of(mut number: Parsed) -> String {
    number.extension = None;
    ascii_digits(&number.format_as(PhoneNumberFormat::National))
}

fn country_code(region: &str) -> Option<i32> {
    PHONE_NUMBER_UTIL.get_country_code_for_region(Region::from_code(region).ok()?)
}

/// What is dialled before a national number inside its region: `0` in most, nothing in many.
fn trunk_prefix(region: &str) -> Option<String> {
    let example = PHONE_NUMBER_UTIL.get_example_number(Region::from_code(region).ok()?).ok()?;
    let number = example.get_national_significant_number();
    national_digits_of(example).strip_suffix(&number).map(str::to_owned)
}

impl FieldValue for PhoneNumber {
    super::field::text_field!(PhoneNumber);

    const REGIONAL: bool = true;

    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        const FEWEST_DIGITS: usize = 3;
        self.0.tidy(name, max, problems);
        if self.digits().len() < FEWEST_DIGITS {
            problems.add(name, "syntax", &self.0, "a phone number has at least three digits");
        }
    }

    fn keys(&self, rules: &KeyRules, out: &mut dyn FnMut(String)) {
        out(self.comparison_key(&rules.phone_region));
    }

    fn words(&self, rules: &KeyRules, out: &mut Words) {
        for digits in self.searched_digits(&rules.phone_region) {
            out.add(&digits);
        }
    }
}
