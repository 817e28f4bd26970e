use crate::{Office, failure, office};
use crm_core::{
    Action, Aggregate, Currency, Decimal, Grants, Id, Kind, Level, Line, Money, Opportunity, Patch, Product,
    Quantity, Query, Record, Sale, Session, Value,
};

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::KES)
}

fn quantity(text: &str) -> Quantity {
    Quantity(text.parse().unwrap())
}

fn product(office: &Office, name: &str, minor: i64) -> Record<Product> {
    let product = Product { name: name.into(), price: Some(kes(minor)), ..Product::default() };
    office.admin.products().create(product).unwrap()
}

impl Office {
    /// Somebody who may do everything with the customers that are his own, of which there are none.
    fn blind_to_customers(&self) -> Session {
        let mut role = self.admin.roles().list(&Query::new()).unwrap().items[0].data.clone();
        role.key = "own".into();
        role.grants = Grants::of_all_kinds(Action::ALL, Level::Own);
        Action::ALL.iter().for_each(|action| role.grants.grant(Kind::Product, *action, Level::All));
        self.admin.roles().create(role).unwrap();
        self.user("ann", "own", None)
    }
}

/// A sale to a new customer.
fn sale(office: &Office, product: Id<Product>, pieces: &str) -> Sale {
    let customer = office.customer("Mara Tea").id;
    Sale { customer, product: Some(product), quantity: quantity(pieces), ..Sale::default() }
}

fn line(product: Id<Product>, pieces: &str) -> Line {
    Line { product: Some(product), quantity: quantity(pieces), ..Line::default() }
}

#[test]
fn a_product_has_a_name_a_price_and_an_article_number_of_its_own() {
    let office = office();
    let products = office.admin.products();
    assert_eq!(failure(products.create(Product::default())), "invalid name blank, price blank");
    let tea = |sku: &str| Product {
        sku: Some(sku.into()),
        name: "Tea".into(),
        price: Some(kes(0)),
        ..Product::default()
    };
    let first = products.create(tea("T-1")).unwrap();
    assert_eq!(failure(products.create(tea(" t-1 "))), "duplicate");
    let negative = products.update(first.id, |product| product.price = Some(kes(-1)));
    assert_eq!(failure(negative), "invalid price range");
    products.delete(first.id).unwrap();
    products.create(tea("T-1")).unwrap();
    assert_eq!(failure(products.restore(first.id)), "duplicate");
}

#[test]
fn a_sale_keeps_the_price_of_its_moment() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let sales = office.admin.sales();
    let sold = sales.create(sale(&office, tea, "3")).unwrap();
    assert_eq!((sold.unit_price, sold.amount), (Some(kes(1_250)), Some(kes(3_750))));
    assert_eq!(sold.sold_at, Some(office.admin.now()));
    assert_eq!(sold.employee, office.admin.me().unwrap().map(|me| me.id));
    office.admin.products().update(tea, |product| product.price = Some(kes(2_000))).unwrap();
    assert_eq!(sales.get(sold.id).unwrap().data, sold.data);
    let more = sales.update(sold.id, |sale| sale.quantity = quantity("4")).unwrap();
    assert_eq!(more.amount, Some(kes(5_000)), "at the old price");
    let agreed = Sale { unit_price: Some(kes(999)), ..sale(&office, tea, "2") };
    assert_eq!(sales.create(agreed).unwrap().amount, Some(kes(1_998)), "a price that is given holds");
    // Who asks for the price anew gets today's.
    let again = sales.patch(sold.id, Patch::new().clear("unit_price")).unwrap();
    assert_eq!((again.unit_price, again.amount), (Some(kes(2_000)), Some(kes(8_000))));
    let set = sales.patch(sold.id, Patch::new().set("amount", kes(1)));
    assert_eq!(failure(set), "invalid amount system");
}

