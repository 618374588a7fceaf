//! The two-sided wizard: "let X of account A do Y in account B".
//!
//! Both locks are written in one go, as far as the signed-in person may write them; the other half is given as policy text, as
//! commands and as a link, to send to whoever may. Before anything is written the preview says who comes in by it.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `plan` | what was entered, and the policies that it means |
//! | `gains` | who would come in |
//! | `write` | writing, and what became of it |
//! | `commands` | a half for somebody else |
//! | `outcome` | the preview and the result, which show both halves |

mod commands;
mod gains;
mod outcome;
mod plan;
mod write;

use http::Response;
use maud::{Markup, html};
use twinlock_gate::Body;
use twinlock_identity::iam::{groups::ListGroups, roles::ListRoles, users::ListUsers};
use twinlock_shapes::iam as s;

use self::plan::{Kind, Place, Plan, What, Who, Wrong};
use crate::{
    iam::{editor, pick::Shelf},
    layout::{Service, show},
    parts::{csrf, enter, field, head, text},
    s3,
    visit::{Page, Visit},
};

const TITLE: &str = "Delegate access";
/// Suggestions below a field; any other name can be typed.
const SUGGESTIONS_MAX: i32 = 300;
/// Where a policy of one's own begins.
const STARTER: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [],\n      \"Resource\": []\n    }\n  ]\n}";
const TASKS: &[(&str, &str, &str)] = &[
    (
        "read",
        "Read a bucket",
        "List its objects and download them",
    ),
    (
        "write",
        "Read and write a bucket",
        "Upload and delete objects, too",
    ),
    ("list", "List a bucket", "See which objects there are"),
    (
        "managed",
        "Managed policies",
        "AWS's, or those of the account",
    ),
    ("own", "A policy of your own", "Paste or write it"),
];
const WHO_FIELDS: &[&str] = &["kind", "whoAccount", "whoUser", "whoGroup", "whoRole"];
const WHAT_FIELDS: &[&str] = &["task", "policy", "document", "find-policy", "kind-policy"];
const PLACE_FIELDS: &[&str] = &[
    "inAccount",
    "roleName",
    "bucket",
    "prefix",
    "listed",
    "requireExternalId",
    "requireMfa",
    "hours",
];

/// `/access/delegate`.
pub(crate) async fn page(visit: &Visit) -> Page {
    let asked = visit.field("go");
    if !visit.request.is_post() || asked == "who" {
        return Ok(who_page(visit, None));
    }
    Ok(match onwards(visit, asked).await {
        Ok(page) => page,
        Err(wrong) if wrong.step == 0 => who_page(visit, Some(&wrong)),
        Err(wrong) if wrong.step == 1 => what_page(visit, Some(&wrong)),
        Err(wrong) => {
            // The steps before it are right, or they would have stopped it.
            let what = What::read(visit)?;
            place_page(visit, &what, Some(&wrong))
        }
    })
}

impl From<Wrong> for twinlock_gate::Fault {
    fn from(wrong: Wrong) -> Self {
        twinlock_gate::Fault::validation(wrong.why)
    }
}

async fn onwards(visit: &Visit, asked: &str) -> Result<Response<Body>, Wrong> {
    let who = Who::read(visit)?;
    if asked == "what" {
        return Ok(what_page(visit, None));
    }
    let what = What::read(visit)?;
    if asked == "where" {
        return Ok(place_page(visit, &what, None));
    }
    let place = Place::read(visit, &what)?;
    let plan = Plan { who, what, place };
    if asked != "create" {
        return Ok(outcome::preview(visit, &plan));
    }
    let steps = write::write(visit, &plan).await?;
    Ok(outcome::result(visit, &plan, &steps))
}

/// Fields of the other steps, so that nothing entered is lost.
fn carried(visit: &Visit, own: &[&str]) -> Markup {
    html! {
        @for (name, value) in visit.form.iter() {
            @if !own.contains(&name) && !["csrf", "go"].contains(&name) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }
}

/// The frame of every step.
fn step(
    visit: &Visit,
    now: usize,
    about: &str,
    own: &[&str],
    body: &Markup,
    buttons: &Markup,
) -> Response<Body> {
    let main = html! {
        (head(TITLE, about, html! {}))
        ol.steps {
            @for (n, name) in ["Who", "What", "Where", "Preview"].iter().enumerate() {
                li aria-current=[(n == now).then_some("step")] { (n + 1) " " (name) }
            }
        }
        form.wizard method="post" action=(visit.at("/access/delegate")) {
            (csrf(visit))
            (carried(visit, own))
            (body)
            div.actions { a.button href=(visit.at("/access")) { "Cancel" } (buttons) }
        }
    };
    show(visit, Service::Iam, TITLE, main)
}

/// The words of an error beside its field.
fn at<'w>(wrong: Option<&'w Wrong>, field: &str) -> &'w str {
    wrong
        .filter(|wrong| wrong.field == field)
        .map_or("", |wrong| wrong.why.as_str())
}

