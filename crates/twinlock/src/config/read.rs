//! From TOML to values: places for every problem, unknown keys with the nearest known one, ids refused as numbers.

use std::{fmt, ops::Range, path::Path, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use twinlock_directory::AccountId;

use super::{
    Config, Overrides, SCALAR_KEYS, accounts, providers, quotas,
    values::{account_id, domain, items, listen, log, log_format, path, public_url, region},
};

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `twinlock.toml:12:3` or `--listen (TWINLOCK_LISTEN)`; none for what has no one place.
    pub place: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// The line, with its number and a mark below the part that is meant.
    pub excerpt: Option<String>,
}

impl Problem {
    /// A problem without a place.
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Problem {
            place: None,
            message: message.into(),
            excerpt: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        Ok(())
    }
}

/// The text being read, and what was wrong with it so far.
pub(super) struct Reader<'t> {
    text: &'t str,
    file: String,
    pub(super) problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Notes a problem at the bytes `span`.
    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        let start = span.start.min(self.text.len());
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |at| start + at);
        let line = self.text[..line_start].matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let marks = self.text[start..span.end.clamp(start, line_end)]
            .chars()
            .count()
            .max(1);
        let shown = hide_secret(&self.text[line_start..line_end]);
        let gutter = line.to_string();
        let blank = " ".repeat(gutter.len());
        let pad = " ".repeat(column - 1);
        let room = shown.chars().count().saturating_sub(column - 1).max(1);
        let mark = "^".repeat(marks.min(room));
        self.problems.push(Problem {
            place: Some(format!("{}:{line}:{column}", self.file)),
            message: message.into(),
            excerpt: Some(format!(" {gutter} | {shown}\n {blank} | {pad}{mark}")),
        });
    }
}

/// Keys whose values may be shown. Not the other way round: a misspelt `root_pasword` must not print the password.
const SHOWN: [&str; 13] = [
    "id",
    "name",
    "alias",
    "email",
    "groups",
    "policies",
    "role_arn",
    "source_profile",
    "root_access_key_id",
    "issuer",
    "jwks_file",
    "jwks_url",
    "ca_file",
];

fn hide_secret(line: &str) -> String {
    let line = line.trim_end();
    match line.split_once('=') {
        Some((key, _)) if !SHOWN.contains(&key.trim()) && !SCALAR_KEYS.contains(&key.trim()) => {
            format!("{key}= …")
        }
        _ => line.to_owned(),
    }
}

/// A table being read; says whose keys it has in its messages.
#[derive(Clone, Copy)]
pub(super) struct Section<'a, 't> {
    table: &'a DeTable<'t>,
    /// Where the table begins.
    pub(super) span: (usize, usize),
}

impl<'a, 't> Section<'a, 't> {
    fn get(self, key: &str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.table
            .iter()
            .find(|(known, _)| known.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    /// The place of a key's value, or of the whole table if the key is not there.
    pub(super) fn place(self, key: &str) -> Range<usize> {
        self.get(key)
            .map_or(self.span.0..self.span.1, Spanned::span)
    }

    /// Refuses every key that is not `known`, naming the nearest one.
    pub(super) fn only(self, known: &[&str], reader: &mut Reader<'_>) {
        for key in self.table.keys() {
            let name: &str = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let hint = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            reader.problem(key.span(), format!("unknown key `{name}`: {hint}"));
        }
    }

    /// The text of `key`, if it is there.
    pub(super) fn string(self, key: &str, reader: &mut Reader<'_>) -> Option<String> {
        let value = self.get(key)?;
        if let Some(text) = value.get_ref().as_str() {
            return Some(text.to_owned());
        }
        let kind = value.get_ref().type_str();
        reader.problem(
            value.span(),
            format!("`{key}` must be a string in quotes, this is of type {kind}"),
        );
        None
    }

    /// The text of `key` made into a `T`, if it is there.
    pub(super) fn parsed<T>(
        self,
        key: &str,
        reader: &mut Reader<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.string(key, reader)?;
        parse(&text)
            .map_err(|message| reader.problem(self.place(key), message))
            .ok()
    }

    /// As [`parsed`](Self::parsed), for a key that must be there.
    pub(super) fn required<T>(
        self,
        key: &str,
        reader: &mut Reader<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.get(key).is_none() {
            reader.problem(self.span.0..self.span.1, format!("`{key}` is missing here"));
        }
        self.parsed(key, reader, parse)
    }

    /// An account id; a number is refused with the reason.
    pub(super) fn account_id(self, key: &str, reader: &mut Reader<'_>) -> Option<AccountId> {
        let Some(value) = self.get(key) else {
            reader.problem(
                self.span.0..self.span.1,
                format!("`{key}` is missing here: twelve digits in quotes"),
            );
            return None;
        };
        account_id_of(key, value, reader)
    }

    /// True or false, if it is there.
    pub(super) fn boolean(self, key: &str, reader: &mut Reader<'_>) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            reader.problem(
                value.span(),
                format!("`{key}` must be true or false, without quotes"),
            );
        }
        found
    }

