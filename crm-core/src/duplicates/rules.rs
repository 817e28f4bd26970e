//! What an organisation takes for a duplicate.

use crate::value::choice;
use serde::{Deserialize, Serialize};

/// What makes two records candidates, and what speaks for and against that they are the same: a value that can be kept
/// as JSON and edited by people.
///
/// A *field* here is a path as in filters: `name`, `address_city`, `custom.tier`; also a list such as `emails`. Several
/// paths joined by `+` are read as one text: `given_name+family_name`.
///
/// Two records are compared when they have one of the `keys` in common. Each compared field that both have then adds
/// its `weight` when it is alike, takes its `against` away when it is not, and something between when it is nearly
/// alike; what one of them does not have says nothing. The sum, less `prior`, is the logarithm to base 2 of the odds
/// that they are the same (I. Fellegi and A. Sunter, *A Theory for Record Linkage*, 1969): one point more doubles the
/// odds. The score is that as a probability, from 0 to 1.
///
/// ```
/// use crm_core::{Comparison, DuplicateRules, KeyForm, KeyPart};
/// let rules = DuplicateRules::new()
///     .key([KeyPart::whole("custom.tax_number")])
///     .key([KeyPart::new("family_name", KeyForm::Sound), KeyPart::whole("address_postal_code")])
///     .compare("given_name+family_name", Comparison::Words, 6.0, 4.0)
///     .compare("custom.tax_number", Comparison::Digits, 10.0, 3.0)
///     .compare("address_city", Comparison::Text, 3.0, 2.0)
///     .prior(6.0)
///     .threshold(0.8);
/// let json = serde_json::to_string(&rules).unwrap();
/// assert_eq!(serde_json::from_str::<DuplicateRules>(&json).unwrap(), rules);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicateRules {
    /// What records must share to be compared: all parts of at least one key. 1 to 32.
    pub keys: Vec<Vec<KeyPart>>,
    /// What is compared then. 1 to 32.
    pub compared: Vec<ComparedField>,
    /// How many points must be reached before it is as likely as not that two records with a common key are the same.
    #[serde(default = "usual_prior")]
    pub prior: f64,
    /// Pairs from this score on are told, from 0 to 1.
    #[serde(default = "usual_threshold")]
    pub threshold: f64,
    /// A key that more records share than this says nothing and is dropped, such as the name of a chain. At least 2,
    /// at most 1,000.
    #[serde(default = "usual_most_sharing")]
    pub most_sharing: u32,
}

/// What is usual: a probability of one half.
fn usual_threshold() -> f64 {
    0.5
}

fn usual_prior() -> f64 {
    6.0
}

fn usual_most_sharing() -> u32 {
    20
}

/// A part of a key: a field in one of its forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPart {
    /// The path of the field, or several joined by `+`.
    pub field: String,
    /// In which form.
    #[serde(default)]
    pub form: KeyForm,
}

/// The form in which a field is a key. All of them ignore case and accents; a list is a key by each of its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    /// The whole value.
    #[default]
    Whole,
    /// What stands before the @ of an e-mail address, unless many organisations have it: `info`, `sales`.
    LocalPart,
    /// A phone number in E.164, without its extension.
    Phone,
    /// The first so many letters.
    First(u8),
    /// How the words sound in English (Soundex), in their order, legal forms left out.
    Sound,
    /// The words in the order of the alphabet, without punctuation: `Smith, John` is `John Smith`.
    Words,
    /// The words in their order without punctuation and legal forms: `Mara Tea, Ltd.` is `Mara Tea Limited`.
    Company,
    /// The digits.
    Digits,
    /// The year of a date, or the first four of eight digits.
    Year,
    /// The month of a date, or the fifth and sixth of eight digits.
    Month,
    /// The day of the month of a date, or the last two of eight digits.
    Day,
}

/// A field that is compared, and how much it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparedField {
    /// The path of the field, or several joined by `+`.
    pub field: String,
    /// How.
    pub comparison: Comparison,
    /// What it adds when it is alike, in points; 0 to 100.
    pub weight: f64,
    /// What it takes away when it is unlike, in points; 0 to 100.
    #[serde(default)]
    pub against: f64,
}

choice! {
    /// How two values are compared: 0 for unlike, 1 for equal. Case, accents and punctuation never count; of two lists
    /// the two entries that are most alike do, save for `overlap`.
    pub enum Comparison {
        /// Equal or not.
        Exact = "exact",
        /// Texts, by the similarity of Jaro and Winkler: 0 up to 0.7 of it, then rising to 1.
        Text = "text",
        /// The words of texts in any order, each with the most similar; longer words count more, legal forms hardly, and
        /// one that the other does not have a quarter.
        Words = "words",
        /// Dates: 0.8 with one digit wrong, two neighbours swapped, or day and month swapped; 0.5 with two wrong.
        Date = "date",
        /// Numbers: 0.8 with one of at least four digits wrong, missing or too many, or two neighbours swapped.
        Digits = "digits",
        /// E-mail addresses: 0.9 with the same part before the @, unless it is one that many organisations have
        /// (`info`); else like text, at most 0.8.
        Email = "email",
        /// Lists of e-mails, phones, tags: the share of the shorter list that is in the longer one.
        Overlap = "overlap",
    }
}

