//! Creating a user: name, console access, groups, tags, on one page.

use http::Response;
use maud::html;
use twinlock_directory::passwords;
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::{login_profiles::CreateLoginProfile, users::CreateUser};
use twinlock_shapes::iam as s;

use super::{
    groups,
    holder::{Holder, Kind, sent_tags, tag_fields},
    pick::{AGAIN, Shelf},
    policies,
    steps::Steps,
};
use crate::{
    layout::{Service, show},
    parts::{copy, csrf, head, problem, text},
    visit::{Page, Visit},
};

/// `/iam/users/create`.
pub(crate) async fn page(visit: &Visit) -> Page {
    if !visit.request.is_post() || visit.field("go") == AGAIN {
        return Ok(form(visit, None));
    }
    match create(visit).await {
        Ok(page) => Ok(page),
        Err(fault) => Ok(form(visit, Some(&fault))),
    }
}

async fn create(visit: &Visit) -> Page {
    let name = visit.field("userName").to_owned();
    let tags = Some(sent_tags(visit)).filter(|tags| !tags.is_empty());
    visit
        .change::<CreateUser>(s::CreateUserInput {
            user_name: name.clone(),
            tags,
            ..Default::default()
        })
        .await?;
    let holder = Holder::new(Kind::User, &name);
    let mut steps = Steps::new(format!("The user {name} is created"));
    let mut shown = None;
    if visit.form.ticked("console") {
        let generated = visit.field("passwordKind") != "custom";
        let password = if generated {
            // A sign is added for accounts whose password policy asks for one.
            format!("{}-", passwords::generate(&*visit.world.random).expose())
        } else {
            visit.form.get("password").to_owned()
        };
        let result = visit
            .change::<CreateLoginProfile>(s::CreateLoginProfileInput {
                user_name: Some(name.clone()),
                password: Some(password.clone()),
                password_reset_required: Some(visit.form.ticked("reset")),
            })
            .await
            .map(drop);
        let enabled = steps.took("console access", &result);
        shown = (generated && enabled).then_some(password);
        if enabled && visit.form.ticked("reset") {
            // Without it a user who must choose a new password may not.
            let arn = "arn:aws:iam::aws:policy/IAMUserChangePassword";
            let result = holder.attach(visit, arn).await;
            steps.took("the policy IAMUserChangePassword", &result);
        }
    }
    for group in visit.form.all("group") {
        let result = groups::add_user(visit, group, &name).await;
        steps.took(&format!("membership of {group}"), &result);
    }
    for arn in visit.form.all("policy") {
        let result = holder.attach(visit, arn).await;
        steps.took(&format!("the policy {}", policies::name_of(arn)), &result);
    }
    match shown {
        None => Ok(steps.finish(visit, "/iam/users", &holder.path())),
        Some(password) => {
            let next = if steps.all_made() {
                "/iam/users".to_owned()
            } else {
                holder.path()
            };
            steps.tell(visit);
            Ok(password_page(visit, &name, &password, &next))
        }
    }
}

/// The one page that shows a generated password. `next`: where its button leads.
fn password_page(visit: &Visit, name: &str, password: &str, next: &str) -> Response<Body> {
    let link = format!(
        "{}/signin/{}",
        visit.world.settings.public_url,
        visit.account()
    );
    let main = html! {
        div.narrow {
            (head("Retrieve password", "", html! {}))
            p.flash.warn { "This is the only time that the password is shown." }
            section.panel {
                dl.facts {
                    dt { "Console sign-in URL" } dd { (copy(&link)) }
                    dt { "User name" } dd { (copy(name)) }
                    dt { "Console password" } dd { (copy(password)) }
                }
                a.button.primary href=(visit.at(next)) { @if next == "/iam/users" { "Return to users list" } @else { "Go to the user" } }
            }
        }
    };
    show(visit, Service::Iam, "Retrieve password", main)
}

fn form(visit: &Visit, fault: Option<&Fault>) -> Response<Body> {
    let chosen: Vec<&str> = visit.form.all("group").collect();
    let attached: Vec<&str> = visit.form.all("policy").collect();
    let console = visit.form.ticked("console");
    let custom = visit.field("passwordKind") == "custom";
    let main = html! {
        div.narrow {
            (head("Create user", "", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form method="post" {
                (csrf(visit))
                section.panel {
                    h2 { "Specify user details" }
                    (text("User name", "userName", visit.field("userName"), "Letters, digits and + = , . @ _ -, up to 64", ""))
                    label.check { input #console type="checkbox" name="console" value="1" checked[console]; "Provide user access to the AWS Management Console" }
                    fieldset data-by="console" {
                        legend { "Console password" }
                        label.check { input type="radio" name="passwordKind" value="generated" checked[!custom]; "Autogenerated password" }
                        label.check { input #custom type="radio" name="passwordKind" value="custom" checked[custom]; "Custom password" }
                        input data-by="custom" type="password" name="password" aria-label="Custom password" autocomplete="new-password";
                        label.check { input type="checkbox" name="reset" value="1" checked[visit.form.ticked("reset")]; "User must create a new password at next sign-in" }
                    }
                }
                section.panel {
                    h2 { "Add user to groups" }
                    @match Shelf::Groups.picker(visit, &chosen, AGAIN) {
                        Ok(picker) => (picker),
                        Err(fault) => (problem(visit, &fault)),
                    }
                }
                section.panel {
                    h2 { "Attach policies directly – Optional" }
                    p.hint { "Better give policies to a user group: whoever comes next gets the same." }
                    @match Shelf::Policies(None).picker(visit, &attached, AGAIN) {
                        Ok(picker) => (picker),
                        Err(fault) => (problem(visit, &fault)),
                    }
                }
                section.panel { h2 { "Tags – Optional" } (tag_fields(&sent_tags(visit))) }
                div.actions { a.button href=(visit.at("/iam/users")) { "Cancel" } button.primary type="submit" { "Create user" } }
            }
        }
    };
    show(visit, Service::Iam, "Create user", main)
}
