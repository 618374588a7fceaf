//! Deleting what is ticked in a list: what goes with it, told before a word is typed, and what became of it.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};

use super::holder::count;
use crate::{
    flash::Flash,
    layout::{Service, show},
    parts::{csrf, head},
    visit::Visit,
};

/// Names that a deletion spells out of each kind.
const NAMES_MAX: usize = 10;

/// One thing that is to be deleted, and what goes with it.
#[derive(Debug)]
pub(crate) struct Going {
    /// What the form sends.
    value: String,
    /// What people call it.
    name: String,
    with_it: Vec<String>,
    /// Why it cannot be deleted as things stand.
    stays: Option<String>,
}

impl Going {
    /// Something that people call `name`, and forms `value`.
    pub(crate) fn new(value: &str, name: &str) -> Going {
        Going {
            value: value.to_owned(),
            name: name.to_owned(),
            with_it: Vec::new(),
            stays: None,
        }
    }

    /// `2 policies are detached (A, B)`: what happens to these, by their names; nothing of none.
    pub(crate) fn says(&mut self, names: &[String], one: &str, many: &str) {
        if !names.is_empty() {
            self.with_it.push(named(names, one, many));
        }
    }

    /// Something else that happens.
    pub(crate) fn also(&mut self, text: impl Into<String>) {
        self.with_it.push(text.into());
    }

    /// It cannot be deleted, and why.
    pub(crate) fn stays(&mut self, why: String) {
        self.stays = Some(why);
    }
}

/// `2 policies are detached (A, B)`.
pub(crate) fn named(names: &[String], one: &str, many: &str) -> String {
    let said = count(names.len(), one, many);
    match names {
        [] => said,
        few if few.len() <= NAMES_MAX => format!("{said} ({})", few.join(", ")),
        more => format!(
            "{said} ({} and {} more)",
            more[..NAMES_MAX].join(", "),
            more.len() - NAMES_MAX
        ),
    }
}

/// The names ticked in a list, or sent again by [`confirm`].
pub(crate) fn ticked(visit: &Visit) -> Vec<String> {
    visit.form.all("name").map(str::to_owned).collect()
}

/// The word that must be typed: the name of one, or `delete` for several.
pub(crate) fn word(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        _ => "delete".to_owned(),
    }
}

/// What is ticked is shown again with what goes with it, and deleted when the word has been typed.
pub(crate) fn confirm(
    visit: &Visit,
    service: Service,
    what: &str,
    all: &[Going],
    word: &str,
    list: &str,
) -> Response<Body> {
    let main = html! {
        div.narrow {
            (head(&format!("Delete {what}"), "", html! {}))
            form.panel method="post" action=(visit.at(list)) {
                (csrf(visit))
                p { "This deletes for ever, with what hangs on it:" }
                @for going in all { (listed(going)) }
                div.field {
                    label for="confirm" { "To confirm, type " strong { (word) } }
                    input type="text" id="confirm" name="confirm" data-word=(word) autocomplete="off" spellcheck="false";
                }
                div.actions {
                    a.button href=(visit.at(list)) { "Cancel" }
                    button.danger type="submit" name="do" value="delete" data-needs { "Delete" }
                }
            }
        }
    };
    show(visit, service, &format!("Delete {what}"), main)
}

fn listed(going: &Going) -> Markup {
    html! {
        div.going {
            input type="hidden" name="name" value=(going.value);
            strong { (going.name) }
            @if !going.with_it.is_empty() { ul { @for line in &going.with_it { li { (line) } } } }
            @if let Some(why) = &going.stays { p.flash.warn { (why) } }
        }
    }
}

/// The list again after a deletion of several: how many are gone, and why the next one is not.
pub(crate) fn deleted(
    visit: &Visit,
    list: &str,
    (one, many): (&str, &str),
    n: usize,
    refused: Option<(&str, Fault)>,
) -> Response<Body> {
    let text = format!("{} deleted.", count(n, one, many));
    match refused {
        None => visit.done(list, text),
        Some((name, fault)) => {
            if n > 0 {
                visit.flashes.put(&visit.slot, Flash::done(text));
            }
            let what = format!("Refused: deleting {name}");
            visit
                .flashes
                .put(&visit.slot, Flash::refused(&what, &fault));
            crate::http::redirect(&visit.at(list))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_names_what_goes_with_it_and_leaves_out_what_there_is_not() {
        let names = |n: usize| (0..n).map(|i| format!("n{i}")).collect::<Vec<_>>();
        let mut going = Going::new("arn:x", "<b>Ann</b>");
        going.says(&names(0), "key is deleted", "keys are deleted");
        going.says(&names(1), "policy is detached", "policies are detached");
        going.says(&names(12), "group is left", "groups are left");
        going.also("the console password is deleted");
        let shown = listed(&going).into_string();
        assert!(
            shown.contains("<strong>&lt;b&gt;Ann&lt;/b&gt;</strong>"),
            "{shown}"
        );
        assert!(
            !shown.contains("key") && !shown.contains("flash"),
            "{shown}"
        );
        assert!(
            shown.contains("<li>1 policy is detached (n0)</li>"),
            "{shown}"
        );
        assert!(
            shown.contains(
                "<li>12 groups are left (n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more)</li>"
            ),
            "{shown}"
        );
        going.stays("It is a boundary.".into());
        assert!(listed(&going).into_string().contains("It is a boundary."));
        assert_eq!(word(&names(1)), "n0");
        assert_eq!(word(&names(2)), "delete");
    }
}