#[test]
fn a_sale_has_a_quantity_a_product_or_a_price_and_an_amount_that_fits() {
    let office = office();
    let tea = product(&office, "Tea", i64::MAX / 2).id;
    let sales = office.admin.sales();
    assert_eq!(failure(sales.create(sale(&office, tea, "0"))), "invalid quantity range");
    assert_eq!(failure(sales.create(sale(&office, tea, "3"))), "invalid quantity range", "too much money");
    assert_eq!(failure(sales.create(sale(&office, tea, "0.0000001"))), "invalid quantity range");
    let nothing = Sale { product: None, ..sale(&office, tea, "1") };
    assert_eq!(failure(sales.create(nothing.clone())), "invalid unit_price blank");
    let negative = Sale { unit_price: Some(kes(-5)), ..nothing.clone() };
    assert_eq!(failure(sales.create(negative)), "invalid unit_price range");
    let service = Sale { unit_price: Some(kes(5)), quantity: quantity("0.5"), ..nothing };
    assert_eq!(sales.create(service).unwrap().amount, Some(kes(2)), "2.5 cents round to even");
    let unknown = Sale { product: Some(office.admin.new_id().unwrap()), ..sale(&office, tea, "1") };
    assert_eq!(failure(sales.create(unknown)), "invalid product unknown");
}

#[test]
fn a_refund_is_a_negative_sale() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let sales = office.admin.sales();
    sales.create(sale(&office, tea, "3")).unwrap();
    let back = sales.create(sale(&office, tea, "-1")).unwrap();
    assert_eq!((back.unit_price, back.amount), (Some(kes(1_250)), Some(kes(-1_250))));
    let figures = sales.aggregate(&Query::new(), &Aggregate::of(Sale::AMOUNT)).unwrap().remove(0);
    assert_eq!(figures.sum, Some(Value::Money(kes(2_500))));
    let pieces = sales.aggregate(&Query::new(), &Aggregate::of(Sale::QUANTITY)).unwrap().remove(0);
    assert_eq!(pieces.sum, Some(Value::Decimal(Decimal::from(2))));
    assert_eq!(pieces.avg, Some(Decimal::ONE));
    let refunds = Query::new().filter(Sale::QUANTITY.less(0_i64));
    assert_eq!(sales.list(&refunds).unwrap().items[0].id, back.id);
}

/// A refund that says of what gives back the price of that sale, whatever the product costs today.
#[test]
fn a_refund_refers_to_what_it_gives_back() {
    let office = office();
    let (tea, cup) = (product(&office, "Tea", 1_250).id, product(&office, "Cup", 1_250).id);
    let sales = office.admin.sales();
    let new = sale(&office, tea, "3");
    let customer = new.customer;
    let sold = sales.create(new).unwrap().id;
    // Dearer now, and then no longer sold at all.
    let dearer = |product: &mut Product| (product.price, product.active) = (Some(kes(2_000)), false);
    office.admin.products().update(tea, dearer).unwrap();
    let back = |pieces: &str| Sale {
        customer,
        refund_of: Some(sold),
        quantity: quantity(pieces),
        ..Sale::default()
    };
    let first = sales.create(back("-1")).unwrap();
    assert_eq!((first.product, first.amount), (Some(tea), Some(kes(-1_250))));
    let refunds = Query::new().filter(Sale::REFUND_OF.is(sold));
    assert_eq!(sales.list(&refunds).unwrap().items, std::slice::from_ref(&first));
    // Of the same customer, product and currency, and a sale.
    let foreign = office.customer("Other").id;
    let refused = |refund: Sale| failure(sales.create(refund));
    assert_eq!(refused(Sale { customer: foreign, ..back("-1") }), "invalid refund_of unknown");
    assert_eq!(refused(Sale { product: Some(cup), ..back("-1") }), "invalid product mismatch");
    assert_eq!(refused(Sale { refund_of: Some(first.id), ..back("-1") }), "invalid refund_of refund");
    assert_eq!(refused(back("1")), "invalid quantity range");
    let dollars = Some(Money::new(1, Currency::USD));
    assert_eq!(refused(Sale { unit_price: dollars, ..back("-1") }), "invalid unit_price unlike_currencies");
    let unknown = Some(office.admin.new_id().unwrap());
    assert_eq!(refused(Sale { refund_of: unknown, ..back("-1") }), "invalid refund_of unknown");
    let itself = sales.update(first.id, |sale| sale.refund_of = Some(first.id));
    assert_eq!(failure(itself), "invalid refund_of refund");
}

