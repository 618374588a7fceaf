use std::cmp::Ordering::{Equal, Greater, Less};

use super::*;

#[test]
fn section_3_3_numbers_compare_by_value() {
    let rows = [
        ("5", "5.0", Equal),
        ("9", "10", Less),
        ("10", "9", Greater),
        ("-9", "-10", Greater),
        ("-1", "0", Less),
        ("1", "-2", Greater),
        ("-0", "0.00", Equal),
        ("0.5", "0.45", Greater),
        ("0.05", "0.5", Less),
        ("1.05", "1.1", Less),
        ("007", "7", Equal),
        ("9007199254740993", "9007199254740992", Greater),
        ("123456789012345678901", "123456789012345678902", Less),
    ];
    let number = |text| Number::parse(text).expect("a number");
    for (left, right, expected) in rows {
        assert_eq!(number(left).cmp(&number(right)), expected, "{left} {right}");
        let owned = number(left).into_owned();
        assert_eq!(owned.cmp(&number(right)), expected, "{left} {right}");
    }
    let none = [
        "", "x", "-", "1.", ".5", "1e3", "+1", "--1", "1.-2", "1.2.3", " 1", "0x10", "१",
    ];
    for text in none {
        assert!(!is_number(text), "{text}");
    }
}

#[test]
fn section_3_3_dates_compare_as_instants() {
    let same = [
        ("2024-05-01", "2024-05-01T00:00:00Z"),
        ("2024-05", "2024-05-01"),
        ("2024-05-01T10:00Z", "2024-05-01T12:00:00+02:00"),
        ("2024-05-01T10:00:00-0130", "2024-05-01T11:30Z"),
        ("2024-05-01T10:00+02", "2024-05-01T08:00Z"),
        ("2024-05-01T10:00", "2024-05-01T10:00Z"),
        ("2024-05-01T10:00:00.5Z", "2024-05-01T10:00:00.500Z"),
        ("1714557600", "2024-05-01T10:00:00Z"),
        ("1714557600.25", "2024-05-01T10:00:00.25Z"),
        ("1970-01-01", "0"),
        ("1970-01-02", "86400"),
        ("1969-12-31T23:59:59Z", "-1"),
        ("1969-12-31T23:59:58.75Z", "-1.25"),
        ("2000-03-01", "951868800"),
        ("2100-02-28", "4107456000"),
        ("0000-01-01", "-62167219200"),
    ];
    for (left, right) in same {
        assert!(instant(left).is_some(), "{left}");
        assert_eq!(instant(left), instant(right), "{left} {right}");
    }
    let rising = [
        "-2",
        "-1.5",
        "-1",
        "-0.5",
        "0",
        "0.5",
        "2024-02-29",
        "2024-05-01T10:00:00.123Z",
        "2024-05-01T10:00:00.1231Z",
        "2024-05-01T10:00:00.124Z",
        "9999-12-31T23:59:59Z",
    ];
    for pair in rising.windows(2) {
        assert!(instant(pair[0]) < instant(pair[1]), "{pair:?}");
    }
    let none = [
        "",
        "yesterday",
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-04-31",
        "2024-05-01T24:00Z",
        "2024-05-01T10:60Z",
        "2024-05-01T10:00:60Z",
        "2024-05-01T",
        "2024-05-01T10",
        "2024-05-01T10:00X",
        "2024-05-01T10:00Zulu",
        "2024-05-01T10:00.5Z",
        "2024-05-01T10:00:00.Z",
        "2024-05-01T10:00+2",
        "2024-05-01T10:00+02:0",
        "2024-05-01T10:00+24:00",
        "2024-05-01T10:00+é1:0",
        "2024-05T10:00Z",
        "2024-05-01 10:00",
        "2024-5-1",
        "2024-05-01-01",
        "é-05-01",
        "9999999999999999",
        "99999999999999999999",
        "1.",
    ];
    for text in none {
        assert_eq!(instant(text), None, "{text}");
    }
}

/// Every day of four centuries follows the one before.
#[test]
fn the_calendar_has_no_gaps() {
    let mut expected = days_before(1800, 1);
    for year in 1800..2200 {
        for month in 1..=12 {
            assert_eq!(days_before(year, month), expected, "{year}-{month}");
            expected += days_of_month(year, month);
        }
    }
}

#[test]
fn section_3_3_networks() {
    let rows = [
        ("203.0.113.0/24", "203.0.113.9", true),
        ("203.0.113.77/24", "203.0.113.9", true),
        ("203.0.113.0/24", "203.0.114.9", false),
        ("203.0.113.9", "203.0.113.9", true),
        ("203.0.113.9", "203.0.113.8", false),
        ("203.0.113.9/31", "203.0.113.8", true),
        ("0.0.0.0/0", "198.51.100.1", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "198.51.100.1", false),
        ("::/0", "2001:db8::1", true),
        ("2001:DB8:0:0::/32", "2001:0db8::1", true),
        ("2001:db8::1", "2001:db8::2", false),
    ];
    for (network, address, expected) in rows {
        let address = address.parse().expect("an address");
        let network = Network::parse(network).expect("a network");
        assert_eq!(network.contains(address), expected, "{network:?} {address}");
    }
    let none = [
        "",
        "1.2.3",
        "1.2.3.4/33",
        "::/129",
        "1.2.3.4/",
        "1.2.3.4/x",
        "1.2.3.4/-1",
        "1.2.3.4/+8",
        "1.2.3.4/256",
        "1.2.3.4/8/8",
        "1.2.3.4 ",
    ];
    for text in none {
        assert_eq!(Network::parse(text), None, "{text}");
    }
}

#[test]
fn ranges_are_shown_as_they_should_be_written() {
    let shown = |text| Network::parse(text).and_then(|network| network.without_host_bits());
    assert_eq!(shown("203.0.113.77/24").as_deref(), Some("203.0.113.0/24"));
    assert_eq!(shown("2001:db8::1/32").as_deref(), Some("2001:db8::/32"));
    assert_eq!(shown("0.0.0.1/0").as_deref(), Some("0.0.0.0/0"));
    assert_eq!(shown("203.0.113.0/24"), None);
    assert_eq!(shown("203.0.113.7"), None);
}

#[test]
fn a_range_is_private_if_all_of_it_is() {
    for (network, expected) in [
        ("10.1.0.0/16", true),
        ("10.0.0.0/7", false),
        ("172.31.255.255", true),
        ("172.32.0.0/16", false),
        ("fd00::/8", true),
        ("203.0.113.0/24", false),
    ] {
        let parsed = Network::parse(network).expect("network");
        assert_eq!(parsed.is_all_private(), expected, "{network}");
    }
}