/// A text field with suggestions.
fn suggested(
    (label, name): (&str, &str),
    value: &str,
    suggestions: &[String],
    hint: &str,
    error: &str,
) -> Markup {
    field(
        label,
        name,
        html! {
            input type="text" id=(name) name=(name) value=(value) list={ (name) "-known" } autocomplete="off" spellcheck="false" aria-invalid=[(!error.is_empty()).then_some("true")];
            datalist id={ (name) "-known" } { @for known in suggestions { option value=(known) {} } }
        },
        hint,
        error,
    )
}

fn names<T>(items: Vec<T>, name: impl Fn(T) -> String) -> Vec<String> {
    items.into_iter().map(name).collect()
}

fn who_page(visit: &Visit, wrong: Option<&Wrong>) -> Response<Body> {
    let kind = match visit.field("kind") {
        "" => "user",
        chosen => chosen,
    };
    // Whoever may not list them types the name.
    let most = Some(SUGGESTIONS_MAX);
    let input = s::ListUsersInput {
        max_items: most,
        ..Default::default()
    };
    let user_names = visit.read::<ListUsers>(input).map(|out| out.users);
    let user_names = names(user_names.unwrap_or_default(), |user| user.user_name);
    let input = s::ListGroupsInput {
        max_items: most,
        ..Default::default()
    };
    let group_names = visit.read::<ListGroups>(input).map(|out| out.groups);
    let group_names = names(group_names.unwrap_or_default(), |group| group.group_name);
    let input = s::ListRolesInput {
        max_items: most,
        ..Default::default()
    };
    let role_names = visit.read::<ListRoles>(input).map(|out| out.roles);
    let role_names = names(role_names.unwrap_or_default(), |role| role.role_name);
    // A principal that is not there shows when the role is made; it is told beside the name.
    let name_error = |field| match at(wrong, "name") {
        "" => at(wrong, field),
        why => why,
    };
    let hint = "The name, with its path if it has one; or the ARN";
    let body = html! {
        @if let Some(wrong) = wrong.filter(|wrong| wrong.field == "name" && kind == "account") { p.flash.bad role="alert" { (wrong.why) } }
        fieldset.panel {
            legend { "Who shall come in?" }
            @if !at(wrong, "kind").is_empty() { p.error role="alert" { (at(wrong, "kind")) } }
            div.tiles.four {
                @for (_, id, name, about) in Kind::ALL {
                    label { input type="radio" name="kind" value=(id) checked[id == kind] data-shows=(id); strong { (name) } span.about { (about) } }
                }
            }
        }
        section.panel {
            (text("Their account", "whoAccount", visit.field("whoAccount"), &format!("Account ID or alias; empty: this account, {}", visit.account()), at(wrong, "whoAccount")))
            div data-when="user" hidden[kind != "user"] { (suggested(("User", "whoUser"), visit.field("whoUser"), &user_names, hint, name_error("whoUser"))) }
            div data-when="group" hidden[kind != "group"] { (suggested(("User group", "whoGroup"), visit.field("whoGroup"), &group_names, "A role cannot trust a group: it trusts the group's account, and the group is allowed to come in", name_error("whoGroup"))) }
            div data-when="role" hidden[kind != "role"] { (suggested(("Role", "whoRole"), visit.field("whoRole"), &role_names, hint, name_error("whoRole"))) }
            p.hint data-when="account" hidden[kind != "account"] { "The role trusts the account. Whoever is allowed sts:AssumeRole there comes in: its administrators choose." }
        }
    };
    let next = html! { button.primary type="submit" name="go" value="what" { "Next: What" } };
    let about = "Let somebody of one account do something in another, or in your own: a role, whom it trusts, and who may take it on.";
    step(visit, 0, about, WHO_FIELDS, &body, &next)
}

