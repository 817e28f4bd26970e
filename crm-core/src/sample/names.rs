//! Invented people and firms, with their e-mail addresses and phone numbers.

use super::dice::Dice;
use crate::value::{Email, Phone};
use std::collections::HashMap;

/// Names that go together: given names of women and men, and family names.
#[derive(Clone, Copy)]
pub(super) struct Community {
    pub(super) given: &'static [&'static str],
    pub(super) family: &'static [&'static str],
}

#[rustfmt::skip]
pub(super) const COMMUNITIES: &[Community] = &[
    // Kikuyu
    Community {
        given: &["Wanjiku", "Njeri", "Wambui", "Nyambura", "Wairimu", "Grace", "Kamau", "Karanja", "Gitonga", "Peter"],
        family: &["Mwangi", "Njoroge", "Kariuki", "Maina", "Ndung'u", "Ng'ang'a", "Githinji", "Waweru", "Kimani"],
    },
    // Luo
    Community {
        given: &["Achieng", "Akinyi", "Atieno", "Adhiambo", "Lilian", "Omondi", "Odhiambo", "Okoth", "Kevin"],
        family: &["Otieno", "Onyango", "Owino", "Ouma", "Oduor", "Opiyo", "Okello", "Ogola"],
    },
    // Luhya
    Community {
        given: &["Nekesa", "Nasimiyu", "Naliaka", "Nafula", "Violet", "Wekesa", "Simiyu", "Barasa", "Dennis"],
        family: &["Wanyama", "Wafula", "Makokha", "Wandera", "Mukhwana", "Khaemba", "Nyongesa", "Were"],
    },
    // Kalenjin
    Community {
        given: &["Chebet", "Jepkosgei", "Chepkoech", "Jerono", "Joyce", "Kiprono", "Kibet", "Kipkemboi", "Philip"],
        family: &["Koech", "Rotich", "Cheruiyot", "Langat", "Korir", "Bett", "Mutai", "Kiplagat"],
    },
    // Kamba
    Community {
        given: &["Mumbua", "Mwende", "Ndinda", "Syombua", "Esther", "Mutua", "Kioko", "Kyalo", "Joseph"],
        family: &["Mutiso", "Nzioka", "Muthoka", "Musyoki", "Wambua", "Ndunda", "Mulwa"],
    },
    // Gusii
    Community {
        given: &["Moraa", "Kerubo", "Kemunto", "Bosibori", "Gesare", "Evans", "Brian", "Naomi"],
        family: &["Nyamweya", "Momanyi", "Ombati", "Mogaka", "Onsongo", "Ogega", "Mokaya"],
    },
    // Meru and Embu
    Community {
        given: &["Kendi", "Karimi", "Gakii", "Makena", "Doreen", "Mwenda", "Muthomi", "Mutethia", "Samuel"],
        family: &["Muriuki", "Mutuma", "Kinyua", "Kirimi", "Mbogori", "Nyaga", "Njeru"],
    },
    // Somali
    Community {
        given: &["Fatuma", "Halima", "Hodan", "Sahra", "Ifrah", "Abdi", "Hassan", "Yusuf", "Farah"],
        family: &["Noor", "Abdullahi", "Hussein", "Adan", "Warsame", "Jama", "Osman"],
    },
    // Mijikenda, Taita and Swahili
    Community {
        given: &["Amina", "Kadzo", "Dama", "Mariam", "Zawadi", "Juma", "Baraka", "Kazungu", "Salim"],
        family: &["Charo", "Karisa", "Katana", "Mwadime", "Mwakio", "Baya", "Mwachofi", "Tsuma"],
    },
    // Maasai and Samburu
    Community {
        given: &["Naserian", "Nashipae", "Namunyak", "Resiato", "Lemayan", "Parsaloi", "Lekishon", "Tipanoi"],
        family: &["Lesiamon", "Sankale", "Leparan", "Ntaiya", "Lemein", "Parmuat"],
    },
    // Kenyans of South Asian descent
    Community {
        given: &["Priya", "Nisha", "Meera", "Rajesh", "Anil", "Kiran"],
        family: &["Patel", "Shah", "Mehta", "Joshi"],
    },
];

/// Swahili words for trees, animals and flowers that few firms are named after.
#[rustfmt::skip]
pub(super) const FIRST: &[&str] = &[
    "Mkwaju", "Mpingo", "Mvule", "Mninga", "Mkuyu", "Mgunga", "Mlonge", "Zambarau", "Asumini", "Yungiyungi",
    "Korongo", "Mbayuwayu", "Shomoro", "Chiriku", "Mwewe", "Kware", "Tandala", "Choroa", "Nyumbu", "Pimbi",
    "Pomboo", "Ukungu", "Kichuguu", "Tambarare",
];
pub(super) const SECOND: &[&str] =
    &["Ridge", "Valley", "Springs", "Heights", "Plains", "Grove", "Creek", "Hill"];