    /// A whole number, if it is there.
    pub(super) fn number(self, key: &str, reader: &mut Reader<'_>) -> Option<u32> {
        let value = self.get(key)?;
        let digits = value.get_ref().as_integer().filter(|n| n.radix() == 10);
        let number = digits.and_then(|n| n.as_str().replace('_', "").parse().ok());
        if number.is_none() {
            reader.problem(
                value.span(),
                format!("`{key}` must be a whole number, without quotes"),
            );
        }
        number
    }

    /// A list of texts, each made into a `T`; none if the key is not there.
    pub(super) fn list<T>(
        self,
        key: &str,
        reader: &mut Reader<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.get(key)?;
        let Some(items) = value.get_ref().as_array() else {
            reader.problem(
                value.span(),
                format!("`{key}` must be a list of strings: [\"…\", \"…\"]"),
            );
            return None;
        };
        let mut all = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str().map(&parse) {
                Some(Ok(parsed)) => all.push(parsed),
                Some(Err(message)) => reader.problem(item.span(), message),
                None => reader.problem(item.span(), quote_it(key, item)),
            }
        }
        Some(all)
    }

    /// The table `[key]`, if there is one.
    pub(super) fn table(self, key: &str, reader: &mut Reader<'_>) -> Option<Section<'a, 't>> {
        let value = self.get(key)?;
        let span = value.span();
        let Some(table) = value.get_ref().as_table() else {
            let message = format!("`{key}` is written as a table of its own, under [{key}]");
            reader.problem(span, message);
            return None;
        };
        Some(Section {
            table,
            span: (span.start, span.end),
        })
    }

    /// The tables of a `[[key]]`, none if there is none.
    pub(super) fn tables(self, key: &str, reader: &mut Reader<'_>) -> Vec<Section<'a, 't>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let sections = value.get_ref().as_array().map(|items| {
            items
                .iter()
                .map(|item| (item.get_ref().as_table(), item.span()))
                .collect::<Vec<_>>()
        });
        let mut all = Vec::new();
        for (table, span) in sections.unwrap_or_else(|| vec![(None, value.span())]) {
            match table {
                Some(table) => all.push(Section {
                    table,
                    span: (span.start, span.end),
                }),
                None => reader.problem(
                    span,
                    format!("`{key}` is written as a table of its own, under [[{key}]]"),
                ),
            }
        }
        all
    }
}

fn quote_it(key: &str, value: &Spanned<DeValue<'_>>) -> String {
    match value.get_ref().as_integer() {
        Some(_) => format!("`{key}` holds strings: quote it, a leading zero counts"),
        None => format!("`{key}` holds strings in quotes"),
    }
}

fn account_id_of(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    reader: &mut Reader<'_>,
) -> Option<AccountId> {
    let Some(text) = value.get_ref().as_str() else {
        let message = match value.get_ref().as_integer() {
            Some(number) => format!(
                "`{key}` is written as a number: quote it, \"{}\"; a leading zero counts",
                number.as_str()
            ),
            None => format!("`{key}` must be twelve digits in quotes"),
        };
        reader.problem(value.span(), message);
        return None;
    };
    account_id(text)
        .map_err(|message| reader.problem(value.span(), message))
        .ok()
}

