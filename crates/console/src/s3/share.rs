//! Sharing an object with a presigned URL: a link that gets it, for a while, in the name of whoever is signed in.

use maud::html;
use twinlock_gate::{AuthType, Fault, LINK_SECONDS_MAX};
use twinlock_s3::get_object::HeadObject;
use twinlock_shapes::s3 as s;

use super::{file_name, folder_of, object_path, objects, problem};
use crate::{
    layout::{Service, show},
    parts::{copy, csrf, head, when},
    visit::{Page, Visit},
};

/// How many seconds the form asks for.
fn asked(number: &str, unit: &str) -> Option<u64> {
    let one = if unit == "hours" { 3600 } else { 60 };
    let seconds = number.parse::<u64>().ok()?.checked_mul(one)?;
    (1..=LINK_SECONDS_MAX).contains(&seconds).then_some(seconds)
}

/// Whether the link would open if it were followed now from here: the object is asked for as a link asks, by its signature.
async fn opens(visit: &Visit, bucket: &str, key: &str, version: Option<&str>) -> Result<(), Fault> {
    let mut caller = visit.caller.clone();
    caller.request.auth_type = AuthType::Query;
    let input = s::HeadObjectInput {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version_id: version.map(str::to_owned),
        ..Default::default()
    };
    let asked = visit.world.console_effect::<HeadObject>(&caller, input);
    asked.await.map(drop)
}

/// `/s3/BUCKET/share?key=…&version=…`. The link is shown once and stands in no address of the console.
pub(super) async fn page(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key");
    let version = visit.request.query.filled("version");
    let (number, unit) = (visit.field("number"), visit.field("unit"));
    let (mut link, mut wrong) = (None, "");
    if visit.request.is_post() {
        match asked(number, unit) {
            None => wrong = "From 1 minute to 12 hours.",
            Some(seconds) => {
                let made = visit
                    .sessions
                    .link(&visit.sign_in, bucket, key, version, seconds);
                link = Some(made.ok_or_else(|| {
                    Fault::new(
                        "ExpiredToken",
                        403,
                        "Your session has ended: sign in again.",
                    )
                })?);
            }
        }
    }
    let opens = opens(visit, bucket, key, version).await;
    let main = html! {
        div.narrow {
            (objects::crumbs(visit, bucket, folder_of(key)))
            (head(&format!("Share {}", file_name(key)), "Whoever has the presigned URL gets the object, without signing in, until the URL expires.", html! {}))
            @if let Err(fault) = &opens {
                (problem(visit, fault))
                p { "The URL gives what you may get yourself: as things stand, it will be refused." }
            }
            @if let Some(link) = &link {
                section.panel {
                    h2 { "Presigned URL" }
                    p.long { (copy(&link.url)) }
                    p.hint { "It expires at " (when(link.expires)) ". It is not shown again." }
                }
            }
            form.panel method="post" {
                (csrf(visit))
                div.field.wrong[!wrong.is_empty()] {
                    label for="number" { "Time until the URL expires" }
                    div.beside {
                        input type="number" id="number" name="number" min="1" max="720" value=(if number.is_empty() { "5" } else { number }) required aria-invalid=[(!wrong.is_empty()).then_some("true")];
                        select name="unit" aria-label="Unit" {
                            option value="minutes" selected[unit != "hours"] { "Minutes" }
                            option value="hours" selected[unit == "hours"] { "Hours" }
                        }
                    }
                    @if !wrong.is_empty() { p.error { (wrong) } }
                    p.hint { "At most 12 hours, and no longer than your session would last by itself. It ends sooner if your permissions change or your sessions are revoked; signing out does not end it." }
                }
                div.actions { a.button href=(visit.at(&object_path(bucket, key))) { "Back" } button.primary type="submit" { "Create presigned URL" } }
            }
        }
    };
    Ok(show(visit, Service::S3, "Share", main))
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn a_link_lives_from_a_minute_to_twelve_hours() {
        assert_eq!(asked("1", "minutes"), Some(60));
        assert_eq!(asked("720", "minutes"), Some(43_200));
        assert_eq!(asked("12", "hours"), Some(43_200));
        for (number, unit) in [
            ("0", "minutes"),
            ("13", "hours"),
            ("721", "minutes"),
            ("-1", "hours"),
            ("18446744073709551615", "hours"),
            ("", "minutes"),
        ] {
            assert_eq!(asked(number, unit), None, "{number} {unit}");
        }
    }
}
