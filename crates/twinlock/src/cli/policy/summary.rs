//! `twinlock policy summary`: the table of what a policy allows and denies, by service.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::json;
use twinlock_policy::{
    Document, json,
    summary::{self, ServiceRow, Why, summarise},
};

use super::super::{Outcome, output};
use super::{inputs, name_of, read};

const EXAMPLES: &str = "\
Examples:
  twinlock policy summary policy.json
  aws iam get-policy-version --policy-arn ARN --version-id v1 --query PolicyVersion.Document | twinlock policy summary
  twinlock policy summary --json policy.json | jq '.allow[].actions[].name'

A row is a service: its access levels (List, Read, Write, Permissions management, Tagging; Full is every action of a level,
Limited is some), the resources, and the conditions. What has no effect stands below: services and actions that do not
exist, and actions that work on none of the statement's resources.

Exit status: 0 every policy was read, 1 some are no policies, 2 a file could not be read.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Summary {
    /// Policies in JSON; - or nothing: standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the summary as JSON, single actions included: an object a line for each file
    #[arg(long)]
    json: bool,
}

impl Summary {
    pub(super) fn run(self) -> Outcome {
        let (mut unreadable, mut bad) = (false, false);
        for (number, file) in inputs(&self.files).iter().enumerate() {
            let name = name_of(file);
            let text = match read(file) {
                Ok(text) => text,
                Err(error) => {
                    output::complain(&format!("{name}: {error}"));
                    unreadable = true;
                    continue;
                }
            };
            let document = match Document::parse(&text) {
                Ok(document) => document,
                Err(error) => {
                    output::complain(&format!("{name}: {error}"));
                    bad = true;
                    continue;
                }
            };
            let summary = summarise(&document);
            if self.json {
                let mut answer = json!({"file": name});
                if let (Some(members), Ok(serde_json::Value::Object(more))) =
                    (answer.as_object_mut(), serde_json::to_value(&summary))
                {
                    members.extend(more);
                }
                output::line(&answer.to_string())?;
            } else {
                let gap = if number > 0 { "\n" } else { "" };
                output::print(&format!("{gap}{}", table(&name, &text, &summary)))?;
            }
        }
        Ok(ExitCode::from(match (unreadable, bad) {
            (true, _) => 2,
            (_, true) => 1,
            _ => 0,
        }))
    }
}

/// So many services with full access to everything are listed; more are one row.
const FULL_ROWS_MAX: usize = 10;

/// The table for people.
pub(crate) fn table(name: &str, text: &str, summary: &summary::Summary) -> String {
    let mut out = String::new();
    let total = summary.services_total;
    let count = |rows: &[ServiceRow]| match rows.len() {
        0 => "nothing".to_owned(),
        1 => format!("1 of {total} services"),
        many => format!("{many} of {total} services"),
    };
    let _ = writeln!(out, "{name}: allows {}", count(&summary.allow));
    rows(&mut out, &summary.allow, total);
    if !summary.deny.is_empty() {
        let _ = writeln!(out, "\n{name}: denies {}", count(&summary.deny));
        rows(&mut out, &summary.deny, total);
    }
    if !summary.without_effect.is_empty() {
        let _ = writeln!(out, "\n{name}: has no effect");
    }
    for part in &summary.without_effect {
        let (line, column) = json::position(text, part.span.start);
        let why = match part.why {
            Why::UnknownService => "there is no such service",
            Why::UnknownAction => "the service has no such action",
            Why::NoMatchingResource => "it works on none of the statement's resources",
        };
        let _ = writeln!(out, "  {name}:{line}:{column}: {}: {why}", part.action);
    }
    out
}

/// A row: what stands in its four columns, each over as many lines as it needs.
type Cells = [Vec<String>; 4];

fn rows(out: &mut String, services: &[ServiceRow], total: usize) {
    let is_whole =
        |row: &&ServiceRow| row.full_access && row.conditions.is_empty() && row.resources == ["*"];
    let whole = services.iter().filter(is_whole).count();
    let mut table: Vec<Cells> = vec![
        ["SERVICE", "ACCESS LEVEL", "RESOURCE", "CONDITION"].map(|title| vec![title.to_owned()]),
    ];
    if whole > FULL_ROWS_MAX {
        let service = if whole == total {
            format!("All {total} services")
        } else {
            format!("{whole} services, not listed")
        };
        table.push(
            [
                service,
                "Full access".into(),
                "All resources".into(),
                "None".into(),
            ]
            .map(|cell| vec![cell]),
        );
    }
    let listed = services
        .iter()
        .filter(|row| whole <= FULL_ROWS_MAX || !is_whole(row));
    table.extend(listed.map(cells));
    if table.len() == 1 {
        return;
    }
    let width = |column: usize| {
        let lines = table.iter().flat_map(|row| &row[column]);
        lines.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    for row in &table {
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..height {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                let text = cell.get(number).map_or("", String::as_str);
                let _ = write!(line, "  {text:<width$}");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

fn cells(row: &ServiceRow) -> Cells {
    let level = |full: bool| {
        row.levels
            .iter()
            .filter(|level| level.full == full)
            .map(|level| level.level.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let levels = if row.full_access {
        vec!["Full access".to_owned()]
    } else {
        [("Full", level(true)), ("Limited", level(false))]
            .into_iter()
            .filter(|(_, levels)| !levels.is_empty())
            .map(|(word, levels)| format!("{word}: {levels}"))
            .collect()
    };
    let resources = if row.resources.iter().any(|resource| resource == "*") {
        vec!["All resources".to_owned()]
    } else {
        row.resources.clone()
    };
    let mut conditions = row.conditions.clone();
    if row.unconditional {
        conditions.push("None".to_owned());
    }
    [vec![row.name.to_owned()], levels, resources, conditions]
}
