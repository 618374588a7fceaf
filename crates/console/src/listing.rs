//! A list as its address asks for it: searched, sorted by a column, cut into pages. Each link keeps the rest of the address, so
//! that sorting forgets no search and turning the page no order; all of it works without the script.

use maud::{Markup, html};

use crate::{http::encode, visit::Visit};

/// Which page of a list: by its number, or by where it begins.
const PAGING: [&str; 2] = ["page", "after"];

/// The address of this page with other values of some parameters; an empty value leaves the parameter out.
pub(crate) fn address(visit: &Visit, changes: &[(&str, &str)]) -> String {
    let kept = visit
        .request
        .query
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let all = kept.chain(changes.iter().copied());
    let pairs: Vec<String> = all
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    format!("?{}", pairs.join("&"))
}

/// By which column the address wants the list sorted: `sort=name`, or `sort=-name` for the other way round.
#[derive(Debug)]
pub(crate) struct Order<'v> {
    visit: &'v Visit,
    column: &'v str,
    descending: bool,
}

impl<'v> Order<'v> {
    /// As the address has it; without a word in it, the list stays in its own order.
    pub(crate) fn of(visit: &'v Visit) -> Order<'v> {
        let asked = visit.query("sort");
        let descending = asked.strip_prefix('-');
        Order {
            visit,
            column: descending.unwrap_or(asked),
            descending: descending.is_some(),
        }
    }

    /// Sorts the items, if this column is the one asked for. Equal ones stay as they stand.
    pub(crate) fn by<T, K: Ord>(&self, column: &str, items: &mut [T], key: impl FnMut(&T) -> K) {
        if self.column != column {
            return;
        }
        items.sort_by_cached_key(key);
        if self.descending {
            items.reverse();
        }
    }

    /// The column's heading: a link that sorts by it, and the other way round when it is sorted by it already.
    pub(crate) fn heading(&self, column: &str, label: &str) -> Markup {
        let (state, next) = match (self.column == column, self.descending) {
            (true, false) => ("ascending", format!("-{column}")),
            (true, true) => ("descending", column.to_owned()),
            _ => ("none", column.to_owned()),
        };
        html! {
            th aria-sort=(state) { a href=(address(self.visit, &[("sort", &next), ("page", "")])) { (label) } }
        }
    }
}

/// Fields of the address that a form sent by GET keeps, beside its own.
pub(crate) fn kept(visit: &Visit, own: &[&str]) -> Markup {
    html! {
        @for (name, value) in visit.request.query.iter() {
            @if !own.contains(&name) && !PAGING.contains(&name) && !value.is_empty() { input type="hidden" name=(name) value=(value); }
        }
    }
}

/// A search field, and a filter by type when there are several.
pub(crate) fn search(visit: &Visit, placeholder: &str, types: &[(&str, &str)]) -> Markup {
    html! {
        form.search.filter method="get" role="search" {
            (kept(visit, &["q", "type"]))
            input type="search" name="q" value=(visit.query("q")) placeholder=(placeholder) aria-label=(placeholder);
            @if !types.is_empty() {
                select name="type" aria-label="Filter by type" autocomplete="off" data-sends {
                    @for (value, name) in types { option value=(value) selected[*value == visit.query("type")] { (name) } }
                }
                button type="submit" { "Filter" }
            }
        }
    }
}

/// The id of the form that a list stands in, so that a button above it can send it. Such a form has `autocomplete="off"`: after a
/// deletion a browser would tick those rows again which now stand where the deleted ones stood.
pub(crate) const FORM: &str = "list";

/// The button above a list that deletes what is ticked in it; with the script it can be pressed when something is.
pub(crate) fn delete_button() -> Markup {
    html! { button.danger type="submit" form=(FORM) data-ticked { "Delete" } }
}

/// The page that the address asks for, from 1.
pub(crate) fn page_number(visit: &Visit) -> usize {
    visit.query("page").parse().unwrap_or(1).max(1)
}

/// The number of items, and links to the pages before and after.
pub(crate) fn pager(visit: &Visit, page: usize, per_page: usize, total: usize) -> Markup {
    let pages = total.div_ceil(per_page).max(1);
    let link = |page: usize| address(visit, &[("page", &page.to_string())]);
    html! {
        nav.pager aria-label="Pages" {
            span { (total) @if total == 1 { " entry" } @else { " entries" } }
            @if pages > 1 {
                @if page > 1 { a href=(link(page - 1)) rel="prev" { "Previous" } }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a href=(link(page + 1)) rel="next" { "Next" } }
            }
        }
    }
}
