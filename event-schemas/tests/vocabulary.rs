//! Money is exact; ids and stream names are what they say.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use event_schemas::vocabulary::{
    BasisPoints, Currency, Line, LineId, Money, Number, OpportunityId, ProductId, RevenueType,
    StreamName,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Currencies with 0, 2 and 3 decimal places.
const CODES: [(&str, u32); 5] = [("JPY", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("BHD", 3)];

fn currency() -> impl Strategy<Value = Currency> {
    (0..CODES.len()).prop_map(|at| Currency::new(CODES.get(at).unwrap().0).unwrap())
}

proptest! {
    #[test]
    fn what_money_prints_it_reads(currency in currency(), amount_minor: i64) {
        let money = Money { currency, amount_minor };
        prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
    }

    #[test]
    fn money_has_no_more_places_than_its_currency(currency in currency(), minor in 0..10_000u32) {
        let places = usize::try_from(currency.decimals()).unwrap() + 1;
        let text = format!("1.{minor:0places$}");
        prop_assert!(Money::parse(&text, currency).is_err());
    }

    #[test]
    fn money_reads_nothing_but_plain_decimals(text in "[-+0-9., e_$x]{0,12}") {
        let plain = regex_like(&text);
        let read = Money::parse(&text, Currency::new("KWD").unwrap());
        prop_assert_eq!(read.is_ok(), plain, "{}", text);
    }

    #[test]
    fn what_a_number_prints_it_reads(mantissa in -1_000_000_000_000_i64..=1_000_000_000_000, scale in 0..=12_u32) {
        let number = Number::from(Decimal::new(mantissa, scale));
        prop_assert_eq!(Number::parse(&number.to_string()), Ok(number));
        let json = serde_json::to_value(number).unwrap();
        prop_assert!(json.is_string(), "no float holds it");
        prop_assert_eq!(serde_json::from_value::<Number>(json).unwrap(), number);
    }

    #[test]
    fn a_number_reads_nothing_but_plain_decimals(text in "[-+0-9., e_$x]{0,12}") {
        prop_assert_eq!(Number::parse(&text).is_ok(), is_decimal(&text), "{}", text);
    }

    #[test]
    fn no_text_upsets_a_number(text in any::<String>()) {
        if let Ok(number) = Number::parse(&text) {
            prop_assert_eq!(Number::parse(&number.to_string()), Ok(number));
        }
    }

    #[test]
    fn an_id_is_taken_as_it_is(text in "[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}") {
        let id = OpportunityId::new(&text).unwrap();
        prop_assert_eq!(id.as_str(), &text);
        let stream = StreamName::new("sales_process", &text).unwrap();
        prop_assert_eq!((stream.category(), stream.id()), ("sales_process", text.as_str()));
        prop_assert_eq!(StreamName::parse(stream.as_str()), Ok(stream));
    }

    #[test]
    fn an_id_with_a_strange_character_is_refused(
        before in "[A-Za-z0-9]{1,5}",
        strange in "[^A-Za-z0-9._:~-]",
        after in "[A-Za-z0-9]{0,5}",
    ) {
        let text = format!("{before}{strange}{after}");
        prop_assert!(OpportunityId::new(&text).is_err());
        prop_assert!(serde_json::from_value::<OpportunityId>(text.into()).is_err());
    }

    #[test]
    fn no_text_upsets_a_stream_name(text in any::<String>()) {
        if let Ok(stream) = StreamName::parse(&text) {
            prop_assert_eq!(stream.as_str(), &text);
            prop_assert_eq!(format!("{}-{}", stream.category(), stream.id()), text);
        }
    }
}

/// `-?digits(.digits{1,3})?`, said without the code under test.
fn regex_like(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, part)) => all_digits(whole) && all_digits(part) && part.len() <= 3,
        None => all_digits(digits),
    }
}

/// `-?digits(.digits)?`, said without the code under test.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, part)) => all_digits(whole) && all_digits(part),
        None => all_digits(digits),
    }
}

