//! The picture: four columns, from accounts over those who come in and roles to buckets, and arrows between them.
//!
//! Each box is a link; hovering over one, or reaching it by keyboard, lights what it is joined to (in the script). The table
//! below says the same, for those who do not see it.

use maud::{Markup, html};

use super::graph::Graph;

/// Sizes in the picture's own units; a unit is a pixel on a wide screen.
const WIDTH: usize = 1160;
const BOX_HEIGHT: usize = 42;
const ROW_HEIGHT: usize = 56;
const HEAD_HEIGHT: usize = 44;
/// Left edge and width of each column.
const COLUMNS: [(usize, usize, &str); 4] = [
    (1, 180, "Accounts"),
    (268, 230, "Who"),
    (585, 244, "Roles"),
    (916, 243, "Buckets"),
];
/// Room for one character in the wider of the usual fonts, and the margins of a box.
const CHAR_WIDTH: usize = 8;
const MARGINS: usize = 24;

/// The whole picture.
pub(super) fn picture(graph: &Graph) -> Markup {
    let counts = [
        graph.accounts.len(),
        graph.principals.len(),
        graph.roles.len(),
        graph.buckets.len(),
    ];
    let rows = counts.into_iter().max().unwrap_or(1);
    let height = HEAD_HEIGHT + rows * ROW_HEIGHT;
    // Each column stands in the middle of the tallest.
    let y = |column: usize, n: usize| {
        HEAD_HEIGHT + (rows - counts[column]) * ROW_HEIGHT / 2 + n * ROW_HEIGHT
    };
    let arrow = |column: usize, from: usize, to: usize| {
        let (x1, x2) = (COLUMNS[column].0 + COLUMNS[column].1, COLUMNS[column + 1].0);
        let (y1, y2) = (
            y(column, from) + BOX_HEIGHT / 2,
            y(column + 1, to) + BOX_HEIGHT / 2,
        );
        let middle = (x1 + x2) / 2;
        format!("M {x1} {y1} C {middle} {y1}, {middle} {y2}, {x2} {y2}")
    };
    html! {
        div.map-scroll tabindex="0" role="region" aria-label="Access map" {
            svg.map viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) role="group" aria-label="Accounts, who comes in, roles, and the buckets they open. The table below says the same." {
                @for (x, _, title) in COLUMNS { text.title x=(x) y="20" { (title) } }
                g.arrows {
                    @for (n, principal) in graph.principals.iter().enumerate() {
                        path.belongs d=(arrow(0, principal.of, n)) data-from={ "a" (principal.of) } data-to={ "p" (n) } {}
                    }
                    @for way in &graph.ways {
                        path.way.asks[!way.asks.is_empty()] d=(arrow(1, way.principal, way.role)) data-from={ "p" (way.principal) } data-to={ "r" (way.role) } {
                            @if !way.asks.is_empty() { title { "Asks for " (way.asks) } }
                        }
                    }
                    @for open in &graph.opens {
                        path class=(if open.writes { "writes" } else { "reads" }) d=(arrow(2, open.role, open.bucket)) data-from={ "r" (open.role) } data-to={ "b" (open.bucket) } { title { (open.words()) } }
                    }
                }
                @for (n, account) in graph.accounts.iter().enumerate() {
                    @let name = if account.name.is_empty() { "Account" } else { account.name.as_str() };
                    (card("account", &format!("a{n}"), (COLUMNS[0].0, y(0, n), COLUMNS[0].1), name, &account.id, None))
                }
                @for (n, principal) in graph.principals.iter().enumerate() {
                    (card("principal", &format!("p{n}"), (COLUMNS[1].0, y(1, n), COLUMNS[1].1), &principal.name, principal.kind, principal.link.as_deref()))
                }
                @for (n, role) in graph.roles.iter().enumerate() {
                    (card("role", &format!("r{n}"), (COLUMNS[2].0, y(2, n), COLUMNS[2].1), &role.name, "Role", Some(&role.link)))
                }
                @for (n, bucket) in graph.buckets.iter().enumerate() {
                    @let class = if bucket.theirs { "bucket theirs" } else { "bucket" };
                    (card(class, &format!("b{n}"), (COLUMNS[3].0, y(3, n), COLUMNS[3].1), &bucket.name, bucket.kind(), Some(&bucket.link)))
                }
            }
        }
    }
}

/// One box. Without a page of its own it leads to nowhere else, but can be reached by keyboard all the same.
fn card(
    kind: &str,
    id: &str,
    (x, y, width): (usize, usize, usize),
    name: &str,
    about: &str,
    link: Option<&str>,
) -> Markup {
    let shown = shortened(name, (width - MARGINS) / CHAR_WIDTH);
    let inside = html! {
        title { (name) @if !about.is_empty() { ", " (about) } }
        rect x=(x) y=(y) width=(width) height=(BOX_HEIGHT) rx="8" {}
        // A drawing of its own ends at the box, however wide its letters are.
        svg.inside x=(x) y=(y) width=(width - MARGINS / 2) height=(BOX_HEIGHT) {
            @if about.is_empty() {
                text x="14" y="26" { (shown) }
            } @else {
                text x="14" y="18" { (shown) }
                text.about x="14" y="33" { (about) }
            }
        }
    };
    html! {
        @if let Some(link) = link {
            a class={ "box " (kind) } data-box=(id) href=(link) { (inside) }
        } @else {
            g class={ "box " (kind) } data-box=(id) tabindex="0" role="img" aria-label=(name) { (inside) }
        }
    }
}

fn shortened(name: &str, chars_max: usize) -> String {
    if name.chars().count() <= chars_max {
        return name.to_owned();
    }
    let start: String = name.chars().take(chars_max - 1).collect();
    format!("{start}…")
}
