//! The credential report: all users and the state of their credentials, to read, to sort, and to take home as CSV.

use std::borrow::Cow;

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::credential_report::{GenerateCredentialReport, GetCredentialReport};
use twinlock_shapes::iam as s;

use super::{
    PER_PAGE, found,
    holder::{Holder, Kind},
    sliced,
};
use crate::{
    http::download,
    layout::{Service, show},
    listing::{Order, page_number, pager, search},
    parts::{csrf, head, nothing},
    visit::{Page, Visit},
};

const PATH: &str = "/iam/credential-report";
/// The code of a report that nobody asked for yet.
const NOT_PRESENT: &str = "ReportNotPresent";
/// The columns of the table, by the report's names. The rest is in the file.
const COLUMNS: [(&str, &str); 10] = [
    ("user", "User"),
    ("user_creation_time", "Created"),
    ("password_enabled", "Password"),
    ("password_last_used", "Password last used"),
    ("password_last_changed", "Password last changed"),
    ("mfa_active", "MFA"),
    ("access_key_1_active", "Access key 1"),
    ("access_key_1_last_used_date", "Key 1 last used"),
    ("access_key_2_active", "Access key 2"),
    ("access_key_2_last_used_date", "Key 2 last used"),
];

/// One user of the report, by the names of its columns.
#[derive(Debug)]
pub(crate) struct Row<'r> {
    names: &'r [&'r str],
    values: Vec<Cow<'r, str>>,
}

impl Row<'_> {
    /// The column's value; empty when there is no such column.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.names
            .iter()
            .position(|name| *name == column)
            .and_then(|at| self.values.get(at))
            .map_or("", |value| value)
    }

    /// Whether the column says yes.
    pub(crate) fn is(&self, column: &str) -> bool {
        self.get(column) == "true"
    }

    /// The user's name; none for root.
    pub(crate) fn user(&self) -> Option<&str> {
        Some(self.get("user")).filter(|name| *name != "<root_account>")
    }
}

/// The report's text; none: nobody asked for one yet.
///
/// # Errors
/// The denial.
pub(crate) fn present(visit: &Visit) -> Result<Option<String>, Fault> {
    match visit.read::<GetCredentialReport>(s::GetCredentialReportInput::default()) {
        Ok(out) => {
            let content = out.content.unwrap_or_default();
            Ok(Some(String::from_utf8_lossy(&content).into_owned()))
        }
        Err(fault) if fault.code == NOT_PRESENT => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The report's text, asked for if nobody did yet.
///
/// # Errors
/// The denial.
pub(crate) async fn text(visit: &Visit) -> Result<String, Fault> {
    if let Some(text) = present(visit)? {
        return Ok(text);
    }
    visit
        .change::<GenerateCredentialReport>(s::GenerateCredentialReportInput::default())
        .await?;
    Ok(present(visit)?.unwrap_or_default())
}

/// The names of the columns, and the lines after them.
pub(crate) fn parts(text: &str) -> (Vec<&str>, std::str::Lines<'_>) {
    let mut lines = text.lines();
    let names = lines.next().unwrap_or_default().split(',').collect();
    (names, lines)
}

/// One line read.
pub(crate) fn row<'r>(names: &'r [&'r str], line: &'r str) -> Row<'r> {
    Row {
        names,
        values: fields(line),
    }
}

/// The fields of a line of CSV: quoted ones hold commas and doubled quotes.
fn fields(line: &str) -> Vec<Cow<'_, str>> {
    if !line.contains('"') {
        return line.split(',').map(Cow::Borrowed).collect();
    }
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => push(&mut fields, '"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => push(&mut fields, c),
        }
    }
    fields.into_iter().map(Cow::Owned).collect()
}

fn push(fields: &mut [String], c: char) {
    if let Some(last) = fields.last_mut() {
        last.push(c);
    }
}

/// `/iam/credential-report…`.
pub(crate) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    match rest {
        ["download"] => {
            let text = text(visit).await?;
            let name = format!("credential-report-{}.csv", visit.account());
            Ok(download("text/csv; charset=utf-8", &name, text))
        }
        [] if visit.request.is_post() => {
            visit
                .change::<GenerateCredentialReport>(s::GenerateCredentialReportInput::default())
                .await?;
            Ok(visit.done(PATH, "The credential report is generated."))
        }
        [] => {
            let main = match present(visit)? {
                None => {
                    html! { (top(visit, false)) (nothing("No report has been generated yet.")) }
                }
                Some(text) => html! { (top(visit, true)) (table(visit, &text)) },
            };
            Ok(show(visit, Service::Iam, "Credential report", main))
        }
        _ => Err(crate::not_found()),
    }
}

fn top(visit: &Visit, present: bool) -> Markup {
    head(
        "Credential report",
        "All users of this account, and the state of their passwords, access keys and MFA devices, as of now.",
        html! {
            @if present { a.button.primary href=(visit.at("/iam/credential-report/download")) download { "Download credential report" } } @else {
                form method="post" { (csrf(visit)) button.primary type="submit" { "Generate report" } }
            }
        },
    )
}

fn table(visit: &Visit, text: &str) -> Markup {
    let (names, lines) = parts(text);
    let q = visit.query("q");
    let mut rows: Vec<Row<'_>> = lines
        .map(|line| row(&names, line))
        .filter(|row| found(q, &[row.get("user"), row.get("arn")]))
        .collect();
    let order = Order::of(visit);
    for (column, _) in COLUMNS {
        order.by(column, &mut rows, |row| row.get(column).to_lowercase());
    }
    let page = page_number(visit);
    html! {
        (search(visit, "Find users", &[]))
        @if rows.is_empty() { (nothing("No such user.")) } @else {
            div.table tabindex="0" role="region" aria-label="Credential report" { table.wide {
                thead { tr { @for (column, label) in COLUMNS { (order.heading(column, label)) } } }
                tbody { @for row in sliced(&rows, page) { tr {
                    @for (column, _) in COLUMNS { td { (cell(visit, row, column)) } }
                } } }
            } }
        }
        (pager(visit, page, PER_PAGE, rows.len()))
        p.hint { "The file has AWS's 22 columns, also when keys were last rotated, where and for what they were last used, and certificates." }
    }
}

fn cell(visit: &Visit, row: &Row<'_>, column: &str) -> Markup {
    let value = row.get(column);
    match (column, value) {
        ("user", name) => match row.user() {
            Some(user) => {
                html! { a href={ (visit.at(&Holder::new(Kind::User, user).path())) "?tab=credentials" } { (user) } }
            }
            None => html! { (name) },
        },
        (_, "true") => html! { span.badge.open { "Yes" } },
        (_, "false") => html! { span.badge { "No" } },
        (_, "N/A" | "not_supported" | "") => html! { span.about { "–" } },
        (_, "no_information") => html! { span.about { "Never" } },
        // `2026-01-31T12:00:00+00:00`: the day says enough here.
        (_, time) if time.len() >= 19 && time.as_bytes().get(10) == Some(&b'T') => {
            html! { time datetime=(time) title=(time) { (time.get(..10).unwrap_or(time)) } }
        }
        (_, other) => html! { (other) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_csv_are_read_with_quotes_and_without() {
        assert_eq!(fields("a,,b"), ["a", "", "b"]);
        assert_eq!(fields(r#""a,b","say ""x""",c"#), ["a,b", r#"say "x""#, "c"]);
        assert_eq!(fields(""), [""]);
    }
}
