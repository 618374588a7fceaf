//! Pieces that pages are made of.

use maud::{Markup, html};
use serde_json::json;
use twinlock_gate::Fault;

use crate::{access::own_arn, http::encode, visit::Visit};

/// The hidden field that proves that a form is ours.
pub(crate) fn csrf(visit: &Visit) -> Markup {
    html! { input type="hidden" name="csrf" value=(visit.sign_in.csrf); }
}

/// What Enter does in a field of a form whose first button leads back: browsers press the first there is.
pub(crate) fn enter(name: &str, value: &str) -> Markup {
    html! { button type="submit" name=(name) value=(value) hidden {} }
}

/// Text with a button that copies it.
pub(crate) fn copy(text: &str) -> Markup {
    html! {
        span.copy {
            code { (text) }
            button type="button" data-copy=(text) aria-label={ "Copy " (text) } title="Copy" {}
        }
    }
}

/// A button that copies a text, where the text itself would take too much room.
pub(crate) fn copy_button(text: &str, label: &str) -> Markup {
    html! { span.copy { button type="button" data-copy=(text) aria-label=(label) title=(label) {} } }
}

/// Why something failed, in AWS's words, with the way to the reasons. Where AWS's words for a denial name nothing, as S3's of
/// another account's bucket, the fault knows what was asked.
pub(crate) fn problem(visit: &Visit, fault: &Fault) -> Markup {
    problem_because(visit, &fault.code, &fault.message, fault.denied.as_deref())
}

/// The same, where the action and the resource that were denied are known besides.
pub(crate) fn problem_because(
    visit: &Visit,
    code: &str,
    message: &str,
    asked: Option<&(String, String)>,
) -> Markup {
    html! {
        div.flash.bad role="alert" {
            @if !code.is_empty() { strong { (code) } " " }
            (message)
            @if let Some(why) = why(visit, message, asked) { " " a href=(why) { "Why, and what would change it" } }
        }
    }
}

/// The same for a script to show: the words, and the way to the reasons.
pub(crate) fn problem_told(visit: &Visit, fault: &Fault) -> serde_json::Value {
    let why = why(visit, &fault.message, fault.denied.as_deref());
    json!({ "fault": format!("{}: {}", fault.code, fault.message), "why": why })
}

/// The access page for a denial's principal, action and resource.
fn why(visit: &Visit, message: &str, asked: Option<&(String, String)>) -> Option<String> {
    let own = own_arn(visit);
    let asked = asked.map(|(action, resource)| (own.as_str(), action.as_str(), resource.as_str()));
    let (principal, action, resource) = denied(message).or(asked)?;
    Some(visit.at(&format!(
        "/access?principal={}&action={}&resource={}",
        encode(principal),
        encode(action),
        encode(resource)
    )))
}

/// Principal, action and resource of AWS's sentence for a denial.
fn denied(message: &str) -> Option<(&str, &str, &str)> {
    let rest = message.strip_prefix("User: ")?;
    let (principal, rest) = rest.split_once(" is not authorized to perform: ")?;
    let (action, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let resource = rest.strip_prefix("on resource: ").map_or("*", |rest| {
        // The reason comes last: a key may have the same words in it.
        let end = [" because ", " with an explicit deny"]
            .iter()
            .filter_map(|mark| rest.rfind(mark))
            .max()
            .unwrap_or(rest.len());
        let shown = &rest[..end];
        let quoted = shown.strip_prefix('"');
        quoted
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(shown)
    });
    Some((principal, action, resource))
}

/// The head of a page: its title, and what one can do.
pub(crate) fn head(title: &str, about: &str, actions: Markup) -> Markup {
    html! {
        div.head {
            div { h1 { (title) } @if !about.is_empty() { p.about { (about) } } }
            div.actions { (actions) }
        }
    }
}

/// Tabs of a page, told by `?tab=`.
pub(crate) fn tabs(base: &str, tabs: &[(&str, &str)], current: &str) -> Markup {
    tabs_after(&format!("{base}?"), tabs, current)
}

/// Tabs of a page whose address has a query already.
pub(crate) fn tabs_with(base: &str, tabs: &[(&str, &str)], current: &str) -> Markup {
    tabs_after(&format!("{base}&"), tabs, current)
}

fn tabs_after(base: &str, tabs: &[(&str, &str)], current: &str) -> Markup {
    html! {
        nav.tabs aria-label="Sections" {
            @for (id, name) in tabs {
                a href={ (base) "tab=" (id) } aria-current=[(*id == current).then_some("page")] { (name) }
            }
        }
    }
}

/// A labelled field with a hint below and an error beside it.
pub(crate) fn field(label: &str, id: &str, control: Markup, hint: &str, error: &str) -> Markup {
    html! {
        div.field.wrong[!error.is_empty()] {
            label for=(id) { (label) }
            (control)
            @if !error.is_empty() { p.error #{ (id) "-error" } { (error) } }
            @if !hint.is_empty() { p.hint { (hint) } }
        }
    }
}

/// A one-line text field.
pub(crate) fn text(label: &str, name: &str, value: &str, hint: &str, error: &str) -> Markup {
    field(
        label,
        name,
        html! { input type="text" id=(name) name=(name) value=(value) autocomplete="off" spellcheck="false" aria-invalid=[(!error.is_empty()).then_some("true")]; },
        hint,
        error,
    )
}

/// Something that is not there.
pub(crate) fn nothing(what: &str) -> Markup {
    html! { p.nothing { (what) } }
}

/// A search field that filters by the address.
pub(crate) fn search(placeholder: &str, value: &str) -> Markup {
    html! {
        form.search method="get" role="search" {
            input type="search" name="q" value=(value) placeholder=(placeholder) aria-label=(placeholder);
        }
    }
}

/// An instant, for people.
pub(crate) fn when(at_ms: u64) -> Markup {
    let text = i64::try_from(at_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map(|t| t.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default();
    html! { time datetime=(twinlock_gate::iso(at_ms)) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::denied;

    #[test]
    fn a_denial_is_read_back_from_its_sentence() {
        const WHO: &str = "arn:aws:sts::999999999999:assumed-role/UpdateApp/David";
        for (rest, action, resource) in [
            (
                "s3:GetObject on resource: \"arn:aws:s3:::b/a because of.txt\" because no identity-based policy allows the s3:GetObject action",
                "s3:GetObject",
                "arn:aws:s3:::b/a because of.txt",
            ),
            (
                "s3:PutObject on resource: \"arn:aws:s3:::b/\"quoted\"\" with an explicit deny in a service control policy",
                "s3:PutObject",
                "arn:aws:s3:::b/\"quoted\"",
            ),
            (
                "sts:AssumeRole on resource: arn:aws:iam::999999999999:role/UpdateApp",
                "sts:AssumeRole",
                "arn:aws:iam::999999999999:role/UpdateApp",
            ),
            (
                "iam:GetUser on resource: user David because no session policy allows the iam:GetUser action",
                "iam:GetUser",
                "user David",
            ),
            (
                "s3:ListAllMyBuckets because no permissions boundary allows the s3:ListAllMyBuckets action",
                "s3:ListAllMyBuckets",
                "*",
            ),
        ] {
            let message = format!("User: {WHO} is not authorized to perform: {rest}");
            assert_eq!(denied(&message), Some((WHO, action, resource)), "{message}");
        }
        assert_eq!(denied("The specified bucket does not exist"), None);
    }
}
