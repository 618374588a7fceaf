//! The access map: who gets into which role from which account, and which buckets that opens; a picture from the server, and the
//! same as a table.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `ask` | the questions, to the one evaluator |
//! | `graph` | what is on the map, within its limits |
//! | `draw` | the picture |

mod ask;
mod draw;
mod graph;

use maud::{Markup, html};

use self::graph::{Graph, Way};
use crate::{
    layout::{Service, show},
    parts::{head, nothing, search},
    visit::{Page, Visit},
};

/// `/access/map`.
pub(crate) fn page(visit: &Visit) -> Page {
    let graph = Graph::of(visit, visit.query("q"))?;
    let main = html! {
        (head("Access map", "Who gets into which role of this account, from which account, and which buckets that opens. Computed from all policies as they are now.", html! { a.button href=(visit.at("/access/delegate")) { "Delegate access" } }))
        (search("Find roles", visit.query("q")))
        @if graph.roles.is_empty() { (nothing(if graph.roles_hidden == 0 { "There is no role here." } else { "There is no role here that you may read." })) } @else {
            (draw::picture(&graph))
            (legend())
            (table(&graph))
            p.hint { "Buckets of other accounts stand here where the role's own policies name them and their owner lets the role in." }
        }
        @if graph.roles_beyond > 0 { p.hint { (graph.roles_beyond) " more roles are not shown: search for their names." } }
        @if graph.roles_hidden > 0 { p.hint { (graph.roles_hidden) " roles are left out: iam:GetRole on them is not yours." } }
        @if graph.beyond > 0 { p.hint { (graph.beyond) " more identities, providers and buckets are not shown: a map holds only so many." } }
        @if graph.unasked { p.hint { "Of some identities and roles it is not shown what they may do: iam:SimulatePrincipalPolicy on them is not yours." } }
        @if graph.no_buckets { p.hint { "Buckets are left out: s3:ListAllMyBuckets is not yours." } }
    };
    Ok(show(visit, Service::Iam, "Access map", main))
}

fn legend() -> Markup {
    html! {
        ul.legend {
            li { span.swatch.way {} "comes in" }
            li { span.swatch.asks {} "comes in under a condition" }
            li { span.swatch.reads {} "reads or lists" }
            li { span.swatch.writes {} "writes" }
        }
    }
}

/// The picture in words.
fn table(graph: &Graph) -> Markup {
    html! {
        h2 { "The same in words" }
        div.table { table {
            thead { tr { th { "Role" } th { "Who comes in" } th { "What it opens" } } }
            tbody { @for (n, role) in graph.roles.iter().enumerate() {
                tr {
                    td { a href=(role.link) { (role.name) } }
                    td {
                        @let ways: Vec<&Way> = graph.ways.iter().filter(|way| way.role == n).collect();
                        @if ways.is_empty() { span.about { "Nobody" } }
                        ul.plain { @for way in ways {
                            @let principal = &graph.principals[way.principal];
                            li {
                                (principal.name) " " span.about { (graph.accounts[principal.of].words()) }
                                @if !way.asks.is_empty() { " " span.badge.warned { (way.asks) } }
                            }
                        } }
                    }
                    td {
                        @let opens: Vec<_> = graph.opens.iter().filter(|open| open.role == n).collect();
                        @if opens.is_empty() { span.about { @if role.asked { "No bucket" } @else { "Not shown to you" } } }
                        ul.plain { @for open in opens { @let bucket = &graph.buckets[open.bucket]; li { a href=(bucket.link) { (bucket.name) } " " span.about { @if bucket.theirs { "of another account: " } (open.words()) } } } }
                    }
                }
            } }
        } }
    }
}
