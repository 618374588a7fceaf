//! The last pages of the wizard: both halves before anything is written, and what became of them.

use http::Response;
use maud::{Markup, html};
use twinlock_directory::AccountId;
use twinlock_gate::Body;

use super::{
    TITLE, commands,
    gains::{Gains, Person},
    plan::{Kind, Plan, What},
    step,
    write::{Done, Step},
};
use crate::{
    http::encode,
    iam::{editor, pretty},
    layout::{Service, show},
    parts::{copy, head, problem},
    s3,
    visit::Visit,
};

/// Others who gain that are listed; the rest is counted.
const OTHERS_MAX: usize = 50;

/// Where a half is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    /// Of the account that is entered.
    Role,
    /// Of those who come in.
    Assume,
}

impl Half {
    fn about(self) -> &'static str {
        match self {
            Half::Role => "The role: whom it trusts, and what it allows.",
            Half::Assume => "Who may take the role on.",
        }
    }

    /// Of two accounts each has a lock; within one it is the role and whoever takes it on.
    fn title(self, visit: &Visit, plan: &Plan) -> Markup {
        html! {
            @if plan.who.account == plan.place.account {
                @match self { Half::Role => "The role", Half::Assume => "Who takes it on" }
            } @else {
                "Lock of " (account_words(visit, self.account(plan)))
            }
        }
    }

    fn account(self, plan: &Plan) -> AccountId {
        match self {
            Half::Role => plan.place.account,
            Half::Assume => plan.who.account,
        }
    }
}

/// Name and number, for people; the number alone where the name is not to be known.
fn account_words(visit: &Visit, account: AccountId) -> Markup {
    match visit.account_name(account) {
        Some(name) => html! { strong { (name) } " " span.about { (account) } },
        None => html! { "account " strong { (account) } },
    }
}

