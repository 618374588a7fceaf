//! What a page is for those who see it otherwise: in the dark, on a phone, by a screen reader or the keyboard alone.
//!
//! axe-core looks for what such people stumble over; `make test` installs it beside the Python environment. Beside it the
//! browser's own complaints count, and whether a page fits a phone's width.

use serde_json::{Value, json};

use crate::{browser::Browser, server::project};

/// Width of a phone's screen in CSS pixels, and its height.
const PHONE: (u32, u32) = (390, 844);
const DESK: (u32, u32) = (1280, 900);

/// A way to look at a page.
struct Look {
    name: &'static str,
    window: (u32, u32),
    scheme: &'static str,
    /// What axe-core looks for; nothing named: everything.
    rules: &'static [&'static str],
}

/// What no colour and no width changes is looked for once.
const LOOKS: [Look; 3] = [
    Look {
        name: "light",
        window: DESK,
        scheme: "light",
        rules: &[],
    },
    Look {
        name: "dark",
        window: DESK,
        scheme: "dark",
        rules: &["color-contrast"],
    },
    Look {
        name: "phone",
        window: PHONE,
        scheme: "light",
        rules: &["scrollable-region-focusable", "target-size"],
    },
];

/// Runs axe-core, with everything unfolded that can be, and gives what is serious or worse.
const EXAMINE: &str = "
    const [rules, done] = arguments;
    for (const part of document.querySelectorAll('main details')) part.open = true;
    const only = rules.length ? { runOnly: { type: 'rule', values: rules } } : {};
    // The page has settled in its new size after two frames.
    const settled = new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    settled.then(() => axe.run(document, { resultTypes: ['violations'], ...only })).then(
        (found) => done(found.violations
            .filter((rule) => rule.impact === 'serious' || rule.impact === 'critical')
            .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`))),
        (error) => done([String(error)]),
    );";

impl Browser {
    /// From now on every page holds axe-core. The content security policy lets no page load it; the driver may.
    pub(crate) fn examines(&self) -> &Self {
        let path = project().join(".venv/axe.min.js");
        let source = std::fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("axe-core is missing: run `make test`, which installs it"));
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": source }),
        );
        self
    }

    fn devtools(&self, command: &str, parameters: Value) {
        self.tell(
            "POST",
            "/goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        );
    }

    fn window(&self, (width, height): (u32, u32), scheme: &str) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        );
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// What is wrong with the page that is open, in every look; empty: nothing.
    pub(crate) fn findings(&self) -> Vec<String> {
        let at = self.path();
        let mut all = Vec::new();
        for look in LOOKS {
            self.window(look.window, look.scheme);
            let found = self.tell(
                "POST",
                "/execute/async",
                json!({ "script": EXAMINE, "args": [look.rules] }),
            );
            let found = found.as_array().expect("findings").iter();
            all.extend(found.map(|finding| format!("{at} ({}): {finding}", look.name)));
            let wide = self.runs(
                "return document.documentElement.scrollWidth - innerWidth",
                json!([]),
            );
            if wide.as_i64().is_none_or(|pixels| pixels > 0) {
                all.push(format!(
                    "{at} ({}): scrolls sideways by {wide} px",
                    look.name
                ));
            }
        }
        self.window(DESK, "light");
        all.extend(self.complaints());
        all
    }
}