fn what_page(visit: &Visit, wrong: Option<&Wrong>) -> Response<Body> {
    let task = match visit.field("task") {
        "" => "read",
        chosen => chosen,
    };
    let chosen: Vec<&str> = visit.form.all("policy").collect();
    let document = match visit.form.get("document") {
        "" => STARTER,
        text => text,
    };
    let body = html! {
        fieldset.panel {
            legend { "What shall they do?" }
            @if !at(wrong, "task").is_empty() { p.error role="alert" { (at(wrong, "task")) } }
            div.tiles {
                @for (id, name, about) in TASKS {
                    label { input type="radio" name="task" value=(id) checked[*id == task] data-shows=(id); strong { (name) } span.about { (about) } }
                }
            }
        }
        section.panel data-when="managed" hidden[task != "managed"] {
            h2 { "Managed policies" }
            @if !at(wrong, "policy").is_empty() { p.error role="alert" { (at(wrong, "policy")) } }
            @match Shelf::Policies(None).picker(visit, &chosen, "what") {
                Err(fault) => (crate::parts::problem(visit, &fault)),
                Ok(picker) => (picker),
            }
        }
        section.panel data-when="own" hidden[task != "own"] {
            h2 { "A policy of your own" }
            @if !at(wrong, "document").is_empty() { p.error role="alert" { (at(wrong, "document")) } }
            (editor::fields(visit, "identity", document))
        }
    };
    let buttons = html! { button type="submit" name="go" value="who" { "Previous" } button.primary type="submit" name="go" value="where" { "Next: Where" } };
    let about = "What the role allows. Only this counts while somebody works in it; their own permissions are set aside.";
    step(visit, 1, about, WHAT_FIELDS, &body, &buttons)
}

fn place_page(visit: &Visit, what: &What, wrong: Option<&Wrong>) -> Response<Body> {
    let first = !visit.form.ticked("hours");
    let hours = match visit.field("hours") {
        "" => "1",
        chosen => chosen,
    };
    let listed = first || visit.form.ticked("listed");
    let mut bucket_names = s3::bucket_names(visit);
    bucket_names.truncate(usize::try_from(SUGGESTIONS_MAX).unwrap_or_default());
    let body = html! {
        section.panel {
            h2 { "The account that is entered" }
            (text("Account", "inAccount", visit.field("inAccount"), &format!("Account ID or alias; empty: this account, {}", visit.account()), at(wrong, "inAccount")))
            (text("Role name", "roleName", visit.field("roleName"), "What they switch to. A name that says the duty: InvoiceReader", at(wrong, "roleName")))
        }
        @if matches!(what, What::Bucket(_)) {
            section.panel {
                h2 { "The bucket" }
                (suggested(("Bucket", "bucket"), visit.field("bucket"), &bucket_names, "A bucket of that account", at(wrong, "bucket")))
                (text("Prefix", "prefix", visit.field("prefix"), "Optional: only keys that begin so, such as reports/", at(wrong, "prefix")))
                label.check { input type="checkbox" name="listed" value="1" checked[listed]; span { "They find it in the list of buckets " span.about { "(s3:ListAllMyBuckets shows the names of all buckets of the account)" } } }
            }
        }
        section.panel {
            h2 { "Conditions" }
            label.check { input type="checkbox" name="requireMfa" value="1" checked[visit.form.ticked("requireMfa")]; span { "Require MFA " span.about { "(only who signed in with an MFA device comes in)" } } }
            label.check { input type="checkbox" name="requireExternalId" value="1" checked[visit.form.ticked("requireExternalId")]; span { "Require external ID " span.about { "(for a third party that works for many customers: Twinlock makes one for this customer. The plain Switch Role form takes none; the API, the CLI and the list of roles do)" } } }
            @if !at(wrong, "requireExternalId").is_empty() { p.error role="alert" { (at(wrong, "requireExternalId")) } }
            (field("Longest session", "hours", html! { select id="hours" name="hours" { @for n in 1..=12 { @let n = n.to_string(); option value=(n) selected[n == hours] { (n) @if n == "1" { " hour" } @else { " hours" } } } } }, "A session ends by itself after this time at the latest", ""))
        }
    };
    let body = html! { (enter("go", "preview")) (body) };
    let buttons = html! { button type="submit" name="go" value="what" { "Previous" } button.primary type="submit" name="go" value="preview" { "Next: Preview" } };
    let about = "Where they work, and under which conditions the door opens.";
    step(visit, 2, about, PLACE_FIELDS, &body, &buttons)
}