#[test]
fn refunds_give_back_no_more_than_was_sold() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let sales = office.admin.sales();
    let new = sale(&office, tea, "3");
    let customer = new.customer;
    let sold = sales.create(new).unwrap().id;
    let back = |pieces: &str, price: i64| Sale {
        customer,
        refund_of: Some(sold),
        quantity: quantity(pieces),
        unit_price: Some(kes(price)),
        ..Sale::default()
    };
    let too_many = sales.create(back("-4", 1)).unwrap_err().to_string();
    assert_eq!(too_many, "invalid data: quantity: 3 were sold, and 4 would be given back in all");
    assert_eq!(failure(sales.create(back("-1", 3_751))), "invalid unit_price refunded");
    let first = sales.create(back("-2", 1_250)).unwrap().id;
    assert_eq!(failure(sales.create(back("-2", 1))), "invalid quantity refunded");
    assert_eq!(failure(sales.create(back("-1", 1_251))), "invalid unit_price refunded");
    let last = sales.create(back("-1", 1_250)).unwrap().id;
    // Neither does the sale become less than what was given back, nor a refund more, by whatever way.
    assert_eq!(
        failure(sales.update(sold, |sale| sale.quantity = quantity("2"))),
        "invalid quantity refunded"
    );
    assert_eq!(
        failure(sales.update(last, |sale| sale.quantity = quantity("-2"))),
        "invalid quantity refunded"
    );
    sales.delete(last).unwrap();
    let again = sales.create(back("-1", 1_250)).unwrap().id;
    assert_eq!(failure(sales.restore(last)), "refused refunded");
    sales.delete(again).unwrap();
    sales.restore(last).unwrap();
    sales.update(sold, |sale| sale.quantity = quantity("5")).unwrap();
    let raised = sales.history(sold).unwrap().pop().unwrap().id;
    sales.update(last, |sale| sale.quantity = quantity("-2")).unwrap();
    assert_eq!(failure(office.admin.undo(raised)), "invalid quantity refunded");
    // The sale goes and comes alone; gone for good, its refund stays what it was.
    sales.delete(sold).unwrap();
    sales.restore(sold).unwrap();
    sales.delete(sold).unwrap();
    sales.purge(sold).unwrap();
    let left = sales.get(first).unwrap();
    assert_eq!((left.refund_of, left.amount), (None, Some(kes(-2_500))));
}

#[test]
fn a_sale_is_of_an_opportunity_of_the_same_customer() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let sales = office.admin.sales();
    let new = sale(&office, tea, "1");
    let own = Some(office.deal(new.customer).id);
    let other = Some(office.deal(office.customer("Other").id).id);
    let foreign = sales.create(Sale { opportunity: other, ..new.clone() });
    assert_eq!(failure(foreign), "invalid opportunity unknown");
    let sold = sales.create(Sale { opportunity: own, ..new }).unwrap();
    let third = office.customer("Third").id;
    let moved = sales.update(sold.id, |sale| sale.customer = third);
    assert_eq!(failure(moved), "invalid opportunity unknown");
}

#[test]
fn an_inactive_product_stays_where_it_was_and_goes_into_nothing_new() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let sold = office.admin.sales().create(sale(&office, tea, "1")).unwrap().id;
    let deals = office.admin.opportunities();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    deals.update(deal, |deal| deal.lines = vec![line(tea, "1")]).unwrap();
    office.admin.products().update(tea, |product| product.active = false).unwrap();
    let again = office.admin.sales().create(sale(&office, tea, "1"));
    assert_eq!(failure(again), "invalid product inactive");
    office.admin.sales().update(sold, |sale| sale.quantity = quantity("2")).unwrap();
    let two = vec![line(tea, "1"), line(tea, "5")];
    deals.update(deal, |deal| deal.lines = two).unwrap();
    let other = office.deal(office.customer("Other").id).id;
    let new = deals.update(other, |deal| deal.lines = vec![line(tea, "1")]);
    assert_eq!(failure(new), "invalid lines.0.product inactive");
}

