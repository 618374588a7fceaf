//! A form (`application/x-www-form-urlencoded`) in a body or a query string, within limits.

use crate::fault::Fault;

/// Bytes of a form. IAM's largest document, percent-encoded three times over, fits well.
const FORM_BYTES_MAX: usize = 1 << 20;
/// Parameters of a form.
const PAIRS_MAX: usize = 10_000;

/// The parameters of a form in the order given; each name occurs once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    /// Parses a form.
    ///
    /// # Errors
    /// `MalformedQueryString` when it is too large, has a bad escape, is not UTF-8, or names a parameter twice: which
    /// of the two was meant must not be left to the reader.
    pub fn parse(bytes: &[u8]) -> Result<Form, Fault> {
        if bytes.len() > FORM_BYTES_MAX {
            return Err(malformed("The request is too large."));
        }
        let mut pairs = Vec::new();
        for part in bytes.split(|b| *b == b'&').filter(|part| !part.is_empty()) {
            if pairs.len() >= PAIRS_MAX {
                return Err(malformed("The request has too many parameters."));
            }
            let (name, value) = match part.iter().position(|b| *b == b'=') {
                Some(at) => (
                    part.get(..at).unwrap_or_default(),
                    part.get(at + 1..).unwrap_or_default(),
                ),
                None => (part, &[][..]),
            };
            pairs.push((decode(name)?, decode(value)?));
        }
        Form::from_pairs(pairs)
    }

    /// A form of pairs that are decoded already.
    ///
    /// # Errors
    /// As [`Form::parse`], when a name occurs twice.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Form, Fault> {
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(name) = names.windows(2).find_map(|w| {
            if let [a, b] = w {
                (a == b).then_some(*a)
            } else {
                None
            }
        }) {
            return Err(malformed(&format!(
                "The parameter {name} is given more than once."
            )));
        }
        Ok(Form { pairs })
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// All parameters in the order given.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// `Action`, if it is given.
    pub fn action(&self) -> Option<&str> {
        self.get("Action")
    }

    /// `Version`, if it is given.
    pub fn version(&self) -> Option<&str> {
        self.get("Version")
    }
}

fn malformed(message: &str) -> Fault {
    Fault::new("MalformedQueryString", 404, message)
}

fn decode(bytes: &[u8]) -> Result<String, Fault> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(b) = rest.next() {
        match b {
            b'+' => out.push(b' '),
            b'%' => {
                let (high, low) = (
                    rest.next().copied().and_then(hex),
                    rest.next().copied().and_then(hex),
                );
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(malformed("The query string contains a syntax error."));
                };
                out.push(high << 4 | low);
            }
            other => out.push(*other),
        }
    }
    String::from_utf8(out).map_err(|_| malformed("The query string is not UTF-8."))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_plus_and_percent() {
        let form =
            Form::parse(b"Action=CreateUser&UserName=a+b%2Bc%C3%A9&Empty=&None").expect("a form");
        assert_eq!(form.action(), Some("CreateUser"));
        assert_eq!(form.get("UserName"), Some("a b+c\u{e9}"));
        assert_eq!(form.get("Empty"), Some(""));
        assert_eq!(form.get("None"), Some(""));
        assert_eq!(form.get("Absent"), None);
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        for bad in ["a=1&a=2", "a=%", "a=%1", "a=%zz", "a=%ff", "a=%+1"] {
            assert!(Form::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Form::parse(&vec![b'a'; FORM_BYTES_MAX + 1]).is_err());
    }
}