/// The nearest of `known`, unless even that is quite another word.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let folded = word.to_ascii_lowercase().replace('-', "_");
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(2))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Reads a configuration file into `config` and answers what was wrong.
pub(super) fn file(text: &str, origin: Option<&Path>, config: &mut Config) -> Vec<Problem> {
    let file = origin.map_or_else(
        || "configuration".to_owned(),
        |path| path.display().to_string(),
    );
    let mut reader = Reader {
        text,
        file,
        problems: Vec::new(),
    };
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            reader.problem(error.span().unwrap_or(0..0), syntax(text, &error));
            return reader.problems;
        }
    };
    let section = Section {
        table: root.get_ref(),
        span: (0, 0),
    };
    let known: Vec<&str> = SCALAR_KEYS
        .iter()
        .copied()
        .chain(["account", "oidc_provider", "profile", "quotas"])
        .collect();
    section.only(&known, &mut reader);
    let folder = origin
        .and_then(Path::parent)
        .map(Path::to_owned)
        .unwrap_or_default();
    let place = |text: &str| Ok(folder.join(path(text)?));
    let r = &mut reader;
    set(&mut config.data_dir, section.parsed("data_dir", r, place));
    set(&mut config.listen, section.parsed("listen", r, listen));
    set(
        &mut config.s3_domains,
        section.list("s3_domains", r, domain),
    );
    set(&mut config.organization, section.boolean("organization", r));
    set(
        &mut config.external_accounts,
        section.list("external_accounts", r, account_id),
    );
    set(&mut config.region, section.parsed("region", r, region));
    set_some(
        &mut config.public_url,
        section.parsed("public_url", r, public_url),
    );
    set_some(&mut config.tls_cert, section.parsed("tls_cert", r, place));
    set_some(&mut config.tls_key, section.parsed("tls_key", r, place));
    set(
        &mut config.trusted_proxies,
        section.list("trusted_proxies", r, FromStr::from_str),
    );
    set(&mut config.log, section.parsed("log", r, log));
    set(
        &mut config.log_format,
        section.parsed("log_format", r, log_format),
    );
    config.accounts = accounts::accounts(section, r);
    config.oidc_providers = providers::oidc(section, r, &place);
    config.profiles = accounts::profiles(section, r);
    config.quotas = quotas::quotas(section, r);
    reader.problems
}

/// What TOML itself finds wrong. Its parser calls 081278057606 a bad number; the reader should hear of the quotes instead.
fn syntax(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| {
        let start = text[..span.start.min(text.len())]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        text[start..].lines().next().unwrap_or_default().trim()
    });
    let value = line
        .and_then(|line| line.split_once('='))
        .map_or("", |(_, value)| value.trim());
    let digits = value.split([' ', '#']).next().unwrap_or_default();
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        return format!("an id written as a number: quote it, \"{digits}\"; a leading zero counts");
    }
    error.message().to_owned()
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

fn set_some<T>(target: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *target = value;
    }
}

/// Lays flags and environment variables over `config` and answers what was wrong with them.
pub(super) fn overrides(overrides: &Overrides, config: &mut Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in overrides {
        if let Err(message) = override_one(key, value, config) {
            let flag = key.replace('_', "-");
            let variable = key.to_ascii_uppercase();
            problems.push(Problem {
                place: Some(format!("--{flag} (TWINLOCK_{variable})")),
                message,
                excerpt: None,
            });
        }
    }
    problems
}

fn override_one(key: &str, value: &str, config: &mut Config) -> Result<(), String> {
    match key {
        "data_dir" => config.data_dir = path(value)?,
        "listen" => config.listen = listen(value)?,
        "s3_domains" => config.s3_domains = items(value, domain)?,
        "organization" => {
            config.organization = value
                .parse()
                .map_err(|_| format!("`{value}` is neither true nor false"))?;
        }
        "external_accounts" => config.external_accounts = items(value, account_id)?,
        "region" => config.region = region(value)?,
        "public_url" => config.public_url = Some(public_url(value)?),
        "tls_cert" => config.tls_cert = Some(path(value)?),
        "tls_key" => config.tls_key = Some(path(value)?),
        "trusted_proxies" => config.trusted_proxies = items(value, FromStr::from_str)?,
        "log" => config.log = log(value)?,
        "log_format" => config.log_format = log_format(value)?,
        _ => return Err(format!("`{key}` is no key of the configuration")),
    }
    Ok(())
}