/// The sentence that the wizard turns into two policies.
fn sentence(visit: &Visit, plan: &Plan) -> Markup {
    let (who, place) = (&plan.who, &plan.place);
    html! {
        p.sentence {
            @if who.kind == Kind::Account { "Whomever " (account_words(visit, who.account)) " chooses" }
            @else { strong { (capital(&who.words())) } " of " (account_words(visit, who.account)) }
            " works in " (account_words(visit, place.account))
            " as " strong { (place.role) } ": "
            @match &plan.what {
                What::Bucket(task) => {
                    (match task { super::plan::Task::List => "lists", super::plan::Task::Read => "reads", super::plan::Task::Write => "reads and writes" })
                    " bucket " strong { (place.bucket) } @if !place.prefix.is_empty() { ", keys that begin with " code { (place.prefix) } } "."
                }
                What::Managed(arns) => { "what " @for (n, arn) in arns.iter().enumerate() { @if n > 0 { ", " } strong { (arn.rsplit('/').next().unwrap_or(arn)) } } " allows." }
                What::Own(_) => "what your policy allows.",
            }
            " For " (place.hours) @if place.hours == 1 { " hour" } @else { " hours" } " at a time"
            @if place.mfa { ", with MFA" } @if place.external_id.is_some() { ", with the external ID" } "."
        }
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// A policy with its name and a button that copies it.
fn policy(title: &str, text: &str) -> Markup {
    let text = pretty(text);
    html! {
        div.document {
            div.document-head { h3 { (title) } button.copies type="button" data-copy=(text) { "Copy" } }
            pre tabindex="0" aria-label=(title) { code { (text) } }
        }
    }
}

/// The documents of a half.
fn documents(plan: &Plan, half: Half) -> Markup {
    html! {
        @match half {
            Half::Role => {
                (policy(&format!("Trust policy of role {}", plan.place.role), &plan.trust()))
                @if let Some(text) = plan.permissions() { (policy(&format!("Permissions policy {}", plan.permissions_name()), &text)) }
                @if let What::Managed(arns) = &plan.what { h3 { "Managed policies attached" } ul { @for arn in arns { li { code { (arn) } } } } }
            }
            Half::Assume => {
                @match plan.assume() {
                    Some(text) => {
                        (policy(&format!("Policy {}", plan.assume_name()), &text))
                        p.hint { @match plan.who.kind {
                            Kind::Account => "A managed policy, to attach to whoever shall come in.",
                            _ => { "An inline policy of " (plan.who.words()) "." }
                        } }
                    }
                    None => p { "Nothing is needed here: within one account the role's trust in the " (plan.who.words()) " is enough." },
                }
            }
        }
    }
}

/// What to send to whoever may write this half.
fn to_send(visit: &Visit, plan: &Plan, half: Half) -> Markup {
    let commands = match half {
        Half::Role => Some(commands::of_the_role(plan)),
        Half::Assume => commands::of_those_who_come(plan),
    };
    let snapshot = visit.world.directory.published();
    let ours = snapshot.account(&half.account(plan)).is_some();
    html! {
        @if let Some(commands) = commands {
            @let commands = if ours { format!("export AWS_ENDPOINT_URL={}\n{commands}", visit.world.settings.public_url) } else { commands };
            div.document {
                div.document-head { h3 { "The same as commands" } button.copies type="button" data-copy=(commands) { "Copy commands" } }
                pre tabindex="0" aria-label="Commands" { code { (commands) } }
                p.hint { "For the aws CLI with keys of an administrator of account " (half.account(plan)) "." }
            }
        }
    }
}

/// That the bucket is not there, if it should be in this account and the caller may know.
fn bucket_hint(visit: &Visit, plan: &Plan) -> Markup {
    let here = matches!(plan.what, What::Bucket(_)) && plan.place.account == visit.account();
    let own = if here {
        s3::bucket_names(visit)
    } else {
        Vec::new()
    };
    let bucket = &plan.place.bucket;
    html! {
        @if !own.is_empty() && !own.contains(bucket) {
            p.flash.warn { (editor::no_such_bucket(&own, bucket)) }
        }
    }
}

/// Before anything is written.
pub(super) fn preview(visit: &Visit, plan: &Plan) -> Response<Body> {
    let here = visit.account();
    let half = |half: Half| {
        let account = half.account(plan);
        let nothing = half == Half::Assume && plan.assume().is_none();
        html! {
            section.panel.half {
                div.half-head {
                    h2 { (half.title(visit, plan)) }
                    @if nothing { span.badge { "Nothing to write" } }
                    @else if account == here { span.badge.open { "Written now" } }
                    @else { span.badge { "To send" } }
                }
                p.about { (half.about()) }
                (documents(plan, half))
            }
        }
    };
    let body = html! {
        @if let Some(id) = &plan.place.external_id { input type="hidden" name="externalId" value=(id); }
        (bucket_hint(visit, plan))
        section.panel { (sentence(visit, plan)) }
        div.halves {
            (half(Half::Role))
            (half(Half::Assume))
        }
        (who_gains(visit, plan))
    };
    let writes =
        plan.place.account == here || (plan.who.account == here && plan.assume().is_some());
    let buttons = html! {
        button type="submit" name="go" value="where" { "Previous" }
        button.primary type="submit" name="go" value="create" { @if writes { "Create" } @else { "Show what to send" } }
    };
    let about = "Nothing is written yet. This is both halves, and who comes in by them.";
    // The id that was just made goes along once, not twice.
    step(visit, 3, about, &["externalId"], &body, &buttons)
}

/// Who comes in, as far as the caller may know.
fn who_gains(visit: &Visit, plan: &Plan) -> Markup {
    let alone = matches!(plan.who.kind, Kind::User | Kind::Role);
    let asked = (plan.who.account == visit.account()).then(|| Gains::of(visit, plan));
    html! {
        section.panel {
            h2 { "Who gains access" }
            @match asked {
                None => {
                    @if alone { p { "Only the " (plan.who.words()) " of account " (plan.who.account) ": the role trusts nobody else." } }
                    @else { p { "Everybody in account " (plan.who.account) " who is allowed sts:AssumeRole on this role, now or later, such as its administrators. Who that is cannot be seen from account " (visit.account()) "." } }
                }
                Some(Err(fault)) => (problem(visit, &fault)),
                Some(Ok(gains)) => (told(visit, plan, &gains)),
            }
            @if plan.who.kind == Kind::Role { p.hint { "And whoever may take on that role." } }
        }
    }
}

fn told(visit: &Visit, plan: &Plan, gains: &Gains) -> Markup {
    let others: Vec<&Person> = gains.people.iter().filter(|person| !person.meant).collect();
    let meant: Vec<&Person> = gains.people.iter().filter(|person| person.meant).collect();
    let row = |person: &Person, why: Markup| {
        let at = visit.at(&format!("/iam/{}s/{}", person.kind, encode(&person.name)));
        html! { tr { td { a href=(at) { (person.name) } div.about { (capital(person.kind)) } } td { (why) } } }
    };
    html! {
        @if gains.people.is_empty() && gains.hidden == 0 { p { "Nobody yet." } }
        @if !gains.people.is_empty() {
            table {
                thead { tr { th { "Identity" } th { "Why" } } }
                tbody {
                    @for person in meant.iter().take(OTHERS_MAX) { (row(person, match &person.refused {
                        None => html! { span.badge.open { "Comes in" } " meant by you" },
                        Some(why) => html! { span.badge.closed { "Still refused" } " " (why) },
                    })) }
                    @for person in others.iter().take(OTHERS_MAX) { (row(person, html! { span.badge.warned { "Comes in, too" } " is allowed sts:AssumeRole on it already" })) }
                }
            }
        }
        @let more = others.len().saturating_sub(OTHERS_MAX) + meant.len().saturating_sub(OTHERS_MAX);
        @if more > 0 { p.hint { "And " (more) " more." } }
        @if others.is_empty() && gains.hidden == 0 && gains.unasked == 0 {
            p.hint { @if matches!(plan.who.kind, Kind::User | Kind::Role) { "Nobody else: the role trusts nobody else." } @else { "Nobody else today; whoever is allowed sts:AssumeRole on it later comes in, too." } }
        }
        @if gains.hidden > 0 { p.hint { (gains.hidden) " more identities were not asked about: iam:SimulatePrincipalPolicy on them is not yours." } }
        @if gains.unasked > 0 { p.hint { (gains.unasked) " further identities were not asked about: there are too many for one page." } }
    }
}

/// What became of it, and what is left to send.
pub(super) fn result(visit: &Visit, plan: &Plan, steps: &[Step]) -> Response<Body> {
    let whole = |of_the_role: bool| {
        let mut of_half = steps
            .iter()
            .filter(|step| step.of_the_role == of_the_role)
            .peekable();
        of_half.peek().is_some() && of_half.all(|step| matches!(step.done, Done::Made))
    };
    let role_made = whole(true);
    let assume_made = whole(false) || plan.assume().is_none();
    let name = visit.account_name(plan.place.account);
    let name = name.unwrap_or_else(|| plan.place.account.to_string());
    let link = commands::switch_link(&visit.world.settings.public_url, plan, &name);
    let title = match (steps.is_empty(), role_made && assume_made) {
        (true, _) => "Two halves to send",
        (false, true) => "Both halves are in place",
        (false, false) if steps.iter().all(|step| matches!(step.done, Done::Made)) => {
            "Your half is in place"
        }
        (false, false) => "Not everything was made",
    };
    let main = html! {
        (head(title, "", html! { a.button href=(visit.at("/access/delegate")) { "Delegate more" } }))
        section.panel { (sentence(visit, plan)) }
        @if !steps.is_empty() {
            section.panel {
                h2 { "What was made" }
                ul.done { @for step in steps { li {
                    @match &step.done {
                        Done::Made => { span.badge.open { "Made" } " " (capital(&step.what)) }
                        Done::Left => { span.badge { "Not tried" } " " (capital(&step.what)) }
                        Done::Refused(fault) => { span.badge.closed { "Not made" } " " (capital(&step.what)) (problem(visit, fault)) }
                    }
                } } }
                @if !role_made && steps.iter().any(|step| step.of_the_role && matches!(step.done, Done::Made)) {
                    p.flash.warn { "The role is there, and not all of its permissions: finish it on " a href=(visit.at(&format!("/iam/roles/{}", encode(&plan.place.role)))) { "its page" } ", or delete it there." }
                }
            }
        }
        @if let Some(id) = &plan.place.external_id {
            section.panel {
                h2 { "External ID" }
                p { (copy(id)) }
                p.hint {
                    @if plan.who.account == visit.account() { "Your people send it with every AssumeRole, and the role's trust policy asks for it. " }
                    @else { "Give it to the people of account " (plan.who.account) " together with the role's ARN: they send it with every AssumeRole. " }
                    "It is made for this delegation alone: after this page only the role's trust policy shows it."
                }
            }
        }
        @if !role_made || !assume_made {
            div.halves {
                @for (half, made) in [(Half::Role, role_made), (Half::Assume, assume_made)] {
                    @if !made {
                        section.panel.half {
                            h2 { "To send: " (half.title(visit, plan)) }
                            p.about { (half.about()) }
                            (documents(plan, half))
                            (to_send(visit, plan, half))
                        }
                    }
                }
            }
        }
        section.panel {
            h2 { "Coming in" }
            dl.facts {
                dt { "Role ARN" } dd { (copy(&plan.role_arn())) }
                @if plan.place.external_id.is_none() {
                    dt { "Switch role link" } dd { (copy(&link)) }
                } @else {
                    dt { "In the console" } dd { "The list of roles that they may switch to asks for the external ID." }
                }
                dt { "With the aws CLI" } dd { (copy(&commands::of_coming_in(&visit.world.settings.public_url, &visit.world.settings.region, plan))) }
            }
            div.actions {
                @if role_made { a.button href=(visit.at(&format!("/iam/roles/{}", encode(&plan.place.role)))) { "The role" } }
                @if plan.who.account == visit.account() && plan.who.kind == Kind::User {
                    a.button href=(visit.at(&format!("/access?principal={}&action=sts:AssumeRole&resource={}", encode(&plan.who.trusted()), encode(&plan.role_arn())))) { "Ask whether it works" }
                }
                @if plan.place.account == visit.account() { a.button href=(visit.at("/access/map")) { "Access map" } }
            }
        }
    };
    show(visit, Service::Iam, TITLE, main)
}