#[test]
fn a_product_in_use_is_not_deleted() {
    let office = office();
    let (sold, offered) = (product(&office, "Tea", 1).id, product(&office, "Coffee", 1).id);
    let sale = office.admin.sales().create(sale(&office, sold, "1")).unwrap().id;
    let deals = office.admin.opportunities();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    deals.update(deal, |deal| deal.lines = vec![line(offered, "1")]).unwrap();
    let products = office.admin.products();
    assert_eq!(failure(products.delete(sold)), "in_use");
    let told = products.delete(offered).unwrap_err();
    assert_eq!(told.to_string(), "the product is used by the opportunity \"Ten tons of tea\"");
    assert_eq!(told.fields()["holder"], Value::Id(deal.uuid()));
    // Who does not see the deal is not told which it is.
    let blind = office.blind_to_customers();
    let told = blind.products().delete(offered).unwrap_err();
    assert_eq!(told.to_string(), "the product is used by a record of the kind opportunity");
    assert_eq!(told.fields()["holder"], Value::Null);
    office.admin.sales().delete(sale).unwrap();
    deals.delete(deal).unwrap();
    products.delete(sold).unwrap();
    products.delete(offered).unwrap();
    // What uses it from the trash does not come back without it, and keeps it from going for good.
    assert_eq!(failure(products.purge(sold)), "in_use");
    assert_eq!(failure(products.purge(offered)), "in_use");
    assert_eq!(failure(office.admin.sales().restore(sale)), "refused parent_in_trash");
    assert_eq!(failure(deals.restore(deal)), "refused parent_in_trash");
    office.admin.sales().purge(sale).unwrap();
    deals.purge(deal).unwrap();
    products.purge(sold).unwrap();
    products.purge(offered).unwrap();
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn the_lines_of_a_deal_sum_up_to_its_amount() {
    let office = office();
    let (tea, cup) = (product(&office, "Tea", 1_250).id, product(&office, "Cup", 333).id);
    let deals = office.admin.opportunities();
    let deal = office.deal(office.customer("Mara Tea").id);
    let lines = vec![
        line(tea, "10"),
        Line { discount: quantity("12.5"), ..line(cup, "3") },
        Line { description: "  Setting up ".into(), unit_price: Some(kes(5_000)), ..Line::default() },
    ];
    let offered = deals.update(deal.id, |deal| deal.lines = lines).unwrap();
    // 3 × 333 less an eighth is 874.125.
    let amounts: Vec<_> = offered.lines.iter().map(Line::amount).collect();
    assert_eq!(amounts, [Some(kes(12_500)), Some(kes(874)), Some(kes(5_000))]);
    assert_eq!(offered.amount, Some(kes(18_374)));
    assert_eq!(offered.lines[2].description, "Setting up");
    let by_hand = |amount| failure(deals.update(deal.id, |deal| deal.amount = amount));
    assert_eq!(by_hand(Some(kes(1))), "invalid amount computed", "the lines have the last word");
    assert_eq!(by_hand(None), "invalid amount computed");
    // What equals the sum is no change, and with other lines an absent amount asks for their sum.
    deals.update(deal.id, |deal| deal.amount = Some(kes(18_374))).unwrap();
    let both = |deal: &mut Opportunity, amount| {
        deal.lines.truncate(1);
        deal.amount = amount;
    };
    let wrong = deals.update(deal.id, |deal| both(deal, Some(kes(1))));
    assert_eq!(failure(wrong), "invalid amount computed");
    let fewer = deals.update(deal.id, |deal| both(deal, None)).unwrap();
    assert_eq!(fewer.amount, Some(kes(12_500)));
    deals.update(deal.id, |deal| deal.lines = offered.data.lines.clone()).unwrap();
    let (customer, lines) = (deal.customer, offered.data.lines.clone());
    let new =
        Opportunity { customer, name: "New".into(), amount: Some(kes(1)), lines, ..Opportunity::default() };
    assert_eq!(failure(deals.create(new)), "invalid amount computed");
    let cleared = deals.update(deal.id, |deal| deal.lines.clear()).unwrap();
    assert_eq!(cleared.amount, Some(kes(18_374)), "an amount without lines is nobody's but the caller's");
    let with_tea = Query::new().filter(Opportunity::LINES.contains(tea.to_string()));
    assert_eq!(deals.count(&with_tea).unwrap(), 0);
    deals.update(deal.id, |deal| deal.lines = vec![line(tea, "1")]).unwrap();
    assert_eq!(deals.count(&with_tea).unwrap(), 1);
}

#[test]
fn lines_keep_their_prices() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let deals = office.admin.opportunities();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    deals.update(deal, |deal| deal.lines = vec![line(tea, "1")]).unwrap();
    office.admin.products().update(tea, |product| product.price = Some(kes(2_000))).unwrap();
    let later = deals.update(deal, |deal| deal.lines[0].quantity = quantity("2")).unwrap();
    assert_eq!(later.amount, Some(kes(2_500)));
    let added = deals.update(deal, |deal| deal.lines.push(line(tea, "1"))).unwrap();
    let prices: Vec<_> = added.lines.iter().map(|line| line.unit_price).collect();
    assert_eq!(prices, [Some(kes(1_250)), Some(kes(2_000))], "a new line has the price of its moment");
}

