//! The forms of a field that are keys.

use super::KeyForm;
use crate::value::{KeyRules, PhoneNumber};

impl KeyForm {
    /// A folded text in this form; `None` when nothing is left of it.
    pub(super) fn of(self, text: &str, rules: &KeyRules) -> Option<String> {
        let found = match self {
            KeyForm::Whole => text.to_owned(),
            KeyForm::LocalPart => text.rsplit_once('@')?.0.to_owned(),
            KeyForm::Phone => {
                let number = |key: &str| key.split(';').next().unwrap_or_default().to_owned();
                // A key of a list of phones is in E.164 already, and libphonenumber takes its time.
                match text.strip_prefix('+') {
                    Some(rest) if rest.bytes().all(|b| b.is_ascii_digit() || b";ext=".contains(&b)) => {
                        number(text)
                    }
                    _ => number(&PhoneNumber(text.to_owned()).comparison_key(&rules.phone_region)),
                }
            }
            KeyForm::First(letters) => text.chars().take(letters.into()).collect(),
            KeyForm::Sound => joined(called(text).into_iter().map(soundex)),
            KeyForm::Words => joined(sorted(words_of(text).collect()).into_iter().map(str::to_owned)),
            KeyForm::Company => called(text).join(" "),
            KeyForm::Digits => digits(text),
            KeyForm::Year => date(text)?.get(..4)?.to_owned(),
            KeyForm::Month => date(text)?.get(4..6)?.to_owned(),
            KeyForm::Day => date(text)?.get(6..)?.to_owned(),
        };
        let says_nothing = self == KeyForm::LocalPart && is_role(&found);
        Some(found).filter(|found| !found.is_empty() && !says_nothing)
    }
}

/// The words of a folded text without punctuation.
pub(super) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The words without legal forms; some companies are called after nothing but their form.
fn called(text: &str) -> Vec<&str> {
    let named: Vec<&str> = words_of(text).filter(|word| !is_legal_form(word)).collect();
    if named.is_empty() { words_of(text).collect() } else { named }
}

pub(super) fn sorted(mut words: Vec<&str>) -> Vec<&str> {
    words.sort_unstable();
    words
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The eight digits of a date.
fn date(text: &str) -> Option<String> {
    let digits = digits(text);
    (digits.len() == 8).then_some(digits)
}

/// Words that say what a company is in law, not what it is called.
pub(super) fn is_legal_form(word: &str) -> bool {
    const FORMS: [&str; 44] = [
        "ab",
        "ag",
        "aps",
        "as",
        "asa",
        "bv",
        "bvba",
        "co",
        "company",
        "corp",
        "corporation",
        "cv",
        "doo",
        "eg",
        "gmbh",
        "inc",
        "incorporated",
        "kft",
        "kg",
        "kk",
        "limited",
        "llc",
        "llp",
        "lp",
        "ltd",
        "ltda",
        "nv",
        "oao",
        "ohg",
        "ooo",
        "oy",
        "oyj",
        "plc",
        "pt",
        "pte",
        "pty",
        "pvt",
        "sa",
        "sarl",
        "sas",
        "spa",
        "sro",
        "srl",
        "zoo",
    ];
    FORMS.contains(&word)
}

/// Names before the @ that many organisations have: those of RFC 2142 and a few that are as common.
pub(super) fn is_role(local: &str) -> bool {
    const ROLES: [&str; 33] = [
        "abuse",
        "accounts",
        "admin",
        "billing",
        "booking",
        "bookings",
        "contact",
        "enquiries",
        "ftp",
        "hello",
        "hostmaster",
        "hr",
        "info",
        "jobs",
        "mail",
        "marketing",
        "news",
        "no-reply",
        "noc",
        "noreply",
        "office",
        "order",
        "orders",
        "postmaster",
        "reception",
        "reservations",
        "sales",
        "security",
        "service",
        "support",
        "team",
        "webmaster",
        "www",
    ];
    ROLES.contains(&local)
}

/// American Soundex: the first letter and three digits for the consonants that follow. A word of another script is
/// its own sound.
fn soundex(word: &str) -> String {
    const LENGTH: usize = 4;
    let Some(first) = word.chars().next().filter(|_| word.chars().all(|c| c.is_ascii_lowercase())) else {
        return word.to_owned();
    };
    let mut sound = String::with_capacity(LENGTH);
    sound.push(first);
    let mut last = class(first);
    for letter in word.chars().skip(1) {
        let class = class(letter);
        if let Some(digit) = class
            && last != class
        {
            sound.push(digit);
        }
        // H and W do not part two letters of a class, vowels do.
        if !matches!(letter, 'h' | 'w') {
            last = class;
        }
        if sound.len() == LENGTH {
            break;
        }
    }
    while sound.len() < LENGTH {
        sound.push('0');
    }
    sound
}

fn class(letter: char) -> Option<char> {
    Some(match letter {
        'b' | 'f' | 'p' | 'v' => '1',
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => '2',
        'd' | 't' => '3',
        'l' => '4',
        'm' | 'n' => '5',
        'r' => '6',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::fold;

    fn form(form: KeyForm, text: &str) -> Option<String> {
        form.of(&fold(text), &KeyRules { phone_region: "KE".to_owned() })
    }

    /// The examples of the National Archives of the United States.
    #[test]
    fn soundex_is_that_of_the_archives() {
        for (name, sound) in [
            ("Washington", "w252"),
            ("Lee", "l000"),
            ("Gutierrez", "g362"),
            ("Pfister", "p236"),
            ("Jackson", "j250"),
            ("Tymczak", "t522"),
            ("Ashcraft", "a261"),
        ] {
            assert_eq!(form(KeyForm::Sound, name).as_deref(), Some(sound), "{name}");
        }
        assert_eq!(form(KeyForm::Sound, "Robert Rupert").as_deref(), Some("r163 r163"));
        assert_eq!(form(KeyForm::Sound, "山田").as_deref(), Some("山田"));
    }

    #[test]
    fn companies_sound_alike_whatever_they_are_in_law() {
        assert_eq!(form(KeyForm::Sound, "Mara Tea Ltd"), form(KeyForm::Sound, "Mahra Tea"));
    }

    #[test]
    fn forms_leave_out_what_differs() {
        assert_eq!(form(KeyForm::Words, "Smith, John").as_deref(), Some("john smith"));
        assert_eq!(form(KeyForm::Company, "Mara Tea, Ltd.").as_deref(), Some("mara tea"));
        assert_eq!(form(KeyForm::Company, "Limited").as_deref(), Some("limited"));
        assert_eq!(form(KeyForm::LocalPart, "Amina@Mara.example").as_deref(), Some("amina"));
        assert_eq!(form(KeyForm::LocalPart, "Info@Mara.example"), None);
        assert_eq!(form(KeyForm::Phone, "0746 440 201").as_deref(), Some("+254746440201"));
        assert_eq!(form(KeyForm::Phone, "+254 746 440 201 ext. 3").as_deref(), Some("+254746440201"));
        assert_eq!(form(KeyForm::First(3), "Ägypten").as_deref(), Some("agy"));
        assert_eq!(form(KeyForm::Year, "1971-06-24").as_deref(), Some("1971"));
        assert_eq!(form(KeyForm::Month, "19710624").as_deref(), Some("06"));
        assert_eq!(form(KeyForm::Day, "19710624").as_deref(), Some("24"));
        assert_eq!(form(KeyForm::Day, "1971-06"), None);
        assert_eq!(form(KeyForm::Words, " - "), None);
    }
}
