//! A form that is refused comes back on its page, with the reason above it and what was typed in it.

use serde_json::json;

use crate::{
    browser::Browser,
    world::{World, policy},
};

/// The form's page is there again: the reason, and then what stands in the field.
#[track_caller]
fn comes_back(browser: &Browser, reason: &str, field: &str, typed: &str) {
    browser.sees(reason);
    browser.until(typed, || (browser.reads(field) == typed).then_some(()));
}

#[test]
fn console_a_refused_form_comes_back_as_it_was_typed() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.user("Guard");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "Guard", "Password": "Guard-sample-1" }),
    );
    dev.put_policy(
        "user",
        "Guard",
        "reads",
        &policy("Allow", json!(["iam:Get*", "iam:List*"]), json!("*")),
    );
    dev.role("UpdateApp", json!(dev.arn("root")));
    let browser = Browser::open(&world);
    browser
        .signs_in(dev.id(), "Guard", "Guard-sample-1")
        .sees("Console Home");
    let home = browser.home();
    let edit = format!("{home}/iam/roles/UpdateApp/edit");
    browser.goes(&edit);
    browser
        .fills("Role description", "What I have typed")
        .clicks("Save changes");
    comes_back(
        &browser,
        "is not authorized to perform: iam:UpdateRole",
        "Role description",
        "What I have typed",
    );
    assert_eq!(browser.path(), edit);
    // Once: whoever comes again finds what is so, and no reproach.
    browser.goes(&edit);
    browser.sees("Edit UpdateApp").does_not_see("AccessDenied");
    assert_eq!(browser.reads("Role description"), "");
    // Of several fields of one name the right one, in the right one of several forms.
    browser.goes(&format!("{home}/iam/users/Guard?tab=tags"));
    browser
        .fills("Key", "team")
        .fills("Value", "billing")
        .clicks("Save changes");
    comes_back(
        &browser,
        "is not authorized to perform: iam:TagUser",
        "Value",
        "billing",
    );
    assert_eq!(browser.reads("Key"), "team");

    // The account's settings say what is wrong, and nothing of it is done.
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let settings = format!("{}/iam/settings", browser.home());
    browser.goes(&settings);
    browser
        .fills("Preferred alias", "No_Alias")
        .clicks("Save changes");
    comes_back(&browser, "ValidationError", "Preferred alias", "No_Alias");
    for (field, typed, reason) in [
        ("Minimum length", "long", "`long` is not a number."),
        ("Minimum length", "5", "minimumPasswordLength"),
        ("Password expiration", "0", "maxPasswordAge"),
        ("Remember passwords", "25", "passwordReusePrevention"),
    ] {
        browser.goes(&settings);
        browser.fills(field, typed).runs(
            "document.querySelector('[name=symbol]').checked = true; document.querySelector('[name=passwords]').form.requestSubmit()",
            json!([]),
        );
        comes_back(&browser, reason, field, typed);
        let ticked = browser.runs(
            "return document.querySelector('[name=symbol]').checked",
            json!([]),
        );
        assert_eq!(ticked, true, "{field}: {typed}");
    }
    browser.goes(&settings);
    browser.sees("Password policy (AWS's default)");
    assert_ne!(browser.reads("Preferred alias"), "No_Alias");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
