//! Values of conditions: numbers, instants, networks. Each is compared by what it means, never by its text (specification 3.3).

#[cfg(test)]
mod tests;

use std::net::IpAddr;

/// A run of digits and nothing else, at least one.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An integer or decimal by its digits: binary floats would make long account ids equal. The order is that of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number<'t> {
    negative: bool,
    /// Without leading zeros.
    whole: std::borrow::Cow<'t, str>,
    /// Behind the point, without trailing zeros.
    fraction: std::borrow::Cow<'t, str>,
}

impl<'t> Number<'t> {
    pub(crate) fn parse(text: &'t str) -> Option<Number<'t>> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Number {
            negative: unsigned.len() < text.len() && !zero,
            whole: whole.into(),
            fraction: fraction.into(),
        })
    }

    /// The same number, independent of the text.
    pub(crate) fn into_owned(self) -> Number<'static> {
        Number {
            negative: self.negative,
            whole: self.whole.into_owned().into(),
            fraction: self.fraction.into_owned().into(),
        }
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Number<'_>) -> std::cmp::Ordering {
        // Without leading zeros the longer whole part is the larger; fractions compare digit by digit, as text does.
        let by_size = |number: &Number<'_>| number.whole.len();
        let size = by_size(self)
            .cmp(&by_size(other))
            .then_with(|| self.whole.cmp(&other.whole))
            .then_with(|| self.fraction.cmp(&other.fraction));
        other
            .negative
            .cmp(&self.negative)
            .then(if self.negative { size.reverse() } else { size })
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Number<'_>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether the text is an integer or decimal.
pub(crate) fn is_number(text: &str) -> bool {
    Number::parse(text).is_some()
}

/// An instant: whole seconds since 1970, and the fraction of the next one in units of 10⁻¹⁸ s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    seconds: i64,
    fraction: u64,
}

/// Digits behind the point that count; an instant given finer is cut.
const FRACTION_DIGITS: usize = 18;
/// Longest run of digits taken for epoch seconds: beyond it there is no date, and arithmetic stays far from its limits.
const EPOCH_DIGITS_MAX: usize = 15;
const DAY_SECONDS: i64 = 86_400;

/// Reads a date, a date and time of ISO 8601 (a time without offset is UTC), or epoch seconds.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    epoch(text).or_else(|| calendar(text))
}

/// The text after the point, in units of 10⁻¹⁸.
fn fraction(digits: &str) -> Option<u64> {
    if !is_digits(digits) {
        return None;
    }
    let used = &digits[..digits.len().min(FRACTION_DIGITS)];
    // INVARIANT: at most 18 digits, so the exponent is not negative and the product is below 10¹⁸.
    let scale = 10u64.pow((FRACTION_DIGITS - used.len()) as u32);
    used.parse::<u64>().ok().map(|value| value * scale)
}

fn epoch(text: &str) -> Option<Instant> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, behind) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !is_digits(whole) || whole.len() > EPOCH_DIGITS_MAX {
        return None;
    }
    let (seconds, fraction) = (whole.parse::<i64>().ok()?, fraction(behind)?);
    Some(if unsigned.len() == text.len() {
        Instant { seconds, fraction }
    } else if fraction == 0 {
        Instant {
            seconds: -seconds,
            fraction,
        }
    } else {
        Instant {
            seconds: -seconds - 1,
            fraction: 10u64.pow(FRACTION_DIGITS as u32) - fraction,
        }
    })
}

/// A field of exactly so many digits within a range.
fn field(text: &str, digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    if text.len() != digits || !is_digits(text) {
        return None;
    }
    text.parse().ok().filter(|value| range.contains(value))
}

fn calendar(text: &str) -> Option<Instant> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = field(parts.next()?, 4, 0..=9999)?;
    let month = field(parts.next()?, 2, 1..=12)?;
    let day = match parts.next() {
        Some(day) => field(day, 2, 1..=days_of_month(year, month))?,
        // A month alone is its first day; with a time of day it is no date.
        None if time.is_none() => 1,
        None => return None,
    };
    let midnight = days_before(year, month) + day - 1 - EPOCH_DAYS;
    let (seconds, fraction) = match time {
        Some(time) => clock(time)?,
        None => (0, 0),
    };
    Some(Instant {
        seconds: midnight * DAY_SECONDS + seconds,
        fraction,
    })
}

/// `10:00`, `10:00:59`, `10:00:59.5`, each with `Z`, `+02:00`, `+0200`, `+02` or nothing: seconds since midnight UTC, and the fraction.
fn clock(text: &str) -> Option<(i64, u64)> {
    let zone = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (local, zone) = text.split_at(zone);
    let (local, behind) = match local.split_once('.') {
        Some((local, behind)) => (local, Some(fraction(behind)?)),
        None => (local, None),
    };
    let mut parts = local.splitn(3, ':');
    let hours = field(parts.next()?, 2, 0..=23)?;
    let minutes = field(parts.next()?, 2, 0..=59)?;
    let seconds = match (parts.next(), behind) {
        (Some(seconds), _) => field(seconds, 2, 0..=59)?,
        (None, None) => 0,
        // A fraction of a minute.
        (None, Some(_)) => return None,
    };
    let local = hours * 3_600 + minutes * 60 + seconds;
    Some((local - offset(zone)?, behind.unwrap_or(0)))
}

/// Seconds that the zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first() {
        None => return Some(0),
        Some(b'Z') => return (zone == "Z").then_some(0),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let digits: String = zone[1..].replacen(':', "", usize::from(zone.len() == 6));
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "00"),
        4 if digits.is_ascii() => digits.split_at(2),
        _ => return None,
    };
    Some(sign * (field(hours, 2, 0..=23)? * 3_600 + field(minutes, 2, 0..=59)? * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar from the first of January of year 0 to the first of the month.
const fn days_before(year: i64, month: i64) -> i64 {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_days_before_year = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let leap_day = if leap && month > 2 { 1 } else { 0 };
    year * 365 + leap_days_before_year + BEFORE_MONTH[(month - 1) as usize] + leap_day
}

const EPOCH_DAYS: i64 = days_before(1970, 1);

/// A CIDR block or single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub(crate) fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => bits_max,
            Some(bits) if is_digits(bits) => {
                bits.parse::<u8>().ok().filter(|bits| *bits <= bits_max)?
            }
            Some(_) => return None,
        };
        Some(Network { address, bits })
    }

    /// Whether the address lies inside; addresses of the other family never do. Host bits of the network are ignored.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (differing, width) = match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (u128::from(u32::from(network) ^ u32::from(address)), 32)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (u128::from(network) ^ u128::from(address), 128)
            }
            _ => return false,
        };
        let host_bits = width - u32::from(self.bits);
        differing.checked_shr(host_bits).unwrap_or(0) == 0
    }

    /// An address inside.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    pub(crate) fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    pub(crate) fn bits(&self) -> u8 {
        self.bits
    }

    /// The range as it should be written, if its address has bits behind the mask.
    pub(crate) fn without_host_bits(&self) -> Option<String> {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V4((u32::from(address) & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits))
                    .unwrap_or(0);
                IpAddr::V6((u128::from(address) & mask).into())
            }
        };
        (address != self.address).then(|| format!("{address}/{}", self.bits))
    }

    /// Whether every address of the range is private: RFC 1918, or RFC 4193 in IPv6.
    pub(crate) fn is_all_private(&self) -> bool {
        const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
        PRIVATE
            .iter()
            .filter_map(|range| Network::parse(range))
            .any(|range| range.bits <= self.bits && range.contains(self.address))
    }
}
