//! How dates, numbers, amounts and yes or no are written in a file. What could be read in two ways is refused until
//! the format says which.

use crate::value::{Currency, Timestamp, Zone, resolve_local};
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The formats of a file or of one of its columns. What a column leaves out is that of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Formats {
    /// Dates and moments: a strftime pattern such as `%d/%m/%Y` or `%m/%d/%y %H:%M`, or `excel` and `excel1904` for day numbers of
    /// spreadsheets. Without it only ISO 8601 is read (`2026-11-20`, `2026-11-20T09:00:00Z`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The last year, 0 to 99, that a year of two digits means in this century: with 68, `68` is 2068 and `69` is 1969. A pattern
    /// with `%y` needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pivot: Option<u8>,
    /// The zone of moments that say none, by its IANA name; the organisation's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The decimal mark: `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What groups thousands: `,`, `.`, `'` or a space of any width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<char>,
    /// Whether a number in parentheses is negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parentheses: Option<bool>,
    /// The currency of amounts that name none, by its three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The words for yes, in any case; `true`, `yes`, `y`, `t`, `on`, `x` and `1` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yes: Option<Vec<String>>,
    /// The words for no; `false`, `no`, `n`, `f`, `off` and `0` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no: Option<Vec<String>>,
}

/// Why a text is not taken: the rule's stable name and the reason.
pub type Refusal = (&'static str, String);
type Read<T> = Result<T, Refusal>;

const YES: [&str; 7] = ["true", "yes", "y", "t", "on", "x", "1"];
const NO: [&str; 6] = ["false", "no", "n", "f", "off", "0"];

impl Formats {
    /// These formats, completed by others.
    #[must_use]
    pub fn or(&self, other: &Formats) -> Formats {
        let pick = |mine: &Option<String>, theirs: &Option<String>| mine.clone().or_else(|| theirs.clone());
        Formats {
            date: pick(&self.date, &other.date),
            pivot: self.pivot.or(other.pivot),
            zone: self.zone.or(other.zone),
            decimal: self.decimal.or(other.decimal),
            group: self.group.or(other.group),
            parentheses: self.parentheses.or(other.parentheses),
            currency: pick(&self.currency, &other.currency),
            yes: self.yes.clone().or_else(|| other.yes.clone()),
            no: self.no.clone().or_else(|| other.no.clone()),
        }
    }

    /// Whether the formats themselves can be used.
    ///
    /// # Errors
    /// What can't be used.
    pub fn check(&self) -> Read<()> {
        if let Some(pattern) = &self.date {
            let mut items = StrftimeItems::new(pattern);
            if items.any(|item| item == Item::Error) {
                return Err(("syntax", format!("{pattern:?} is no pattern for dates")));
            }
            if !pattern.contains('%') && !["excel", "excel1904"].contains(&pattern.as_str()) {
                let reason = format!("{pattern:?} is no pattern for dates: %d/%m/%Y is one, and so is excel");
                return Err(("syntax", reason));
            }
            if pattern.contains("%y") && self.pivot.is_none_or(|pivot| pivot > 99) {
                return Err((
                    "pivot",
                    format!("{pattern:?} has years of two digits: say the pivot, 0 to 99"),
                ));
            }
        }
        if self.decimal.is_some_and(|mark| !['.', ','].contains(&mark)) {
            return Err(("syntax", "the decimal mark is a point or a comma".into()));
        }
        if self.group.is_some_and(|mark| !GROUPS.contains(&mark))
            || self.group.is_some() && self.group == self.decimal
        {
            return Err(("syntax", "thousands are grouped by a comma, a point, an apostrophe or a space, other than the decimal mark".into()));
        }
        match &self.currency {
            Some(code) if Currency::from_code(code).is_none() => {
                Err(("syntax", format!("{code:?} is no currency of ISO 4217")))
            }
            _ => Ok(()),
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// `boolean`: a word that is unknown.
    pub fn boolean(&self, text: &str) -> Read<bool> {
        let word = text.trim().to_lowercase();
        let known = |own: &Option<Vec<String>>, usual: &[&str]| match own {
            Some(own) => own.iter().any(|known| known.trim().to_lowercase() == word),
            None => usual.contains(&word.as_str()),
        };
        match (known(&self.yes, &YES), known(&self.no, &NO)) {
            (true, false) => Ok(true),
            (false, true) => Ok(false),
            _ => Err(("boolean", "it is no word for yes or no that the plan knows".into())),
        }
    }

    /// A day.
    ///
    /// # Errors
    /// `ambiguous` when the format is not declared, `date`.
    pub fn day(&self, text: &str) -> Read<NaiveDate> {
        let text = text.trim();
        match self.date.as_deref() {
            None => iso_day(text).ok_or_else(|| undeclared(text)),
            Some("excel" | "excel1904") => self.serial(text).map(|moment| moment.date()),
            Some(pattern) => {
                let wrong = || ("date", format!("it is no date of the form {pattern}"));
                if has_time(pattern) {
                    return self.local(text, pattern).map(|moment| moment.date());
                }
                let day = NaiveDate::parse_from_str(text, pattern)
                    .map_err(|error| no_such_day(&error).unwrap_or_else(wrong))?;
                self.in_century(day, pattern).ok_or_else(wrong)
            }
        }
    }

    /// A moment. A day alone is its beginning.
    ///
    /// # Errors
    /// `ambiguous` when the format is not declared, `date`.
    pub fn moment(&self, text: &str, zone: Zone) -> Read<Timestamp> {
        let text = text.trim();
        let zone = self.zone.unwrap_or(zone);
        let local = match self.date.as_deref() {
            None => {
                if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
                    return Ok(moment.to_utc());
                }
                let seconds =
                    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
                let whole = seconds.iter().find_map(|p| NaiveDateTime::parse_from_str(text, p).ok());
                let whole = whole.filter(|moment| moment.year() >= 1000);
                whole
                    .or_else(|| iso_day(text).map(|day| day.and_time(NaiveTime::MIN)))
                    .ok_or_else(|| undeclared(text))?
            }
            Some("excel" | "excel1904") => self.serial(text)?,
            Some(pattern) if pattern.contains("%z") || pattern.contains("%:z") => {
                let moment = DateTime::parse_from_str(text, pattern);
                return moment
                    .map(|moment| moment.to_utc())
                    .map_err(|_| ("date", format!("it is no moment of the form {pattern}")));
            }
            Some(pattern) if has_time(pattern) => self.local(text, pattern)?,
            Some(_) => self.day(text)?.and_time(NaiveTime::MIN),
        };
        Ok(resolve_local(local, zone))
    }

    fn local(&self, text: &str, pattern: &str) -> Read<NaiveDateTime> {
        let wrong = || ("date", format!("it is no moment of the form {pattern}"));
        let moment = NaiveDateTime::parse_from_str(text, pattern)
            .map_err(|error| no_such_day(&error).unwrap_or_else(wrong))?;
        let day = self.in_century(moment.date(), pattern).ok_or_else(wrong)?;
        Ok(day.and_time(moment.time()))
    }

    /// The day with its year in the century that the pivot says; none for a year that was written too short.
    fn in_century(&self, day: NaiveDate, pattern: &str) -> Option<NaiveDate> {
        if !pattern.contains("%y") {
            return (1000..=9999).contains(&day.year()).then_some(day);
        }
        let year = day.year().rem_euclid(100);
        let century = if year <= i32::from(self.pivot?) { 2000 } else { 1900 };
        day.with_year(century + year)
    }

    /// The day number of a spreadsheet, with the time of day as its fraction.
    fn serial(&self, text: &str) -> Read<NaiveDateTime> {
        let wrong = || ("date", "it is no day number of a spreadsheet".to_owned());
        let number: Decimal = text.parse().map_err(|_| wrong())?;
        let (epoch, first) = match self.date.as_deref() {
            Some("excel1904") => (NaiveDate::from_ymd_opt(1904, 1, 1), Decimal::ZERO),
            // Before March 1900 spreadsheets count a day that never was.
            _ => (NaiveDate::from_ymd_opt(1899, 12, 30), Decimal::from(61)),
        };
        if number < first || number >= Decimal::from(2_958_466) {
            return Err(wrong());
        }
        let whole = u64::try_from(number.trunc()).map_err(|_| wrong())?;
        let seconds = (number.fract() * Decimal::from(86_400)).round();
        let day = epoch.and_then(|epoch| epoch.checked_add_days(Days::new(whole))).ok_or_else(wrong)?;
        let seconds = i64::try_from(seconds).map_err(|_| wrong())?;
        Ok(day.and_time(NaiveTime::MIN) + chrono::TimeDelta::seconds(seconds))
    }

    /// A number.
    ///
    /// # Errors
    /// `ambiguous` when the marks are not declared, `number`.
    pub fn number(&self, text: &str) -> Read<Decimal> {
        let wrong = |reason: &str| ("number", reason.to_owned());
        let text = text.trim();
        let (text, bracketed) = match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            Some(inside) if self.parentheses == Some(true) => (inside.trim(), true),
            Some(_) => return Err(wrong("the plan does not say that parentheses mean negative")),
            None => (text, false),
        };
        let (text, minus) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (rest, true),
            None => (text.strip_prefix('+').unwrap_or(text), false),
        };
        if bracketed && minus {
            return Err(wrong("it has two signs"));
        }
        let plain = match (self.decimal, self.group) {
            (None, None) => undeclared_number(text)?,
            (decimal, group) => {
                let decimal = decimal.unwrap_or(if group == Some('.') { ',' } else { '.' });
                declared_number(text, decimal, group)?
            }
        };
        let number: Decimal = Decimal::from_str_exact(&plain).map_err(|_| wrong("it has too many digits"))?;
        Ok(if bracketed || minus { -number } else { number })
    }

    /// An amount with its currency: that which the text names, or the plan's.
    ///
    /// # Errors
    /// `currency`, and as [`Formats::number`].
    pub fn amount(&self, text: &str) -> Read<(Decimal, Currency)> {
        let text = text.trim();
        let own = self.currency.as_deref().and_then(Currency::from_code);
        // (-$5.00) and -$5.00 have their sign before the symbol.
        let (open, body) = match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            Some(body) => ("(", body.trim()),
            None => match text.strip_prefix('-') {
                Some(body) => ("-", body.trim_start()),
                None => ("", text),
            },
        };
        let letters = |c: char| c.is_alphabetic() || SYMBOLS.iter().any(|(symbol, _)| symbol.starts_with(c));
        let before: String = body.chars().take_while(|c| letters(*c)).collect();
        let rest = &body[before.len()..];
        let after: String =
            rest.chars().rev().take_while(|c| letters(*c)).collect::<Vec<_>>().into_iter().rev().collect();
        let digits = rest[..rest.len() - after.len()].trim();
        let mark = if before.is_empty() {
            after
        } else if after.is_empty() {
            before
        } else {
            return Err(("number", "it names two currencies".into()));
        };
        let currency = match mark.as_str() {
            "" => {
                own.ok_or_else(|| ("currency", "neither the cell nor the plan names a currency".to_owned()))?
            }
            mark => currency_of(mark, own)?,
        };
        let number = self.number(digits)?;
        match open {
            "(" if self.parentheses != Some(true) => {
                Err(("number", "the plan does not say that parentheses mean negative".into()))
            }
            _ if !open.is_empty() && number.is_sign_negative() => Err(("number", "it has two signs".into())),
            "" => Ok((number, currency)),
            _ => Ok((-number, currency)),
        }
    }
}