#[test]
fn lines_are_of_one_currency_and_make_sense() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let deals = office.admin.opportunities();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    let refused = |lines: Vec<Line>| failure(deals.update(deal, |deal| deal.lines = lines));
    let dollars = Line { unit_price: Some(Money::new(1, Currency::USD)), ..line(tea, "1") };
    let unlike = "invalid lines.1.unit_price unlike_currencies, lines range";
    assert_eq!(refused(vec![line(tea, "1"), dollars.clone()]), unlike, "the first takes the product's price");
    let first = Line { unit_price: Some(kes(1)), ..line(tea, "1") };
    assert_eq!(refused(vec![first, dollars]), unlike);
    assert_eq!(refused(vec![line(tea, "0")]), "invalid lines.0.quantity range");
    assert_eq!(refused(vec![line(tea, "-1")]), "invalid lines.0.quantity range");
    let discount = |percent: &str| vec![Line { discount: quantity(percent), ..line(tea, "1") }];
    assert_eq!(refused(discount("100.01")), "invalid lines.0.discount range");
    assert_eq!(refused(discount("-1")), "invalid lines.0.discount range");
    assert_eq!(refused(vec![Line::default()]), "invalid lines.0.product blank");
    let free_text = Line { description: "Something".into(), ..Line::default() };
    assert_eq!(refused(vec![free_text]), "invalid lines.0.unit_price blank");
    let much = Line { unit_price: Some(kes(i64::MAX)), ..line(tea, "1") };
    assert_eq!(
        refused(vec![Line { quantity: quantity("2"), ..much.clone() }]),
        "invalid lines.0.quantity range"
    );
    assert_eq!(refused(vec![much.clone(), much]), "invalid lines range");
    let unknown = office.admin.new_id().unwrap();
    assert_eq!(refused(vec![line(unknown, "1")]), "invalid lines unknown");
    let free = deals.update(deal, |deal| deal.lines = discount("100")).unwrap();
    assert_eq!(free.amount, Some(kes(0)));
}

#[test]
fn a_price_in_another_currency_is_noticed_when_the_product_gives_it() {
    let office = office();
    let tea = product(&office, "Tea", 1_250).id;
    let wine =
        Product { name: "Wine".into(), price: Some(Money::new(900, Currency::EUR)), ..Product::default() };
    let wine = office.admin.products().create(wine).unwrap().id;
    let deal = office.deal(office.customer("Mara Tea").id).id;
    let mixed = vec![line(tea, "1"), line(wine, "1")];
    let refused = office.admin.opportunities().update(deal, |deal| deal.lines = mixed);
    assert_eq!(failure(refused), "invalid lines.1.unit_price unlike_currencies, lines range");
}
