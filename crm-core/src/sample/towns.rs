//! Where customers are.

/// A town of Kenya.
#[derive(Clone, Copy, Debug)]
pub(super) struct Town {
    pub(super) name: &'static str,
    pub(super) county: &'static str,
    /// Of its main post office.
    pub(super) postal_code: &'static str,
}

const fn town(name: &'static str, county: &'static str, postal_code: &'static str) -> Town {
    Town { name, county, postal_code }
}

#[rustfmt::skip]
pub(super) const TOWNS: &[Town] = &[
    town("Nairobi", "Nairobi", "00100"), town("Mombasa", "Mombasa", "80100"),
    town("Kisumu", "Kisumu", "40100"), town("Nakuru", "Nakuru", "20100"),
    town("Naivasha", "Nakuru", "20117"), town("Eldoret", "Uasin Gishu", "30100"),
    town("Thika", "Kiambu", "01000"), town("Limuru", "Kiambu", "00217"),
    town("Malindi", "Kilifi", "80200"), town("Kilifi", "Kilifi", "80108"),
    town("Kitale", "Trans Nzoia", "30200"), town("Garissa", "Garissa", "70100"),
    town("Kakamega", "Kakamega", "50100"), town("Bungoma", "Bungoma", "50200"),
    town("Busia", "Busia", "50400"), town("Nyeri", "Nyeri", "10100"),
    town("Karatina", "Nyeri", "10101"), town("Murang'a", "Murang'a", "10200"),
    town("Kerugoya", "Kirinyaga", "10300"), town("Nanyuki", "Laikipia", "10400"),
    town("Nyahururu", "Laikipia", "20300"), town("Meru", "Meru", "60200"),
    town("Embu", "Embu", "60100"), town("Isiolo", "Isiolo", "60300"),
    town("Machakos", "Machakos", "90100"), town("Kitui", "Kitui", "90200"),
    town("Wote", "Makueni", "90300"), town("Kericho", "Kericho", "20200"),
    town("Bomet", "Bomet", "20400"), town("Narok", "Narok", "20500"),
    town("Kajiado", "Kajiado", "01100"), town("Kisii", "Kisii", "40200"),
    town("Homa Bay", "Homa Bay", "40300"), town("Siaya", "Siaya", "40600"),
    town("Kapsabet", "Nandi", "30300"), town("Voi", "Taita-Taveta", "80300"),
];

pub(super) const STREETS: &[&str] = &[
    "Market Street",
    "Station Road",
    "Hospital Road",
    "Stadium Road",
    "Post Office Lane",
    "Biashara Street",
];

/// The counties, by the constitution's list of 2010.
#[rustfmt::skip]
pub(super) const COUNTIES: [&str; 47] = [
    "Mombasa", "Kwale", "Kilifi", "Tana River", "Lamu", "Taita-Taveta", "Garissa", "Wajir", "Mandera", "Marsabit",
    "Isiolo", "Meru", "Tharaka-Nithi", "Embu", "Kitui", "Machakos", "Makueni", "Nyandarua", "Nyeri", "Kirinyaga",
    "Murang'a", "Kiambu", "Turkana", "West Pokot", "Samburu", "Trans Nzoia", "Uasin Gishu", "Elgeyo-Marakwet",
    "Nandi", "Baringo", "Laikipia", "Nakuru", "Narok", "Kajiado", "Kericho", "Bomet", "Kakamega", "Vihiga",
    "Bungoma", "Busia", "Siaya", "Kisumu", "Homa Bay", "Migori", "Kisii", "Nyamira", "Nairobi",
];
