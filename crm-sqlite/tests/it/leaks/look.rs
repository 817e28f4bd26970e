//! How a leak is seen.

use super::*;

/// One walk of one function.
pub(super) struct Walk<'w> {
    pub(super) world: &'w World,
    pub(super) name: &'static str,
    pub(super) session: Session,
    /// What the caller said himself.
    pub(super) said: RefCell<BTreeSet<String>>,
}

impl Walk<'_> {
    pub(super) fn say(&self, text: impl ToString) -> String {
        self.said.borrow_mut().insert(text.to_string());
        text.to_string()
    }

    /// Fails when a text shows what it must not.
    pub(super) fn look(&self, shown: &str) {
        let folded = shown.to_lowercase();
        let secret = folded.contains(SECRET) || folded.contains(SECRET_DIGITS);
        if !secret && !self.world.finder.is_match(shown) {
            return;
        }
        // Something that the caller must not learn from anybody but himself.
        let mut text = shown.to_owned();
        // The longest first: one may be the beginning of another.
        let mut said: Vec<String> = self.said.borrow().iter().cloned().collect();
        said.sort_by_key(|text| std::cmp::Reverse(text.len()));
        for said in said {
            text = text.replace(&said, "").replace(&said.to_lowercase(), "");
        }
        let folded = text.to_lowercase();
        let story = || format!("{:?}, {}: {text}", self.world.variant, self.name);
        assert!(!folded.contains(SECRET), "a text leaks: {}", story());
        assert!(!folded.contains(SECRET_DIGITS), "a number leaks: {}", story());
        for secret in &self.world.secrets {
            assert!(!text.contains(secret.as_str()), "{secret} leaks: {}", story());
        }
    }

    pub(super) fn shown<T: Debug>(&self, value: T) -> T {
        self.look(&format!("{value:?}"));
        value
    }

    /// A record, as text and as JSON.
    pub(super) fn record<E: Gated>(&self, record: Record<E>) -> Record<E> {
        self.look(&serde_json::to_string(&record).unwrap());
        assert!(self.world.sees(&record), "{}: {record:?}", self.name);
        self.shown(record)
    }

    pub(super) fn operation(&self, operation: Operation) -> Operation {
        self.look(&serde_json::to_string(&operation).unwrap());
        for change in operation.changes.iter().filter(|change| change.kind.schema().gate != Gate::Free) {
            assert!(self.world.sees_change(change), "{}: {change:?}", self.name);
        }
        self.shown(operation)
    }

    /// A page with its cursor, which is no secret writing.
    pub(super) fn page<T: Debug>(&self, page: Page<T>) -> Page<T> {
        if let Some(next) = &page.next {
            self.look(&String::from_utf8(from_base64(next)).unwrap());
        }
        self.shown(page)
    }

    pub(super) fn refused<T: Debug>(&self, result: Result<T>) -> Error {
        match result {
            Err(error) => {
                self.look(&told(&error));
                error
            }
            Ok(value) => panic!("{:?}, {} went well: {value:?}", self.world.variant, self.name),
        }
    }

    /// The error of each foreign argument is that of one which does not exist, apart from the argument itself.
    pub(super) fn alike<A, T: Debug>(
        &self,
        unknown: &A,
        foreign: &[A],
        words: impl Fn(&A) -> Vec<String>,
        call: impl Fn(&A) -> Result<T>,
    ) {
        let masked = |argument: &A| {
            for word in words(argument) {
                self.say(word);
            }
            let mut text = told(&self.refused(call(argument)));
            for (n, word) in words(argument).into_iter().enumerate() {
                text = text.replace(&word, &format!("<{n}>"));
            }
            text
        };
        let wanted = masked(unknown);
        assert!(!foreign.is_empty());
        for argument in foreign {
            let text = masked(argument);
            assert_eq!(text, wanted, "{:?}, {} with {:?}", self.world.variant, self.name, words(argument));
        }
    }

    pub(super) fn alike_ids<E, T: Debug>(&self, foreign: &[Id<E>], call: impl Fn(Id<E>) -> Result<T>) {
        let unknown = self.session.new_id().unwrap();
        self.alike(&unknown, foreign, |id| vec![id.to_string()], |id| call(*id));
    }

    /// Whether the kind is seen at all; if not, the call is denied.
    pub(super) fn sees_kind<E: Gated, T: Debug>(&self, call: impl Fn() -> Result<T>) -> bool {
        let sees = self.world.sees_kind(E::kind());
        if !sees {
            assert_eq!(self.refused(call()).code(), "denied");
        }
        sees
    }

    /// A new record on an own customer, as the program would make it.
    pub(super) fn own<E: Gated>(&self) -> Record<E> {
        let customer = self.world.mine::<Customer>()[0];
        let mut new = E::new_on(customer, "opennew");
        if let Some(owner) = E::schema().field("owner") {
            new.set(owner, Value::Id(self.world.me.uuid())).unwrap();
        }
        E::make(&self.world.system, new).unwrap()
    }
}

/// All that an error tells.
pub(super) fn told(error: &Error) -> String {
    let fields = serde_json::to_string(&error.fields()).unwrap();
    format!("{} {fields} {error} {error:?}", error.code())
}

pub(super) fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|l| *l == letter).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let value = usize::try_from(bits >> (18 - 6 * place) & 0x3f).unwrap();
            text.push(char::from(LETTERS[value]));
        }
    }
    text
}
