//! The changes after the first of a wizard: the entity is there, and each further change may be refused by itself. What was made
//! stays, the rest is tried, and where anything was refused the entity's own page says what, and is where it can be put right.

use http::Response;
use twinlock_gate::{Body, Fault};

use crate::{flash::Flash, visit::Visit};

/// What a wizard made so far, and what was refused.
#[derive(Debug)]
pub(crate) struct Steps {
    /// "The user Ann is created".
    created: String,
    made: Vec<String>,
    refused: Vec<Flash>,
}

impl Steps {
    /// After the first change, which made the entity.
    pub(crate) fn new(created: String) -> Steps {
        Steps {
            created,
            made: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Notes one more change: `what` in a few words, such as "member of Testers". Whether it was made.
    pub(crate) fn took(&mut self, what: &str, result: &Result<(), Fault>) -> bool {
        match result {
            Ok(()) => self.made.push(what.to_owned()),
            Err(fault) => self
                .refused
                .push(Flash::refused(&format!("Refused: {what}"), fault)),
        }
        result.is_ok()
    }

    /// Whether everything was made.
    pub(crate) fn all_made(&self) -> bool {
        self.refused.is_empty()
    }

    /// To be said by the next page: what was made, then each refusal with its reason.
    pub(crate) fn tell(self, visit: &Visit) {
        let mut text = format!("{}.", self.created);
        if !self.refused.is_empty() {
            let made = if self.made.is_empty() {
                "nothing more".to_owned()
            } else {
                self.made.join(", ")
            };
            text = format!("{} Made besides: {made}.", text);
        }
        visit.flashes.put(&visit.slot, Flash::done(text));
        for refused in self.refused {
            visit.flashes.put(&visit.slot, refused);
        }
    }

    /// Leads to the list when everything was made, to the entity's page when something was refused.
    pub(crate) fn finish(self, visit: &Visit, list: &str, entity: &str) -> Response<Body> {
        if !self.all_made() {
            self.tell(visit);
            return crate::http::redirect(&visit.at(entity));
        }
        // In a long list the new one stands on some later page.
        let link = Some(("View", entity.to_owned()));
        let text = format!("{}.", self.created);
        let flash = Flash {
            link,
            ..Flash::done(text)
        };
        visit.flashes.put(&visit.slot, flash);
        crate::http::redirect(&visit.at(list))
    }
}
