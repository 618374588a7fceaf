//! The wizard for a role: trusted entity, permissions, tags, review. What was entered travels along in the form, so that nothing
//! is lost on the way, and nothing exists before the last step.

use http::Response;
use maud::{Markup, html};
use serde_json::{Value, json};
use twinlock_directory::AccountId;
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::roles::CreateRole;
use twinlock_policy::write_rules;
use twinlock_shapes::iam as s;

use super::{
    editor, federated,
    holder::{Holder, Kind, document, sent_tags, tag_fields},
    instance_profiles,
    pick::Shelf,
    policies, pretty,
    steps::Steps,
};
use crate::{
    layout::{Service, show},
    parts::{csrf, enter, field, head, problem, text},
    visit::{Page, Visit},
};

/// What may be trusted.
const ENTITIES: &[(&str, &str, &str)] = &[
    (
        "service",
        "AWS service",
        "Let a service like EC2 or Lambda act in this account",
    ),
    (
        "account",
        "An AWS account",
        "Let people and programs of this or another account act in this account",
    ),
    (
        "web",
        "Web identity",
        "Let users of an OpenID Connect provider act in this account",
    ),
    (
        "saml",
        "SAML 2.0 federation",
        "Let users of a corporate directory act in this account",
    ),
    (
        "custom",
        "Custom trust policy",
        "Write the trust policy yourself",
    ),
];
/// The services that tutorials name; any other can be typed.
const SERVICES: &[&str] = &[
    "ec2",
    "lambda",
    "ecs-tasks",
    "codebuild",
    "cloudformation",
    "events",
    "states",
];

/// `/iam/roles/create`.
pub(crate) async fn page(visit: &Visit) -> Page {
    let step = visit.field("step");
    let asked = visit.field("go");
    if !visit.request.is_post() || asked == "entity" {
        return Ok(entity_page(visit, "", None));
    }
    let trust = match trust(visit) {
        Ok(trust) => trust,
        Err((place, why)) => return Ok(entity_page(visit, place, Some(&why))),
    };
    match (step, asked) {
        (_, "permissions") => permissions_page(visit),
        (_, "tags") => Ok(tags_page(visit)),
        (_, "review") => Ok(review_page(visit, &trust, None)),
        (_, "create") => match create(visit, &trust).await {
            Ok(page) => Ok(page),
            Err(fault) => Ok(review_page(visit, &trust, Some(&fault))),
        },
        _ => Err(crate::not_found()),
    }
}

/// The trust policy that the first step describes; or beside which field it is wrong, and why.
fn trust(visit: &Visit) -> Result<String, (&'static str, String)> {
    let entity = visit.field("entity");
    if entity == "custom" {
        let text = visit.form.get("document").replace("\r\n", "\n");
        return match write_rules::check_trust(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(("document", error.to_string())),
        };
    }
    let mut condition = serde_json::Map::new();
    let (action, principal) = match entity {
        "service" => {
            let name = visit.field("service");
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
            {
                return Err((
                    "service",
                    "Enter the name of a service, such as lambda.".into(),
                ));
            }
            let name = name.trim_end_matches(".amazonaws.com");
            (
                "sts:AssumeRole",
                json!({ "Service": format!("{name}.amazonaws.com") }),
            )
        }
        "web" | "saml" => {
            let (action, principal, conditions) = if entity == "web" {
                federated::web_identity(visit)?
            } else {
                federated::saml(visit)?
            };
            return Ok(written(action, principal, conditions));
        }
        _ => {
            let account = account(visit)?;
            if visit.form.ticked("requireExternalId") {
                let id = visit.field("externalId");
                if id.is_empty() {
                    return Err((
                        "externalId",
                        "Enter the external ID that the other account's owner will send.".into(),
                    ));
                }
                condition.insert("StringEquals".into(), json!({ "sts:ExternalId": id }));
            }
            if visit.form.ticked("requireMfa") {
                condition.insert(
                    "Bool".into(),
                    json!({ "aws:MultiFactorAuthPresent": "true" }),
                );
            }
            (
                "sts:AssumeRole",
                json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
            )
        }
    };
    Ok(written(action, principal, condition))
}

/// The document in the order in which people write it.
fn written(action: &str, principal: Value, condition: serde_json::Map<String, Value>) -> String {
    let condition = if condition.is_empty() {
        String::new()
    } else {
        format!(",\"Condition\":{}", Value::Object(condition))
    };
    pretty(&format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{principal},\"Action\":\"{action}\"{condition}}}]}}"
    ))
}