/// What one compared field says of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuplicateReason {
    /// The field, as the rules name it.
    pub field: String,
    /// How alike, from 0 to 1.
    pub alike: f64,
    /// The points that it added or, below zero, took away.
    pub contribution: f64,
}

impl KeyPart {
    /// A field in a form.
    pub fn new(field: impl Into<String>, form: KeyForm) -> Self {
        KeyPart { field: field.into(), form }
    }

    /// A field's whole value.
    pub fn whole(field: impl Into<String>) -> Self {
        KeyPart::new(field, KeyForm::Whole)
    }
}

impl Default for DuplicateRules {
    fn default() -> Self {
        DuplicateRules::new()
    }
}

impl DuplicateRules {
    /// Rules without keys and compared fields, which must be added: with a prior of 6 points, a threshold of one half,
    /// and keys that at most 20 records share.
    pub fn new() -> Self {
        DuplicateRules {
            keys: Vec::new(),
            compared: Vec::new(),
            prior: usual_prior(),
            threshold: usual_threshold(),
            most_sharing: usual_most_sharing(),
        }
    }

    /// What is usual for customers. Two are compared at all when they share an e-mail address or what stands before its
    /// @, a phone number, a name (whole, its words in any order, or as a company's), or the sound of the name in one postal
    /// code. A misspelt name alone is not found; for one draft ask [`Collection::search`](crate::Collection::search), too.
    pub fn for_customers() -> Self {
        use KeyForm::{Company, LocalPart, Phone, Sound, Words};
        DuplicateRules::new()
            .key([KeyPart::whole("emails")])
            .key([KeyPart::new("emails", LocalPart)])
            .key([KeyPart::new("phones", Phone)])
            .key([KeyPart::whole("name")])
            .key([KeyPart::new("name", Words)])
            .key([KeyPart::new("name", Company)])
            .key([KeyPart::new("name", Sound), KeyPart::whole("address_postal_code")])
            .key([KeyPart::whole("name"), KeyPart::whole("address_city")])
            .compare("name", Comparison::Words, 6.0, 4.0)
            .compare("emails", Comparison::Email, 7.0, 1.0)
            .compare("phones", Comparison::Overlap, 6.0, 1.0)
            .compare("address_street", Comparison::Words, 3.0, 2.0)
            .compare("address_postal_code", Comparison::Exact, 3.0, 2.0)
            .compare("address_city", Comparison::Text, 1.0, 2.0)
            .compare("company", Comparison::Words, 2.0, 1.0)
            .compare("website", Comparison::Text, 3.0, 1.0)
            .prior(5.0)
    }

    /// What is usual for contacts.
    pub fn for_contacts() -> Self {
        use KeyForm::{LocalPart, Phone, Sound, Words};
        const NAME: &str = "given_name+family_name";
        DuplicateRules::new()
            .key([KeyPart::whole("emails")])
            .key([KeyPart::new("emails", LocalPart)])
            .key([KeyPart::new("phones", Phone)])
            .key([KeyPart::new(NAME, Words)])
            .key([KeyPart::new("family_name", Sound), KeyPart::whole("address_postal_code")])
            .key([KeyPart::new(NAME, Words), KeyPart::whole("address_city")])
            .key([KeyPart::whole("birthday")])
            .key([KeyPart::new("family_name", Sound), KeyPart::whole("birthday")])
            .key([KeyPart::new(NAME, Words), KeyPart::whole("customer")])
            .compare(NAME, Comparison::Words, 5.0, 4.0)
            .compare("birthday", Comparison::Date, 8.0, 4.0)
            .compare("emails", Comparison::Email, 7.0, 1.0)
            .compare("phones", Comparison::Overlap, 6.0, 1.0)
            .compare("customer", Comparison::Exact, 2.0, 0.0)
            .compare("address_postal_code", Comparison::Exact, 3.0, 2.0)
            .compare("address_city", Comparison::Text, 2.0, 2.0)
            .prior(4.0)
    }

    /// Adds a key: all parts together.
    #[must_use]
    pub fn key(mut self, parts: impl IntoIterator<Item = KeyPart>) -> Self {
        self.keys.push(parts.into_iter().collect());
        self
    }

    /// Adds a compared field with the points that it adds when it is alike and takes away when it is not.
    #[must_use]
    pub fn compare(
        mut self,
        field: impl Into<String>,
        comparison: Comparison,
        weight: f64,
        against: f64,
    ) -> Self {
        self.compared.push(ComparedField { field: field.into(), comparison, weight, against });
        self
    }

    /// Sets how many points must be reached before it is as likely as not that two records are the same.
    #[must_use]
    pub fn prior(mut self, points: f64) -> Self {
        self.prior = points;
        self
    }

    /// Sets the score from which on pairs are told.
    #[must_use]
    pub fn threshold(mut self, score: f64) -> Self {
        self.threshold = score;
        self
    }

    /// Sets how many records may share a key before it is dropped.
    #[must_use]
    pub fn most_sharing(mut self, records: u32) -> Self {
        self.most_sharing = records;
        self
    }
}