/// What firms do, and the tag for it.
#[rustfmt::skip]
pub(super) const TRADES: &[(&str, &str)] = &[
    ("Dairy Farm", "dairy"), ("Farmers Co-operative", "co-operative"), ("Flower Farm", "horticulture"),
    ("Greenhouses", "horticulture"), ("Tea Growers", "tea"), ("Coffee Society", "coffee"), ("Orchards", "fruit"),
    ("Poultry", "poultry"), ("Millers", "industry"), ("Workshop", "industry"), ("Bakery", "industry"),
    ("Guest House", "hotel"), ("Safari Camp", "hotel"), ("Academy", "school"), ("Girls School", "school"),
    ("Medical Centre", "health"), ("Water Users", "community"), ("Housing Society", "housing"),
    ("Hardware", "dealer"), ("Agrovet", "dealer"),
];

/// What comes after the country code in mobile numbers.
#[rustfmt::skip]
const PREFIXES: &[u16] = &[
    700, 701, 702, 703, 704, 705, 706, 707, 708, 710, 711, 712, 713, 714, 715, 716, 717, 718, 719, 720, 721, 722, 723,
    724, 725, 726, 727, 728, 729, 731, 733, 734, 735, 736, 737, 738, 739, 740, 741, 742, 743, 745, 746, 748, 757, 758,
    759, 768, 769, 790, 791, 792, 793, 794, 795, 796, 797, 798, 799, 100, 101, 102, 110, 111, 112, 113, 114, 115,
];

/// A firm.
#[derive(Debug)]
pub(super) struct Firm {
    pub(super) name: String,
    pub(super) tag: &'static str,
    /// Of its e-mail and its site; no other firm has it.
    pub(super) domain: String,
}

/// Gives names; no e-mail address, domain or phone number twice.
#[derive(Debug)]
pub(super) struct Names {
    given_out: HashMap<String, u32>,
    next_phone: u32,
}

/// So many phone numbers differ by prefix and last digits alone.
const BLOCK: u32 = PREFIXES.len() as u32 * 1_000;

impl Names {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Names { given_out: HashMap::new(), next_phone: dice.below(BLOCK) }
    }

    /// A given and a family name.
    pub(super) fn person(&self, dice: &mut Dice) -> (&'static str, &'static str) {
        let community = dice.one(COMMUNITIES);
        (dice.one(community.given), dice.one(community.family))
    }

    pub(super) fn firm(&mut self, dice: &mut Dice) -> Firm {
        let (first, second, (trade, tag)) = (dice.one(FIRST), dice.one(SECOND), dice.one(TRADES));
        let stem = format!("{first}{second}").to_lowercase();
        let domain = format!("{stem}{}.example.co.ke", self.number_of(&stem));
        Firm { name: format!("{first} {second} {trade}"), tag, domain }
    }

    /// A person's address at this domain.
    pub(super) fn email(&mut self, (given, family): (&str, &str), domain: &str) -> Email {
        let mut local = format!("{given}.{family}").to_lowercase();
        local.retain(|c| c.is_ascii_alphanumeric() || c == '.');
        let number = self.number_of(&format!("{local}@{domain}"));
        Email::new(format!("{local}{number}@{domain}"))
    }

    /// A mobile number, in one of the ways in which people write it.
    pub(super) fn phone(&mut self, dice: &mut Dice) -> Phone {
        // Prime, so that all numbers of a block come up before the next block begins.
        const STRIDE: u64 = 7_919;
        let block = self.next_phone / BLOCK % 1_000;
        let place = u64::from(self.next_phone) * STRIDE % u64::from(BLOCK);
        self.next_phone = self.next_phone.wrapping_add(1);
        let (prefix, last) = (PREFIXES[place as usize / 1_000], place % 1_000);
        Phone::new(match dice.below(3) {
            0 => format!("0{prefix} {block:03} {last:03}"),
            1 => format!("+254{prefix}{block:03}{last:03}"),
            _ => format!("+254 {prefix} {block:03} {last:03}"),
        })
    }

    /// What to add so that the second holder of a name differs from the first.
    fn number_of(&mut self, name: &str) -> String {
        let times = self.given_out.entry(name.to_owned()).or_default();
        *times += 1;
        if *times == 1 { String::new() } else { times.to_string() }
    }
}