fn account(visit: &Visit) -> Result<AccountId, (&'static str, String)> {
    if visit.field("which") != "another" {
        return Ok(visit.account());
    }
    let sent = visit.field("accountId");
    let id: AccountId = sent.parse().map_err(|_| {
        (
            "accountId",
            format!("`{sent}` is not an account ID: it must be a valid 12-digit account ID."),
        )
    })?;
    let snapshot = visit.world.directory.published();
    if snapshot.account(&id).is_none() && !snapshot.is_external(&id) {
        return Err((
            "accountId",
            format!(
                "There is no account {id} here. Twinlock trusts accounts of this server, and those listed under external_accounts."
            ),
        ));
    }
    Ok(id)
}

/// Fields of the steps before and after the one shown, so that nothing entered is lost.
fn carried(visit: &Visit, own: &[&str]) -> Markup {
    html! {
        @for (name, value) in visit.form.iter() {
            @if !own.contains(&name) && !["csrf", "step", "go"].contains(&name) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }
}

fn steps(now: usize) -> Markup {
    html! {
        ol.steps {
            @for (n, name) in ["Select trusted entity", "Add permissions", "Add tags", "Name, review, and create"].iter().enumerate() {
                li aria-current=[(n == now).then_some("step")] { (n + 1) " " (name) }
            }
        }
    }
}

fn wizard(
    visit: &Visit,
    now: usize,
    title: &str,
    fault: Option<&Fault>,
    own: &[&str],
    body: &Markup,
    buttons: &Markup,
) -> Response<Body> {
    let main = html! {
        (head("Create role", title, html! {}))
        (steps(now))
        @if let Some(fault) = fault { (problem(visit, fault)) }
        form.wizard method="post" {
            (csrf(visit))
            input type="hidden" name="step" value=(now);
            (carried(visit, own))
            (body)
            div.actions { a.button href=(visit.at("/iam/roles")) { "Cancel" } (buttons) }
        }
    };
    show(visit, Service::Iam, "Create role", main)
}

const ENTITY_FIELDS: &[&str] = &[
    "entity",
    "service",
    "which",
    "accountId",
    "requireExternalId",
    "externalId",
    "requireMfa",
    "document",
];

fn entity_page(visit: &Visit, place: &str, why: Option<&str>) -> Response<Body> {
    let asked = visit
        .form
        .filled("entity")
        .unwrap_or_else(|| visit.query("entity"));
    let known = ENTITIES.iter().find(|(id, _, _)| *id == asked);
    let entity = known.map_or("account", |(id, _, _)| *id);
    let another = visit.field("which") == "another" || visit.field("which").is_empty();
    let error = |name: &str| if place == name { why.unwrap_or("") } else { "" };
    let custom = match visit.form.get("document") {
        "" => written(
            "sts:AssumeRole",
            json!({ "AWS": format!("arn:aws:iam::{}:root", visit.account()) }),
            serde_json::Map::new(),
        ),
        text => text.to_owned(),
    };
    let body = html! {
        fieldset.panel {
            legend { "Trusted entity type" }
            div.tiles {
                @for (id, name, about) in ENTITIES {
                    label { input type="radio" name="entity" value=(id) checked[*id == entity] data-shows=(id); strong { (name) } span.about { (about) } }
                }
            }
        }
        section.panel data-when="account" hidden[entity != "account"] {
            h2 { "An AWS account" }
            label.check { input type="radio" name="which" value="this" checked[!another]; "This account (" (visit.account()) ")" }
            label.check { input #another type="radio" name="which" value="another" checked[another]; "Another AWS account" }
            div data-by="another" { (text("Account ID", "accountId", visit.field("accountId"), "12 digits: the account whose users shall be able to take on the role", error("accountId"))) }
            label.check { input #requireExternalId type="checkbox" name="requireExternalId" value="1" checked[visit.form.ticked("requireExternalId")]; span { "Require external ID " span.about { "(best practice when a third party will assume this role)" } } }
            div data-by="requireExternalId" { (text("External ID", "externalId", visit.field("externalId"), "With an external ID the role can be assumed by the API and the CLI; the console's plain Switch Role form takes none", error("externalId"))) }
            label.check { input type="checkbox" name="requireMfa" value="1" checked[visit.form.ticked("requireMfa")]; span { "Require MFA " span.about { "(only who signed in with an MFA device may take on the role)" } } }
        }
        section.panel data-when="service" hidden[entity != "service"] {
            h2 { "AWS service" }
            (field("Service or use case", "service", html! { input type="text" id="service" name="service" list="services" value=(visit.field("service")); datalist id="services" { @for name in SERVICES { option value=(name) {} } } }, "The first part of the service's principal, such as lambda", error("service")))
        }
        (federated::sections(visit, entity, &error))
        section.panel data-when="custom" hidden[entity != "custom"] {
            h2 { "Custom trust policy" }
            @if !error("document").is_empty() { p.error role="alert" { (error("document")) } }
            (editor::fields(visit, "trust", &custom))
        }
    };
    let next = html! { button.primary type="submit" name="go" value="permissions" { "Next: Permissions" } };
    wizard(
        visit,
        0,
        "Select trusted entity",
        None,
        &[ENTITY_FIELDS, federated::FIELDS].concat(),
        &body,
        &next,
    )
}

fn permissions_page(visit: &Visit) -> Page {
    let chosen: Vec<&str> = visit.form.all("policy").collect();
    let body = html! {
        section.panel {
            div.head {
                h2 { "Permissions policies" }
                div.actions {
                    button type="submit" name="go" value="permissions" title="Read the list again" { "Refresh" }
                    a.button href=(visit.at("/iam/policies/create")) target="_blank" rel="noopener" { "Create policy" }
                }
            }
            (Shelf::Policies(None).picker(visit, &chosen, "permissions")?)
        }
    };
    let buttons = html! { button type="submit" name="go" value="entity" { "Previous" } button.primary type="submit" name="go" value="tags" { "Next: Tags" } };
    Ok(wizard(
        visit,
        1,
        "Add permissions",
        None,
        &["policy", "find-policy", "kind-policy"],
        &body,
        &buttons,
    ))
}

fn tags_page(visit: &Visit) -> Response<Body> {
    let body = html! { section.panel { h2 { "Tags – Optional" } (tag_fields(&sent_tags(visit))) } };
    let body = html! { (enter("go", "review")) (body) };
    let buttons = html! { button type="submit" name="go" value="permissions" { "Previous" } button.primary type="submit" name="go" value="review" { "Next: Review" } };
    wizard(
        visit,
        2,
        "Add tags",
        None,
        &["tagKey", "tagValue"],
        &body,
        &buttons,
    )
}

fn review_page(visit: &Visit, trust: &str, fault: Option<&Fault>) -> Response<Body> {
    let chosen: Vec<&str> = visit.form.all("policy").collect();
    let tags = sent_tags(visit);
    let body = html! {
        section.panel {
            (text("Role name", "roleName", visit.field("roleName"), "Letters, digits and + = , . @ _ -, up to 64", ""))
            (text("Role description", "description", visit.field("description"), "", ""))
        }
        section.panel { h2 { "Trust policy" } (document(trust)) }
        section.panel {
            h2 { "Permissions policies" }
            @if chosen.is_empty() { p { "None: the role will allow nothing." } } @else { ul { @for arn in &chosen { li { (arn.rsplit('/').next().unwrap_or(arn)) " " span.about { (policies::kind_of(arn)) } } } } }
        }
        section.panel { h2 { "Tags" } @if tags.is_empty() { p { "None" } } @else { ul { @for tag in &tags { li { (tag.key) " = " (tag.value) } } } } }
    };
    let body = html! { (enter("go", "create")) (body) };
    let buttons = html! { button type="submit" name="go" value="tags" { "Previous" } button.primary type="submit" name="go" value="create" { "Create role" } };
    wizard(
        visit,
        3,
        "Name, review, and create",
        fault,
        &["roleName", "description"],
        &body,
        &buttons,
    )
}

async fn create(visit: &Visit, trust: &str) -> Page {
    let name = visit.field("roleName").to_owned();
    visit
        .change::<CreateRole>(s::CreateRoleInput {
            role_name: name.clone(),
            assume_role_policy_document: trust.to_owned(),
            description: visit.form.filled("description").map(str::to_owned),
            tags: Some(sent_tags(visit)).filter(|tags| !tags.is_empty()),
            ..Default::default()
        })
        .await?;
    let holder = Holder::new(Kind::Role, &name);
    let mut steps = Steps::new(format!("The role {name} is created"));
    for arn in visit.form.all("policy") {
        let result = holder.attach(visit, arn).await;
        steps.took(&format!("the policy {}", policies::name_of(arn)), &result);
    }
    let service = visit.field("service");
    if visit.field("entity") == "service" && service.trim_end_matches(".amazonaws.com") == "ec2" {
        let result = instance_profiles::create_for(visit, &name).await;
        steps.took("its instance profile", &result);
    }
    Ok(steps.finish(visit, "/iam/roles", &holder.path()))
}