const GROUPS: [char; 7] = [',', '.', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}'];

/// Signs of currencies with those that use them. One that several use is told by the plan's currency.
const SYMBOLS: [(&str, &[&str]); 10] = [
    ("$", &["USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"]),
    ("US$", &["USD"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("¥", &["JPY", "CNY"]),
    ("₹", &["INR"]),
    ("₦", &["NGN"]),
    ("KSh", &["KES"]),
    ("Ksh", &["KES"]),
    ("R$", &["BRL"]),
];

fn currency_of(mark: &str, own: Option<Currency>) -> Read<Currency> {
    if let Some((_, users)) = SYMBOLS.iter().find(|(symbol, _)| *symbol == mark) {
        if let Some(own) = own.filter(|own| users.contains(&own.code())) {
            return Ok(own);
        }
        return match users {
            [only] => {
                Currency::from_code(only).ok_or_else(|| ("currency", format!("{mark:?} is no currency")))
            }
            _ => Err((
                "currency",
                format!("several currencies are written {mark}: the plan does not say which"),
            )),
        };
    }
    let code = Some(mark).filter(|mark| mark.len() == 3).map(str::to_uppercase);
    code.as_deref()
        .and_then(Currency::from_code)
        .ok_or_else(|| ("currency", format!("{mark:?} is no currency")))
}

fn has_time(pattern: &str) -> bool {
    ["%H", "%I", "%T", "%R", "%k", "%l", "%s", "%X", "%r"].iter().any(|part| pattern.contains(part))
}

fn iso_day(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    shaped
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
        .filter(|day| day.year() >= 1000)
}

/// Of the right form, and in no calendar.
fn no_such_day(error: &chrono::ParseError) -> Option<Refusal> {
    use chrono::format::ParseErrorKind::{Impossible, OutOfRange};
    matches!(error.kind(), Impossible | OutOfRange).then(|| ("date", "there is no such day".to_owned()))
}

fn undeclared(text: &str) -> Refusal {
    let day = text.get(..10).unwrap_or(text);
    let iso = NaiveDate::parse_from_str(day, "%Y-%m-%d").err().filter(|_| day.len() == 10);
    if let Some(refusal) = iso.as_ref().and_then(no_such_day) {
        return refusal;
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    match digits >= 3 {
        true => (
            "ambiguous",
            "the plan does not say how dates are written: only 2026-11-20 speaks for itself".into(),
        ),
        false => ("date", "it is no date".into()),
    }
}

/// Digits with a point before decimals. Three of them might be thousands in other countries.
fn undeclared_number(text: &str) -> Read<String> {
    let (whole, decimals) =
        text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || decimals.is_some_and(|decimals| !digits(decimals)) {
        let marked = text.contains(|c: char| c.is_ascii_digit()) && text.contains([',', '\'']);
        return Err(match marked {
            true => ("ambiguous", "the plan does not say what its marks mean".into()),
            false => ("number", "it is no number".into()),
        });
    }
    if decimals.is_some_and(|decimals| decimals.len() == 3) && whole.len() <= 3 && !whole.starts_with('0') {
        return Err(("ambiguous", "the point may group thousands: the plan does not say".into()));
    }
    Ok(text.to_owned())
}

fn declared_number(text: &str, decimal: char, group: Option<char>) -> Read<String> {
    let wrong = |reason: String| ("number", reason);
    let spaces = ['\u{a0}', '\u{202f}', '\u{2009}', ' '];
    let quotes = ['\'', '\u{2019}'];
    let is_group = |c: char| match group {
        Some(mark) if spaces.contains(&mark) => spaces.contains(&c),
        Some(mark) if quotes.contains(&mark) => quotes.contains(&c),
        Some(mark) => c == mark,
        None => false,
    };
    let (whole, decimals) = match text.split_once(decimal) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    let mut parts = whole.split(is_group);
    let first = parts.next().unwrap_or_default();
    let others: Vec<&str> = parts.collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || others.iter().any(|part| !digits(part)) || decimals.is_some_and(|part| !digits(part))
    {
        return Err(wrong(format!("it is no number with the decimal mark {decimal:?}")));
    }
    if !others.is_empty() && (first.len() > 3 || others.iter().any(|part| part.len() != 3)) {
        return Err(wrong("its groups are no thousands".into()));
    }
    let whole: String = std::iter::once(first).chain(others).collect();
    Ok(decimals.map_or_else(|| whole.clone(), |decimals| format!("{whole}.{decimals}")))
}