#[test]
fn a_number_is_known_by_its_worth_and_has_its_limits() {
    assert_eq!(Number::parse("5.500"), Number::parse("5.5"));
    assert_eq!(Number::parse("-0").unwrap().to_string(), "0");
    assert!(Number::parse("1000000000000000").is_ok());
    assert!(Number::parse("1000000000000000.1").is_err());
    assert!(Number::parse("0.123456789012").is_ok());
    assert!(Number::parse("0.1234567890123").is_err());
    assert!(Number::parse(&"9".repeat(40)).is_err());
}

#[test]
fn a_line_is_written_without_what_it_does_not_have() {
    let line = Line {
        line_id: LineId::new("seats").unwrap(),
        product_id: ProductId::new("gtx").unwrap(),
        product_category: None,
        quantity: Number::parse("2.50").unwrap(),
        list_price_minor: 5_000,
        discount_percent: Number::parse("0").unwrap(),
        amount_minor: 12_500,
        revenue_type: RevenueType::Renewal,
        monthly_recurring_minor: None,
    };
    let written = serde_json::to_value(&line).unwrap();
    let expected = serde_json::json!({
        "line_id": "seats", "product_id": "gtx", "quantity": "2.5", "list_price_minor": 5_000,
        "discount_percent": "0", "amount_minor": 12_500, "revenue_type": "RENEWAL",
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<Line>(written).unwrap(), line);
    assert_eq!(line.revenue_type.as_str(), "RENEWAL");
    assert_eq!(BasisPoints::WHOLE, BasisPoints(10_000));
}

#[test]
fn a_currency_has_its_own_number_of_places() {
    for (code, decimals) in CODES {
        assert_eq!(Currency::new(code).unwrap().decimals(), decimals, "{code}");
    }
    for wrong in ["", "usd", "USDX", "US", "ZZZ"] {
        assert!(Currency::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn money_out_of_range_is_refused() {
    let usd = Currency::new("USD").unwrap();
    let least = Money::parse("-92233720368547758.08", usd).unwrap();
    assert_eq!(least.amount_minor, i64::MIN);
    assert!(Money::parse("92233720368547758.08", usd).is_err());
    assert_eq!(
        Money::parse("1054.5", usd).unwrap().to_string(),
        "1054.50 USD"
    );
}

#[test]
fn an_id_is_neither_empty_nor_long_nor_begins_with_a_sign() {
    let long = "x".repeat(65);
    for wrong in ["", "-a", ".a", "_a", long.as_str()] {
        assert!(OpportunityId::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_stream_is_named_category_hyphen_id() {
    for wrong in [
        "",
        "opportunity",
        "opportunity-",
        "-1",
        "Opportunity-1",
        "opp2-1",
        "a-b c",
        "a-ü",
    ] {
        assert!(StreamName::parse(wrong).is_err(), "{wrong}");
    }
    let hyphens = StreamName::parse("rep-moses-frase").unwrap();
    assert_eq!((hyphens.category(), hyphens.id()), ("rep", "moses-frase"));
    assert!(StreamName::new("rep", &"x".repeat(124)).is_ok());
    assert!(StreamName::new("rep", &"x".repeat(125)).is_err());
}

/// Code and decimal places of every currency that payloads may hold, one a line.
const CURRENCIES: &str = include_str!("currencies.txt");

/// The log is read for ever, and amounts in it are minor units: a currency that went, or that got
/// another number of places, would make them unreadable, or worth something else.
#[test]
fn every_currency_that_was_ever_taken_can_be_read_with_the_places_it_had() {
    for line in CURRENCIES.lines() {
        let (code, decimals) = line.split_once(' ').unwrap();
        let known = Currency::new(code).map(Currency::decimals);
        assert_eq!(known, Ok(decimals.parse().unwrap()), "{code}");
    }
}

#[test]
fn every_currency_that_can_be_taken_is_written_down() {
    let mut taken = String::new();
    let letters = || 'A'..='Z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| (a, b, c))));
    for (a, b, c) in codes {
        let code = format!("{a}{b}{c}");
        if let Ok(currency) = Currency::new(&code) {
            taken += &format!("{code} {}\n", currency.decimals());
        }
    }
    assert_eq!(taken, CURRENCIES, "add what is new to tests/currencies.txt");
}
