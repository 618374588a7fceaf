//! The style sheet, the scripts and the icon, in the binary. A file's address holds a fingerprint of its content, so that
//! browsers keep it until it changes.

use std::sync::OnceLock;

use http::{Response, StatusCode};
use sha2::{Digest, Sha256};
use twinlock_gate::Body;

use crate::http::{answer, asset};

/// A file of ours.
#[derive(Debug)]
pub(crate) struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
    path: OnceLock<String>,
}

impl Asset {
    const fn new(name: &'static str, kind: &'static str, content: &'static [u8]) -> Asset {
        Asset {
            name,
            kind,
            content,
            path: OnceLock::new(),
        }
    }

    /// Where browsers find it.
    pub(crate) fn path(&self) -> &str {
        self.path.get_or_init(|| {
            let print = hex::encode(&Sha256::digest(self.content)[..6]);
            format!("/console/assets/{print}/{}", self.name)
        })
    }
}

/// The one style sheet.
pub(crate) static STYLE: Asset = Asset::new(
    "style.css",
    "text/css; charset=utf-8",
    include_bytes!("assets/style.css"),
);
/// The script of every page.
pub(crate) static SCRIPT: Asset = Asset::new(
    "console.js",
    "text/javascript; charset=utf-8",
    include_bytes!("assets/console.js"),
);
/// The script of the policy editor, for the pages that have one.
pub(crate) static EDITOR: Asset = Asset::new(
    "editor.js",
    "text/javascript; charset=utf-8",
    include_bytes!("assets/editor.js"),
);
/// The icon.
pub(crate) static ICON: Asset = Asset::new(
    "icon.svg",
    "image/svg+xml",
    include_bytes!("assets/icon.svg"),
);

/// The file of this name.
pub(crate) fn serve(name: &str) -> Response<Body> {
    [&STYLE, &SCRIPT, &EDITOR, &ICON]
        .into_iter()
        .find(|file| file.name == name)
        .map_or_else(
            || {
                answer(
                    StatusCode::NOT_FOUND,
                    "text/plain; charset=utf-8",
                    "no such file\n",
                )
            },
            |file| asset(file.kind, file.content),
        )
}
